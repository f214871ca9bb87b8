"""What a drill measured and proved."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from runbook.drill.fencing import Fencing
from runbook.drill.ledger import Audit
from runbook.drill.takeover import Takeover
from runbook.verdict import Kind, Verdict

BOTH_WITH_VIP_SECONDS = 1.0
"""Longer than that is not the moment in which one lets go and the other takes."""


@dataclass(frozen=True)
class Result:
    """A drill that came to its end, promises kept or not."""

    run: str
    """Names its rows in the ledger's table."""
    takeover: Takeover
    ledger: Audit
    """The client's account beside what the slave has."""
    slave_transactions: str
    """New in the slave's gtid_executed under its own server_uuid: there must be none."""
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

    @property
    def broken_promises(self) -> list[str]:
        """What must not happen and did, a sentence each."""
        return list(self._broken())

    def _broken(self) -> Iterator[str]:
        missing, unwanted = self.ledger.missing, self.ledger.unwanted
        if missing:
            yield f"LOST: {len(missing)} acknowledged writes are not on the slave (writer, seq): {missing}"
        if unwanted:
            yield f"the slave has rows whose writes were refused or never sent (writer, seq): {unwanted}"
        if self.takeover.writes_on_slave:
            yield f"the slave acknowledged {self.takeover.writes_on_slave} writes"
        if self.slave_transactions:
            yield f"the slave made transactions of its own: {self.slave_transactions}"
        yield from self._more_than_one_writer()
        if self.unrecovered:
            yield self.unrecovered
        if self.verdict.kind is not self.expected:
            yield f"the pair is not simply failed over: {self.verdict.sentence}"

    def _more_than_one_writer(self) -> Iterator[str]:
        if self.fencing.slave_open_looks:
            yield f"the slave was open for writes ({self.fencing.slave_open_looks} of {self.fencing.slave_looks} looks)"
        seconds, allowed = self.fencing.open_without_vip_seconds, self.fencing.open_allowed_seconds
        if seconds > allowed:
            yield f"the master was open for writes for {seconds:.1f} s without the VIP, more than {allowed:g} s"
        if self.takeover.both_had_vip_seconds > BOTH_WITH_VIP_SECONDS:
            yield f"both hosts held the VIP for {self.takeover.both_had_vip_seconds:.1f} s"

    def as_dict(self) -> dict[str, Any]:
        """All of it for JSON."""
        return asdict(self) | {"broken_promises": self.broken_promises}
