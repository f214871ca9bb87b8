"""A lab's hosts in a drill's hand: which machine one is, its power, and why those of others are not to be had."""

import os

from runbook.lab.hold import Hold
from runbook.lab.machine import Machine
from runbook.lab.pair import Lab
from runbook.pair.side import Side
from runbook.settings.settings import Settings

BOOT_SECONDS = 90


class Power:
    """Of one host. While it has none no other run brings it back."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._hold: Hold | None = None

    def cut(self) -> None:
        """Pull the plug."""
        self._side.host.changing("power cut")
        machine = machine_of(self._side)
        assert machine is not None, "reason_without_lab was not asked"
        self._hold = machine.hold()
        self._hold.take()
        self._side.release_lock()
        machine.power_cut()

    def back(self) -> None:
        """Boot it, unless it runs, and wait until it takes logins."""
        machine = machine_of(self._side)
        try:
            if machine and not machine.is_running():
                self._side.host.changing("boot")
                machine.boot()
                machine.wait_for_ssh(BOOT_SECONDS)
                self._side.retake_lock()
        finally:
            if self._hold:
                self._hold.release()


def reason_without_lab(settings: Settings, what: str, by_hand: tuple[str, ...]) -> tuple[str, ...]:
    """Why the lab's `what` is not to be had, with the way by hand where the hosts are no lab's; or nothing."""
    if Lab.owning(settings.source) is None:
        return (
            f"master {settings.master.address} is no lab's host: its {what} is not in the runbook's hand. "
            "Nothing was done.",
            *by_hand,
        )
    if os.geteuid() != 0:
        return (f"The lab's {what} needs root, nothing was done: run the same command with sudo.",)
    return ()


def machine_of(side: Side) -> Machine | None:
    """The lab's host of this side, or None where it is no lab's."""
    lab = Lab.owning(side.settings.source)
    return next((each for each in lab.machines if each.address == str(side.node.address)), None) if lab else None
