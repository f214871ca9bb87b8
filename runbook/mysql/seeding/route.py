"""What every route has in common: where it fills a data directory, and what it says of itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from runbook.core.host import Host
from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.session import Server

FOLDER = ".seed"
"""Within the data directory: on its file system, where AppArmor and SELinux let mysqld in, and hidden, so that neither
MySQL nor MariaDB takes it for a schema or looks for tablespaces in it [M on 9.7]."""
NEW = "data"
COMPLETE = "complete"


@dataclass(frozen=True)
class Way:
    """From which server to which host, and to where there."""

    donor: Server
    donor_address: str
    recipient: Host
    recipient_address: str
    datadir: str
    """The recipient's; its own server may be running on it, or be gone with all of it."""
    kilobytes: int
    """Of the donor's data."""

    @property
    def folder(self) -> str:
        """What a route fills lies in `NEW` of it; `COMPLETE` beside that says that it is whole."""
        return f"{self.datadir.rstrip('/')}/{FOLDER}"


@dataclass(frozen=True)
class Place:
    """Where in the donor's binary log the new data are, and the GTIDs that they hold, in the engine's own words."""

    file: str
    position: int
    gtids: str = ""


@dataclass(frozen=True)
class Progress:
    """How much has come: kilobytes of so many, 0 where nobody knows; `what` is being done."""

    what: str
    done: int = 0
    of: int = 0


Told = Callable[[Progress], None]


class Route(Protocol):
    """One way."""

    name: ClassVar[str]
    programs: ClassVar[tuple[str, ...]]
    """Those that both hosts must have, and a server's package may come without."""

    def why_not(self, donor: Dialect, recipient: Dialect) -> str | None:
        """Why these two cannot use it; None where they can. Pure."""
        ...

    def left_empty(self, donor: Server) -> list[str]:
        """Tables of the donor whose rows it would not bring."""
        ...

    def fill(self, way: Way, told: Told) -> Place:
        """Fill the folder with the donor's data as they are at one place; raises RunbookError, with no harm done."""
        ...
