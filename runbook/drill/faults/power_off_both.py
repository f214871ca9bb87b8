"""Cut the power of both lab hosts and boot them together; the pair comes home by itself.

A site without power: both hosts are gone at once, and boot together.
"""

from runbook.diagnosis.verdict import Kind
from runbook.drill.faults.fault import Effect
from runbook.drill.faults.power_off_master import PowerOffMaster


class PowerOffBoth(PowerOffMaster):
    """A site without power: both hosts are gone at once, and boot together."""

    name = "a power cut of both hosts"
    action = "cuts the power of {master} and {slave} and boots them together"
    undone = "both hosts are booted and take logins"
    roles = ("master", "slave")
    effect = Effect.OUTAGE
    lasts_seconds = 3
    leaves = Kind.HEALTHY
    vip_target_seconds = None
    reads_target_seconds = None
    by_hand = (
        "Cut both hosts, and power them on together: within two minutes the master must hold {vip} and take writes, "
        "and the slave replicate. Then: inv verify"
    )
