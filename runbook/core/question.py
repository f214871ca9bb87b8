"""Questions to a host: commands that only read. Of some kinds one command answers many; answers got beforehand."""

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Self

FRESH_SECONDS = 15
"""Less than lock.SILENCE_SECONDS: a run that stood still and lost the pair meanwhile goes by nothing from before."""


class Shared(str, ABC):
    """A question of a kind of which one command answers many; it is itself the command that answers it alone."""

    __slots__ = ()

    @classmethod
    @abstractmethod
    def together(cls, questions: Sequence[Self]) -> str:
        """One command that answers all of these."""

    @classmethod
    @abstractmethod
    def parted(cls, questions: Sequence[Self], said: str) -> Iterable[str | None]:
        """What each of them would have been answered alone, in their order, out of what the one command printed.

        None where that does not tell.
        """


def commands(questions: Iterable[str]) -> dict[str, list[str]]:
    """The commands that answer these questions, each with those it answers."""
    alone: dict[str, list[str]] = {}
    kinds: dict[type[Shared], list[Shared]] = {}
    for question in questions:
        if isinstance(question, Shared):
            kinds.setdefault(type(question), []).append(question)
        else:
            alone[question] = [question]
    return alone | {kind.together(of_kind): list(of_kind) for kind, of_kind in kinds.items()}


def answers(asked: Mapping[str, Sequence[str]], said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each question of `commands` with its answer, as far as the commands that ended well tell it."""
    for command, questions in asked.items():
        if command in said:
            for question, share in zip(questions, _shares(questions, said[command]), strict=True):
                if share is not None:
                    yield question, share


def _shares(questions: Sequence[str], said: str) -> Sequence[str | None]:
    shared = [question for question in questions if isinstance(question, Shared)]
    try:
        return list(type(shared[0]).parted(shared, said)) if shared else [said]
    except (ValueError, LookupError):  # not what the command prints: each alone says what is wrong
        return [None] * len(questions)


class Foreseen:
    """Answers got beforehand. Each serves as often as its question was foreseen, and for FRESH_SECONDS."""

    def __init__(self) -> None:
        self._answers: dict[str, str] = {}
        self._times: Counter[str] = Counter()
        self._got = 0.0

    def missing(self, questions: Iterable[str]) -> Counter[str]:
        """Those that must be asked, and how often each."""
        self._forget_old()
        return Counter(question for question in questions if question not in self._answers)

    def keep(self, answers: Mapping[str, str], times: Mapping[str, int]) -> None:
        """Keep these answers for so many times of asking."""
        # By the oldest of them, all are as old.
        self._got = self._got if self._answers else time.monotonic()
        self._answers |= answers
        self._times.update({question: times[question] for question in answers})

    def take(self, question: str) -> str | None:
        """The answer, which is one time less there afterwards."""
        self._forget_old()
        answer = self._answers.get(question)
        self._times[question] -= 1
        if self._times[question] <= 0:
            self.forget(question)
        return answer

    def forget(self, question: str) -> None:
        """Forget this one, however often it would have served."""
        self._answers.pop(question, None)
        del self._times[question]

    def clear(self) -> None:
        """Forget all of them."""
        self._answers.clear()
        self._times.clear()

    def _forget_old(self) -> None:
        if time.monotonic() - self._got > FRESH_SECONDS:
            self.clear()
