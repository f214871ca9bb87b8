"""What differs between operating systems: how packages are asked and installed, what their servers are called."""

from pathlib import Path
from typing import NamedTuple, Protocol

from runbook.core.host import Host
from runbook.errors import BadInput
from runbook.settings.settings import WantedEngine
from runbook.settings.source import Source, folder_files
from runbook.system import debian, redhat
from runbook.system.server_names import ServerNames, installed_names
from runbook.system.upgraders import Upgrader

OFFER_SECONDS = 60
OS_QUESTION = '. /etc/os-release && printf \'%s|%s|%s\' "$ID" "${ID_LIKE:-}" "${PRETTY_NAME:-$ID}"'


class Family(Protocol):
    """An operating system family; one module in this folder each."""

    KEEPALIVED_PACKAGE: str
    SERVERS: tuple[ServerNames, ...]
    FROM_TARBALL: ServerNames
    CLIENT_PACKAGES: tuple[str, ...]
    LIBRARIES: dict[str, str]
    UPGRADERS: tuple[Upgrader, ...]
    TOOL_PACKAGES: dict[str, tuple[str, ...]]

    def speaks_for(self, os_id: str, id_like: str) -> bool: ...
    def version_question(self, package: str) -> str: ...
    def candidate_question(self, package: str) -> str: ...
    def refresh(self, host: Host) -> None: ...
    def pin(self, version: str) -> tuple[str, str] | None: ...
    def at_version(self, package: str, version: str) -> str: ...
    def package_of(self, file_name: str) -> str: ...
    def make_way_for_release(self, host: Host) -> None: ...
    def leaves_first_start(self, host: Host) -> bool: ...
    def removals(self, host: Host, *packages: str) -> list[str]: ...
    def install(self, host: Host, *packages: str) -> None: ...


FAMILIES: tuple[Family, ...] = (debian, redhat)


def family_of(host: Host) -> Family:
    """The family that a host belongs to; BadInput names an operating system that none speaks for."""
    os_id, id_like, name = host.read(OS_QUESTION, os_words)
    for family in FAMILIES:
        if family.speaks_for(os_id, id_like):
            return family
    raise BadInput(
        f"{host}: {name} is not supported",
        "Supported are Debian, Ubuntu, RHEL, CentOS, and systems that say ID_LIKE=debian, rhel or fedora.",
    )


def os_words(said: str) -> tuple[str, str, str]:
    """ID, ID_LIKE and the name for people, from what OS_QUESTION prints."""
    os_id, id_like, name = said.split("|", 2)
    return os_id, id_like, name.strip()


def names_on(host: Host, family: Family, engine: WantedEngine, source: Source) -> ServerNames:
    """What the server is called: the installed one, else the one that install-mysql would bring.

    On a blank host and without ENGINE that is MySQL where the host's package sources have it, else MariaDB.
    """
    if names := installed_names(host, (*family.SERVERS, family.FROM_TARBALL), engine):
        return names
    if source.kind == "tarball":
        return family.FROM_TARBALL
    if source.kind == "folder" and engine == "auto":
        files = (file.name for file in folder_files(Path(source.place)))
        engine = "mariadb" if any("mariadb-server" in name.lower() for name in files) else "mysql"
    choice = [names for names in family.SERVERS if engine in ("auto", names.engine)]
    if len(choice) == 1:
        return choice[0]
    return next((names for names in choice if offered(host, family, names)), choice[0])


def offer_of(host: Host, family: Family, package: str) -> str:
    """The version that an install would bring, or nothing; a busy host without apt's caches needs long to say it."""
    return host.ask(family.candidate_question(package), timeout=OFFER_SECONDS).strip()


class Offer(NamedTuple):
    """A package that the host's sources have, and the version that an install would bring."""

    package: str
    version: str


def offered(host: Host, family: Family, names: ServerNames) -> Offer | None:
    """The first of a server's packages that the host's package sources have."""
    offers = (Offer(name, offer_of(host, family, name)) for name in names.packages)
    return next((offer for offer in offers if offer.version), None)
