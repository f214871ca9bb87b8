"""What differs between operating systems: how packages are asked and installed, what things are called."""

from typing import Protocol

from runbook.errors import BadInput
from runbook.host import Host
from runbook.system import debian

OS_QUESTION = '. /etc/os-release && printf \'%s|%s|%s\' "$ID" "${ID_LIKE:-}" "${PRETTY_NAME:-$ID}"'


class Family(Protocol):
    """An operating system family; one module in this folder each."""

    MYSQL_PACKAGE: str
    MYSQL_UNIT: str
    KEEPALIVED_PACKAGE: str
    MY_CNF: str
    INCLUDE_FOLDER: str

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
