"""Cut the lab master's power, boot it after the takeover; leaves the pair failed over.

The host is gone without a goodbye, and comes back later. Only a lab's power is in our hand.
"""

from typing import ClassVar

from runbook.drill.faults.fault import Fault
from runbook.pair.lab_host import Power, reason_without_lab
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role, Settings


class PowerOffMaster(Fault):
    """The lab pulls the host's plug; healed, it is booted and takes logins again."""

    name = "a power cut of the master"
    action = "cuts the power of {master} and boots it after the takeover"
    undone = "the host is booted and takes logins"
    recovery_seconds = 120
    vip_target_seconds: ClassVar[float | None] = 1.5
    reads_target_seconds: ClassVar[float | None] = 1.5
    by_hand: ClassVar[str] = (
        "Reads through {vip} must come back in seconds. Power the host on: the VIP stays on the slave and the master "
        "read-only. Then: inv failback"
    )

    def reason_against(self, settings: Settings) -> tuple[str, ...]:
        return reason_without_lab(
            settings,
            "power",
            (
                "By hand, on a quiet day: inv verify; then cut the power as hard as you can: the plug, the hypervisor,",
                "or on the host itself `echo b > /proc/sysrq-trigger`.",
                self.by_hand.format(vip=settings.vip.ip),
            ),
        )

    def __init__(self) -> None:
        self._power: dict[Role, Power] = {}

    def inject(self, pair: Pair) -> None:
        pair.side_by_side(self._cut, self.roles)

    def _cut(self, side: Side) -> None:
        power = self._power[side.role] = Power(side)
        power.cut()

    def release(self, side: Side) -> None:
        self._power.get(side.role, Power(side)).back()
