"""keepalived dies without a goodbye, as of the kernel's out-of-memory killer, and leaves its VIP on the interface."""

from runbook.drill.faults.fault import Fault
from runbook.keepalived import UNIT, vrrp_state
from runbook.pair import Side


class KilledKeepalived(Fault):
    """SIGKILL for all of keepalived's unit, which its service manager starts again."""

    name = "SIGKILL for keepalived"
    deed = "kills keepalived on {host} with SIGKILL, whose mysqld goes on"
    vip_target_seconds = 0.5
    reads_target_seconds = 0.5

    def inject(self, side: Side) -> None:
        side.host.do(f"systemctl kill -s KILL {UNIT}")

    def heal(self, side: Side) -> None:
        """Nothing is left: its unit removes the VIP and starts it again."""

    def unrecovered(self, side: Side) -> str:
        unit, state = side.host.ask(f"systemctl is-active {UNIT} || true").strip(), vrrp_state(side.host)
        if (unit, state) == ("active", "BACKUP"):
            return ""
        return f"{side.host}: keepalived did not come back as BACKUP: it is {unit}, and VRRP {state or 'unknown'}"
