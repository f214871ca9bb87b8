"""Make a row conflict on the slave and repair it; the VIP stays, the slave lags.

A row on the slave conflicts with one that the master writes: the applier stops, and the slave falls behind.
"""

from collections.abc import Mapping
from typing import ClassVar

from runbook.core.host_paths import LIBRARY
from runbook.core.wait import until
from runbook.diagnosis.verdict import Kind
from runbook.drill.faults.fault import Effect, Fault
from runbook.mysql.accounts import SCHEMA
from runbook.mysql.replication.replicates import WORKERS
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role, Settings

RUN = "drill.break-replication"
ROW = (RUN, 0, 1)
INSERT = f"INSERT INTO {SCHEMA}.ledger (run, writer, seq) VALUES (%s, %s, %s)"
DELETE = f"DELETE FROM {SCHEMA}.ledger WHERE run = %s"
IS_THERE = f"SELECT 1 FROM {SCHEMA}.ledger WHERE run = %s"
SECONDS = 30

# The applier puts the master's row in the place of its own until it is past all that the slave had received, the
# conflict's transaction among it, and is strict again then. The row's error is not there yet, or is there, or was.
REPAIR = """
. {library}/library.sh

run() {{
    local said
    said=$(query "$1") || {{ echo "$said"; exit 1; }}
}}

place() {{ # FILE POSITION, as the status calls them
    printf '%s %020d' "$(values "$1" "$shown")" "$(values "$2" "$shown")"
}}

shown=$(status) || {{ echo "$shown"; exit 1; }}
error=$(values Last_SQL_Error "$shown")
# With workers that only says where to look.
[[ $error != *{workers}* ]] || error=$(query 'SELECT last_error_message FROM performance_schema.{workers}')
passed=yes
case $error in
    *{schema}.ledger*{run}*)
        received=$(place Source_Log_File Read_Source_Log_Pos)
        run "SET GLOBAL {exec_mode} = 'IDEMPOTENT'"
        run "START $REPLICA SQL_THREAD"
        end=$((SECONDS + {seconds}))
        while shown=$(status); [[ $(place Relay_Source_Log_File Exec_Source_Log_Pos) < $received ]]; do
            [ "$SECONDS" -lt "$end" ] || {{ echo "the applier does not get over: $error"; passed=; break; }}
            sleep 0.2
        done
        ;;
esac
if [ "$(query 'SELECT @@GLOBAL.{exec_mode}')" = IDEMPOTENT ]; then
    run "STOP $REPLICA SQL_THREAD"
    run "SET GLOBAL {exec_mode} = 'STRICT'"
    run "START $REPLICA SQL_THREAD"
fi
[ "$passed" ]
"""


class BreakReplication(Fault):
    """The master forgets a row outside its binary log and writes it again: the slave has it already, error 1062.

    So the slave need not be opened, not even for a moment. It is healed without skipping anything (replica_exec_mode).
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

    def undo(self, side: Side) -> str:
        exec_mode = side.dialect.named("replica_exec_mode")
        return REPAIR.format(
            library=LIBRARY, schema=SCHEMA, run=RUN, workers=WORKERS, exec_mode=exec_mode, seconds=SECONDS
        )
