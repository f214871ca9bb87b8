"""The server as packages: from the hosts' own sources, a vendor's, or files that are carried to the hosts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runbook.core.host import CommandFailed, Host
from runbook.core.step import Gap, State, Step
from runbook.errors import RunbookError
from runbook.mysql.terms import is_of, numbers
from runbook.settings.settings import Settings
from runbook.settings.source import Source, checked_files, fetched, folder_files
from runbook.system.family import Family, Offer, offered
from runbook.system.resources import OURS, File
from runbook.system.server_names import ServerNames

CARRIED_TO = "/var/cache/mysql-runbook"


@dataclass(frozen=True)
class ServerPackage(Step):
    """The server's package is completely installed; of several names the first that the sources have.

    `others` are packages that are installed together with it.
    """

    names: ServerNames
    family: Family = field(repr=False)
    version: str | None
    others: Sequence[str] = ()

    @property
    def name(self) -> str:
        return f"package {self.names.packages[-1]}"

    def questions(self) -> Iterable[str]:
        return [self.family.version_question(package) for package in (*self.names.packages, *self.others)]

    def want(self) -> State:
        return {"installed": "yes", **dict.fromkeys(self.others, "installed")}

    def read(self, host: Host) -> State:
        there = [bool(host.ask(question).strip()) for question in self.questions()]
        of_server, of_others = there[: len(self.names.packages)], there[len(self.names.packages) :]
        others = {
            name: "installed" if is_there else None for name, is_there in zip(self.others, of_others, strict=True)
        }
        return {"installed": "yes" if any(of_server) else None, **others}

    def fix(self, host: Host, gap: Gap) -> None:
        if self.version is None and len(self.names.packages) == 1:
            # Nothing to choose: what the sources have takes apt half a second to say, and is asked when it fails.
            try:
                self.family.install(host, *self.names.packages, *self.others)
                return
            except CommandFailed:
                if offered(host, self.family, self.names):
                    raise
        offer = offered(host, self.family, self.names)
        if offer is None:
            self.family.refresh(host)
            offer = offered(host, self.family, self.names)
        if offer is None:
            raise RunbookError(
                f"{host}: its package sources have no {' and no '.join(self.names.packages)}",
                "Set ENGINE to what they have, or name a vendor's release package, a folder of packages or a tarball "
                "in MYSQL_SOURCE.",
            )
        if self.version is None:
            self.family.install(host, offer.package, *self.others)
            return
        if self.family.pin(self.version):
            self._refuse_another(host, offer, self.version)
        self.family.install(host, self.family.at_version(offer.package, self.version), *self.others)

    def _refuse_another(self, host: Host, offer: Offer, version: str) -> None:
        """A pin chooses among what the sources have, and does not keep apt from another version if they lack that."""
        if not is_of(numbers(offer.version) or (), version):
            raise RunbookError(
                f"{host}: MYSQL_VERSION = {version}: its package sources have {offer.package} {offer.version} instead",
                "Nothing was installed. Correct the key, or name a release package or a folder in MYSQL_SOURCE.",
            )


@dataclass(frozen=True)
class CarriedPackages(Step):
    """Package files of this machine, all of them installed; `files` fetches and checks them when they are needed."""

    place: str
    file_names: Sequence[str]
    family: Family = field(repr=False)
    files: Callable[[], Sequence[Path]] = field(repr=False)

    @property
    def name(self) -> str:
        return f"packages of {self.place}"

    @property
    def _packages(self) -> dict[str, str]:
        return {self.family.package_of(name): name for name in self.file_names}

    def questions(self) -> Iterable[str]:
        return [self.family.version_question(package) for package in self._packages]

    def want(self) -> State:
        return dict.fromkeys(self._packages, "installed")

    def read(self, host: Host) -> State:
        return {
            package: "installed" if host.ask(question).strip() else None
            for package, question in zip(self._packages, self.questions(), strict=True)
        }

    def fix(self, host: Host, gap: Gap) -> None:
        carried = [host.carry(file, CARRIED_TO) for file in self.files()]
        try:
            self.family.install(host, *carried)
        finally:
            host.do(f"rm -rf {CARRIED_TO}")


class ReleasePackage(CarriedPackages):
    """A vendor's release package, which names the vendor's repository."""

    def fix(self, host: Host, gap: Gap) -> None:
        super().fix(host, gap)
        self.family.make_way_for_release(host)
        self.family.refresh(host)


def package_steps(settings: Settings, family: Family, names: ServerNames, others: Sequence[str] = ()) -> list[Step]:
    """What brings the server's packages to a host, by MYSQL_SOURCE and MYSQL_VERSION, and `others` with them."""
    steps: list[Step] = []
    source, version = settings.mysql_source, settings.mysql_version
    if source.kind == "folder":
        return [_folder(source, family)]
    if version and (pin := family.pin(version)):
        path, text = pin
        steps.append(File(path, f"# {OURS}: MYSQL_VERSION = {version}\n{text}"))
    if source.kind == "release":
        files = [source.file_name]
        steps.append(ReleasePackage(source.file_name, files, family, lambda: [fetched(source, settings.mysql_sha256)]))
    return [*steps, ServerPackage(names, family, version, others)]


def _folder(source: Source, family: Family) -> Step:
    folder = Path(source.place)
    return CarriedPackages(
        source.place, [file.name for file in folder_files(folder)], family, lambda: checked_files(folder)
    )
