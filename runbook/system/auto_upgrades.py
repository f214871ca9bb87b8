"""Automatic upgrades as a step: by night nothing restarts the server or keepalived."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from runbook.core.host import Host
from runbook.core.step import Gap, State, Step
from runbook.settings.keys.system import AutoUpgrades as Wanted
from runbook.system.family import Family
from runbook.system.resources import File

LEFT_ALONE = "leaves server and keepalived alone"
UPGRADED = "upgrades or restarts server and keepalived"
REBOOTS = " reboots the host"


@dataclass(frozen=True)
class AutoUpgrades(Step):
    """What upgrades packages by itself leaves these alone; with `keep` it is only looked at."""

    wanted: Wanted
    family: Family = field(repr=False)

    name = "automatic upgrades"

    def questions(self) -> Iterable[str]:
        yield from (upgrader.question for upgrader in self.family.UPGRADERS)

    def want(self) -> State:
        return {} if self.wanted == "keep" else {upgrader.name: LEFT_ALONE for upgrader in self.family.UPGRADERS}

    def read(self, host: Host) -> State:
        """One that is not there upgrades nothing."""
        found: dict[str, object] = {}
        for upgrader in self.family.UPGRADERS:
            said = host.ask(upgrader.question)
            found[upgrader.name] = LEFT_ALONE if not said or upgrader.leaves_alone(said) else UPGRADED
            if reboots := upgrader.reboots(said):
                found[upgrader.name + REBOOTS] = reboots
        return found

    def caveat(self, found: State) -> str | None:
        upgraded = [name for name, what in found.items() if what == UPGRADED]
        if upgraded:
            return (
                f"{' and '.join(upgraded)} may upgrade or restart server and keepalived by night: on the master a "
                "takeover\n"
                "AUTO_UPGRADES=exclude in hosts.env, then: inv prep-os"
            )
        reboots = [str(setting) for name, setting in found.items() if name.endswith(REBOOTS)]
        if reboots:
            return (
                f"this host may be rebooted by night, a takeover on the master: {'; '.join(reboots)}\n"
                "Switch that off, and reboot by hand"
            )
        return None

    def fix(self, host: Host, gap: Gap) -> None:
        names = {change.fact for change in gap}
        for upgrader in self.family.UPGRADERS:
            if upgrader.name in names:
                path, content = upgrader.told(host.ask(upgrader.question))
                File(path, content).fix(host, gap)
