"""Whether there was one writer at most: what the looks at both servers came to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runbook.observe.intruder import Intruder
from runbook.observe.writes_watch import Look


@dataclass(frozen=True)
class Attempts:
    """Writes that must be refused."""

    refused: int
    accepted: int


@dataclass(frozen=True)
class Fencing:
    """What the servers said and did during a drill; a slave that is never open means that two never are."""

    master_looks: int
    """Answers of the master since it lost the VIP."""
    open_without_vip_seconds: float
    """Between the first and the last of them that found it open for writes."""
    open_allowed_seconds: float
    """How long that may be."""
    slave_looks: int
    slave_open_looks: int
    """Those that found the slave open: there must be none."""
    intrusions: Mapping[str, Attempts]
    """Writes tried on the slave's own host, by account."""


def fencing(
    master: Sequence[Look], slave: Sequence[Look], allowed_seconds: float, intruders: Iterable[Intruder]
) -> Fencing:
    """From the master's answers since it lost the VIP, all of the slave's, and who tried to write on it."""
    opened = [look.at for look in master if look.takes_writes]
    return Fencing(
        master_looks=len(master),
        open_without_vip_seconds=opened[-1] - opened[0] if opened else 0.0,
        open_allowed_seconds=allowed_seconds,
        slave_looks=len(slave),
        slave_open_looks=sum(look.takes_writes for look in slave),
        intrusions={each.user: Attempts(each.refused, each.accepted) for each in intruders},
    )
