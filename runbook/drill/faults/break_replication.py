"""Make a row conflict on the slave and repair it; the VIP stays, the slave lags.

A row on the slave conflicts with one that the master writes: the applier stops, and the slave falls behind.
"""

from collections.abc import Mapping
from typing import ClassVar

from runbook.core.wait import until
from runbook.diagnosis.verdict import Kind
from runbook.drill.faults.fault import Effect, Fault
from runbook.mysql.accounts import SCHEMA
from runbook.mysql.replication.replicates import replica_status
from runbook.pair.pair import Pair, Side
from runbook.settings.settings import Role, Settings

RUN = "drill.break-replication"
ROW = (RUN, 0, 1)
INSERT = f"INSERT INTO {SCHEMA}.ledger (run, writer, seq) VALUES (%s, %s, %s)"
DELETE = f"DELETE FROM {SCHEMA}.ledger WHERE run = %s"
IS_THERE = f"SELECT 1 FROM {SCHEMA}.ledger WHERE run = %s"
SECONDS = 30


class BreakReplication(Fault):
    """The master forgets a row outside its binary log and writes it again: the slave has it already, error 1062.

    So the slave need not be opened, not even for a moment. It is healed without skipping anything: the applier puts the
    master's row in the place of its own (replica_exec_mode).
    """

    name = "a row on the slave that conflicts"
    action = "makes a row in schema runbook conflict on {slave}, which stops the applier, and repairs it"
    roles = ("slave",)
    undone = "the conflicting row is replaced by the master's, and the applier runs"
    effect = Effect.NO_TAKEOVER
    alerts: ClassVar[Mapping[Role, str]] = {"slave": "replication-broken"}
    lasts_seconds = 3
    leaves = Kind.HEALTHY
    recovery_seconds = 60

    def reason_against(self, settings: Settings) -> tuple[str, ...]:
        if settings.binlog_format == "ROW":
            return ()
        return (
            f"BINLOG_FORMAT is {settings.binlog_format}: only a row can be put in another's place. Nothing was done.",
        )

    def prepare(self, pair: Pair) -> None:
        master, slave = pair.master.server, pair.slave.server
        master.execute(DELETE, RUN)
        master.execute(INSERT, *ROW)
        until(f"{pair.slave.host}: the row that will conflict", SECONDS, lambda: bool(slave.ask(IS_THERE, RUN)))

    def inject(self, pair: Pair) -> None:
        master = pair.master.server
        with master.opened_for_root(logged=False):
            master.execute(DELETE, RUN)
        master.execute(INSERT, *ROW)

    def stall_target_seconds(self, pair: Pair) -> float | None:
        return 0.0

    def heal(self, side: Side) -> None:
        server = side.server
        if not server.answers():
            return
        status, exec_mode = replica_status(server), server.dialect.named("replica_exec_mode")
        try:
            if status and f"{SCHEMA}.ledger" in status.applier_error and RUN in status.applier_error:
                server.execute(f"SET GLOBAL {exec_mode} = 'IDEMPOTENT'")
                server.execute(f"START {server.dialect.replica} SQL_THREAD")
                until(f"{side.host}: the applier over the conflict", SECONDS, lambda: applies(side))
        finally:
            if server.value(f"SELECT @@GLOBAL.{exec_mode}") == "IDEMPOTENT":
                server.execute(f"STOP {server.dialect.replica} SQL_THREAD")
                server.execute(f"SET GLOBAL {exec_mode} = 'STRICT'")
                server.execute(f"START {server.dialect.replica} SQL_THREAD")


def applies(side: Side) -> bool:
    """Whether the slave has applied all that it had received, the conflict's transaction among it."""
    return side.tracking.applied(side.server, replica_status(side.server))
