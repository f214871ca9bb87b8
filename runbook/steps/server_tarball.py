"""MySQL as its vendor's tarball (manual: Installing MySQL Using Generic Binaries), with a unit of ours."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from runbook.core import templates
from runbook.core.host import Host
from runbook.core.step import Gap, NotReady, State, Step
from runbook.errors import RunbookError
from runbook.settings.settings import Settings
from runbook.settings.source import Source, fetched
from runbook.steps.server_packages import CARRIED_TO
from runbook.system.family import Family, offer_of
from runbook.system.questions import FileQuestion
from runbook.system.resources import OURS, File
from runbook.system.server_names import ServerNames
from runbook.system.unit import UnitFile

HOME = "/usr/local/mysql"
DATA = "/var/lib/mysql"
MARK = f"{HOME}/.from-tarball"
INITIALIZE: tuple[int, ...] = (5, 7, 6)  # first with mysqld --initialize (manual 5.7, Initializing the Data Directory)
UNPACK_SECONDS = 600
INITIALISE_SECONDS = 300


@dataclass(frozen=True)
class Unpacked(Step):
    """The tarball's content is /usr/local/mysql."""

    source: Source
    sha256: str | None

    name = f"tarball in {HOME}"

    def questions(self) -> Iterable[str]:
        yield f"if [ -e {MARK} ]; then cat {MARK}; elif [ -e {HOME} ]; then echo another; fi"

    def want(self) -> State:
        return {"tarball": self.source.file_name}

    def read(self, host: Host) -> State:
        (question,) = self.questions()
        return {"tarball": host.ask(question).strip() or None}

    def refusal(self, host: Host, gap: Gap) -> str | None:
        (change,) = gap
        if change.now is None:
            return None
        return (
            f"{host}: {HOME} is there already and holds {change.now}, not {change.want}\n"
            "Nothing is replaced here: move it away first, or name in MYSQL_SOURCE what is installed."
        )

    def fix(self, host: Host, gap: Gap) -> None:
        carried = host.carry(fetched(self.source, self.sha256), CARRIED_TO)
        new = f"{HOME}.new"
        host.do(
            f"rm -rf {new} && mkdir {new} && tar -xf {carried} -C {new} --strip-components=1 --no-same-owner && "
            f"[ -x {new}/bin/mysqld ] && echo '{self.source.file_name}' > {new}/.from-tarball && sync && "
            f"mv {new} {HOME} && rm -rf {CARRIED_TO} || "
            f"{{ rm -rf {new}; echo 'no tarball of MySQL, which has bin/mysqld, or the disk is full' >&2; exit 1; }}",
            timeout=UNPACK_SECONDS,
        )


@dataclass(frozen=True)
class Libraries(Step):
    """The libraries of the system that the tarball's programs need."""

    family: Family = field(repr=False)

    name = "libraries of the tarball"

    def want(self) -> State:
        return {"missing": None}

    def read(self, host: Host) -> State:
        if not host.ask(f"[ ! -x {HOME}/bin/mysqld ] || echo there").strip():
            raise NotReady(f"{HOME} comes with the tarball")
        found = host.ask(
            f"for program in {HOME}/bin/mysqld {HOME}/bin/mysql {HOME}/bin/mysqladmin; do "
            "[ ! -x $program ] || ldd $program; done | awk '/not found/ {print $1}' | sort -u"
        )
        return {"missing": " ".join(found.split()) or None}

    def refusal(self, host: Host, gap: Gap) -> str | None:
        unknown = [library for library in _missing(gap) if library not in self.family.LIBRARIES]
        if not unknown:
            return None
        return (
            f"{host}: the tarball's programs need {', '.join(unknown)}, and this host has no such library\n"
            "Install the package that has it, or take a tarball built for this system."
        )

    def fix(self, host: Host, gap: Gap) -> None:
        self.family.install(host, *{self.family.LIBRARIES[library]: None for library in _missing(gap)})


def _missing(gap: Gap) -> list[str]:
    (change,) = gap
    return str(change.now).split()


