"""What the slave's witness.sh has noted of its master: until when all that was acknowledged was on the slave."""

from dataclasses import dataclass

from runbook.core.host_paths import WITNESSED
from runbook.core.notes import noted, number

QUESTION = f"cat {WITNESSED} 2>/dev/null; date +now=%s"


@dataclass(frozen=True)
class Witnessed:
    """In seconds of the epoch, by the slave's clock; None where it was never so since the host's boot."""

    good: int | None
    """When it was last seen that commits wait for the slave, and that none waited just then."""
    silent: int | None
    """When the master was first found not to answer, since it was last seen to be well, or to take writes."""
    timeout_ms: int
    """How long a commit of the master waits for a slave that is not there before it is acknowledged all the same."""
    now: int | None = None
    """When this was asked."""


def parse(text: str) -> Witnessed:
    """What the slave's file says."""
    found = noted(text)
    good, silent, timeout, now = (number(found.get(name)) for name in ("good", "silent", "timeout_ms", "now"))
    return Witnessed(good, silent, timeout or 0, now)
