"""Replication as it is on the slave, and the step that makes it what the pair wants."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from runbook.errors import RunbookError
from runbook.host import Host
from runbook.mysql.session import Server, SqlFailed
from runbook.settings import Secret
from runbook.step import Gap, State
from runbook.wait import until

CONNECT_RETRY_SECONDS = 1
RETRY_COUNT = 86400
THREADS_SECONDS = 30
CHANGE_ATTEMPTS = 3
CHANNEL_RUNS = 3021  # ER_REPLICA_CHANNEL_IO_THREAD_MUST_STOP

SYSTEM_SCHEMAS = ("information_schema", "mysql", "performance_schema", "sys", "runbook")
GTID_QUESTION = "SELECT @@GLOBAL.gtid_executed AS executed, @@GLOBAL.gtid_purged AS purged"
WORKERS = "replication_applier_status_by_worker"
WORKER_ERROR = (
    "SELECT last_error_number AS code, last_error_message AS text "
    f"FROM performance_schema.{WORKERS} WHERE last_error_number <> 0 LIMIT 1"
)


@dataclass(frozen=True)
class ReplicaStatus:
    """What SHOW REPLICA STATUS tells, in the words of this tool."""

    source: str
    user: str
    auto_position: bool
    connect_retry: int
    receiver: str
    applier: str
    receiver_error: str
    applier_error: str
    lag_seconds: int | None
    retrieved: str
    executed: str
    source_file: str
    source_position: int

    @property
    def runs(self) -> bool:
        return self.receiver == "Yes" and self.applier == "Yes"


def replica_status(server: Server) -> ReplicaStatus | None:
    """The slave's replication, or None when it was never configured."""
    row = server.one(server.dialect.replica_status)
    if not row:
        return None
    status = parse_replica_status(row)
    if WORKERS in status.applier_error:
        # With workers the applier only says where to look.
        worker = server.one(WORKER_ERROR)
        return replace(status, applier_error=_error(worker["code"], worker["text"])) if worker else status
    return status


def parse_replica_status(row: Mapping[str, Any]) -> ReplicaStatus:
    """A row of SHOW REPLICA STATUS (MySQL 8.0.22 and newer)."""
    return ReplicaStatus(
        source=f"{row['Source_Host']}:{row['Source_Port']}",
        user=row["Source_User"],
        auto_position=bool(int(row["Auto_Position"])),
        connect_retry=int(row["Connect_Retry"]),
        receiver=row["Replica_IO_Running"],
        applier=row["Replica_SQL_Running"],
        receiver_error=_error(row["Last_IO_Errno"], row["Last_IO_Error"]),
        applier_error=_error(row["Last_SQL_Errno"], row["Last_SQL_Error"]),
        lag_seconds=None if row["Seconds_Behind_Source"] is None else int(row["Seconds_Behind_Source"]),
        retrieved=_set(row["Retrieved_Gtid_Set"]),
        executed=_set(row["Executed_Gtid_Set"]),
        source_file=row["Relay_Source_Log_File"],
        source_position=int(row["Exec_Source_Log_Pos"]),
    )


