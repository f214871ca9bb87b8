"""A client that writes through the VIP all the time, and notes when it was acknowledged."""

import threading
import time
from itertools import pairwise
from typing import Self

import pymysql
from commandline import until
from outside import OutsidePair

FIRST_SECONDS = 15
PACE_SECONDS = 0.02


class Writer(threading.Thread):
    """A client that writes through the VIP all the time, and notes when it was acknowledged."""

    def __init__(self, pair: OutsidePair) -> None:
        super().__init__(daemon=True)
        self._pair = pair
        self._stopping = threading.Event()
        self.acknowledged: list[float] = []

    def __enter__(self) -> Self:
        self.start()
        until("a write", FIRST_SECONDS, lambda: bool(self.acknowledged))
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join()

    def run(self) -> None:
        client = None
        while not self._stopping.wait(PACE_SECONDS):
            try:
                client = client or self._pair.client()
                with client.cursor() as at:
                    at.execute("REPLACE INTO runbook.heartbeat (id, beat) VALUES (2, UUID())")
                self.acknowledged.append(time.monotonic())
            except (pymysql.MySQLError, OSError):
                client = None

    def gaps(self) -> list[float]:
        """The stretches between two writes, in seconds."""
        return [later - earlier for earlier, later in pairwise(self.acknowledged)]
