"""dump: the donor's own dump program, loaded into a server of its own on the recipient."""

from typing import ClassVar

from runbook.errors import RunbookError
from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.seeding.route import Place, Told, Way
from runbook.mysql.session import Server


class Dump:
    """Of the fields of `Route`."""

    name: ClassVar[str] = "dump"
    programs: ClassVar[tuple[str, ...]] = ()

    def why_not(self, donor: Dialect, recipient: Dialect) -> str | None:
        """Within one series: it brings the accounts as tables."""
        if (donor.engine, donor.series) != (recipient.engine, recipient.series):
            return f"as the servers differ: {donor.engine} {donor.series} and {recipient.engine} {recipient.series}"
        return None

    def left_empty(self, donor: Server) -> list[str]:
        """It dumps the tables of every engine."""
        return []

    def fill(self, way: Way, told: Told) -> Place:
        """Not yet."""
        raise RunbookError("not there yet")
