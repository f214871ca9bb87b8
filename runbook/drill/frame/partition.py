"""Two hosts that cannot see each other, and clients who see both: who took writes, and how it ended."""

from dataclasses import dataclass

from runbook.drill.frame.takeover import Witness
from runbook.observe.writes_watch import WritesWatch

RELEASE_SECONDS = 3.0
"""Within which the slave must have heard the master again, and given up the VIP."""


@dataclass(frozen=True)
class Partition:
    """Seconds count from just before the fault, but for `one_vip_seconds`."""

    vip_seconds: float
    """The VIP on the slave, while the master has it too."""
    master_looks: int
    """Answers of the master while it lasted."""
    master_closed_looks: int
    """Those that found it closed: there must be none, or nobody takes writes."""
    writes_on_master: int
    """That the master acknowledged through the VIP meanwhile."""
    healing_seconds: float
    """When the heal began."""
    one_vip_seconds: float | None
    """From the heal's beginning until the slave had given up the VIP; None when it was not seen to."""


def measure(witness: Witness, master: WritesWatch, since: float, healing_at: float) -> Partition:
    """The figures of a split that was waited for and healed."""
    probe, server_id = witness.probe, witness.settings.master.server_id
    came, went = witness.slave.came(since), witness.slave.went(healing_at)
    assert came is not None, "measured before wait_for_vip"
    looks = [look for look in master.looks(since) if look.at < healing_at]
    written = [each for each in probe.seen("write", ok=True, server_id=server_id, since=came) if each.at < healing_at]
    return Partition(
        vip_seconds=came - since,
        master_looks=len(looks),
        master_closed_looks=sum(not look.takes_writes for look in looks),
        writes_on_master=len(written),
        healing_seconds=healing_at - since,
        one_vip_seconds=None if went is None else went - healing_at,
    )
