"""Faults, one module each: how to prepare it, bring it about, and remove every trace of it.

Every fault is paired with its heal, and the last act of any drill heals (as jepsen does it).
"""

from runbook.drill.faults.break_replication import BrokenReplication
from runbook.drill.faults.crash_master import CrashedMysqld
from runbook.drill.faults.fault import Course, Fault
from runbook.drill.faults.freeze_master import FrozenMysqld
from runbook.drill.faults.full_disk import FullDisk
from runbook.drill.faults.isolate import Isolation
from runbook.drill.faults.isolate_master import CutOffMaster
from runbook.drill.faults.kill_keepalived import KilledKeepalived
from runbook.drill.faults.kill_master import KilledMysqld
from runbook.drill.faults.kill_slave import KilledSlave
from runbook.drill.faults.lag_slave import LaggingSlave
from runbook.drill.faults.power_off_master import PowerCut, PowerCutOfBoth
from runbook.drill.faults.stop_keepalived import StoppedKeepalived
from runbook.drill.faults.too_many_connections import FullHouse
from runbook.pair.pair import Side

__all__ = ["FAULTS", "Course", "Fault", "heal_leftovers"]

FAULTS: dict[str, type[Fault]] = {
    "kill-master": KilledMysqld,
    "crash-master": CrashedMysqld,
    "freeze-master": FrozenMysqld,
    "stop-keepalived": StoppedKeepalived,
    "kill-keepalived": KilledKeepalived,
    "power-off-master": PowerCut,
    "power-off-both": PowerCutOfBoth,
    "isolate": Isolation,
    "isolate-master": CutOffMaster,
    "kill-slave": KilledSlave,
    "lag-slave": LaggingSlave,
    "full-disk": FullDisk,
    "too-many-connections": FullHouse,
    "break-replication": BrokenReplication,
}
"""The fault of each drill, in the order of `drill.all`."""


def heal_leftovers(side: Side) -> None:
    """Remove what a drill that was cut off may have left on this side."""
    for fault in FAULTS.values():
        if side.role in fault.roles:
            fault().heal(side)
