"""What one server has against what the other has: what would be lost, what is still to come, what never will."""

import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.session import Row, Server
from runbook.mysql.tracking.progress import Progress
from runbook.mysql.tracking.status import ReplicaStatus
from runbook.mysql.tracking.tracking import Tracking, listed

COMMIT_SECONDS = 1.0
ANSWER_SECONDS = 2


class NoAnswerInTime(Exception):
    """A server did not answer one question, and may answer others."""


@dataclass(frozen=True)
class InTime:
    """A server whose binary logs are asked for: it does not say while a commit waits for room on the disk."""

    server: Server

    def ask(self, query: str, *args: object) -> list[Row]:
        rows = self.server.ask_within(ANSWER_SECONDS, query, *args)
        if rows is None:
            raise NoAnswerInTime
        return rows

    def one(self, query: str, *args: object) -> Row:
        return next(iter(self.ask(query, *args)), {})

    def value(self, query: str, *args: object) -> Any:
        return next(iter(self.one(query, *args).values()), None)


class Comparison(NamedTuple):
    """Of the slave, against the master."""

    errant: Progress
    """Transactions that it executed or received, and that the master lacks."""
    errant_names: tuple[str, ...]
    """The same one by one, or the first of them."""
    behind: Progress
    """What it has not applied of the master's."""
    gone: Progress | None
    """What it has not got, and the master's binary logs no longer hold; None where nothing is behind, or not known."""


def compared(
    tracking: Tracking, master: Server, slave: Server, executed: Progress, status: ReplicaStatus | None
) -> Comparison:
    """What the slave has against what the master has, asked after the slave's: what came in between is not errant.

    With AFTER_SYNC the slave has a transaction some moments before the master's own commit ends, so that one which
    the master seems to lack is asked for again.
    """
    has = executed.plus(tracking.received(status))
    deadline = time.monotonic() + COMMIT_SECONDS
    while True:
        on_master = tracking.of_master(master)
        errant = has.minus(on_master)
        if not errant or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    behind = on_master.beyond(executed)
    try:
        gone = _gone(tracking, master, slave, has) if behind else None
    except NoAnswerInTime:
        gone = None
    return Comparison(errant, tuple(listed(tracking.each(slave, errant))), behind, gone)


def _gone(tracking: Tracking, master: Server, slave: Server, has: Progress) -> Progress:
    """The slave once more, if it seems so: what it got in the meantime may have been purged since."""
    gone = tracking.purged(InTime(master)).beyond(has)
    if not gone:
        return gone
    status = replica_status(slave)
    return gone.beyond(tracking.of_slave(slave, status).plus(tracking.received(status)))
