"""A fault for which the VIP stays where it is: how long clients stood still, and when people were told."""

from dataclasses import dataclass

from runbook.core.host_paths import ALERTS
from runbook.drill.frame.takeover import Witness
from runbook.pair.pair import Pair
from runbook.settings.settings import Role

OVER_SECONDS = 1.5
"""What a write may take longer than the time for which it waits by the settings."""


@dataclass(frozen=True)
class NoTakeover:
    """Seconds count from just before the fault."""

    vip_moves: int
    """Times that the VIP left a host or came to one: there must be none."""
    write_stall_seconds: float
    """The longest stretch in which no write was acknowledged."""
    write_stall_allowed_seconds: float | None
    """None: as long as the fault lasts."""
    read_stall_seconds: float
    """The longest stretch in which no client that was connected before could read."""
    new_read_stall_seconds: float
    """The same for clients that connect anew for every read."""
    alert_seconds: float | None
    """Until the hosts had raised every alert that the fault must bring; None when it did not come."""

    @property
    def stalled_too_long(self) -> bool:
        allowed = self.write_stall_allowed_seconds
        return allowed is not None and self.write_stall_seconds > allowed


def measure(
    witness: Witness, stall_seconds: float | None, since: float, to: float, alerted_at: float | None
) -> NoTakeover:
    """The figures from the fault until all was as before; writes may stand still for so long, or as long as it."""
    probe = witness.probe
    moves = [watch.came(since) for watch in (witness.master, witness.slave)]
    moves += [watch.went(since) for watch in (witness.master, witness.slave)]
    return NoTakeover(
        vip_moves=sum(move is not None for move in moves),
        write_stall_seconds=probe.write_standstill(since, to),
        write_stall_allowed_seconds=None if stall_seconds is None else stall_seconds + OVER_SECONDS,
        read_stall_seconds=probe.longest_gap("read", since, to, lasting=True),
        new_read_stall_seconds=probe.longest_gap("read", since, to, lasting=False),
        alert_seconds=None if alerted_at is None else alerted_at - since,
    )


def raised(pair: Pair, role: Role, alert: str) -> bool:
    """Whether the scripts on a host say that this is so now."""
    return bool(pair.sides[role].host.ask(f"cat {ALERTS}/now/{alert} 2>/dev/null || true").strip())
