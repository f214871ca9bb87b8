"""Faults, one module each: how to prepare it, bring it about, and remove every trace of it.

Every fault is paired with its heal, and the last act of any drill heals (as jepsen does it).
"""

from collections.abc import Callable
from typing import Protocol

from runbook.drill.faults.killed_mysqld import KilledMysqld
from runbook.pair import Side


class Fault(Protocol):
    """What can be done to one side of the pair."""

    @property
    def name(self) -> str: ...

    def prepare(self, side: Side) -> None:
        """All that must be so before and harms nobody yet."""
        ...

    def inject(self, side: Side) -> None:
        """Bring it about, in one short command."""
        ...

    def heal(self, side: Side) -> None:
        """Remove what `prepare` and `inject` left; nothing when there is nothing. Services are failback's to start."""
        ...


FAULTS: tuple[Callable[[], Fault], ...] = (KilledMysqld,)


def heal_leftovers(side: Side) -> None:
    """Remove what a drill that was cut off may have left on this side."""
    for fault in FAULTS:
        fault().heal(side)
