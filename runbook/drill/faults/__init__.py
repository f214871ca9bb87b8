"""Faults, one module each: how to prepare it, bring it about, and remove every trace of it.

Every fault is paired with its heal, and the last act of any drill heals (as jepsen does it).
"""

from runbook.drill.faults.break_replication import BreakReplication
from runbook.drill.faults.crash_master import CrashMaster
from runbook.drill.faults.fault import Effect, Fault
from runbook.drill.faults.freeze_master import FreezeMaster
from runbook.drill.faults.full_disk import FullDisk
from runbook.drill.faults.isolate import Isolate
from runbook.drill.faults.isolate_master import IsolateMaster
from runbook.drill.faults.kill_keepalived import KillKeepalived
from runbook.drill.faults.kill_master import KillMaster
from runbook.drill.faults.kill_slave import KillSlave
from runbook.drill.faults.lag_slave import LagSlave
from runbook.drill.faults.power_off_master import PowerOffBoth, PowerOffMaster
from runbook.drill.faults.stop_keepalived import StopKeepalived
from runbook.drill.faults.too_many_connections import TooManyConnections
from runbook.pair.pair import Side

__all__ = ["FAULTS", "Effect", "Fault", "heal_leftovers"]

FAULTS: dict[str, type[Fault]] = {
    "kill-master": KillMaster,
    "crash-master": CrashMaster,
    "freeze-master": FreezeMaster,
    "stop-keepalived": StopKeepalived,
    "kill-keepalived": KillKeepalived,
    "power-off-master": PowerOffMaster,
    "power-off-both": PowerOffBoth,
    "isolate": Isolate,
    "isolate-master": IsolateMaster,
    "kill-slave": KillSlave,
    "lag-slave": LagSlave,
    "full-disk": FullDisk,
    "too-many-connections": TooManyConnections,
    "break-replication": BreakReplication,
}
"""The fault of each drill, in the order of `drill.all`."""


def heal_leftovers(side: Side) -> None:
    """Remove what a drill that was cut off may have left on this side."""
    for fault in FAULTS.values():
        if side.role in fault.roles:
            fault().heal(side)
