"""What a fault is: how to prepare it, bring it about, and remove every trace of it."""

from abc import ABC, abstractmethod
from typing import ClassVar

from runbook.pair import Side
from runbook.settings import Settings
from runbook.verdict import Kind


class Fault(ABC):
    """What can be done to the master of a healthy pair; an instance serves one drill."""

    name: ClassVar[str]
    """As in: NAME on the master."""
    deed: ClassVar[str]
    """As in: this DEED; `{host}` is the host that it is done to."""
    undone: ClassVar[str] = ""
    """What `heal` brings about, where that is more than tidying up."""
    leaves: ClassVar[Kind] = Kind.MASTER_BACK
    """What the pair is afterwards, when it kept its promises."""
    recovery_seconds: ClassVar[float] = 30
    """From the heal until that must be so."""

    vip_target_seconds: ClassVar[float | None] = None
    reads_target_seconds: ClassVar[float | None] = None
    """Targets from the fault until the slave has the VIP, and until it serves reads through it; None: none is set."""

    def reason_against(self, settings: Settings) -> tuple[str, ...]:
        """Why this pair's master cannot have it from here, and what the operator can do instead; or nothing."""
        return ()

    def prepare(self, side: Side) -> None:  # noqa: B027 - most faults need nothing
        """All that must be so before and harms nobody yet."""

    @abstractmethod
    def inject(self, side: Side) -> None:
        """Bring it about, in one short command."""

    @abstractmethod
    def heal(self, side: Side) -> None:
        """Remove what `prepare` and `inject` left; nothing when there is nothing. Services are failback's to start."""

    def unrecovered(self, side: Side) -> str:
        """What did not come back by itself although it must, or nothing."""
        return ""
