"""The one loop of the runbook: read, find the gap, fix it, read again; and what can only be refused."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from runbook.core.host import Host
from runbook.errors import HostError, RunbookError
from runbook.settings.settings import Role

State = Mapping[str, object]
Status = Literal["ok", "changed", "would change", "waits", "refused", "failed"]

BOTH: frozenset[Role] = frozenset(("master", "slave"))


@dataclass(frozen=True)
class Change:
    """One fact that differs: what it is now and what is wanted."""

    fact: str
    now: object
    want: object


Gap = Sequence[Change]


class Item(ABC):
    """What a step and a condition have in common: a name, and whom they ask."""

    error: ClassVar[type[RunbookError]] = RunbookError
    """What a refusal is raised as."""

    @property
    @abstractmethod
    def name(self) -> str:
        """As a report has it."""

    @property
    def servers(self) -> frozenset[Role]:
        """The sides whose SQL session it needs; none where it asks the host alone."""
        return frozenset()

    def questions(self) -> Iterable[str]:
        """What it will ask of the host, as far as that is known: it shares one round trip with others' questions."""
        return ()


class Step(Item):
    """One thing that must be so on a host, and how to bring it about."""

    @abstractmethod
    def want(self) -> State:
        """What must be so."""

    @abstractmethod
    def read(self, host: Host) -> State:
        """What is so; by `host.ask` only."""

    @abstractmethod
    def fix(self, host: Host, gap: Gap) -> None:
        """Close the gap, which is never empty."""

    def refusal(self, host: Host, gap: Gap) -> str | None:
        """Why this gap must not be closed, and the way out; None where nothing speaks against it. It only asks."""
        return None

    def caveat(self, found: State) -> str | None:
        """What is to be known of a state that is as wanted, and what can be done; None where nothing is."""
        return None


class Condition(Item):
    """One thing that must be so on a host, and that is not ours to bring about."""

    @abstractmethod
    def reason(self, host: Host) -> str | None:
        """Why it is not so, in the first line, and the way out; None when it is so. It only asks."""


class NotReady(RunbookError):
    """The state cannot be read yet because something before it is missing; a dry run waits, a real one fails."""


class NotConverged(HostError):
    """The change was made and yet a second reading shows a gap."""


@dataclass(frozen=True)
class Outcome:
    """What became of one step or condition on one host."""

    host: str
    step: str
    status: Status
    gap: Gap = ()
    note: str = ""

    @property
    def is_drift(self) -> bool:
        return self.status in ("would change", "waits")


def gap_between(now: State, want: State) -> Gap:
    """The wanted facts that differ from those read, in the order wanted."""
    return [Change(fact, now.get(fact), value) for fact, value in want.items() if now.get(fact) != value]


def ensure(host: Host, item: Item, then: Iterable[str] = ()) -> Outcome:
    """Bring a step about, or see that a condition is met; raises its `error` with the reason when it is refused.

    What is asked after a change shares its round trip with `then`, what the next item will ask.
    A dry run returns what a real one would do, refusals included, and raises nothing for them.
    """
    try:
        if isinstance(item, Condition):
            return _met(host, item)
        assert isinstance(item, Step), item
        want = item.want()
        gap = gap_between(item.read(host), want)
        refusal = item.refusal(host, gap) if gap else None
    except NotReady as reason:
        if host.dry:
            return Outcome(host.name, item.name, "waits", note=str(reason))
        raise
    if not gap:
        return Outcome(host.name, item.name, "ok")
    if refusal:
        return _refused(host, item, refusal, gap)
    if host.dry:
        return Outcome(host.name, item.name, "would change", gap)
    item.fix(host, gap)
    host.foresee((*item.questions(), *then))
    left = gap_between(item.read(host), want)
    if left:
        lines = "\n".join(f"  {change.fact}: is {change.now!r}, wanted {change.want!r}" for change in left)
        raise NotConverged(str(host), f"{item.name}: changed, and yet it is not so:\n{lines}")
    return Outcome(host.name, item.name, "changed", gap)


def _met(host: Host, condition: Condition) -> Outcome:
    reason = condition.reason(host)
    return _refused(host, condition, reason) if reason else Outcome(host.name, condition.name, "ok")


def _refused(host: Host, item: Item, reason: str, gap: Gap = ()) -> Outcome:
    if host.dry:
        return Outcome(host.name, item.name, "refused", gap, reason)
    raise item.error(reason)


def foresee(host: Host, items: Iterable[Item]) -> None:
    """Ask together what the items will ask one by one."""
    host.foresee(question for item in items for question in item.questions())
