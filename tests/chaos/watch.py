"""What both hosts are, some times a second, and who said so: the material that the laws are judged by."""

import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pymysql

from chaos.hosts import FLAGS, SOCKET, Flags, Host

PAUSE = 0.1
ANSWER_SECONDS = 0.5


@dataclass(frozen=True)
class Sample:
    """One look at one host; None where nobody answered."""

    at: float
    role: str
    vip: bool | None
    flags: Flags | None


class Watch:
    """Looks at both hosts in threads of their own, from the beginning of a `with` to its end."""

    def __init__(self, hosts: Mapping[str, Host], vip: str, password: str) -> None:
        self._vip = vip
        self._password = password
        self._stop = threading.Event()
        self.samples: list[Sample] = []
        self._threads = [threading.Thread(target=self._look, args=(host,), daemon=True) for host in hosts.values()]

    def __enter__(self) -> "Watch":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(5)

    def _look(self, host: Host) -> None:
        connection: Any = None
        while not self._stop.wait(PAUSE):
            flags = None
            try:
                connection = connection or self._connect(host)
                with connection.cursor() as cursor:
                    cursor.execute(FLAGS)
                    flags = Flags(*map(bool, cursor.fetchone()))
            except (pymysql.MySQLError, OSError):
                if connection:
                    with closing(connection):
                        connection = None
            # The address after the flags: a master that is closed and then loses it is no master that is open without.
            self.samples.append(Sample(time.monotonic(), host.role, host.holds(self._vip), flags))

    def _connect(self, host: Host) -> Any:
        if host.init is None:
            raise OSError("no power")
        return pymysql.connect(
            unix_socket=f"/proc/{host.init}/root/{SOCKET}",
            user="chaos_watch",
            password=self._password,
            connect_timeout=1,
            read_timeout=ANSWER_SECONDS,
            write_timeout=ANSWER_SECONDS,
        )
