"""What became of sequences, a line each and all of them in a table. Pure."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from chaos.sequence import Sequence


@dataclass(frozen=True)
class Outcome:
    """What became of one sequence."""

    sequence: Sequence
    rounds: int
    seconds: float
    acknowledged: int
    broken: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """One word for it, the worst first."""
        kinds = {
            "LOST": r"lacks .* acknowledged|rows twice",
            "TWO WRITERS": r"the slave was open|slave took",
            "OPEN": r"open without the VIP",
            "UNASKED": r"home unasked",
            "WRONG HEALTHY": r"verify says healthy",
            "DIFFER": r"rows differ",
            "TRACEBACK": r"traceback|secret",
            "NO WAY OUT": r"not healthy after|advice",
            "BY HAND": r"by hand:",
            "TEST": r"",
        }
        text = "\n".join(self.broken)
        return next(kind for kind, words in kinds.items() if re.search(words, text)) if self.broken else "ok"

    @property
    def spoils(self) -> bool:
        """Whether the pair is no ground for the next one."""
        return self.verdict not in ("ok", "OPEN", "UNASKED", "TRACEBACK")

    def line(self) -> str:
        """For people."""
        figures = f"{self.rounds} rounds, {self.seconds:.0f} s, {self.acknowledged} acknowledged"
        why = "".join(f"\n      {each[:300]}" for each in self.broken)
        return f"{self.sequence.seed:5} {self.verdict:13} {figures}: {self.sequence}{why}"


def table(outcomes: Iterable[Outcome]) -> str:
    """How often each verdict, and figures of all."""
    outcomes = list(outcomes)
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    rows = [f"  {verdict:13} {times:5}" for verdict, times in verdicts.most_common()]
    rounds = Counter(outcome.rounds for outcome in outcomes if not outcome.broken)
    counted = ", ".join(f"{times} in {number}" for number, times in sorted(rounds.items()))
    acknowledged = sum(outcome.acknowledged for outcome in outcomes)
    return "\n".join(
        [f"{len(outcomes)} sequences, {acknowledged} acknowledged writes", *rows, f"healthy after rounds: {counted}"]
    )
