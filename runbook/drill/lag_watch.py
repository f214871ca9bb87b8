"""How many rows of a run the slave has, asked again and again at its own address while a drill lasts."""

import threading
import time
from types import TracebackType
from typing import Self

from runbook.drill.client import BROKEN, Connect, Session

PACE_SECONDS = 0.5


class LagWatch:
    """Used as a context; `counts` are this machine's time.monotonic() and the rows that the slave had then.

    Beside the times at which the master acknowledged them, the counts tell how old the oldest row is that the slave
    lacks: a lag that trusts no clock but this machine's.
    """

    def __init__(self, connect: Connect, run: str) -> None:
        self.counts: list[tuple[float, int]] = []
        self._connect = connect
        self._run = run
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        session: Session | None = None
        while not self._stopping.wait(PACE_SECONDS):
            asked_at = time.monotonic()
            try:
                session = session or Session(self._connect())
                self.counts.append((asked_at, session.rows(self._run)))
            except BROKEN:
                if session:
                    session.close()
                session = None
        if session:
            session.close()
