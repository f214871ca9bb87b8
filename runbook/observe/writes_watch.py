"""Whether a server takes writes, asked again and again at its own address while a drill lasts."""

import time
from dataclasses import dataclass

from runbook.mysql.login import Connect
from runbook.observe.client import Session
from runbook.observe.concurrent import Polling


@dataclass(frozen=True)
class Look:
    """One answer of the server; `at` is this machine's time.monotonic() at which it was here."""

    at: float
    takes_writes: bool


class WritesWatch(Polling):
    """Used as a context. A server that does not answer takes no writes."""

    pace_seconds = 0.05

    def __init__(self, connect: Connect) -> None:
        super().__init__(connect)
        self._looks: list[Look] = []

    def looks(self, since: float = float("-inf")) -> list[Look]:
        """The answers since then, in their order."""
        return [look for look in list(self._looks) if look.at >= since]

    def _ask(self, session: Session) -> None:
        takes_writes = session.takes_writes()
        self._looks.append(Look(time.monotonic(), takes_writes))
