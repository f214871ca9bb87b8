"""SQL on a host through its SSH connection, so that no database port need be open to the operator's machine."""

import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
import pymysql.cursors
from pymysql.constants import CR, ER

from runbook.core.asked_once import asked_once
from runbook.core.host import Host
from runbook.core.ssh import Unreachable
from runbook.core.step import NotReady
from runbook.errors import HostError
from runbook.mysql import login, server_socket
from runbook.mysql.dialects.dialect import COMMENT_QUESTION, Dialect, dialect_of
from runbook.mysql.terms import ADMIN_PORT, OUR_SESSION
from runbook.mysql.tls import contexts
from runbook.mysql.tls.authority import KEY_FILE_QUESTION, PUBLIC_KEY_QUESTION, authorities_of
from runbook.mysql.tunnel import as_socket
from runbook.settings.settings import Role, Secret

SQL_SECONDS = 20
OPEN = "SET GLOBAL super_read_only = OFF"

Row = dict[str, Any]


class LoginRefused(NotReady):
    """mysqld answers but does not let this account in."""


class TooManyConnections(HostError):
    """All connections are used up."""


class SqlFailed(HostError):
    """A statement failed; `code` is the server's error number."""

    def __init__(self, host: str, statement: str, code: int, reason: str) -> None:
        super().__init__(host, f"MySQL error {code}: {reason}", f"  in: {' '.join(statement.split())[:200]}")
        self.code = code


class PasswordAsked(HostError):
    """Whoever answers wants the password itself, and has not shown that it is the server."""


def connect(
    host: Host,
    address: str,
    port: int,
    user: str,
    password: Secret,
    key: bytes | None = None,
    *,
    by_challenge: bool = False,
    authorities: Sequence[str] = (),
) -> Any:
    """Log in from `host` to the MySQL at `address`; raises NotReady, LoginRefused, TooManyConnections, HostError.

    The channel is inside SSH up to the host, so no second TLS unless the server insists on it
    (require_secure_transport), or wants the password itself: that it gets encrypted with `key`, its public key, or
    inside TLS if its certificate is of one of `authorities`, each a PEM, or not at all (PasswordAsked). With them
    another host's server is always logged in to so. With `by_challenge` no TLS is tried.
    """
    where = "" if address == "127.0.0.1" else f" at {address}:{port}"

    def attempt(context: ssl.SSLContext | None) -> Any:
        try:
            channel = host.link.channel(address, port)
        except ConnectionRefusedError as error:
            raise NotReady(f"{host}: mysqld{where} does not run, or does not listen on port {port}") from error
        to: dict[str, Any] = {"host": address, "port": port, "key": key}
        return _session(host, where, channel, user=user, password=password, context=context, **to)

    if not authorities or not where:
        try:
            return attempt(None)
        except PasswordAsked:
            if by_challenge:
                raise
    try:
        return contexts.by_one_of(contexts.of(authorities), attempt)
    except contexts.NotTheServer as error:
        raise HostError(str(host), f"MySQL{where}: {error.args[1]}", error.WAY_OUT) from error


def _session(
    on: Host, where: str, channel: Any, *, user: str, password: Secret, context: Any = None, **options: Any
) -> Any:
    connection = login.Wire(
        user=user,
        password=password.encode(),
        charset="utf8mb4",
        autocommit=True,
        init_command=OUR_SESSION,
        ssl=context,
        ssl_disabled=context is None,
        read_timeout=SQL_SECONDS,
        write_timeout=SQL_SECONDS,
        cursorclass=pymysql.cursors.DictCursor,
        **options,
    )
    try:
        connection.connect(as_socket(channel) if context else channel)
    except contexts.NotTheServer:
        channel.close()
        raise
    except (pymysql.MySQLError, OSError, EOFError) as error:
        channel.close()
        code, reason = login.code_and_reason(error)
        if login.says_no(code):
            raise LoginRefused(f"{on}: MySQL{where} refuses {user}'s login: {reason}") from error
        kind: type[HostError] = TooManyConnections if code == ER.CON_COUNT_ERROR else HostError
        if isinstance(error, login.PasswordAsked) or (code == login.SECURE_TRANSPORT_REQUIRED and not context):
            kind = PasswordAsked
        raise kind(str(on), f"MySQL{where} accepts a connection but not a login: {reason}") from error
    return connection


