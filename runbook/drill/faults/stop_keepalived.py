"""Stop the master's keepalived while its mysqld goes on; leaves the pair failed over.

Somebody stops keepalived, for an upgrade or by mistake, while mysqld is well.
"""

from runbook.drill.faults.fault import Fault
from runbook.keepalived.configuration import UNIT
from runbook.pair.pair import Pair


class StopKeepalived(Fault):
    """`systemctl stop`; it stays stopped until failback starts it."""

    name = "a clean stop of keepalived on the master"
    action = "stops keepalived on {master}, whose mysqld goes on"
    vip_target_seconds = 0.5
    reads_target_seconds = 0.5

    def inject(self, pair: Pair) -> None:
        pair.master.host.do(f"systemctl stop {UNIT}")