@dataclass(frozen=True)
class Replicates:
    """The slave replicates from the master by GTID, both threads running, with the password of hosts.env."""

    slave: Server
    master: Server
    source: str
    user: str
    password: Secret

    name = "replication from the master"

    def want(self) -> State:
        return {
            "source": self.source,
            "user": self.user,
            "password": "as in hosts.env",
            "auto_position": True,
            "connect_retry": CONNECT_RETRY_SECONDS,
            "receiver": "Yes",
            "applier": "Yes",
        }

    def read(self, host: Host) -> State:
        status = replica_status(self.slave)
        if status is None:
            return {}
        known = self.slave.value("SELECT User_password FROM mysql.slave_master_info")
        return {
            "source": status.source,
            "user": status.user,
            "password": "as in hosts.env" if known == self.password.reveal() else "another",
            "auto_position": status.auto_position,
            "connect_retry": status.connect_retry,
            "receiver": status.receiver,
            "applier": status.applier,
        }

    def fix(self, host: Host, gap: Gap) -> None:
        status = replica_status(self.slave)
        refusal = why_not(status, self.source, self.slave, self.master)
        if refusal:
            raise RunbookError(f"{host}: replication is not started: {refusal}")
        if {change.fact for change in gap} - {"receiver", "applier"} or (status and status.receiver_error):
            self._point_at_the_master(configured=status is not None)
        self.slave.execute("START REPLICA")
        until(
            f"{host}: both replication threads running",
            THREADS_SECONDS,
            self._runs_or_error,
            hint=self._last_error,
        )

    def _point_at_the_master(self, *, configured: bool) -> None:
        for attempt in range(CHANGE_ATTEMPTS):
            try:
                if configured:
                    self.slave.execute("STOP REPLICA")
                self._change_source()
                return
            except SqlFailed as error:
                # mysql_check.sh, which looks each second, has started it again between the two statements.
                if error.code != CHANNEL_RUNS or attempt == CHANGE_ATTEMPTS - 1:
                    raise

    def _change_source(self) -> None:
        address, _, port = self.source.rpartition(":")
        self.slave.execute(
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST = %s, SOURCE_PORT = %s, SOURCE_USER = %s, SOURCE_PASSWORD = %s, "
            "SOURCE_AUTO_POSITION = 1, SOURCE_CONNECT_RETRY = %s, SOURCE_RETRY_COUNT = %s, "
            "SOURCE_SSL = 1, GET_SOURCE_PUBLIC_KEY = 1",
            address,
            int(port),
            self.user,
            self.password.reveal(),
            CONNECT_RETRY_SECONDS,
            RETRY_COUNT,
        )

    def _last_error(self) -> str:
        status = replica_status(self.slave)
        return (status.receiver_error or status.applier_error) if status else ""

    def _runs_or_error(self) -> bool:
        status = replica_status(self.slave)
        if status and status.applier_error:
            raise RunbookError(f"{self.slave.host}: the applier stopped: {status.applier_error}")
        if status and status.receiver == "No":
            raise RunbookError(f"{self.slave.host}: the receiver stopped: {status.receiver_error or 'no reason given'}")
        return bool(status and status.runs)


def why_not(status: ReplicaStatus | None, source: str, slave: Server, master: Server) -> str | None:
    """Why replication must not simply be (re)started, with the way out; None when nothing can be lost by it."""
    if status and status.applier_error:
        return (
            f"the applier stopped on an error\n  {status.applier_error}\nRepair the row it names; nothing is skipped."
        )
    # The slave first: what it has then, a master that is written to has too by the time it is asked.
    on_slave = slave.one(GTID_QUESTION)
    on_master = master.one(GTID_QUESTION)
    errant = slave.value("SELECT GTID_SUBTRACT(%s, %s)", on_slave["executed"], on_master["executed"])
    if errant:
        wrong = f" (it replicates from {status.source})" if status and status.source != source else ""
        return (
            f"the slave{wrong} has transactions that the master lacks: {_set(errant)}\n"
            "Look at them with mysqlbinlog. If the slave's data are worth nothing, empty it: "
            "RESET BINARY LOGS AND GTIDS there, and drop its schemas."
        )
    lost = master.value("SELECT GTID_SUBTRACT(%s, %s)", on_master["purged"], on_slave["executed"])
    if lost:
        return (
            f"the master's binary logs no longer hold transactions that the slave lacks: {_set(lost)}\n"
            "The slave must be seeded from a backup of the master first; this release does not do that yet."
        )
    return _why_not_by_schemas(slave, master, configured=status is not None, logged=bool(on_master["executed"]))


def _why_not_by_schemas(slave: Server, master: Server, *, configured: bool, logged: bool) -> str | None:
    """Data that stands in no transaction: loaded before the binary log was on, or with it off."""
    if configured:
        return None
    on_slave, on_master = user_schemas(slave), user_schemas(master)
    if on_slave:
        return (
            f"the slave holds schemas of its own: {', '.join(on_slave)}\n"
            "Nothing is overwritten: save them and drop them there, or exchange MASTER_HOST and SLAVE_HOST."
        )
    if on_master and not logged:
        return (
            f"the master holds schemas that stand in no binary log: {', '.join(on_master)}\n"
            "The slave must be seeded from a backup of the master first; this release does not do that yet."
        )
    return None


def user_schemas(server: Server) -> list[str]:
    """The schemas that are neither the server's nor ours, by name."""
    marks = ", ".join(["%s"] * len(SYSTEM_SCHEMAS))
    rows = server.ask(
        f"SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN ({marks}) ORDER BY 1",
        *SYSTEM_SCHEMAS,
    )
    return [row["name"] for row in rows]


def _error(code: object, text: str) -> str:
    return f"error {code}: {text}" if int(str(code)) else ""


def _set(text: str) -> str:
    return text.replace("\n", "")
