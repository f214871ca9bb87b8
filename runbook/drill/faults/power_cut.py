"""The host is gone without a goodbye, and comes back later. Only a lab's power is in our hand."""

import os

from runbook.drill.faults.fault import Fault
from runbook.lab.machine import Machine
from runbook.lab.pair import Lab
from runbook.pair import Side
from runbook.settings import Settings

BOOT_SECONDS = 90


class PowerCut(Fault):
    """The lab pulls the host's plug; healed, it is booted and takes logins again."""

    name = "a power cut"
    deed = "cuts the power of {host} and boots it after the takeover"
    undone = "the host is booted and takes logins"
    recovery_seconds = 120
    vip_target_seconds = 1.5
    reads_target_seconds = 1.5

    def reason_against(self, settings: Settings) -> tuple[str, ...]:
        if Lab.owning(settings.source) is None:
            return (
                f"master {settings.master.address} is no lab's host: its power is not in the runbook's hand. "
                "Nothing was done.",
                "By hand, on a quiet day: inv verify; then cut its power as hard as you can: the plug, the hypervisor,",
                "or on the host itself `echo b > /proc/sysrq-trigger`. Reads through "
                f"{settings.vip.ip} must come back in seconds.",
                "Power it on: the VIP stays on the slave and the master read-only. Then: inv failback",
            )
        if os.geteuid() != 0:
            return ("The lab's power needs root, nothing was done: sudo ./inv drill.power-off-master",)
        return ()

    def inject(self, side: Side) -> None:
        side.host.changing("power cut")
        machine = _machine(side)
        assert machine is not None, "reason_against was not asked"
        if side.lock:
            side.lock.release()
        machine.power_cut()

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


def _machine(side: Side) -> Machine | None:
    lab = Lab.owning(side.settings.source)
    return getattr(lab, side.role) if lab else None
