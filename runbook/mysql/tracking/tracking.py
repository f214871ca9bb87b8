"""How replication finds its place, by GTID or by file and position: one interface to what each server has."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, Protocol

from runbook.mysql.tracking.progress import Position, Progress
from runbook.mysql.tracking.status import ReplicaStatus

Row = dict[str, Any]


class Asked(Protocol):
    """What is needed of a server to read how far it is."""

    def ask(self, query: str, *args: object) -> list[Row]: ...
    def one(self, query: str, *args: object) -> Row: ...
    def value(self, query: str, *args: object) -> Any: ...


class Tracking(Protocol):
    """One way to find the place; a dialect has one by GTID of its own, and the one by position."""

    name: str
    by_gtid: bool

    received_names: str
    """For the scripts on the host: what the slave received, by names of the replica status with colons between."""
    executed_names: str
    """For the scripts on the host: what it applied, likewise."""
    wait_applied: str
    """For the scripts on the host: 1 when RECEIVED is applied within a second; empty where none is exact."""
    unapplied: str
    """For the scripts on the host: what of RECEIVED is not applied; empty where the server cannot tell."""

    has: str
    """For the scripts on the host: all that a server has; empty where `errant` is."""
    errant: str
    """For the scripts on the host: what this server made itself and PEER, as `has` says it, lacks; empty where no
    statement can tell."""

    start_discards: bool
    """Whether a start of the applier or the receiver, while both are stopped, discards what is not applied."""

    def parse(self, text: str) -> Progress:
        """As a takeover's record has it."""
        ...

    def of_master(self, master: Asked) -> Progress:
        """All that the master has."""
        ...

    def of_slave(self, slave: Asked, status: ReplicaStatus | None) -> Progress:
        """All that the slave has applied, and made itself where this way can tell."""
        ...

    def received(self, status: ReplicaStatus | None) -> Progress:
        """What the slave got from the master, applied or not."""
        ...

    def applied(self, slave: Asked, status: ReplicaStatus | None) -> bool:
        """Whether all that was received is applied."""
        ...

    def purged(self, master: Asked) -> Progress:
        """What stands no longer in the master's binary logs."""
        ...

    def own(self, server: Asked) -> str:
        """A mark of what a server has made itself until now."""
        ...

    def own_since(self, server: Asked, mark: str) -> Iterable[str]:
        """The transactions that a server has made itself since, as an operator finds them in its binary log."""
        ...

    def each(self, server: Asked, lacking: Any) -> Iterable[str]:
        """What another server lacks of this one's, transaction by transaction as in its binary log."""
        ...

    def made_by_others(self, server: Asked, lacking: Any) -> Progress:
        """What of a difference the server that has it did not make itself."""
        ...

    def adopted(self, slave: Asked) -> dict[str, str]:
        """Variables that make what a stopped slave logged as a master a part of what it has from the master."""
        ...

    def seeded(self, gtids: str) -> dict[str, str]:
        """Variables that tell a server whose data came from another, up to these GTIDs, what it has."""
        ...

    def place(self, status: ReplicaStatus | None, master: Asked) -> dict[str, object]:
        """The options of CHANGE MASTER TO, in its old words, that say where to go on from."""
        ...


# What a binary log holds besides transactions.
NO_TRANSACTION = {
    "Binlog_checkpoint",
    "Format_desc",
    "Gtid_list",
    "Heartbeat",
    "Incident",
    "Previous_gtids",
    "Rotate",
    "Start_encryption",
    "Stop",
}
# What belongs to a transaction that another of its events names better.
NAMES_NOTHING = {"Annotate_rows", "Anonymous_Gtid", "Gtid", "Intvar", "Rand", "Rows_query", "User_var", "Xid"}
BRACKETS = ("BEGIN", "COMMIT")
ROWS = re.compile(r"(Write|Update|Delete)_rows")
FIRST_BYTE = 4  # behind the magic number
BINARY_LOGS = "SHOW BINARY LOGS"


NAMED = 20
MORE = "and more"


def listed(names: Iterable[str]) -> list[str]:
    """The first of them, and whether there are more: an accident may have left a million."""
    first = list(islice(names, NAMED + 1))
    return [*first[:NAMED], MORE] if len(first) > NAMED else first


