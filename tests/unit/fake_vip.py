"""What a client finds behind the VIP."""

from typing import Self

import pymysql

READ_ONLY = pymysql.err.OperationalError(1290, "The MySQL server is running with the --super-read-only option")
BROKEN_OFF = pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query")
UNREACHABLE = pymysql.err.OperationalError(2003, "Can't connect to MySQL server (timed out)")


class Vip:
    """What answers behind the VIP now: a test sets who, and what a login, a read or a write ends with."""

    def __init__(self) -> None:
        self.server_id = 1
        self.login: Exception | None = None
        self.write: Exception | None = None
        self.broken: Exception | None = None
        self.logins = 0
        self.rows: list[tuple[str, int, int]] = []

    def connect(self) -> "Connection":
        self.logins += 1
        if self.login:
            raise self.login
        return Connection(self)


class Connection:
    """A login; it stays with the server that it reached."""

    def __init__(self, vip: Vip) -> None:
        self.vip = vip
        self.server_id = vip.server_id
        self.row: tuple[int | None] = (None,)

    def cursor(self) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, query: str, args: tuple[str, int, int] | None = None) -> None:
        if self.vip.broken or self.server_id != self.vip.server_id:
            raise self.vip.broken or BROKEN_OFF
        if query.startswith("INSERT"):
            assert args
            if self.vip.write:
                raise self.vip.write
            self.vip.rows.append(args)
            return
        assert query.startswith("SELECT"), query
        self.row = (self.server_id,) if "server_id" in query else (None,)

    def fetchone(self) -> tuple[int | None]:
        return self.row

    def close(self) -> None:
        pass
