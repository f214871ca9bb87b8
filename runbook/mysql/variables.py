"""The server settings that the pair stands on: what goes into the file, and what must be in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runbook.host import Host
from runbook.mysql.replication import replica_status
from runbook.mysql.session import ADMIN_PORT, Server
from runbook.settings import Node, Settings
from runbook.step import Gap, State

# Setting these at run time is either impossible or not enough; the rest is SET GLOBAL.
NEEDS_RESTART = {
    "admin_address",
    "admin_port",
    "bind_address",
    "enforce_gtid_consistency",
    "gtid_mode",
    "log_bin",
    "log_replica_updates",
    "plugins",
    "port",
    "relay_log_recovery",
    "replica_skip_errors",
    "skip_name_resolve",
}
# The slave's receiver reads these when it starts (MySQL manual, both variables).
READ_BY_RECEIVER = {"replica_net_timeout", "rpl_semi_sync_replica_enabled"}
NET_TIMEOUT_SECONDS = 4
RESTART_SECONDS = 300


def wanted(settings: Settings, node: Node) -> dict[str, str]:
    """Every variable of our option file with its value as `@@GLOBAL` shows it."""
    values = {
        "bind_address": "*",
        "port": str(settings.mysql_port),
        # A door that max_connections does not close, for the scripts and the runbook (MySQL 8.0.14).
        "admin_address": "127.0.0.1",
        "admin_port": str(ADMIN_PORT),
        "skip_name_resolve": "ON" if settings.skip_name_resolve else "OFF",
        "server_id": str(node.server_id),
        "gtid_mode": "ON",
        "enforce_gtid_consistency": "ON",
        "binlog_format": settings.binlog_format,
        "sync_binlog": str(settings.sync_binlog),
        "innodb_flush_log_at_trx_commit": str(settings.innodb_flush_log_at_trx_commit),
        "log_replica_updates": "ON",
        "relay_log_recovery": "ON",
        "replica_net_timeout": str(NET_TIMEOUT_SECONDS),
        "replica_skip_errors": _skip_errors(settings.slave_skip_errors),
        "auto_increment_increment": str(settings.auto_increment_increment),
        "auto_increment_offset": str(node.auto_increment_offset),
        "character_set_server": settings.character_set,
    }
    if settings.sql_mode is not None:
        values["sql_mode"] = settings.sql_mode
    return values | semi_sync(settings, node)


def _skip_errors(value: str) -> str:
    """As the server shows it: numbers in ascending order."""
    numbers = value.replace(" ", "").split(",")
    return ",".join(sorted(numbers, key=int)) if all(n.isdigit() for n in numbers) else value.upper()


def semi_sync(settings: Settings, node: Node) -> dict[str, str]:
    """Semi-synchronous replication for a node's role: the master waits for the slave, never the other way round.

    A slave that ran the source side too would hold up its own applier, waiting for a slave that it does not have.
    """
    if node.role == "slave":
        return {"rpl_semi_sync_replica_enabled": "ON" if settings.semi_sync else "OFF"}
    if not settings.semi_sync:
        return {"rpl_semi_sync_source_enabled": "OFF"}
    return {
        "rpl_semi_sync_source_enabled": "ON",
        "rpl_semi_sync_source_timeout": str(settings.semi_sync_timeout_ms),
        "rpl_semi_sync_source_wait_point": "AFTER_SYNC",
    }


# Off while nothing names them; without its plugin a semi-sync variable in the file would keep mysqld from starting.
OFF_UNLESS_NAMED = {"replica_skip_errors", "rpl_semi_sync_source_enabled", "rpl_semi_sync_replica_enabled"}


def in_file(variables: Mapping[str, str]) -> dict[str, str]:
    """What of the wanted variables stands in the option file."""
    return {name: value for name, value in variables.items() if not (value == "OFF" and name in OFF_UNLESS_NAMED)}


def plugin(settings: Settings, node: Node) -> str | None:
    """The semi-sync plugin of a node's role."""
    if not settings.semi_sync:
        return None
    return "semisync_source" if node.role == "master" else "semisync_replica"


def read_variables(server: Server, names: Mapping[str, object]) -> dict[str, str]:
    """The global values of these variables; one that the server does not know is left out."""
    marks = ", ".join(["%s"] * len(names))
    rows = server.ask(f"SHOW GLOBAL VARIABLES WHERE variable_name IN ({marks})", *names)
    return {row["Variable_name"]: row["Value"] for row in rows}


@dataclass(frozen=True)
class InForce:
    """The running server has the wanted values: set where it can be, restarted where it must be.

    `restart` restarts mysqld, given the reason; it raises RunbookError where that is not permitted now.
    """

    server: Server
    variables: Mapping[str, str]
    plugin: str | None
    restart: Callable[[Host, str], None]

    name = "settings in force"

    def want(self) -> State:
        return dict(self.variables) | ({"plugins": self.plugin} if self.plugin else {})

    def read(self, host: Host) -> State:
        state: dict[str, object] = dict.fromkeys(self.variables.keys() & OFF_UNLESS_NAMED, "OFF")
        state |= read_variables(self.server, self.variables)
        if self.plugin:
            loaded = self.server.ask(
                "SELECT 1 FROM information_schema.plugins WHERE plugin_library = %s AND plugin_status = 'ACTIVE'",
                f"{self.plugin}.so",
            )
            state["plugins"] = self.plugin if loaded else None
        return state

    def fix(self, host: Host, gap: Gap) -> None:
        if any(change.fact in NEEDS_RESTART for change in gap):
            self.restart(host, ", ".join(change.fact for change in gap))
            return
        for change in gap:
            value = str(change.want)
            self.server.execute(f"SET GLOBAL {change.fact} = %s", int(value) if value.isdigit() else value)
        if any(change.fact in READ_BY_RECEIVER for change in gap) and replica_status(self.server):
            self.server.execute("STOP REPLICA IO_THREAD")
            self.server.execute("START REPLICA IO_THREAD")


def restart_mysqld(host: Host, server: Server, unit: str) -> None:
    """Restart mysqld and log in again; the unit reports ready only when it accepts connections.

    Our own session is closed first: mysqld gives an open one 10 s before it cuts it (seen on 9.7).
    """
    server.close()
    host.do(f"systemctl restart {unit}", timeout=RESTART_SECONDS)
    server.value("SELECT 1")
