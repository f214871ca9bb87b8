"""Step 2, install-mysql: the server, root's password, what mysql_secure_installation does, equal series."""

from collections.abc import Sequence
from dataclasses import dataclass

from runbook.errors import RunbookError
from runbook.host import Host
from runbook.mysql.accounts import RootPassword, SecureInstallation
from runbook.pair import Pair, Side
from runbook.step import Gap, State, Step
from runbook.steps.phase import Consent, Phase
from runbook.system.resources import Package, Service


@dataclass(frozen=True)
class SameSeries:
    """Both servers are of one series (major.minor), as the article's "the version should equal production's"."""

    pair: Pair

    name = "same MySQL series on both hosts"

    def want(self) -> State:
        return {"series": self.pair.master.server.dialect.series}

    def read(self, host: Host) -> State:
        return {"series": self.pair.slave.server.dialect.series}

    def fix(self, host: Host, gap: Gap) -> None:
        (change,) = gap
        raise RunbookError(
            f"{host}: MySQL {change.now} here and {change.want} on the master: replication needs one series",
            "Install the same version on both, then run inv install-mysql again.",
        )


def phases(pair: Pair, consent: Consent) -> list[Phase]:
    """Both hosts side by side, then the comparison."""
    return [Phase(_steps), Phase(lambda side: [SameSeries(pair)], roles=("slave",))]


def _steps(side: Side) -> Sequence[Step]:
    settings, server = side.settings, side.server
    return [
        Package(side.names.packages[0], side.family),
        Service(side.names.unit),
        RootPassword(server, settings.mysql_root_password),
        SecureInstallation(server, settings.mysql_root_password, settings.root_remote),
    ]
