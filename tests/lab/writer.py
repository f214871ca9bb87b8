"""A client that writes through the VIP all the time, and notes when it was acknowledged."""

import secrets
import threading
import time
from itertools import pairwise
from typing import Self

import pymysql
from commandline import until
from outside import OutsideHost, OutsidePair

FIRST_SECONDS = 15
PACE_SECONDS = 0.02


class Writer(threading.Thread):
    """A client that writes through the VIP all the time, and notes when it was acknowledged."""

    def __init__(self, pair: OutsidePair) -> None:
        super().__init__(daemon=True)
        self._pair = pair
        self._stopping = threading.Event()
        self._run = secrets.token_hex(8)
        self.acknowledged: list[float] = []
        """When each write was."""
        self._rows: list[str] = []

    def __enter__(self) -> Self:
        self.start()
        until("a write", FIRST_SECONDS, lambda: bool(self.acknowledged))
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join()

    def run(self) -> None:
        client, row = None, 0
        while not self._stopping.wait(PACE_SECONDS):
            try:
                client = client or self._pair.client()
                row += 1
                with client.cursor() as at:
                    at.execute("INSERT INTO runbook.ledger (run, writer, seq) VALUES (%s, 0, %s)", (self._run, row))
                self.acknowledged.append(time.monotonic())
                self._rows.append(str(row))
            except (pymysql.MySQLError, OSError):
                client = None

    def missing_on(self, host: OutsideHost) -> set[str]:
        """The rows that were acknowledged and are not there."""
        assert self._rows, "nothing was acknowledged"
        return set(self._rows) - {
            row for (row,) in host.sql(f"SELECT seq FROM runbook.ledger WHERE run = '{self._run}'")
        }

    def gaps(self) -> list[float]:
        """The stretches between two writes, in seconds."""
        return [later - earlier for earlier, later in pairwise(self.acknowledged)]
