"""The server settings that the pair stands on: what goes into the file, and what must be in force."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from runbook.core.host import Host
from runbook.core.step import Gap, State, Step
from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.session import Server
from runbook.mysql.shown import same, skip_errors
from runbook.mysql.terms import renamed
from runbook.settings.settings import Node, Role, Settings

# Setting these at run time is either impossible or not enough; the rest is SET GLOBAL.
NOT_DYNAMIC = {
    "admin_address",
    "admin_port",
    "bind_address",
    "enforce_gtid_consistency",
    "gtid_mode",
    "log_bin",
    "log_replica_updates",
    "master_info_repository",
    "plugins",
    "port",
    "relay_log",
    "relay_log_info_repository",
    "relay_log_recovery",
    "replica_skip_errors",
    "skip_name_resolve",
}
NEEDS_RESTART = NOT_DYNAMIC | set(map(renamed, NOT_DYNAMIC))
# The slave's receiver reads these when it starts (MySQL manual, both variables).
RECEIVERS = {"replica_net_timeout", "rpl_semi_sync_replica_enabled"}
READ_BY_RECEIVER = RECEIVERS | set(map(renamed, RECEIVERS))
# Of our option file beside the wanted variables.
STARTS_READ_ONLY = ("read_only", "super_read_only")
# A value that SET PERSIST keeps (mysqld-auto.cnf) wins over every option file at the next start.
PERSISTED, LOADED = "what SET PERSIST keeps of ours", "plugins"
NET_TIMEOUT_SECONDS = 4
RESTART_SECONDS = 300


@dataclass(frozen=True)
class Manner:
    """What one side's option file follows from."""

    settings: Settings
    node: Node
    dialect: Dialect
    by_gtid: bool
    semi_sync: bool


def wanted(manner: Manner) -> dict[str, str]:
    """Every variable of our option file with its value as `@@GLOBAL` shows it, by the server's own names."""
    settings, node, dialect = manner.settings, manner.node, manner.dialect
    values = {
        "bind_address": "*",
        "port": str(settings.mysql_port),
        "skip_name_resolve": "ON" if settings.skip_name_resolve else "OFF",
        "server_id": str(node.server_id),
        "binlog_format": settings.binlog_format,
        "sync_binlog": str(settings.sync_binlog),
        "innodb_flush_log_at_trx_commit": str(settings.innodb_flush_log_at_trx_commit),
        "log_replica_updates": "ON",
        "relay_log_recovery": "ON",
        "replica_net_timeout": str(NET_TIMEOUT_SECONDS),
        "replica_skip_errors": skip_errors(settings.slave_skip_errors),
        "auto_increment_increment": str(settings.auto_increment_increment),
        "auto_increment_offset": str(node.auto_increment_offset),
        "character_set_server": dialect.character_set(settings.character_set),
    }
    if settings.sql_mode is not None:
        values["sql_mode"] = settings.sql_mode
    values |= dialect.variables(by_gtid=manner.by_gtid) | semi_sync(manner)
    return {dialect.named(name): value for name, value in values.items()}


def semi_sync(manner: Manner) -> dict[str, str]:
    """Semi-synchronous replication for a node's role: the master waits for the slave, never the other way round.

    A slave that ran the source side too would hold up its own applier, waiting for a slave that it does not have. All
    else of both sides stands on each, so that a change of roles restarts nothing.
    """
    is_master = manner.node.role == "master"
    enabled = {
        "rpl_semi_sync_source_enabled": "ON" if manner.semi_sync and is_master else "OFF",
        "rpl_semi_sync_replica_enabled": "ON" if manner.semi_sync and not is_master else "OFF",
    }
    if not manner.semi_sync:
        return enabled
    waits = {"rpl_semi_sync_source_wait_point": "AFTER_SYNC"} if manner.dialect.semi_sync.has_wait_point else {}
    return waits | enabled | {"rpl_semi_sync_source_timeout": str(manner.settings.semi_sync_timeout_ms)}


# Off while nothing names them: without its plugin a semi-sync variable in the file would keep mysqld from starting, and
# 5.6 takes skip_name_resolve = OFF for ON [M].
UNNAMED_OFF = {
    "replica_skip_errors",
    "rpl_semi_sync_replica_enabled",
    "rpl_semi_sync_source_enabled",
    "skip_name_resolve",
}
OFF_UNLESS_NAMED = UNNAMED_OFF | set(map(renamed, UNNAMED_OFF))
# A file must give this one a name, where the server shows whether it is on.
NAMED_IN_FILE = {"log_bin": "mysql-bin"}


