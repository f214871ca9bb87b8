"""What a drill measured and proved."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from runbook.drill.books import Books
from runbook.drill.fencing import Fencing
from runbook.drill.ledger import Audit, Ledger
from runbook.drill.split import LET_GO_SECONDS, Split
from runbook.drill.steady import Steady
from runbook.drill.takeover import Takeover
from runbook.verdict import Kind, Verdict

BOTH_WITH_VIP_SECONDS = 1.0
"""Longer than that is not the moment in which one lets go and the other takes."""


@dataclass(frozen=True)
class Result:
    """A drill that came to its end, promises kept or not."""

    run: str
    """Names its rows in the ledger's table."""
    takeover: Takeover | None
    """None where the fault brings none, or where it did not come."""
    ledger: Audit
    """The clients' account beside what the slave has."""
    slave_transactions: str
    """Those that it made itself since before the fault, by their names in its binary log: there must be none."""
    fencing: Fencing
    undone: str
    """What healed the fault, if that is more than tidying up."""
    healed_seconds: float
    """From the fault until it was healed."""
    verdict: Verdict
    """After the heal."""
    expected: Kind
    """What the verdict must be."""
    unrecovered: str = ""
    """What must have come back by itself and did not."""
    missed: str = ""
    """What must have come of the fault and did not in time."""
    split: Split | None = None
    """Where the two hosts could not see each other, and clients saw both."""
    steady: Steady | None = None
    """Where the VIP stays on the master."""
    home_seconds: float | None = None
    """From the heal until a write was acknowledged, where the pair comes home by itself."""
    relay_seconds: float | None = None
    """How long the slave applied what it had received, as it recorded its takeover."""
    books: Books | None = None
    """Both servers compared, where the pair came home by itself; else failback is to come first."""
    clients: Ledger = field(default_factory=Ledger, repr=False, compare=False)
    """The fates of all writes, for `books.compare` after a failback."""

    @property
    def broken_promises(self) -> list[str]:
        """What must not happen and did, a sentence each."""
        return list(self._broken())

    def _broken(self) -> Iterator[str]:
        if self.missed:
            yield self.missed
        missing, unwanted = self.ledger.missing, self.ledger.unwanted
        if missing:
            yield f"LOST: {len(missing)} acknowledged writes are not on the slave (writer, seq): {missing}"
        if unwanted:
            yield f"the slave has rows whose writes were refused or never sent (writer, seq): {unwanted}"
        if self.takeover and self.takeover.writes_on_slave:
            yield f"the slave acknowledged {self.takeover.writes_on_slave} writes"
        if self.slave_transactions:
            yield f"the slave made transactions of its own: {self.slave_transactions}"
        yield from self._more_than_one_writer()
        yield from self._not_home()
        if self.unrecovered:
            yield self.unrecovered
        if self.verdict.kind is not self.expected:
            yield f"the pair is not as it must be after that ({self.expected}): {self.verdict.sentence}"

    def _more_than_one_writer(self) -> Iterator[str]:
        if self.fencing.slave_open_looks:
            yield f"the slave was open for writes ({self.fencing.slave_open_looks} of {self.fencing.slave_looks} looks)"
        for user, tried in self.fencing.trespasses.items():
            if tried.accepted:
                yield f"the slave accepted {tried.accepted} of {user}'s {tried.accepted + tried.refused} writes"
        seconds, allowed = self.fencing.open_without_vip_seconds, self.fencing.open_allowed_seconds
        if seconds > allowed:
            yield f"the master was open for writes for {seconds:.1f} s without the VIP, more than {allowed:g} s"
        if self.takeover and self.takeover.both_had_vip_seconds > BOTH_WITH_VIP_SECONDS:
            yield f"both hosts held the VIP for {self.takeover.both_had_vip_seconds:.1f} s"
        if self.split:
            yield from self._split_badly(self.split)
        if self.steady:
            yield from self._unsteady(self.steady)

    def _split_badly(self, split: Split) -> Iterator[str]:
        if split.master_closed_looks:
            closed = f"{split.master_closed_looks} of {split.master_looks} looks"
            yield f"nobody took writes: the master was closed in {closed}"
        if split.one_vip_seconds is None or split.one_vip_seconds > LET_GO_SECONDS:
            yield f"both hosts held the VIP for more than {LET_GO_SECONDS:g} s after they saw each other again"

    def _unsteady(self, steady: Steady) -> Iterator[str]:
        if steady.vip_moves:
            yield "the VIP moved"
        if steady.stalled_too_long:
            allowed = steady.write_stall_allowed_seconds
            yield f"writes stood still for {steady.write_stall_seconds:.1f} s, more than {allowed:g} s"

    def _not_home(self) -> Iterator[str]:
        if self.expected is Kind.HEALTHY and self.home_seconds is None:
            yield "no write was acknowledged after the heal"
        if self.books:
            yield from self.books.broken_promises

    def as_dict(self) -> dict[str, Any]:
        """All of it for JSON, but for the fate of each write."""
        document = asdict(self) | {"broken_promises": self.broken_promises}
        del document["clients"]
        return document
