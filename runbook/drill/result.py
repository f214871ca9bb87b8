"""What a drill measured and proved."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from runbook.drill.ledger import Audit
from runbook.drill.takeover import Takeover
from runbook.verdict import Kind, Verdict


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
    verdict: Verdict

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
        if self.verdict.kind is not Kind.FAILED_OVER:
            yield f"the pair is not simply failed over: {self.verdict.sentence}"

    def as_dict(self) -> dict[str, Any]:
        """All of it for JSON."""
        return asdict(self) | {"broken_promises": self.broken_promises}
