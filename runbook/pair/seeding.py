"""The record of a seeding: on both hosts while one's data are replaced by the other's, for verify and a next run."""

from dataclasses import dataclass

from runbook.core.host_paths import OPERATOR_LOCK, SEEDING
from runbook.core.notes import noted, number

PHASES = ("copying", "replacing", "following")
"""The new data come beside the old ones; they take their place; the server with them follows the donor."""
ALIVE = "alive=yes"

# The kernel's list of locks, so that looking is not taking it.
QUESTION = (
    f"cat {SEEDING} 2>/dev/null && "
    f'grep -qs ":$(stat -c %i {OPERATOR_LOCK} 2>/dev/null || echo none) " /proc/locks && echo {ALIVE} || true'
)


@dataclass(frozen=True)
class Seeding:
    """Whose data are replaced (its address) by which host's, by which route; since when (UTC), by whom, how far."""

    recipient: str
    donor: str
    since: str
    by: str
    route: str
    phase: str
    old: str = ""
    """Where the data that were there are kept; empty where there is no room for them."""
    file: str = ""
    position: int = 0
    """The donor's place in its binary log at which the new data are."""
    gtids: str = ""
    """The same by GTID, where the data do not say it themselves."""
    alive: bool = False
    """Whether a run holds the host that was asked."""

    def text(self) -> str:
        """As it stands on a host."""
        place = f"file={self.file}\nposition={self.position}\ngtids={self.gtids}\n"
        return (
            f"recipient={self.recipient}\ndonor={self.donor}\nsince={self.since}\nby={self.by}\n"
            f"route={self.route}\nphase={self.phase}\nold={self.old}\n{place}"
        )


def parse(text: str) -> Seeding | None:
    """What a host says; None where there is no record, or none that is whole."""
    found = noted(text)
    if not {"recipient", "donor", "since", "position"} <= found.keys() or found.get("phase") not in PHASES:
        return None
    return Seeding(
        found["recipient"],
        found["donor"],
        found["since"],
        found.get("by", ""),
        found.get("route", ""),
        found["phase"],
        found.get("old", ""),
        found.get("file", ""),
        number(found["position"]) or 0,
        found.get("gtids", ""),
        alive=ALIVE in text.splitlines(),
    )
