"""Kill the master's keepalived while its mysqld goes on; leaves the pair failed over.

keepalived dies without a goodbye, as of the kernel's out-of-memory killer, and leaves its VIP on the interface.
"""

from runbook.drill.faults.fault import Fault
from runbook.keepalived.configuration import UNIT, vrrp_state
from runbook.pair.pair import Pair


class KillKeepalived(Fault):
    """SIGKILL for all of keepalived's unit, which its service manager starts again; its unit removes the VIP."""

    name = "SIGKILL for keepalived on the master"
    action = "kills keepalived on {master} with SIGKILL, whose mysqld goes on"
    vip_target_seconds = 0.5
    reads_target_seconds = 0.5

    def inject(self, pair: Pair) -> None:
        pair.master.host.do(f"systemctl kill -s KILL {UNIT}")

    def unrecovered(self, pair: Pair) -> str:
        host = pair.master.host
        unit, state = host.ask(f"systemctl is-active {UNIT} || true").strip(), vrrp_state(host)
        if (unit, state) == ("active", "BACKUP"):
            return ""
        return f"{host}: keepalived did not come back as BACKUP: it is {unit}, and VRRP {state or 'unknown'}"
