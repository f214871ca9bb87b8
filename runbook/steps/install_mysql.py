"""Step 2, install-mysql: the server, root's password, what mysql_secure_installation does, equal series."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runbook.core.host import Host
from runbook.core.step import Gap, State, Step
from runbook.errors import RunbookError
from runbook.mysql.accounts import RootPassword, SecureInstallation
from runbook.mysql.dialects.terms import is_of
from runbook.mysql.session import Server
from runbook.pair.pair import Pair, Side
from runbook.steps.phase import Consent, Phase
from runbook.steps.server_packages import package_steps
from runbook.steps.server_tarball import tarball_steps
from runbook.steps.temporary_password import TemporaryPassword
from runbook.system.resources import Service, service_question

START_SECONDS = 600


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


@dataclass(frozen=True)
class WantedVersion:
    """The server is of the version or series that MYSQL_VERSION names."""

    server: Server
    version: str

    name = "MYSQL_VERSION"

    def want(self) -> State:
        return {"version": self.version}

    def read(self, host: Host) -> State:
        found = self.server.dialect.version
        return {"version": self.version if is_of(found, self.version) else ".".join(map(str, found))}

    def fix(self, host: Host, gap: Gap) -> None:
        (change,) = gap
        raise RunbookError(
            f"{host}: MYSQL_VERSION = {change.want}, and {change.now} is installed",
            "Nothing is upgraded or downgraded here. Install that version by hand, or correct the key.",
        )


@dataclass(frozen=True)
class NoSocketActivation:
    """No socket unit starts the server: it would bring a mysqld back that is to stay down, on a port of its own."""

    unit: str

    @property
    def name(self) -> str:
        return f"no {self.unit}.socket"

    def questions(self) -> Iterable[str]:
        yield service_question(f"{self.unit}.socket")

    def want(self) -> State:
        return {"enabled": "no", "active": "no"}

    def read(self, host: Host) -> State:
        (question,) = self.questions()
        active, enabled = host.ask(question).split()
        return {"enabled": "yes" if enabled == "enabled" else "no", "active": "yes" if active == "active" else "no"}

    def fix(self, host: Host, gap: Gap) -> None:
        host.do(f"systemctl disable {self.unit}.socket && systemctl stop {self.unit}.socket")


def _steps(side: Side) -> Sequence[Step]:
    settings, server, names = side.settings, side.server, side.names
    from_tarball = settings.mysql_source.kind == "tarball"
    version = settings.mysql_version
    return [
        *(tarball_steps if from_tarball else package_steps)(settings, side.family, names),
        NoSocketActivation(names.unit),
        Service(names.unit, seconds=START_SECONDS),
        TemporaryPassword(names, settings.mysql_root_password),
        RootPassword(server, settings.mysql_root_password),
        *([WantedVersion(server, version)] if version else []),
        SecureInstallation(server, settings.mysql_root_password, settings.root_remote),
    ]