def spelled(names: Iterable[str]) -> frozenset[str]:
    """By the words of before 8.0.26 too, which newer servers take as well."""
    every = frozenset(names)
    return every | frozenset(map(renamed, every))


def in_file(variables: Mapping[str, str]) -> dict[str, str]:
    """What of the wanted variables stands in the option file."""
    named = {name: value for name, value in variables.items() if not (value == "OFF" and name in OFF_UNLESS_NAMED)}
    return {name: NAMED_IN_FILE.get(name, value) for name, value in named.items()}


def plugins(manner: Manner) -> tuple[str, ...]:
    """The semi-sync plugins where they must be loaded: both, as a closed server loads none (1290, tried on 9.7)."""
    libraries = manner.dialect.semi_sync.libraries
    return tuple(libraries or ()) if manner.semi_sync else ()


def read_variables(server: Server, names: Mapping[str, object]) -> dict[str, str]:
    """The global values of these variables; one that the server does not know is left out."""
    marks = ", ".join(["%s"] * len(names))
    rows = server.ask(f"SHOW GLOBAL VARIABLES WHERE variable_name IN ({marks})", *names)
    return {row["Variable_name"]: row["Value"] for row in rows}


@dataclass(frozen=True)
class InForce(Step):
    """The running server has the wanted values: set where it can be, restarted where it must be.

    `restart` restarts mysqld, given the reason; it raises RunbookError where that is not permitted now.
    """

    server: Server
    variables: Mapping[str, str]
    plugins: Sequence[str]
    restart: Callable[[str], None]

    name = "settings in force"
    NOTHING: ClassVar[str] = "nothing"

    @property
    def servers(self) -> frozenset[Role]:
        return self.server.side

    def want(self) -> State:
        loaded = {LOADED: ", ".join(self.plugins)} if self.plugins else {}
        return {PERSISTED: self.NOTHING, **self.variables} | loaded

    def read(self, host: Host) -> State:
        state: dict[str, object] = dict.fromkeys(self.variables.keys() & OFF_UNLESS_NAMED, "OFF")
        for name, shown in read_variables(self.server, self.variables).items():
            state[name] = self.variables[name] if same(name, self.variables[name], shown) else shown
        found = self._loaded_and_persisted()
        state[LOADED] = ", ".join(plugin for plugin in self.plugins if found.pop(f"{plugin}.so", None)) or None
        state[PERSISTED] = ", ".join(f"{name} = {value}" for name, value in found.items()) or self.NOTHING
        return state

    def _loaded_and_persisted(self) -> dict[str, str]:
        """Our active plugins, and what SET PERSIST keeps of our file's variables, in one question."""
        libraries = [f"{plugin}.so" for plugin in self.plugins]
        marks = ", ".join(["%s"] * len(libraries))
        loaded = (
            "SELECT plugin_library AS name, plugin_status AS value FROM information_schema.plugins "
            f"WHERE plugin_status = 'ACTIVE' AND plugin_library IN ({marks})"
        )
        asked = [*([loaded] if libraries else []), *filter(None, [self.server.dialect.persisted])]
        rows = self.server.ask(" UNION ALL ".join(asked), *libraries) if asked else []
        ours = {*libraries, *spelled([*self.variables, *STARTS_READ_ONLY])}
        return {row["name"]: str(row["value"]) for row in rows if row["name"] in ours}

    def fix(self, host: Host, gap: Gap) -> None:
        if any(change.fact == PERSISTED for change in gap):
            # One that has an older name, too, is gone by either.
            for name in [name for name in self._loaded_and_persisted() if not name.endswith(".so")]:
                self.server.execute(f"RESET PERSIST IF EXISTS {name}")
            gap = [change for change in gap if change.fact != PERSISTED]
        if any(change.fact in NEEDS_RESTART for change in gap):
            self.restart(", ".join(change.fact for change in gap))
            return
        for change in gap:
            value = str(change.want)
            self.server.execute(f"SET GLOBAL {change.fact} = %s", int(value) if value.isdigit() else value)
        if any(change.fact in READ_BY_RECEIVER for change in gap) and replica_status(self.server):
            self.server.execute(f"STOP {self.server.dialect.replica} IO_THREAD")
            self.server.execute(f"START {self.server.dialect.replica} IO_THREAD")


def restart_mysqld(host: Host, server: Server, unit: str) -> None:
    """Restart mysqld and log in again; the unit reports ready only when it accepts connections.

    Our own session is closed first: mysqld gives an open one 10 s before it cuts it (seen on 9.7).
    """
    server.close()
    host.do(f"systemctl restart {unit}", timeout=RESTART_SECONDS)
    server.value("SELECT 1")
