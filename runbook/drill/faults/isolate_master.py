"""Cut the lab master off from everybody, then join it; leaves the pair failed over.

The master sees neither the slave nor clients, and lives on. Only a lab's switch is in our hand.
"""

from runbook.drill.faults.fault import Fault
from runbook.lab.hold import Hold
from runbook.lab.port_cut import PortCut
from runbook.pair.lab_host import machine_of, reason_without_lab
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings

LOGIN_SECONDS = 30


class IsolateMaster(Fault):
    """The lab's switch forwards nothing from and to the master's port, whose link stays up.

    keepalived would bring the VIP home by itself once the two hear each other again, as the master's priority is the
    higher one. So a host that hears nobody gives the VIP up (mysql_check.sh), and the slave keeps it until failback.
    """

    name = "a cut between the master and everybody else"
    action = "cuts {master} off from the slave and from all clients"
    undone = "the master sees the others again"
    # Longer than the master needs to notice, and than a commit waits that no slave acknowledges.
    lasts_seconds = 15
    vip_target_seconds = 1.5
    reads_target_seconds = 1.5

    def __init__(self) -> None:
        self._cut: PortCut | None = None
        self._hold: Hold | None = None

    def reason_against(self, settings: Settings) -> tuple[str, ...]:
        return reason_without_lab(
            settings,
            "switch",
            (
                "By hand, on a quiet day: inv verify; then disable the master's port where its link stays up, as by a",
                f"VLAN of its own. Reads through {settings.vip.ip} must come back in seconds.",
                "Enable it after 15 s: the VIP stays on the slave and the master read-only. Then: inv failback",
            ),
        )

    def prepare(self, pair: Pair) -> None:
        machine = machine_of(pair.master)
        assert machine is not None, "reason_against was not asked"
        self._cut, self._hold = PortCut(machine.port), machine.hold()
        self._hold.take()

    def inject(self, pair: Pair) -> None:
        side = pair.master
        side.host.changing("cut off")
        side.release_lock()
        assert self._cut is not None, "not prepared"
        self._cut.make()

    def release(self, side: Side) -> None:
        machine = machine_of(side)
        try:
            if machine and self._cut and self._cut.is_made:
                side.host.changing("cut off no more")
                self._cut.undo()
                machine.wait_for_ssh(LOGIN_SECONDS)
                side.retake_lock()
        finally:
            if self._hold:
                self._hold.release()
