"""The host is gone without a goodbye, and comes back later. Only a lab's power is in our hand."""

import os
from typing import ClassVar

from runbook.drill.faults.fault import Course, Fault
from runbook.lab.machine import Machine
from runbook.lab.pair import Lab
from runbook.pair import Pair, Side
from runbook.settings import Settings
from runbook.verdict import Kind

BOOT_SECONDS = 90


class PowerCut(Fault):
    """The lab pulls the host's plug; healed, it is booted and takes logins again."""

    name = "a power cut of the master"
    deed = "cuts the power of {master} and boots it after the takeover"
    undone = "the host is booted and takes logins"
    recovery_seconds = 120
    vip_target_seconds: ClassVar[float | None] = 1.5
    reads_target_seconds: ClassVar[float | None] = 1.5
    by_hand: ClassVar[str] = (
        "Reads through {vip} must come back in seconds. Power the host on: the VIP stays on the slave and the master "
        "read-only. Then: inv failback"
    )

    def reason_against(self, settings: Settings) -> tuple[str, ...]:
        if Lab.owning(settings.source) is None:
            return (
                f"master {settings.master.address} is no lab's host: its power is not in the runbook's hand. "
                "Nothing was done.",
                "By hand, on a quiet day: inv verify; then cut the power as hard as you can: the plug, the hypervisor,",
                "or on the host itself `echo b > /proc/sysrq-trigger`.",
                self.by_hand.format(vip=settings.vip.ip),
            )
        if os.geteuid() != 0:
            return ("The lab's power needs root, nothing was done: run the same command with sudo.",)
        return ()

    def inject(self, pair: Pair) -> None:
        pair.side_by_side(_cut, self.roles)

    def heal(self, side: Side) -> None:
        machine = _machine(side)
        if machine is None or machine.is_running():
            return
        side.host.changing("boot")
        machine.boot()
        machine.wait_for_ssh(BOOT_SECONDS)
        # What was open to the host before the cut is dead, and would say so only after a timeout.
        side.close()
        if side.lock:
            side.lock.take()


class PowerCutOfBoth(PowerCut):
    """A site without power: both hosts are gone at once, and boot together."""

    name = "a power cut of both hosts"
    deed = "cuts the power of {master} and {slave} and boots them together"
    undone = "both hosts are booted and take logins"
    roles = ("master", "slave")
    course = Course.DARK
    lasts_seconds = 3
    leaves = Kind.HEALTHY
    vip_target_seconds = None
    reads_target_seconds = None
    by_hand = (
        "Cut both hosts, and power them on together: within two minutes the master must hold {vip} and take writes, "
        "and the slave replicate. Then: inv verify"
    )


def _cut(side: Side) -> None:
    side.host.changing("power cut")
    machine = _machine(side)
    assert machine is not None, "reason_against was not asked"
    if side.lock:
        side.lock.release()
    machine.power_cut()


def _machine(side: Side) -> Machine | None:
    lab = Lab.owning(side.settings.source)
    return getattr(lab, side.role) if lab else None
