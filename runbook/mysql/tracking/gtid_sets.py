"""Replication by MySQL's GTIDs: one way to find the place."""

from collections.abc import Iterable

from runbook.mysql.terms import Version
from runbook.mysql.tracking.progress import GtidSet
from runbook.mysql.tracking.status import ReplicaStatus
from runbook.mysql.tracking.tracking import Asked


class ByGtidSet:
    """MySQL's GTIDs: sets of what each server made."""

    name = "GTID"
    by_gtid = True
    received_names = "Retrieved_Gtid_Set"
    executed_names = "Executed_Gtid_Set"
    start_discards = False

    def __init__(self, version: Version) -> None:
        self._has_table = version >= (5, 7, 5)
        # 5.7.5 (manual)
        new, old = "WAIT_FOR_EXECUTED_GTID_SET", "WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS"
        function = f"{new}('RECEIVED', 1) = 0" if version >= (5, 7, 5) else f"{old}('RECEIVED', 1) >= 0"
        self.wait_applied = f"SELECT {function}"
        self.unapplied = "SELECT REPLACE(GTID_SUBTRACT('RECEIVED', @@GLOBAL.gtid_executed), CHAR(10), '')"
        self.has = "SELECT REPLACE(@@GLOBAL.gtid_executed, CHAR(10), '')"
        # Of others' transactions a slave may have one a moment before its master has committed it.
        lacking = "GTID_SUBTRACT(@@GLOBAL.gtid_executed, 'PEER')"
        own = f"{lacking} LIKE CONCAT('%', @@server_uuid, '%')"
        self.errant = f"SELECT IF({own}, REPLACE({lacking}, CHAR(10), ''), '')"

    def parse(self, text: str) -> GtidSet:
        return GtidSet.parse(text)

    def of_master(self, master: Asked) -> GtidSet:
        return GtidSet.parse(master.value("SELECT @@GLOBAL.gtid_executed") or "")

    def of_slave(self, slave: Asked, status: ReplicaStatus | None) -> GtidSet:
        return self.of_master(slave)

    def received(self, status: ReplicaStatus | None) -> GtidSet:
        return GtidSet.parse(status.retrieved if status else "")

    def applied(self, slave: Asked, status: ReplicaStatus | None) -> bool:
        return not self.received(status).minus(self.of_slave(slave, status))

    def purged(self, master: Asked) -> GtidSet:
        return GtidSet.parse(master.value("SELECT @@GLOBAL.gtid_purged") or "")

    def own(self, server: Asked) -> str:
        return str(self._own(server))

    def own_since(self, server: Asked, mark: str) -> Iterable[str]:
        return self._own(server).minus(GtidSet.parse(mark)).names()

    def each(self, server: Asked, lacking: GtidSet) -> Iterable[str]:
        return lacking.names()

    def made_by_others(self, server: Asked, lacking: GtidSet) -> GtidSet:
        return lacking.minus(lacking.made_by(server.value("SELECT @@server_uuid")))

    def adopted(self, slave: Asked) -> dict[str, str]:
        return {}

    def seeded(self, gtids: str) -> dict[str, str]:
        """From 5.7.5 on the data have a table of it (manual: mysql.gtid_executed); before, binary logs alone."""
        return {"gtid_purged": gtids} if gtids and not self._has_table else {}

    def _own(self, server: Asked) -> GtidSet:
        return self.of_master(server).made_by(server.value("SELECT @@server_uuid"))

    def place(self, status: ReplicaStatus | None, master: Asked) -> dict[str, object]:
        return {}
