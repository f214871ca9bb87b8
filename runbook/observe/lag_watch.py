"""How many rows of a run the slave has, asked again and again at its own address while a drill lasts."""

import time

from runbook.mysql.login import Connect
from runbook.observe.client import Session
from runbook.observe.concurrent import Polling


class LagWatch(Polling):
    """Used as a context; `counts` are this machine's time.monotonic() and the rows that the slave had then.

    Concurrent the times at which the master acknowledged them, the counts tell how old the oldest row is that the slave
    lacks: a lag that trusts no clock but this machine's.
    """

    pace_seconds = 0.5

    def __init__(self, connect: Connect, run: str) -> None:
        super().__init__(connect)
        self.counts: list[tuple[float, int]] = []
        self._run = run

    def _ask(self, session: Session) -> None:
        asked_at = time.monotonic()
        self.counts.append((asked_at, session.rows(self._run)))
