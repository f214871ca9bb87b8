"""What a fault is: how to prepare it, bring it about, and remove every trace of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from runbook.diagnosis.verdict import Kind
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role, Settings

if TYPE_CHECKING:
    from runbook.observe.probe import Probe


class Effect(StrEnum):
    """What must come of a fault while it lasts."""

    TAKEOVER = "the slave takes {vip} over"
    PARTITION = "both hosts hold {vip} until it is healed, and the master alone takes writes"
    OUTAGE = "nobody serves {vip} until it is healed"
    NO_TAKEOVER = "{vip} stays on the master, which goes on serving"


class Fault(ABC):
    """What can be done to a healthy pair; an instance serves one drill."""

    name: ClassVar[str]
    """With what it is done to, as in: after NAME."""
    action: ClassVar[str]
    """As in: this DEED; `{master}` and `{slave}` are the hosts that it is done to."""
    roles: ClassVar[tuple[Role, ...]] = ("master",)
    """The sides that it is done to."""
    undone: ClassVar[str] = ""
    """What the heal (`release` and `undo`) brings about, where that is more than tidying up."""
    effect: ClassVar[Effect] = Effect.TAKEOVER
    lasts_seconds: ClassVar[float] = 0
    """How long it is left to act once its effect is seen, before it is healed."""
    leaves: ClassVar[Kind] = Kind.MASTER_BACK
    """What the pair is afterwards, when it kept its promises: healthy by itself, or waiting for failback."""
    recovery_seconds: ClassVar[float] = 30
    """From the heal until that must be so."""

    alerts: ClassVar[Mapping[Role, str]] = {}
    """What the hosts must raise while it lasts, and end after the heal: a kind of runbook/alerts/texts.py."""

    vip_target_seconds: ClassVar[float | None] = None
    reads_target_seconds: ClassVar[float | None] = None
    """Targets from the fault until the slave has the VIP, and until it serves reads through it; None: none is set."""

    @property
    def drill(self) -> str:
        """The task that brings it about, by its file: `kill-master` of kill_master.py."""
        return type(self).__module__.rpartition(".")[2].replace("_", "-")

    def reason_against(self, settings: Settings) -> tuple[str, ...]:
        """Why this pair cannot have it from here, and what the operator can do instead; or nothing."""
        return ()

    def undo(self, side: Side) -> str:
        """Returns the script that undoes `prepare` and `inject` on one side's host; empty when nothing is left there.

        It is on the host before `prepare`. Root's bash runs it there, also after this process and a reboot, perhaps
        twice and perhaps where nothing was done. Services that stay down are failback's to start.
        """
        return ""

    def prepare(self, pair: Pair) -> None:  # noqa: B027 - most faults need nothing
        """All that must be so before and harms no client yet."""

    @abstractmethod
    def inject(self, pair: Pair) -> None:
        """Bring it about, in one short command a host."""

    def awaited(self, probe: "Probe", since: float) -> str:
        """What clients must still come to see before it is healed, or nothing."""
        return ""

    def open_seconds(self, pair: Pair) -> float:
        """How long a master without the VIP may stay open beyond what its closing always takes."""
        return 0

    def stall_target_seconds(self, pair: Pair) -> float | None:
        """Where the VIP stays: how long writes may stand still; None: as long as it lasts."""
        return None

    def release(self, side: Side) -> None:  # noqa: B027 - most faults hold nothing
        """End what this process or the lab holds of one side, each of `roles` at once, before `undo` is run there."""

    def unrecovered(self, pair: Pair) -> str:
        """What did not come back by itself although it must, or nothing."""
        return ""
