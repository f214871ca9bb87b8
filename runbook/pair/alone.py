"""The operator's word that a master has no slave: a file on its host, for the scripts there and for verify."""

from dataclasses import dataclass

from runbook.core.host import Host
from runbook.core.host_paths import ALONE
from runbook.core.notes import noted, number
from runbook.core.step import Gap, State, Step

QUESTION = f"cat {ALONE} 2>/dev/null || true"


@dataclass(frozen=True)
class Alone:
    """Good for this change of roles only; `since` is in UTC.

    `lost` is what the new master has of the one that was lost, `own` where its own binary log stood then: by position
    nothing else tells later what the two have in common.
    """

    epoch: int
    since: str
    by: str
    lost: str = ""
    own: str = ""

    def text(self) -> str:
        """As it stands on the host."""
        return f"epoch={self.epoch}\nsince={self.since}\nby={self.by}\nlost={self.lost}\nown={self.own}\n"


def parse(text: str) -> Alone | None:
    """What a host's file says; None where there is none."""
    found = noted(text)
    epoch = number(found.get("epoch"))
    if epoch is None:
        return None
    return Alone(epoch, found.get("since", ""), found.get("by", ""), found.get("lost", ""), found.get("own", ""))


@dataclass(frozen=True)
class NotAlone(Step):
    """The master has a slave again, and opens after an absence only once it has seen that one."""

    name = "the master is not alone"

    def questions(self) -> tuple[str, ...]:
        return (QUESTION,)

    def want(self) -> State:
        return {"alone": "no"}

    def read(self, host: Host) -> State:
        return {"alone": "yes" if host.read(QUESTION, parse) else "no"}

    def fix(self, host: Host, gap: Gap) -> None:
        host.do(f"rm -f {ALONE}")
