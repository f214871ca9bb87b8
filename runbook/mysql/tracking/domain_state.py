"""Replication by MariaDB's GTIDs: one way to find the place."""

from collections.abc import Iterable, Iterator

from runbook.mysql.tracking.progress import MARIADB_GTID, DomainState
from runbook.mysql.tracking.status import ReplicaStatus
from runbook.mysql.tracking.tracking import BINARY_LOGS, FIRST_BYTE, Asked

# What is read of a server's binary logs to name transactions, and how much of it in one answer.
EVENTS, AT_ONCE = 500_000, 10_000


class ByDomainState:
    """MariaDB's GTIDs: what a server logged, and what it applied; of each domain and server the last."""

    name = "GTID"
    by_gtid = True
    received_names = "Gtid_IO_Pos"
    executed_names = "Relay_Source_Log_File:Exec_Source_Log_Pos"
    wait_applied = "SELECT MASTER_GTID_WAIT('RECEIVED', 1) = 0"
    unapplied = (
        "SELECT IF(MASTER_GTID_WAIT('RECEIVED', 0) = 0, '', "
        "CONCAT('what came after ', @@GLOBAL.gtid_slave_pos, ', up to RECEIVED'))"
    )
    has = errant = ""
    start_discards = True  # it fetches all from gtid_slave_pos on anew [M]

    def parse(self, text: str) -> DomainState:
        return DomainState.parse(text)

    def of_master(self, master: Asked) -> DomainState:
        return DomainState.parse(
            master.value("SELECT CONCAT(@@GLOBAL.gtid_slave_pos, ',', @@GLOBAL.gtid_binlog_state)") or ""
        )

    def of_slave(self, slave: Asked, status: ReplicaStatus | None) -> DomainState:
        return self.of_master(slave)

    def received(self, status: ReplicaStatus | None) -> DomainState:
        return DomainState.parse(status.retrieved if status else "")

    def applied(self, slave: Asked, status: ReplicaStatus | None) -> bool:
        return not self.received(status).minus(self.of_slave(slave, status))

    def purged(self, master: Asked) -> DomainState:
        first, *_ = master.ask(BINARY_LOGS)
        return _logged_before(master, first["Log_name"])

    def own(self, server: Asked) -> str:
        return str(self._own(server))

    def own_since(self, server: Asked, mark: str) -> Iterable[str]:
        return self.each(server, self._own(server).minus(DomainState.parse(mark)))

    def each(self, server: Asked, lacking: DomainState) -> Iterator[str]:
        """By the server's binary log: the numbers of a domain are shared, so its last says not which were before.

        What is not found there, received and not applied or purged, is told by its last.
        """
        found = set()
        for gtid in _logged(server, lacking) if lacking else ():
            if gtid in lacking and gtid not in found:
                found.add(gtid)
                yield gtid
        yield from lacking.lasts_not_in(found).names()

    def made_by_others(self, server: Asked, lacking: DomainState) -> DomainState:
        return lacking.minus(lacking.made_by(int(server.value("SELECT @@server_id"))))

    def adopted(self, slave: Asked) -> dict[str, str]:
        """Else a former master would ask for all that it logged itself, or for what is purged (error 1236).

        By what its binary log holds of each domain, not by gtid_current_pos: that leaves out what it logged as a
        master, when its server_id has changed with its role since.
        """
        position = self.of_master(slave).position
        known = slave.value("SELECT @@GLOBAL.gtid_slave_pos")
        return {} if DomainState.parse(known) == DomainState.parse(position) else {"gtid_slave_pos": position}

    def seeded(self, gtids: str) -> dict[str, str]:
        """In a copy of a master the table of it is empty, or says how far it was when it was a slave [M on 10.11]."""
        return {"gtid_slave_pos": gtids} if gtids else {}

    def _own(self, server: Asked) -> DomainState:
        return self.of_master(server).made_by(int(server.value("SELECT @@server_id")))

    def place(self, status: ReplicaStatus | None, master: Asked) -> dict[str, object]:
        return {}


def _logged_before(server: Asked, file: str) -> DomainState:
    """The list that a binary log begins with: what was logged before it."""
    events = server.ask("SHOW BINLOG EVENTS IN %s LIMIT 5", file)
    return DomainState.parse(next((e["Info"] for e in events if e["Event_type"] == "Gtid_list"), ""))


def _logged(server: Asked, lacking: DomainState) -> Iterator[str]:
    """The GTIDs in the binary logs from the last on that begins before all that is lacking; of EVENTS events."""
    files: list[str] = []
    for row in reversed(server.ask(BINARY_LOGS)):
        files.insert(0, row["Log_name"])
        if lacking.begins_after(_logged_before(server, row["Log_name"])):
            break
    looks = EVENTS // AT_ONCE
    for file in files:
        position = FIRST_BYTE
        while looks and (events := server.ask(f"SHOW BINLOG EVENTS IN %s FROM {position} LIMIT {AT_ONCE}", file)):
            looks -= 1
            for event in events:
                if event["Event_type"] == "Gtid" and (gtid := MARIADB_GTID.search(event["Info"])):
                    yield gtid[0]
            position = int(events[-1]["End_log_pos"])