class ByPosition:
    """The article's way: the master's binary log, and how far the slave has read and applied it.

    `binary_log_status` is the statement by which the server tells the end of its own binary log.
    """

    name = "file and position"
    by_gtid = False
    received_names = "Source_Log_File:Read_Source_Log_Pos"
    executed_names = "Relay_Source_Log_File:Exec_Source_Log_Pos"
    wait_applied = ""
    unapplied = ""
    has = errant = ""
    start_discards = False

    def __init__(self, binary_log_status: str) -> None:
        self._binary_log_status = binary_log_status

    def parse(self, text: str) -> Position:
        return Position.parse(text)

    def of_master(self, master: Asked) -> Position:
        row = master.one(self._binary_log_status)
        return Position.parse(f"{row['File']}:{row['Position']}" if row else "")

    def of_slave(self, slave: Asked, status: ReplicaStatus | None) -> Position:
        return Position.parse(f"{status.source_file}:{status.source_position}" if status else "")

    def received(self, status: ReplicaStatus | None) -> Position:
        return Position.parse(f"{status.received_file}:{status.received_position}" if status else "")

    def applied(self, slave: Asked, status: ReplicaStatus | None) -> bool:
        """Of a transaction that the master sent only in part, the applier waits for the rest for ever."""
        left = self.received(status).minus(self.of_slave(slave, status))
        return not left or bool(status and status.applier_waits)

    def purged(self, master: Asked) -> Position:
        """All before the first file that is left; nothing while that is the first there ever was."""
        first, *_ = master.ask(BINARY_LOGS)
        begins = Position.parse(f"{first['Log_name']}:{FIRST_BYTE}")
        return Position() if re.search(r"\.0*1$", first["Log_name"]) else begins

    def own(self, server: Asked) -> str:
        return str(self.of_master(server))

    def own_since(self, server: Asked, mark: str) -> list[str]:
        """By the server_id of each event: what was replicated keeps the master's."""
        own, since = server.value("SELECT @@server_id"), Position.parse(mark)
        files = [row["Log_name"] for row in server.ask(BINARY_LOGS)]
        if since and since.file in files:
            files = files[files.index(since.file) :]
        names: list[str] = []
        for file in files:
            begin = since.at if file == since.file else FIRST_BYTE
            events = server.ask(f"SHOW BINLOG EVENTS IN %s FROM {begin}", file)
            names += [
                f"{event['Log_name']}:{event['Pos']} {event['Event_type']} {event['Info']}".strip()
                for event in events
                if event["Server_id"] == own and _names_one(event)
            ]
        return names

    def recent(self, server: Asked, size: int) -> str:
        """Where the newest of its binary logs begin that have at most `size` bytes together; empty where none has."""
        begin, left = "", size
        for row in reversed(server.ask(BINARY_LOGS)):
            left -= row["File_size"]
            if left < 0:
                break
            begin = f"{row['Log_name']}:{FIRST_BYTE}"
        return begin

    def each(self, server: Asked, lacking: Position) -> Iterable[str]:
        return lacking.names()

    def made_by_others(self, server: Asked, lacking: Position) -> Position:
        return lacking

    def adopted(self, slave: Asked) -> dict[str, str]:
        return {}

    def seeded(self, gtids: str) -> dict[str, str]:
        return {}

    def place(self, status: ReplicaStatus | None, master: Asked) -> dict[str, object]:
        """Where the slave has applied up to, or the beginning of what the master has."""
        if status and status.source_file:
            return {"MASTER_LOG_FILE": status.source_file, "MASTER_LOG_POS": status.source_position}
        first, *_ = master.ask(BINARY_LOGS)
        return {"MASTER_LOG_FILE": first["Log_name"], "MASTER_LOG_POS": FIRST_BYTE}


def _names_one(event: Row) -> bool:
    """Whether an event says what a transaction does: its statement, or the table that its rows are of."""
    kind = event["Event_type"]
    if kind in NO_TRANSACTION | NAMES_NOTHING or ROWS.match(kind):
        return False
    return not (kind == "Query" and event["Info"] in BRACKETS)
