"""Whether a server takes writes, asked again and again at its own address while a drill lasts."""

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from runbook.drill.client import BROKEN, Connect, Session

PACE_SECONDS = 0.05


@dataclass(frozen=True)
class Look:
    """One answer of the server; `at` is this machine's time.monotonic() at which it was here."""

    at: float
    takes_writes: bool


class WritesWatch:
    """Used as a context. A server that does not answer takes no writes, and is asked again."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._looks: list[Look] = []
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

    def looks(self, since: float = float("-inf")) -> list[Look]:
        """The answers since then, in their order."""
        return [look for look in list(self._looks) if look.at >= since]

    def _watch(self) -> None:
        session: Session | None = None
        while not self._stopping.wait(PACE_SECONDS):
            try:
                session = session or Session(self._connect())
                takes_writes = session.takes_writes()
                self._looks.append(Look(time.monotonic(), takes_writes))
            except BROKEN:
                if session:
                    session.close()
                session = None
        if session:
            session.close()
