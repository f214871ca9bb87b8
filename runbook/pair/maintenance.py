"""The record of a maintenance: on both hosts while it lasts, for the scripts there and for verify."""

from collections.abc import Iterable
from dataclasses import dataclass

from runbook.core.host_paths import MAINTENANCE
from runbook.core.notes import noted, number

QUESTION = f"cat {MAINTENANCE} 2>/dev/null || true"


@dataclass(frozen=True)
class Maintenance:
    """Of the slave's host: since when (UTC), by whom, and until which second of the epoch nobody is reminded of it."""

    since: str
    by: str
    until: int

    def text(self, quiet: Iterable[str]) -> str:
        """As it stands on a host that tells nothing of these kinds of alerts meanwhile."""
        return f"since={self.since}\nby={self.by}\nuntil={self.until}\nquiet={' '.join(quiet)}\n"


def parse(text: str) -> Maintenance | None:
    """What a host's file says; None where there is none."""
    found = noted(text)
    if "since" not in found:
        return None
    return Maintenance(found["since"], found.get("by", ""), number(found.get("until")) or 0)
