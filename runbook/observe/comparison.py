"""Both servers compared at the end: every acknowledged write is on both, and neither has what the other lacks."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from runbook.core.wait import DeadlinePassed, until
from runbook.mysql.accounts import SCHEMA
from runbook.mysql.session import Server
from runbook.observe.ledger import Audit, Ledger, Row
from runbook.pair.pair import Pair
from runbook.settings.settings import Role

CATCH_UP_SECONDS = 60
COMMIT_SECONDS = 1
ROWS = f"SELECT writer, seq FROM {SCHEMA}.ledger WHERE run = %s"


@dataclass(frozen=True)
class Comparison:
    """What each server has, once the slave had the time to catch up."""

    audits: dict[Role, Audit]
    """The clients' account beside the rows that each server has."""
    rows_apart: tuple[Row, ...]
    """Rows that one of them has and the other lacks."""
    lacking: dict[Role, str]
    """Transactions of the other that each lacks, as GTIDs or as a position."""
    vip_on: tuple[Role, ...]
    """Who holds the VIP."""

    @property
    def broken_promises(self) -> list[str]:
        """What must not be so and is, a sentence each."""
        return list(self._broken())

    def _broken(self) -> Iterator[str]:
        for role, audit in self.audits.items():
            if audit.missing:
                yield f"LOST: {len(audit.missing)} acknowledged writes are not on the {role}: {audit.missing}"
            if audit.unwanted:
                yield f"the {role} has rows whose writes were refused or never sent: {audit.unwanted}"
            if self.lacking[role]:
                yield f"the {role} lacks transactions that the other has: {self.lacking[role]}"
        if self.rows_apart:
            yield f"rows of the drill are on one server only (writer, seq): {self.rows_apart}"
        if self.vip_on != ("master",):
            yield f"the VIP is on {' and '.join(self.vip_on) or 'no host'}"


def rows_of(server: Server, run: str) -> set[Row]:
    """The rows of a run that a server has."""
    return {(row["writer"], row["seq"]) for row in server.ask(ROWS, run)}


def compare(pair: Pair, run: str, ledger: Ledger) -> Comparison:
    """Look at both servers of a pair that is home; the slave has CATCH_UP_SECONDS for what the master has now."""
    master, slave = pair.master, pair.slave
    target = master.progress()
    until(
        f"{slave.host}: every transaction of the master",
        CATCH_UP_SECONDS,
        lambda: not target.beyond(slave.progress()),
    )
    on_master, on_slave = rows_of(master.server, run), rows_of(slave.server, run)
    slaves = slave.progress()
    # The slave has a transaction some moments before the master's own commit ends.
    with suppress(DeadlinePassed):
        until("the master's own commits", COMMIT_SECONDS, lambda: not slaves.minus(master.progress()))
    return Comparison(
        audits={"master": ledger.audit(on_master), "slave": ledger.audit(on_slave)},
        rows_apart=tuple(sorted(on_master ^ on_slave)),
        lacking={"master": str(slaves.minus(master.progress())), "slave": str(target.beyond(slave.progress()))},
        vip_on=tuple(role for role, side in pair.sides.items() if side.holds_vip()),
    )