class Server:
    """The MySQL server, for root by its socket: on a port anybody can listen. `ask` reads, `execute` changes."""

    def __init__(self, host: Host, port: int, socket: Callable[[], str], *root_passwords: Secret) -> None:
        self.host = host
        self.port = port
        self._socket = socket
        self._root_passwords = root_passwords
        self._connection: Any = None
        self._opened = False

    @property
    def side(self) -> frozenset[Role]:
        """The side that it is the server of, as a step names whom it asks."""
        return frozenset((self.host.node.role,))

    def ask(self, query: str, *args: object) -> list[Row]:
        """The rows of a query that only reads."""
        if not re.match(r"\s*(SELECT|SHOW|XA RECOVER)\b", query, re.IGNORECASE):
            raise AssertionError(f"not a question: {query}")
        return self._run(query, args)

    def ask_within(self, seconds: float, query: str, *args: object) -> list[Row] | None:
        """As `ask`; None when no answer came in time, with the session given up: the next question opens another."""
        if self._connection is None:
            self._connection = self.session()
        patience, self._connection._read_timeout = self._connection._read_timeout, seconds
        try:
            rows = self.ask(query, *args)
        except SqlFailed as error:
            if error.code == CR.CR_SERVER_LOST:
                return None
            raise
        self._connection._read_timeout = patience
        return rows

    def one(self, query: str, *args: object) -> Row:
        """The only row of a query, or an empty one."""
        rows = self.ask(query, *args)
        return rows[0] if rows else {}

    def value(self, query: str, *args: object) -> Any:
        """The first column of the only row, or None."""
        return next(iter(self.one(query, *args).values()), None)

    def execute(self, statement: str, *args: object) -> None:
        """Run a statement that changes the server."""
        self.host.changing(statement)
        try:
            self._run(statement, args)
        except SqlFailed as error:
            if not (self._opened and error.code == ER.OPTION_PREVENTS_STATEMENT):
                raise
            # mysql_check.sh, which looks each second, has closed the server again between two statements.
            self._run(OPEN, ())
            self._run(statement, args)

    @contextmanager
    def opened_for_root(self, *, logged: bool = True) -> Iterator[None]:
        """Let root write although the server is super_read_only, and close it again; other servers let it anyway.

        With `logged=False` nothing goes to the binary log: the change is this host's own and makes no transaction
        that the other host would have to have.
        """
        closed = self.dialect.has_super_read_only and bool(self.value("SELECT @@GLOBAL.super_read_only"))
        if closed:
            self.execute(OPEN)
            self._opened = True
        try:
            if not logged:
                self.execute("SET SESSION sql_log_bin = OFF")
            try:
                yield
            finally:
                if not logged:
                    self.execute("SET SESSION sql_log_bin = ON")
        finally:
            self._opened = False
            if closed:
                self.execute("SET GLOBAL super_read_only = ON")

    @asked_once
    def dialect(self) -> Dialect:
        """The dialect of the server that runs now."""
        row = self.one(COMMENT_QUESTION)
        return dialect_of(row["version"], row["comment"])

    def closed(self) -> bool:
        """Whether it refuses writes, root's included where it can.

        While SET GLOBAL super_read_only waits for a commit, that flag is 1 already and read_only still 0 (seen on 9.7).
        """
        return bool(self.value(self.dialect.closed))

    def answers(self) -> bool:
        """Whether root can log in now."""
        with suppress(NotReady, HostError):
            self.value("SELECT 1")
            return True
        return False

    def close(self) -> None:
        """Forget the session, as after a restart of mysqld; the next question opens another."""
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
        self._connection = None

    @asked_once
    def public_key(self) -> bytes | None:
        """The key that passwords are encrypted with for this server; None where it has none."""
        return str(self.one(PUBLIC_KEY_QUESTION).get("Value", "")).encode() or None

    @asked_once
    def authorities(self) -> tuple[str, ...]:
        """The CA by which its clients over the network know it, as PEM; none where it has none."""
        return authorities_of(self)

    def lets_in(self, user: str, password: Secret, *, by_challenge: bool = False) -> bool:
        """Whether this account logs in from 127.0.0.1; errors as of `connect`, but for LoginRefused."""
        account, by = (user, password, self.public_key), self.authorities
        with suppress(LoginRefused):
            connect(self.host, "127.0.0.1", self.port, *account, by_challenge=by_challenge, authorities=by).close()
            return True
        return False

    def lets_in_by_the_socket(self, user: str, password: Secret) -> bool:
        """Whether this account logs in as the scripts on the host do; TooManyConnections where nobody can tell."""
        try:
            self._by_the_socket(user, password).close()
        except (TooManyConnections, Unreachable):
            raise
        except (LoginRefused, HostError):
            return False
        return True

    def session(self) -> Any:
        """A session of root's own; when all connections are used, by the administrators' door or TooManyConnections."""
        refusals: list[LoginRefused] = []
        for password in self._root_passwords:
            try:
                return self._by_the_socket("root", password)
            except TooManyConnections as full:
                return self._by_the_door(full, password)
            except LoginRefused as refused:
                refusals.append(refused)
        raise refusals[0]

    def _by_the_socket(self, user: str, password: Secret) -> Any:
        channel = server_socket.connect(self.host, self._socket())
        return _session(self.host, "", channel, user=user, password=password, trusted=True)

    def _by_the_door(self, full: TooManyConnections, password: Secret) -> Any:
        """The door is a port: root's password goes there encrypted with the key that mysqld has on its disk."""
        key = self.host.ask(KEY_FILE_QUESTION).encode()
        if not key:
            raise full
        try:
            return connect(self.host, "127.0.0.1", ADMIN_PORT, "root", password, key, by_challenge=True)
        except (NotReady, PasswordAsked):
            raise full from None

    def _run(self, statement: str, args: tuple[object, ...]) -> list[Row]:
        if self._connection is None:
            self._connection = self.session()
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, args or None)
                return list(cursor.fetchall())
        except (pymysql.MySQLError, OSError, EOFError) as error:
            code, reason = login.code_and_reason(error)
            if code == 0 or code in login.CLIENT_ERRORS:
                self.close()
            raise SqlFailed(str(self.host), statement, code, reason) from error
