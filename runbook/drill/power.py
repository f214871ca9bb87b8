"""The power of a lab's host, in a drill's hand."""

from runbook.drill.faults.fault import machine_of
from runbook.lab.hold import Hold
from runbook.pair.side import Side

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
