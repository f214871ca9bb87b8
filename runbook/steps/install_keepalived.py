"""Step 6, install-keepalived: the package, its unit tied to mysqld's, the configuration."""

from collections.abc import Sequence

from runbook import templates
from runbook.keepalived import CONFIG, LIBRARY, LOADED, UNIT, Configuration, configuration
from runbook.pair import Pair, Side
from runbook.step import Step
from runbook.steps.phase import Consent, Phase
from runbook.system.resources import OURS, Package, Service
from runbook.system.unit import DropIn, drop_in_path


def phases(pair: Pair, consent: Consent) -> list[Phase]:
    """Both hosts side by side; keepalived is enabled here and started by the last step."""
    return [Phase(_steps)]


def _steps(side: Side) -> Sequence[Step]:
    mysql = side.names.unit
    keepalived_unit = templates.render(
        "keepalived.service.conf.j2", ours=OURS, mysql=mysql, config=CONFIG, loaded=LOADED, library=LIBRARY
    )
    mysql_unit = templates.render("mysql.service.conf.j2", ours=OURS)
    return [
        Package(side.family.KEEPALIVED_PACKAGE, side.family),
        Configuration(CONFIG, configuration(side), mode=0o600),
        DropIn(drop_in_path(UNIT), keepalived_unit),
        DropIn(drop_in_path(mysql), mysql_unit),
        Service(UNIT, starts=False),
    ]
