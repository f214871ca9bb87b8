"""What SHOW REPLICA STATUS tells, by whatever name and columns a server has it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runbook.mysql.login import says_no

# ER_RPL_RELAY_LOG_READ_FAILURE of 8.0, and as it was before and is in MariaDB (both manuals' error lists).
TORN = ("error 13121:", "error 1594:")

# ER_SLAVE_FATAL_ERROR, ER_RPL_REPLICA_FATAL_ERROR (8.0 and newer): ids, UUIDs or GTID modes.
SETTINGS_FORBID = r"error (1593|13117):"


@dataclass(frozen=True)
class ReplicaStatus:
    """A slave's replication, in the words of this tool."""

    source: str
    user: str
    auto_position: bool
    """Whether it finds its place by GTID."""
    connect_retry: int
    receiver: str
    applier: str
    receiver_error: str
    applier_error: str
    lag_seconds: int | None
    retrieved: str
    """What was received, as GTIDs; of MariaDB the last of each domain."""
    executed: str
    source_file: str
    source_position: int
    """Up to where in the master's binary log it has applied."""
    received_file: str = ""
    received_position: int = 0
    """Up to where it has received it."""
    authority_file: str = ""
    """The file with the CA that the master's certificate must be of; empty where nobody looks."""
    applier_waits: bool = False
    """Whether the applier has read all that was received."""

    @property
    def runs(self) -> bool:
        return self.receiver == "Yes" and self.applier == "Yes"

    @property
    def relay_log_torn(self) -> bool:
        """Whether the applier stopped at what it cannot read, as a power cut leaves it; the master has all of it."""
        return self.applier == "No" and self.applier_error.startswith(TORN)

    @property
    def login_refused(self) -> bool:
        """Whether the receiver tries in vain to log in, as the master says no: by its password, account or rights."""
        code = re.match(r"error (\d+):", self.receiver_error)
        return self.receiver == "Connecting" and code is not None and says_no(int(code[1]))

    @property
    def settings_forbid(self) -> bool:
        """Whether the receiver stopped because the servers' settings do not go together, as with equal server ids."""
        return re.match(SETTINGS_FORBID, self.receiver_error) is not None


def parse_replica_status(row: Mapping[str, Any]) -> ReplicaStatus:
    """A row of SHOW REPLICA STATUS (MySQL 8.0.22 and newer) or of SHOW SLAVE STATUS (the older ones, and MariaDB)."""
    row = {name.replace("Master", "Source").replace("Slave", "Replica"): value for name, value in row.items()}
    by_gtid = row["Using_Gtid"] != "No" if "Using_Gtid" in row else bool(int(row["Auto_Position"]))
    return ReplicaStatus(
        source=f"{row['Source_Host']}:{row['Source_Port']}",
        user=row["Source_User"],
        auto_position=by_gtid,
        connect_retry=int(row["Connect_Retry"]),
        receiver=row["Replica_IO_Running"],
        applier=row["Replica_SQL_Running"],
        receiver_error=error_text(row["Last_IO_Errno"], row["Last_IO_Error"]),
        applier_error=error_text(row["Last_SQL_Errno"], row["Last_SQL_Error"]),
        lag_seconds=None if row["Seconds_Behind_Source"] is None else int(row["Seconds_Behind_Source"]),
        retrieved=_set(row.get("Gtid_IO_Pos", row.get("Retrieved_Gtid_Set"))),
        executed=_set(row.get("Executed_Gtid_Set")),
        source_file=row["Relay_Source_Log_File"],
        source_position=int(row["Exec_Source_Log_Pos"]),
        received_file=row["Source_Log_File"],
        received_position=int(row["Read_Source_Log_Pos"]),
        authority_file=row.get("Source_SSL_CA_File") or "",
        applier_waits="has read all relay log" in (row.get("Replica_SQL_Running_State") or ""),
    )


def error_text(code: object, text: str) -> str:
    """An error in words, nothing for number 0."""
    return f"error {code}: {text}" if int(str(code)) else ""


def _set(text: str | None) -> str:
    return (text or "").replace("\n", "")
