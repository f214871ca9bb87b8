"""The one loop of the runbook: read, find the gap, fix it, read again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from runbook.core.host import Host
from runbook.errors import HostError, RunbookError

State = Mapping[str, object]
Status = Literal["ok", "changed", "would change", "waits", "failed"]


@dataclass(frozen=True)
class Change:
    """One fact that differs: what it is now and what is wanted."""

    fact: str
    now: object
    want: object


Gap = Sequence[Change]


class Step(Protocol):
    """One thing that must be so on a host."""

    @property
    def name(self) -> str: ...

    def want(self) -> State:
        """What must be so."""
        ...

    def read(self, host: Host) -> State:
        """What is so; by `host.ask` only."""
        ...

    def fix(self, host: Host, gap: Gap) -> None:
        """Close the gap, which is never empty."""
        ...


class Foreseen(Protocol):
    """A step whose questions are known beforehand, so that they share one round trip with others'."""

    def questions(self) -> Iterable[str]: ...


class NotReady(RunbookError):
    """The state cannot be read yet because something before it is missing; a dry run waits, a real one fails."""


class NotConverged(HostError):
    """The change was made and yet a second reading shows a gap."""


@dataclass(frozen=True)
class Outcome:
    """What became of one step on one host."""

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


def ensure(host: Host, step: Step) -> Outcome:
    """Read, change only what differs, read again; NotConverged when the change did not take."""
    try:
        want = step.want()
        gap = gap_between(step.read(host), want)
    except NotReady as reason:
        if host.dry:
            return Outcome(host.name, step.name, "waits", note=str(reason))
        raise
    if not gap:
        return Outcome(host.name, step.name, "ok")
    if host.dry:
        return Outcome(host.name, step.name, "would change", gap)
    step.fix(host, gap)
    left = gap_between(step.read(host), want)
    if left:
        lines = "\n".join(f"  {change.fact}: is {change.now!r}, wanted {change.want!r}" for change in left)
        raise NotConverged(str(host), f"{step.name}: changed, and yet it is not so:\n{lines}")
    return Outcome(host.name, step.name, "changed", gap)


def foresee(host: Host, steps: Iterable[Step]) -> None:
    """Ask together what the steps will ask one by one."""
    host.foresee(q for step in steps if hasattr(step, "questions") for q in step.questions())
