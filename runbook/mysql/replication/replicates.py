"""Replication as it is on the slave, and the step that makes it what the pair wants."""

from dataclasses import dataclass, replace

from pymysql.constants import ER

from runbook.core.host import Host
from runbook.core.step import BOTH, Condition, Gap, State, Step
from runbook.core.wait import until
from runbook.errors import RunbookError
from runbook.mysql.replication import known_source
from runbook.mysql.seeding import by_hand
from runbook.mysql.session import Server, SqlFailed
from runbook.mysql.tracking.status import ReplicaStatus, error_text, parse_replica_status
from runbook.mysql.tracking.tracking import BINARY_LOGS, Tracking, listed
from runbook.settings.settings import Secret

CONNECT_RETRY_SECONDS = 1
RETRY_COUNT = 86400
THREADS_SECONDS = 30
CHANGE_ATTEMPTS = 3
LOOKED_AT = 2000
"""Events at the beginning of the oldest binary log, in some milliseconds."""
# ER_SLAVE_MUST_STOP of 5.6 and MariaDB, ER_REPLICA_CHANNEL_IO_THREAD_MUST_STOP
REPLICA_RUNS = (1198, 3021)

SYSTEM_SCHEMAS = ("information_schema", "mysql", "performance_schema", "sys", "runbook")
WORKERS = "replication_applier_status_by_worker"
WORKER_ERROR = (
    "SELECT last_error_number AS code, last_error_message AS text "
    f"FROM performance_schema.{WORKERS} WHERE last_error_number <> 0 LIMIT 1"
)


def replica_status(server: Server) -> ReplicaStatus | None:
    """The slave's replication, or None when it was never configured."""
    row = server.one(server.dialect.replica_status)
    if not row:
        return None
    status = parse_replica_status(row)
    if WORKERS in status.applier_error:
        # With workers the applier only says where to look.
        worker = server.one(WORKER_ERROR)
        return replace(status, applier_error=error_text(worker["code"], worker["text"])) if worker else status
    return status


@dataclass(frozen=True)
class Replicates(Step):
    """The slave replicates from the master, both threads running, with the password of hosts.env."""

    slave: Server
    master: Server
    tracking: Tracking
    source: str
    user: str
    password: Secret
    by_authority: bool = False
    """Whether it must be told by which CA the master is known, where the master has one."""

    name = "replication from the master"
    servers = BOTH

    def want(self) -> State:
        file = self._authority_file()
        known = {"master's CA": file} if file else {}
        return known | {
            "source": self.source,
            "user": self.user,
            "password": "as in hosts.env",
            "by": self.tracking.name,
            "connect_retry": CONNECT_RETRY_SECONDS,
            "receiver": "Yes",
            "applier": "Yes",
        }

    def read(self, host: Host) -> State:
        status = replica_status(self.slave)
        if status is None:
            return {}
        known = self.slave.dialect.replica_password(self.slave) or self._password_in_file(host)
        return {
            "source": status.source,
            "user": status.user,
            "password": "as in hosts.env" if known == self.password.reveal() else "another",
            "by": "GTID" if status.auto_position else "file and position",
            "connect_retry": status.connect_retry,
            "master's CA": status.authority_file,
            "receiver": status.receiver,
            "applier": status.applier,
        }

    def _password_in_file(self, host: Host) -> str:
        """The sixth line of master.info, where the server keeps it there (MariaDB; MySQL 5.6 before our my.cnf)."""
        folder = self.slave.value("SELECT @@datadir")
        return host.ask(f"sed -n 6p {folder}/master.info 2>/dev/null || true").rstrip("\n")

    def _authority_file(self) -> str:
        return known_source.authority_file(self.slave, self.master) if self.by_authority else ""

    def refusal(self, host: Host, gap: Gap) -> str | None:
        why = why_not(replica_status(self.slave), self.source, self.slave, self.master, self.tracking)
        return f"{host}: replication is not started: {why}" if why else None

    def fix(self, host: Host, gap: Gap) -> None:
        """Pointing it at the master anew discards its relay logs, so that what was torn or lost is fetched anew."""
        status = replica_status(self.slave)
        stopped = status and (status.receiver_error or status.relay_log_torn)
        if {change.fact for change in gap} - {"receiver", "applier"} or stopped:
            self._point_at_the_master(status)
        self._start()
        until(
            f"{host}: both replication threads running",
            THREADS_SECONDS,
            self._runs_or_error,
            hint=self._last_error,
        )

    def _start(self) -> None:
        """A power cut can leave MariaDB's relay-log.info empty [M on 10.11]; by GTID its place is in a table."""
        replica = self.slave.dialect.replica
        try:
            self.slave.execute(f"START {replica}")
        except SqlFailed as error:
            if error.code != ER.MASTER_INFO or not self.tracking.start_discards:
                raise
            self.slave.execute(f"RESET {replica}")
            self.slave.execute(f"START {replica}")

    def _point_at_the_master(self, status: ReplicaStatus | None) -> None:
        for attempt in range(CHANGE_ATTEMPTS):
            try:
                if status:
                    self.slave.execute(f"STOP {self.slave.dialect.replica}")
                self._change_master(replica_status(self.slave))
                return
            except SqlFailed as error:
                # mysql_check.sh, which looks each second, has started it again between the two statements.
                if error.code not in REPLICA_RUNS or attempt == CHANGE_ATTEMPTS - 1:
                    raise

    def _change_master(self, status: ReplicaStatus | None) -> None:
        address, _, port = self.source.rpartition(":")
        retry = {"MASTER_CONNECT_RETRY": CONNECT_RETRY_SECONDS, "MASTER_RETRY_COUNT": RETRY_COUNT}
        options: dict[str, object] = {
            "MASTER_HOST": address,
            "MASTER_PORT": int(port),
            "MASTER_USER": self.user,
            "MASTER_PASSWORD": self.password.reveal(),
            **{name: retry[name] for name in self.slave.dialect.retry_options},
            **self.slave.dialect.without_tls(self.master),
            **self._place(status),
        }
        if file := self._authority_file():
            options[self.slave.dialect.source_authority] = file
        statement = self.slave.dialect.change_master(options, by_gtid=self.tracking.by_gtid)
        for name, value in self.tracking.adopted(self.slave).items():
            self.slave.execute(f"SET GLOBAL {name} = %s", value)
        self.slave.execute(statement, *options.values())

    def _place(self, status: ReplicaStatus | None) -> dict[str, object]:
        return self.tracking.place(status, self.master)

    def _last_error(self) -> str:
        status = replica_status(self.slave)
        return (status.receiver_error or status.applier_error) if status else ""

    def _runs_or_error(self) -> bool:
        status = replica_status(self.slave)
        if status and status.applier_error:
            raise RunbookError(
                f"{self.slave.host}: the applier stopped: {status.applier_error}",
                "It was started and stopped again. Repair the row it names on the slave; nothing is skipped.",
            )
        if status and status.receiver == "No":
            raise RunbookError(f"{self.slave.host}: the receiver stopped: {status.receiver_error or 'no reason given'}")
        return bool(status and status.runs)