@dataclass(frozen=True)
class Programs(Step):
    """mysqld, mysql and mysqladmin are on the path: the tarball's own; clients that it lacks are the distribution's."""

    family: Family = field(repr=False)
    socket: str

    name = "programs on the path"

    def questions(self) -> Iterable[str]:
        yield "for program in mysqld mysql mysqladmin; do command -v $program >/dev/null || echo $program; done"

    def want(self) -> State:
        return {"missing": None}

    def read(self, host: Host) -> State:
        (question,) = self.questions()
        return {"missing": " ".join(host.ask(question).split()) or None}

    def fix(self, host: Host, gap: Gap) -> None:
        for program in str(gap[0].now).split():
            if host.ask(f"[ ! -x {HOME}/bin/{program} ] || echo there").strip():
                # The tarball's clients are built for a socket in /tmp.
                text = f'#!/bin/sh\n# {OURS}.\nMYSQL_UNIX_PORT={self.socket} exec {HOME}/bin/{program} "$@"\n'
                host.put(f"/usr/{'sbin' if program == 'mysqld' else 'bin'}/{program}", text, mode=0o755)
        if self.read(host)["missing"] is None:
            return
        packages = self.family.CLIENT_PACKAGES
        package = next((each for each in packages if offer_of(host, self.family, each)), None)
        if package is None:
            raise RunbookError(
                f"{host}: the tarball has no mysql client, and the package sources have none of {', '.join(packages)}",
                "Install the programs mysql and mysqladmin there, then run inv install-mysql again.",
            )
        self.family.install(host, package)


class OwnMyCnf(File):
    """The main option file, written where there is none; one that is there belongs to the operator."""

    def want(self) -> State:
        return {"there": "yes"}

    def read(self, host: Host) -> State:
        return {"there": "yes" if host.ask(FileQuestion(self.path)) else None}


@dataclass(frozen=True)
class DataDirectory(Step):
    """The data directory has its system tables; root has no password yet."""

    name = f"data directory {DATA}"

    def questions(self) -> Iterable[str]:
        yield f"if [ -e {DATA}/mysql ]; then echo yes; fi"

    def want(self) -> State:
        return {"initialised": "yes"}

    def read(self, host: Host) -> State:
        (question,) = self.questions()
        return {"initialised": host.ask(question).strip() or None}

    def fix(self, host: Host, gap: Gap) -> None:
        host.do(
            "getent passwd mysql >/dev/null || { groupadd --system mysql 2>/dev/null; "
            f"useradd --system --gid mysql --home-dir {DATA} --shell /bin/false mysql; }}; "
            f"install -d -o mysql -g mysql -m 750 {DATA} && install -d -o mysql -g mysql -m 755 /var/log/mysql"
        )
        host.do(_initialisation(_version(host)), timeout=INITIALISE_SECONDS)


def _version(host: Host) -> tuple[int, ...]:
    said = host.ask(f"{HOME}/bin/mysqld --no-defaults --version")
    found = re.search(r"Ver (\d+(?:\.\d+)+)", said)
    if not found:
        raise RunbookError(f"{host}: the tarball's mysqld does not tell its version: {said.strip()}")
    return tuple(map(int, found[1].split(".")))


def _initialisation(version: tuple[int, ...]) -> str:
    """Into a folder of its own that then becomes part of the data directory: one that is cut off leaves no half of it.

    Before 5.7.6 it is what mysql_install_db does, which needs a Perl that a minimal system lacks.
    """
    mysqld = f"{HOME}/bin/mysqld --no-defaults --basedir={HOME} --datadir={DATA}/.new --user=mysql"
    if version >= INITIALIZE:
        bring = f"{mysqld} --initialize-insecure"
    else:
        tables = "mysql_system_tables.sql mysql_system_tables_data.sql fill_help_tables.sql"
        bring = (
            f"mkdir {DATA}/.new/mysql && chown mysql:mysql {DATA}/.new/mysql && "
            f"{{ echo 'use mysql;'; cd {HOME}/share && cat {tables}; }} | {mysqld} --bootstrap"
        )
    return (
        f"log=$(mktemp); rm -rf {DATA}/.new && install -d -o mysql -g mysql -m 750 {DATA}/.new && "
        f'{{ {bring}; }} > "$log" 2>&1 && [ -e {DATA}/.new/mysql ] && '
        f"for each in {DATA}/.new/*; do [ $each = {DATA}/.new/mysql ] || mv $each {DATA}/ || exit 1; done && "
        f'mv {DATA}/.new/mysql {DATA}/ && rm -rf {DATA}/.new "$log" || {{ tail -n 12 "$log" >&2; exit 1; }}'
    )


def tarball_steps(settings: Settings, family: Family, names: ServerNames) -> list[Step]:
    """What makes a server of MySQL's tarball, by MYSQL_SOURCE."""
    values = {"ours": OURS, "names": names, "home": HOME, "data": DATA}
    return [
        Unpacked(settings.mysql_source, settings.mysql_sha256),
        Libraries(family),
        Programs(family, names.socket),
        OwnMyCnf(names.my_cnf, templates.render("tarball.my.cnf.j2", **values)),
        DataDirectory(),
        UnitFile(f"/etc/systemd/system/{names.unit}.service", templates.render("mysqld.service.j2", **values)),
    ]
