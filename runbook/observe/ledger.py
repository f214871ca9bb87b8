"""What became of every write that the drill's client sent, and whether the pair kept its word about them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Row = tuple[int, int]
"""Writer and sequence number: with the run, the key of a row in the ledger's table."""

Fate = Literal["unanswered", "acknowledged", "refused"]


@dataclass(frozen=True)
class Audit:
    """The ledger beside the rows that a server has."""

    acknowledged: int
    kept: int
    """Acknowledged rows that are there."""
    missing: tuple[Row, ...]
    """Acknowledged rows that are not there: lost."""
    unanswered: int
    """Writes whose fate the client was not told: the server may have them or not."""
    unanswered_kept: int
    unwanted: tuple[Row, ...]
    """Rows that are there although the write was refused or never sent."""


class Ledger:
    """Fates of writes; several threads may note at once, each its own rows."""

    def __init__(self) -> None:
        self._fates: dict[Row, Fate] = {}

    def sent(self, row: Row) -> None:
        """The row is on its way: until an answer is noted, its fate is open."""
        self._fates[row] = "unanswered"

    def acknowledged(self, row: Row) -> None:
        """The server said that it has the row."""
        self._fates[row] = "acknowledged"

    def refused(self, row: Row) -> None:
        """The server said that it does not take the row."""
        self._fates[row] = "refused"

    def audit(self, found: Collection[Row]) -> Audit:
        """Compare with the rows of this run that a server has."""
        there = set(found)
        acknowledged, unanswered = self._rows("acknowledged"), self._rows("unanswered")
        return Audit(
            acknowledged=len(acknowledged),
            kept=len(acknowledged & there),
            missing=tuple(sorted(acknowledged - there)),
            unanswered=len(unanswered),
            unanswered_kept=len(unanswered & there),
            unwanted=tuple(sorted(there - acknowledged - unanswered)),
        )

    def _rows(self, fate: Fate) -> set[Row]:
        return {row for row, its in list(self._fates.items()) if its == fate}