@dataclass(frozen=True)
class StillToBeHad(Condition):
    """All that a slave which replicates still lacks stands in the master's binary logs."""

    slave: Server
    master: Server
    tracking: Tracking

    name = "the master's binary logs hold what the slave lacks"
    servers = BOTH

    def reason(self, host: Host) -> str | None:
        tracking = self.tracking
        purged = tracking.purged(self.master)
        if not purged:
            return None
        # The slave last: what has come to it meanwhile was not purged before it came.
        status = replica_status(self.slave)
        gone = purged.beyond(tracking.of_slave(self.slave, status).plus(tracking.received(status)))
        if status is None or not gone:
            return None
        return f"{host}: {by_hand.why(gone)}"


def why_not(status: ReplicaStatus | None, source: str, slave: Server, master: Server, tracking: Tracking) -> str | None:
    """Why replication must not simply be (re)started, with the way out; None when nothing can be lost by it."""
    # The slave first: what it has then, a master that is written to has too by the time it is asked.
    on_slave = tracking.of_slave(slave, status)
    on_master, purged = tracking.of_master(master), tracking.purged(master)
    # What it received and did not apply counts, too: a start may discard it.
    errant = on_slave.plus(tracking.received(status)).minus(on_master)
    if errant:
        wrong = f" (it replicates from {status.source})" if status and status.source != source else ""
        names = ", ".join(listed(tracking.each(slave, errant)))
        stopped = f"the applier stopped: {status.applier_error}\n" if status and status.applier_error else ""
        return (
            f"{stopped}the slave{wrong} has transactions that the master lacks: {names}\n"
            "Look at them with mysqlbinlog. If the slave's data are worth nothing, empty it: "
            f"{slave.dialect.reset} there, and drop its schemas; or: inv reseed --host=slave."
        )
    gone = purged.beyond(on_slave)
    if gone:
        return by_hand.why(gone)
    why = _why_not_by_schemas(slave, master, configured=status is not None, logged=bool(on_master))
    blank = status is None and on_master and not on_slave
    return why or (_why_not_by_its_id(slave, master) if blank else None)


def _why_not_by_its_id(slave: Server, master: Server) -> str | None:
    """A server passes over what bears its own id (manual: replicate-same-server-id); a new host may have been given the
    one of a host that wrote to the pair before, which the oldest binary log begins with.
    """
    first, *_ = master.ask(BINARY_LOGS)
    events = master.ask(f"SHOW BINLOG EVENTS IN %s LIMIT {LOOKED_AT}", first["Log_name"])
    own = slave.value("SELECT @@server_id")
    if own not in {event["Server_id"] for event in events}:
        return None
    return (
        f"the master's binary log has what was written under this host's server_id {own}, which it would pass over\n"
        f"Give {slave.host.node.address} an id that no server of the pair ever had, SLAVE_SERVER_ID in hosts.env; "
        "then: inv bootstrap"
    )


def _why_not_by_schemas(slave: Server, master: Server, *, configured: bool, logged: bool) -> str | None:
    """Data that stands in no transaction: loaded before the binary log was on, or with it off."""
    if configured:
        return None
    on_slave, on_master = user_schemas(slave), user_schemas(master)
    if on_slave:
        return (
            f"the slave holds schemas of its own: {', '.join(on_slave)}\n"
            "Nothing is overwritten: save them and drop them there, or exchange MASTER_HOST and SLAVE_HOST. To have "
            "them replaced by the master's: inv reseed --host=slave, which keeps them aside."
        )
    if on_master and not logged:
        return (
            f"the master holds schemas that stand in no binary log: {', '.join(on_master)}\n"
            "The slave must get the master's data first: inv reseed --host=slave."
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
