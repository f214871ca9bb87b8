"""Kill the slave's mysqld and start it again; the VIP stays, writes wait once for the slave.

The slave's mysqld dies and stays down for a while: the master goes on alone.
"""

from collections.abc import Mapping
from typing import ClassVar

from runbook.diagnosis.verdict import Kind
from runbook.drill.faults.fault import Effect
from runbook.drill.faults.kill_master import KillMaster, keep_down, kill, restart_again
from runbook.observe.probe import Probe
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role

FLOWING = 20


class KillSlave(KillMaster):
    """SIGKILL for all of mysqld's unit on the slave; healed, it is started again and catches up by itself."""

    name = "SIGKILL for mysqld on the slave"
    action = "kills mysqld on {slave} with SIGKILL, keeps it down for a while and starts it again"
    roles = ("slave",)
    undone = "mysqld runs again on the slave"
    effect = Effect.NO_TAKEOVER
    alerts: ClassVar[Mapping[Role, str]] = {"master": "slave-away"}
    lasts_seconds = 2
    leaves = Kind.HEALTHY
    recovery_seconds = 60
    vip_target_seconds = None
    reads_target_seconds = None

    def undo(self, side: Side) -> str:
        return f"{{ {restart_again(side)}; }} && systemctl start {side.names.unit}"

    def prepare(self, pair: Pair) -> None:
        keep_down(pair.slave)

    def inject(self, pair: Pair) -> None:
        kill(pair.slave)

    def stall_target_seconds(self, pair: Pair) -> float | None:
        return pair.master.commit_wait_seconds

    def awaited(self, probe: Probe, since: float) -> str:
        written = list(probe.seen("write", ok=True, since=since + 1))
        return "" if len(written) >= FLOWING else "writes acknowledged by the master alone"
