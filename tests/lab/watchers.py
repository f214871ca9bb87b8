"""What goes on beside a run: every command line of this machine, the VIP's comings and goings, a client that writes."""

import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import pymysql
from outside import OutsideHost, OutsidePair

ARGV_PAUSE = 0.02
WRITE_PAUSE = 0.05
END_SECONDS = 15


class _Beside:
    """Work in a thread of its own, from the beginning of a `with` to its end."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(END_SECONDS)
        assert not self._thread.is_alive(), f"{type(self).__name__} did not end in {END_SECONDS} s"

    def _work(self) -> None:
        raise NotImplementedError


class Argv(_Beside):
    """Every command line that was seen on this machine, those in the lab's hosts included."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[bytes] = set()

    def with_any(self, words: Iterable[str]) -> list[str]:
        """The command lines that hold one of these words."""
        wanted = [word.encode() for word in words]
        return [line.replace(b"\0", b" ").decode(errors="replace") for line in self.seen if _has(line, wanted)]

    def _work(self) -> None:
        while not self._stop.wait(ARGV_PAUSE):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    self.seen.add((process / "cmdline").read_bytes())
                except OSError:
                    continue


class Addresses(_Beside):
    """What came to a host's interfaces and left them, each address with the kernel's own words."""

    def __init__(self, host: OutsideHost) -> None:
        super().__init__()
        command = ["nsenter", f"--target={host.machine.init()}", "--net", "ip", "-o", "-4", "monitor", "address"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._lines: list[str] = []

    def came(self, address: str) -> bool:
        """Whether the address was given to the host meanwhile."""
        return any(f" {address}/" in line and not line.startswith("Deleted") for line in self._lines)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._process.terminate()
        super().__exit__(kind, error, where)

    def _work(self) -> None:
        assert self._process.stdout is not None
        self._lines += self._process.stdout


class Writer(_Beside):
    """A client that writes a row after the other through the VIP, and remembers those that were acknowledged."""

    def __init__(self, pair: OutsidePair, run: str) -> None:
        super().__init__()
        self._pair = pair
        self.run = run
        self.acknowledged: list[int] = []
        self.refusals: set[int] = set()

    def _work(self) -> None:
        number = 0
        while not self._stop.wait(WRITE_PAUSE):
            try:
                with self._pair.client() as connection, connection.cursor() as cursor:
                    while not self._stop.wait(WRITE_PAUSE):
                        number += 1
                        row = (self.run, number)
                        cursor.execute("INSERT INTO runbook.ledger (run, writer, seq) VALUES (%s, 1, %s)", row)
                        self.acknowledged.append(number)
            except pymysql.MySQLError as error:
                self.refusals.add(int(error.args[0]))

    def rows_on(self, host: OutsideHost) -> set[int]:
        """Its rows that a server has."""
        rows = host.sql(f"SELECT seq FROM runbook.ledger WHERE run = '{self.run}' AND writer = 1")
        return {int(number) for (number,) in rows}


def _has(line: bytes, words: Iterable[bytes]) -> bool:
    return any(word in line for word in words)
