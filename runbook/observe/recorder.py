"""What a drill saw: a drill hands in its marks, its client and its watches while it runs, its findings at the end.

A recorder that nobody reads costs nothing.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from runbook.observe.address_watch import AddressWatch
from runbook.observe.environment import environment
from runbook.observe.lag_watch import LagWatch
from runbook.observe.ledger import Audit
from runbook.observe.probe import Probe
from runbook.observe.scorecard import Score
from runbook.observe.writes_watch import WritesWatch
from runbook.pair.pair import Pair
from runbook.settings.settings import Role

MarkKind = Literal["fault", "takeover", "reads", "refusal", "heal", "failback", "writes", "note"]
"""What a mark is in the picture: the fault, the VIP on its new host, reads again, writes refused, what healed the
fault, the VIP told to go home, writes again; or a note."""


@dataclass(frozen=True)
class Mark:
    """A moment that a reader of the picture looks for; `at` is this machine's time.monotonic()."""

    at: float
    kind: MarkKind
    what: str


@dataclass
class Period:
    """A stretch of the drill that a client and the watches looked at; `until` is None while it lasts."""

    probe: Probe
    vip: Mapping[Role, AddressWatch]
    writes: Mapping[Role, WritesWatch]
    lag: LagWatch | None
    since: float
    until: float | None = None


@dataclass(frozen=True)
class Findings:
    """What a drill that came to its end has to tell; one that was cut off has none."""

    headline: str
    """One sentence: what the pair did."""
    scorecard: Sequence[Score]
    moments: Sequence[tuple[float, MarkKind, str]]
    """Measured afterwards; seconds from the fault."""
    ledger: Audit
    refusal: str = ""
    """How the server refused writes, in its own words."""
    afterwards: str = ""
    """The verdict on the pair at the end."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """All that was measured, for machines."""


View = Callable[["Recorder"], AbstractContextManager[object]]
"""Shows what is recorded while its context lasts."""


def no_view(_: "Recorder") -> AbstractContextManager[object]:
    """A view for nobody."""
    return nullcontext()


class Recorder:
    """Collects; only `read_environment` asks the pair anything. Without a drill's name nobody will read it."""

    def __init__(self, drill: str = "") -> None:
        self.drill = drill
        self.started = time.time()
        self.marks: list[Mark] = []
        self.periods: list[Period] = []
        self.scorecard: list[Score] = []
        self.findings: Findings | None = None
        self.error: BaseException | None = None
        self.view: View = no_view
        self.environment: Mapping[str, object] = {}
        self._since = time.monotonic()

    def read_environment(self, pair: Pair) -> None:
        """Versions and settings, before the fault, while both hosts answer; what is not told is left out."""
        if self.drill:
            self.environment = environment(pair)

    @contextmanager
    def watching(
        self,
        probe: Probe,
        vip: Mapping[Role, AddressWatch] = MappingProxyType({}),
        writes: Mapping[Role, WritesWatch] = MappingProxyType({}),
        lag: LagWatch | None = None,
    ) -> Iterator[None]:
        """What these see while this lasts belongs to the record; they must be running."""
        period = Period(probe, vip, writes, lag, time.monotonic())
        self.periods.append(period)
        try:
            with self.view(self):
                yield
        finally:
            period.until = time.monotonic()

    def mark(self, kind: MarkKind, what: str, at: float | None = None) -> None:
        """Something happens now, or happened at that time.monotonic()."""
        self.marks.append(Mark(time.monotonic() if at is None else at, kind, what))

    def score(self, *scores: Score) -> None:
        """More lines for the scorecard, under those of the findings; a promise told again replaces what was told."""
        self.scorecard += scores

    def conclude(self, findings: Findings) -> None:
        """The drill came to its end."""
        self.findings = findings

    @property
    def zero(self) -> float:
        """The time.monotonic() from which the record counts: the fault's, or the start's when there was none."""
        return next((mark.at for mark in self.marks if mark.kind == "fault"), self._since)

    def wall(self, at: float) -> float:
        """The time.time() of a time.monotonic()."""
        return self.started + at - self._since
