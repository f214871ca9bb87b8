"""Step 2, install-mysql: the server, root's password, what mysql_secure_installation does, equal series."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from runbook.core.host import Host
from runbook.core.step import BOTH, Condition, Gap, Item, NotReady, State, Step
from runbook.mysql.replication.likeness import Alike
from runbook.mysql.root import RootPassword, SecureInstallation
from runbook.mysql.session import Server
from runbook.mysql.terms import is_of
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role
from runbook.steps import configure_mycnf
from runbook.steps.mysqld import Mysqld
from runbook.steps.phase import Phase, Restart
from runbook.steps.server_packages import package_steps
from runbook.steps.server_tarball import tarball_steps
from runbook.steps.temporary_password import TemporaryPassword
from runbook.system.resources import Service, service_question, service_words

START_SECONDS = 600


@dataclass(frozen=True)
class SameSeries(Condition):
    """Both servers are of one series (major.minor), as the article's "the version should equal production's"."""

    pair: Pair

    name = "same MySQL series on both hosts"
    servers = BOTH

    def reason(self, host: Host) -> str | None:
        here, on_master = (side.server.dialect.series for side in (self.pair.slave, self.pair.master))
        if here == on_master:
            return None
        return (
            f"{host}: MySQL {here} here and {on_master} on the master: replication needs one series\n"
            "Install the same version on both, then run inv install-mysql again."
        )


def bring_keepalived_along(side: Side) -> None:
    """Have the package manager install keepalived together with the server, where neither is there.

    What it does for an installation before and after the packages themselves it then does once.
    """
    from_sources = side.settings.mysql_source.kind in ("distribution", "release")
    if from_sources and not side.has_server and not side.has_keepalived:
        side.come_with_server = (side.family.KEEPALIVED_PACKAGE,)


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """Both hosts side by side, then the comparison."""
    made_here: set[Role] = set()

    def packages(side: Side) -> Sequence[Item]:
        if side.settings.mysql_source.kind == "tarball":
            return tarball_steps(side.settings, side.family, side.names)
        if not side.has_server and side.family.leaves_first_start(side.host):
            made_here.add(side.role)
        return package_steps(side.settings, side.family, side.names, side.come_with_server)

    def before_the_first_start(side: Side) -> Sequence[Item]:
        """What configure-mycnf brings: a server that is made here starts once, by our option file."""
        if side.role not in made_here:
            return []
        if not side.host.dry and side.family.leaves_first_start(side.host):
            return []  # No data yet, after all: the unit makes the directory, which our file would end.
        with suppress(NotReady):  # a dry run that cannot know which server it will be
            return configure_mycnf.files(side)
        return []

    def compared(side: Side) -> Sequence[Item]:
        return [SameSeries(pair), Alike(pair.master.server, side.server, side.names.unit)]

    return [Phase(packages), Phase(before_the_first_start), Phase(_served), Phase(compared, roles=("slave",))]


@dataclass(frozen=True)
class WantedVersion(Condition):
    """The server is of the version or series that MYSQL_VERSION names."""

    server: Server
    version: str

    name = "MYSQL_VERSION"

    @property
    def servers(self) -> frozenset[Role]:
        return self.server.side

    def reason(self, host: Host) -> str | None:
        found = self.server.dialect.version
        if is_of(found, self.version):
            return None
        return (
            f"{host}: MYSQL_VERSION = {self.version}, and {'.'.join(map(str, found))} is installed\n"
            "Nothing is upgraded or downgraded here. Install that version by hand, or correct the key."
        )


@dataclass(frozen=True)
class NoSocketActivation(Step):
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
        active, enabled = host.read(question, service_words)
        return {"enabled": "yes" if enabled == "enabled" else "no", "active": "yes" if active == "active" else "no"}

    def fix(self, host: Host, gap: Gap) -> None:
        host.do(f"systemctl disable {self.unit}.socket && systemctl stop {self.unit}.socket")


def _served(side: Side) -> Sequence[Item]:
    settings, server, names = side.settings, side.server, side.names
    version = settings.mysql_version
    return [
        NoSocketActivation(names.unit),
        Mysqld.of(side, START_SECONDS) if side.is_installed else Service(names.unit, seconds=START_SECONDS),
        TemporaryPassword(names, settings.mysql_root_password),
        RootPassword(server, settings.mysql_root_password, settings.mysql_root_password_old),
        *([WantedVersion(server, version)] if version else []),
        SecureInstallation(server, settings.mysql_root_password, settings.root_remote),
    ]
