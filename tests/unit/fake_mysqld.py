"""MySQL servers that know only what a test told them, and the PyMySQL that reaches them."""

from collections.abc import Callable
from ssl import CERT_REQUIRED
from typing import Any, Self

import pymysql
import pymysql.cursors

from runbook.mysql.dialects.dialect import COMMENT_QUESTION
from runbook.mysql.login import PasswordAsked
from runbook.mysql.session import PUBLIC_KEY_QUESTION
from runbook.mysql.tls.authority import AUTHORITY_QUESTION

Row = dict[str, Any]
Effect = Callable[[], object] | BaseException | None

SESSION = 77
"""The id that a server gives to every session."""

# PyMySQL's own spelling of a statement with its arguments; the status is one without NO_BACKSLASH_ESCAPES.
_UNCONNECTED = pymysql.Connection(defer_connect=True)
_UNCONNECTED.server_status = 0
_SPELLER = pymysql.cursors.Cursor(_UNCONNECTED)


class FakeMysqld:
    """A MySQL server: `says` is what it answers, `takes` what may be done to it, word for word as it arrives."""

    def __init__(self, **logins: str) -> None:
        self.logins = logins
        self.changed: list[str] = []
        self.refusal: tuple[int, str] | None = None
        self.wants_tls = False
        self.asks_for_passwords = False
        self._answers: dict[str, list[Row] | BaseException] = {}
        self._takes: dict[str, Effect] = {}
        self.says(COMMENT_QUESTION, {"version": "9.7.4-2", "comment": "(Debian)"})
        self.says(AUTHORITY_QUESTION, {"file": None, "folder": "/var/lib/mysql/"})
        self.says(PUBLIC_KEY_QUESTION, {"Variable_name": "Caching_sha2_password_rsa_public_key", "Value": "a key"})

    def says(self, query: str, *rows: Row, error: BaseException | None = None) -> None:
        self._answers[_one_line(query)] = error or list(rows)

    def takes(self, statement: str, effect: Effect = None) -> None:
        self._takes[_one_line(statement)] = effect

    def closed(self, closed: bool) -> None:
        """Whether it is super_read_only now; it can be set either way."""
        for query in ("SELECT @@GLOBAL.super_read_only", "SELECT @@GLOBAL.super_read_only AND @@GLOBAL.read_only"):
            self.says(query, {"closed": int(closed)})
        for word, value in (("ON", True), ("OFF", False)):
            self.takes(f"SET GLOBAL super_read_only = {word}", lambda value=value: self.closed(value))

    def unlogged(self) -> None:
        """Sessions may keep their statements out of the binary log."""
        for word in ("ON", "OFF"):
            self.takes(f"SET SESSION sql_log_bin = {word}")

    def run(self, statement: str) -> list[Row]:
        statement = _one_line(statement)
        if statement in self._takes:
            self.changed.append(statement)
            effect = self._takes[statement]
            if isinstance(effect, BaseException):
                raise effect
            if effect:
                effect()
            return []
        if statement not in self._answers:
            raise AssertionError(f"this server was told nothing of: {statement}")
        answer = self._answers[statement]
        if isinstance(answer, BaseException):
            raise answer
        return answer


class FakeChannel:
    """The socket to a fake server."""

    def __init__(self, mysqld: FakeMysqld) -> None:
        self.mysqld = mysqld
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


class FakeConnection:
    """PyMySQL's connection up to the wire: it logs in for real, and its statements are spelled by PyMySQL."""

    def __init__(
        self, *, user: str, password: bytes, ssl: object = None, trusted: bool = False, key: object = None, **_: object
    ) -> None:
        self._read_timeout = 20.0
        self._is_secure = ssl is not None or trusted
        verified = getattr(ssl, "verify_mode", None) is CERT_REQUIRED
        self._may_tell = trusted or verified or (key is not None and not ssl)
        self._user = user
        self._password = password
        self._mysqld: FakeMysqld | None = None

    def connect(self, channel: FakeChannel) -> None:
        mysqld = channel.mysqld
        if mysqld.refusal:
            raise pymysql.err.OperationalError(*mysqld.refusal)
        if mysqld.wants_tls and not self._is_secure:
            raise pymysql.err.OperationalError(3159, "Connections using insecure transport are prohibited")
        if mysqld.logins.get(self._user, "").encode() != self._password:
            raise pymysql.err.OperationalError(
                1045, f"Access denied for user '{self._user}'@'127.0.0.1' (using password: YES)"
            )
        if mysqld.asks_for_passwords and not self._may_tell:
            raise PasswordAsked("caching_sha2_password")
        self._mysqld = mysqld

    def thread_id(self) -> int:
        return SESSION

    def cursor(self) -> "FakeCursor":
        assert self._mysqld, "not logged in"
        return FakeCursor(self._mysqld)

    def close(self) -> None:
        self._mysqld = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FakeCursor:
    """Runs statements on a fake server."""

    def __init__(self, mysqld: FakeMysqld) -> None:
        self._mysqld = mysqld
        self._rows: list[Row] = []

    def execute(self, query: str, args: object = None) -> None:
        self._rows = self._mysqld.run(_SPELLER.mogrify(query, args))

    def fetchall(self) -> list[Row]:
        return self._rows

    def fetchone(self) -> Row | None:
        return self._rows[0] if self._rows else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _one_line(statement: str) -> str:
    return " ".join(statement.split())
