"""What differs between operating systems: how packages are asked and installed, what their servers are called."""

from typing import Protocol

from runbook.errors import BadInput
from runbook.host import Host
from runbook.settings import WantedEngine
from runbook.system import debian
from runbook.system.server_names import ServerNames, installed_names

OS_QUESTION = '. /etc/os-release && printf \'%s|%s|%s\' "$ID" "${ID_LIKE:-}" "${PRETTY_NAME:-$ID}"'


class Family(Protocol):
    """An operating system family; one module in this folder each."""

    KEEPALIVED_PACKAGE: str
    SERVERS: tuple[ServerNames, ...]

    def speaks_for(self, os_id: str, id_like: str) -> bool: ...
    def version_question(self, package: str) -> str: ...
    def candidate_question(self, package: str) -> str: ...
    def install(self, host: Host, package: str) -> None: ...


FAMILIES: tuple[Family, ...] = (debian,)


def family_of(host: Host) -> Family:
    """The family that a host belongs to; BadInput names an operating system that none speaks for."""
    os_id, id_like, name = host.ask(OS_QUESTION).split("|", 2)
    for family in FAMILIES:
        if family.speaks_for(os_id, id_like):
            return family
    raise BadInput(
        f"{host}: {name} is not supported",
        "Supported are Debian and Ubuntu, and systems that say ID_LIKE=debian.",
    )


def names_on(host: Host, family: Family, engine: WantedEngine) -> ServerNames:
    """What the server is called: the installed one, else the one that install-mysql would bring.

    On a blank host and without ENGINE that is MySQL where the host's package sources have it, else MariaDB.
    """
    if names := installed_names(host, family.SERVERS, engine):
        return names
    choice = [names for names in family.SERVERS if engine in ("auto", names.engine)]
    if len(choice) == 1:
        return choice[0]
    return next((names for names in choice if offered(host, family, names)), choice[0])


def offered(host: Host, family: Family, names: ServerNames) -> str | None:
    """The first of a server's packages that the host's package sources have."""
    return next((name for name in names.packages if host.ask(family.candidate_question(name)).strip()), None)
