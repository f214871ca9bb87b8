"""Clients at the VIP, and their account of what was acknowledged to them."""

import itertools
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pymysql

from chaos.hosts import Host

PAUSE = 0.08
ANSWER_SECONDS = 5.0
INSERT = "INSERT INTO chaos.ledger (run, id) VALUES (%s, %s)"


class Ledger:
    """Writers and a reader in threads of their own, from the beginning of a `with` to its end.

    One writer keeps its connection, one has a new one for each row.
    """

    def __init__(self, vip: str, password: str, run: str) -> None:
        self._vip = vip
        self._password = password
        self._run = run
        self._stop = threading.Event()
        self.acknowledged: list[str] = []
        self.unanswered: list[str] = []
        self.refused: list[str] = []
        self.reads = 0
        works = ((self._write, ("kept", 1000)), (self._write, ("new", 1)), (self._read, ()))
        self._threads = [threading.Thread(target=work, args=args, daemon=True) for work, args in works]

    def __enter__(self) -> "Ledger":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """No client writes any more."""
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(2 * ANSWER_SECONDS + 2)

    def _write(self, name: str, rows: int) -> None:
        numbers = itertools.count()
        while not self._stop.wait(PAUSE):
            with suppress(pymysql.MySQLError, OSError), self._connect() as connection, connection.cursor() as cursor:
                for _ in range(rows):
                    if self._stop.wait(PAUSE):
                        return
                    self._write_one(cursor, f"{self._run}.{name}.{next(numbers)}")

    def _write_one(self, cursor: Any, row: str) -> None:
        try:
            cursor.execute(INSERT, (self._run, row))
        except pymysql.err.InternalError:
            self.refused.append(row)
        except pymysql.MySQLError as error:
            (self.refused if error.args[0] == 1290 else self.unanswered).append(row)
            raise
        else:
            self.acknowledged.append(row)

    def _read(self) -> None:
        while not self._stop.wait(2 * PAUSE):
            with suppress(pymysql.MySQLError, OSError), self._connect() as connection, connection.cursor() as cursor:
                cursor.execute("SELECT MAX(n) FROM chaos.ledger")
                self.reads += 1

    def _connect(self) -> Any:
        return pymysql.connect(
            host=self._vip,
            user="chaos_client",
            password=self._password,
            autocommit=True,
            connect_timeout=1,
            read_timeout=ANSWER_SECONDS,
            write_timeout=ANSWER_SECONDS,
        )


def rows_of(run: str, hosts: Mapping[str, Host]) -> dict[str, dict[str, int]]:
    """How often each server has each row of a run."""
    query = f"SELECT id, COUNT(*) FROM chaos.ledger WHERE run = '{run}' GROUP BY id"
    return {role: {str(row): int(times) for row, times in host.rows(query, 30)} for role, host in hosts.items()}
