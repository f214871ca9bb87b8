"""What a server is called on a host: unit, packages, files; told by what is installed, else by hosts.env."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from runbook.core.host import Host
from runbook.errors import BadInput
from runbook.settings.settings import WantedEngine
from runbook.system.questions import UnitQuestion

Engine = Literal["mysql", "mariadb"]

UNITS = ("mysql", "mysqld", "mariadb")
SOCKETS = ("/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock")
"""Where the servers of all systems have their socket."""
UNITS_QUESTION = UnitQuestion("load", *(f"{unit}.service" for unit in UNITS))


@dataclass(frozen=True)
class ServerNames:
    """Names that differ by system and engine. Of `packages` the first on offer is the one to install."""

    engine: Engine
    packages: tuple[str, ...]
    unit: str
    my_cnf: str
    include_folder: str
    socket: str
    error_log: str


def loaded_units(shown: str) -> set[str]:
    """The units that are there, by their own names, from what UNITS_QUESTION prints: an alias is no second unit."""
    blocks = (dict(line.split("=", 1) for line in block.splitlines()) for block in shown.strip().split("\n\n"))
    there = (block["Id"] for block in blocks if block.get("LoadState") in ("loaded", "masked"))
    return {name.removesuffix(".service") for name in there}


def installed_names(host: Host, known: Sequence[ServerNames], engine: WantedEngine) -> ServerNames | None:
    """The names of the server that is installed, None on a blank host; BadInput when it is another engine's."""
    units = host.read(UNITS_QUESTION, loaded_units)
    found = [names for names in known if names.unit in units]
    fitting = [names for names in found if engine in ("auto", names.engine)]
    if found and not fitting:
        raise BadInput(
            f"{host}: ENGINE = {engine}: this host has {found[0].unit}.service, which is {found[0].engine}'s",
            f"Set ENGINE={found[0].engine}, or take a host without it. Nothing is replaced here.",
        )
    return fitting[0] if fitting else None
