"""Step 6, install-keepalived: the package, its unit tied to mysqld's, the configuration."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from runbook.core import templates
from runbook.core.host import Host
from runbook.core.host_paths import KEEPALIVED_LOADED, LIBRARY, RUN
from runbook.core.step import BOTH, Condition, Item
from runbook.errors import BadInput
from runbook.keepalived import version
from runbook.keepalived.configuration import CONFIG, UNIT, Configuration, ConfigurationRead, configuration
from runbook.keepalived.started import StartedByOurs
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.steps.foreign_vips import NoForeignVips
from runbook.steps.phase import Phase, Restart
from runbook.system.resources import OURS, Package, Service
from runbook.system.unit import DropIn, drop_in_path


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """Both hosts side by side; keepalived is enabled here and started by the last step."""
    return [Phase(_package), Phase(lambda _: [FitsThePair(pair)], ("master",)), Phase(_configured)]


@dataclass(frozen=True)
class FitsThePair(Condition):
    """Each host's keepalived can keep the pair, and they understand each other; never changed by us."""

    pair: Pair = field(repr=False)
    name: str = "keepalived versions"

    servers = BOTH
    error = BadInput

    def reason(self, host: Host) -> str | None:
        versions = {str(side.host): side.keepalived for side in self.pair.sides.values()}
        return "\n".join(version.reasons_against(versions, self.pair.settings.vrrp_version)) or None


def _package(side: Side) -> Sequence[Item]:
    package = Package(side.family.KEEPALIVED_PACKAGE, side.family)
    # A dry run has shown it with the server's.
    return [] if side.host.dry and package.package in side.come_with_server else [package]


def _configured(side: Side) -> Sequence[Item]:
    mysql = side.names.unit
    keepalived_unit = templates.render(
        "keepalived.service.conf.j2",
        ours=OURS,
        mysql=mysql,
        config=CONFIG,
        run=RUN,
        loaded=KEEPALIVED_LOADED,
        library=LIBRARY,
    )
    mysql_unit = templates.render("mysql.service.conf.j2", ours=OURS)
    return [
        NoForeignVips(side.settings.vip.ip),
        # Before the configuration: by what it has for a reload, a keepalived that runs tells which one it has read.
        DropIn(drop_in_path(UNIT), keepalived_unit),
        Configuration(CONFIG, configuration(side.settings, side.node, side.interface, side.keepalived), mode=0o600),
        StartedByOurs(side.settings.vip.ip),
        ConfigurationRead(),
        DropIn(drop_in_path(mysql), mysql_unit),
        Service(UNIT, starts=False),
    ]
