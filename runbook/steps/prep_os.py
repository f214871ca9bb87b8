"""Step 1, prep-os: SELinux, the firewall, automatic upgrades."""

from collections.abc import Sequence

from runbook.core.step import Item, Step
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.steps.phase import Phase, Restart
from runbook.system.auto_upgrades import AutoUpgrades
from runbook.system.firewall import FirewallOff, FirewallRules
from runbook.system.selinux import SELinux


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """Both hosts side by side."""
    return [Phase(_steps)]


def _steps(side: Side) -> Sequence[Item]:
    steps: list[Step] = []
    if side.settings.selinux != "keep":
        steps.append(SELinux(side.settings.selinux))
    match side.settings.firewall:
        case "off":
            steps.append(FirewallOff())
        case "rules":
            steps.append(FirewallRules(side.settings.mysql_port, side.peer.address))
    return [*steps, AutoUpgrades(side.settings.auto_upgrades, side.family)]
