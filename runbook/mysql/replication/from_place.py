"""Replication of a slave whose data are known to be the master's, as they were at a place in its binary log."""

from dataclasses import dataclass, field

from runbook.core.host import Host
from runbook.core.step import Gap
from runbook.mysql.replication.replicates import Replicates
from runbook.mysql.tracking.progress import Position
from runbook.mysql.tracking.status import ReplicaStatus


@dataclass(frozen=True)
class FromPlace(Replicates):
    """By GTID the data say themselves which place that is."""

    begins: Position = field(default_factory=Position)
    """By position: from where on the slave lacks what the master has; empty where its own replication tells."""

    def refusal(self, host: Host, gap: Gap) -> str | None:
        """It is no stranger's data that it holds."""
        return None

    def _place(self, status: ReplicaStatus | None) -> dict[str, object]:
        if self.tracking.by_gtid or not self.begins:
            return super()._place(status)
        return {"MASTER_LOG_FILE": self.begins.file, "MASTER_LOG_POS": self.begins.at}
