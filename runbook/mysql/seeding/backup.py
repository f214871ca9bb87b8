"""backup: mariadb-backup of the donor, streamed into a folder of the recipient."""

from typing import ClassVar

from runbook.core.host import Host
from runbook.errors import RunbookError
from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.seeding.route import Place, Told, Way
from runbook.mysql.session import Server


class Backup:
    """Of the fields of `Route`."""

    name: ClassVar[str] = "backup"

    def why_not(self, donor: Dialect, recipient: Dialect) -> str | None:
        """Of MariaDB alone."""
        for each in (donor, recipient):
            if each.engine != "MariaDB":
                return f"which {each.engine} does not have"
        return None

    def left_empty(self, donor: Server) -> list[str]:
        """It copies the tables of every engine."""
        return []

    def missing(self, donor: Host, recipient: Host) -> str | None:
        """Not yet."""
        return "not there yet"

    def fill(self, way: Way, told: Told) -> Place:
        """Not yet."""
        raise RunbookError("not there yet")
