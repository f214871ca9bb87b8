"""Which transactions a server has, and its applier: the one place of the drills that speaks the engine's dialect."""

from runbook.mysql.replication import replica_status
from runbook.mysql.session import Server

EXECUTED = "SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', '')"
UUID = "SELECT @@server_uuid"
SUBTRACTED = "SELECT REPLACE(GTID_SUBTRACT(@@GLOBAL.gtid_executed, %s), '\\n', '')"
LACKING = "SELECT REPLACE(GTID_SUBTRACT(%s, @@GLOBAL.gtid_executed), '\\n', '')"
STOP_APPLIER, START_APPLIER = "STOP REPLICA SQL_THREAD", "START REPLICA SQL_THREAD"
APPLIED = (
    "SELECT MIN(GTID_SUBSET(received_transaction_set, @@GLOBAL.gtid_executed)) "
    "FROM performance_schema.replication_connection_status"
)


def executed(server: Server) -> str:
    """All transactions that the server has, as a GTID set."""
    return str(server.value(EXECUTED))


def lacking(server: Server, transactions: str) -> str:
    """Those of these transactions that the server lacks; empty when it has them all."""
    return str(server.value(LACKING, transactions))


def made_since(server: Server, executed_before: str) -> str:
    """The transactions that the server itself made since it had executed these, as a GTID set."""
    own, new = server.value(UUID), server.value(SUBTRACTED, executed_before)
    return ",".join(part for part in new.split(",") if part.startswith(own))


def all_applied(slave: Server) -> bool:
    """Whether the slave has applied all that it has received."""
    return bool(slave.value(APPLIED))


def applier_stopped(slave: Server) -> bool:
    """Whether the slave's applier was stopped, and not by an error."""
    status = replica_status(slave)
    return status is not None and status.applier == "No" and not status.applier_error
