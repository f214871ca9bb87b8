"""Logins by PyMySQL that give a stranger at the other end an answer to a challenge, and no more.

PyMySQL by itself answers mysql_clear_password and dialog with the password, and encrypts it with whatever key the
other side sends (seen with 1.2.4).
"""

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import paramiko
import pymysql
from pymysql._auth import caching_sha2_password_auth, scramble_caching_sha2
from pymysql.connections import Connection
from pymysql.constants import CR, ER

from runbook.mysql.terms import OUR_SESSION
from runbook.mysql.tls.contexts import NotTheServer, by_one_of, of
from runbook.settings.settings import Secret

ANSWER_SECONDS = 20
MOST_BYTES = 1 << 20
BUFFER_BYTES = 1 << 13
FULL_LOGIN = b"\x01\x04"  # perform_full_authentication, of caching_sha2_password
# With each of these the password itself goes out, or as good as that; the first three are nobody's way in here.
NEVER = ("mysql_clear_password", "dialog", "mysql_old_password")
SHA256 = "sha256_password"
TELLING = (*NEVER, SHA256)
NO_TLS = "server doesn't support it"  # PyMySQL's words

Connect = Callable[[], Any]
"""Opens a PyMySQL connection."""


class PasswordAsked(pymysql.OperationalError):
    """The other side wants more than an answer to its challenge, and has not shown who it is."""

    def __init__(self, plugin: str) -> None:
        super().__init__(CR.CR_AUTH_PLUGIN_ERR, f"it asks for the password itself ({plugin}), which it does not get")


_PyMySQLs: Any = Connection  # its stubs leave out what a subclass needs


class Wire(_PyMySQLs):  # type: ignore[misc]
    """A connection of ours. Whatever the other side sends ends in a MySQLError, within `seconds` and MOST_BYTES.

    `trusted` is a channel that nobody but mysqld can be at the end of: there, and inside TLS with a server that is
    known by its certificate, the password may go. Else nowhere, or encrypted with `key`, the server's own public key,
    known otherwise than from the other side.
    """

    _auth_plugin_name: str

    def __init__(self, *, trusted: bool = False, key: bytes | None = None, **options: Any) -> None:
        plugins: dict[str, object] = {name: _Refusal.of(name) for name in (NEVER if trusted else TELLING)}
        plugins["caching_sha2_password"] = _CachingSha2
        self._budget: tuple[float, int] | None = None
        super().__init__(**options, defer_connect=True, auth_plugin_map=plugins, server_public_key=key)
        self._trusted = trusted
        self._secure = trusted
        tls = options.get("ssl")
        self._verifies = isinstance(tls, ssl.SSLContext) and tls.verify_mode is ssl.CERT_REQUIRED

    def connect(self, sock: Any = None) -> None:
        """Log in; by the socket where one is given."""
        with self._guarded(bounded=True), self._strangers_named():
            super().connect(sock)
        if self._trusted and isinstance(sock, paramiko.Channel):
            # Unbuffered, each field of a row is a read of the channel's. Before this the login read beside it.
            self._rfile = sock.makefile("rb", BUFFER_BYTES)

    def query(self, sql: Any, unbuffered: bool = False) -> int:
        """Run a statement; of a server that is trusted as long an answer as it has."""
        with self._guarded(bounded=not self._trusted):
            return int(super().query(sql, unbuffered))

    def may_tell(self) -> bool:
        """Whether the password itself may go, in clear or encrypted."""
        if self._secure and not self._trusted:
            return self._verifies  # in TLS the password goes as it is, whatever key is known
        return bool(self._secure or self.server_public_key)

    @contextmanager
    def _strangers_named(self) -> Iterator[None]:
        try:
            yield
        except pymysql.OperationalError as error:
            cause = getattr(error, "original_exception", None)
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise NotTheServer(cause.verify_message) from error
            if self._verifies and NO_TLS in str(error):
                raise NotTheServer("it has no TLS") from error
            raise

    @contextmanager
    def _guarded(self, *, bounded: bool) -> Iterator[None]:
        if self._budget or not bounded:
            with _in_mysqls_words():
                yield
            return
        self._budget = (time.monotonic() + ANSWER_SECONDS, MOST_BYTES)
        try:
            with _in_mysqls_words():
                yield
        except BaseException as error:
            if not _is_the_servers_word(error):
                self._force_close()
            raise
        finally:
            self._budget = None

    def _get_server_information(self) -> None:
        """PyMySQL answers a server that begins with sha256_password by the password, if only TLS is there."""
        super()._get_server_information()
        if self._auth_plugin_name == SHA256:
            self._auth_plugin_name = "mysql_native_password"

    def _read_bytes(self, num_bytes: int) -> bytes:
        """PyMySQL's own waits anew for each byte, and keeps all that comes."""
        if self._budget is None:
            return bytes(super()._read_bytes(num_bytes))
        ends, left = self._budget
        if num_bytes > left:
            raise pymysql.OperationalError(CR.CR_MALFORMED_PACKET, "it sends too much for an answer")
        self._budget = (ends, left - num_bytes)
        data = b""
        while len(data) < num_bytes:
            seconds = min(self._read_timeout or ANSWER_SECONDS, ends - time.monotonic())
            self._sock.settimeout(max(seconds, 0.001))
            self._current_timeout = None  # PyMySQL sets its own again
            try:
                piece = self._sock.recv(num_bytes - len(data))
            except OSError as error:
                lost = f"Lost connection to MySQL server during query ({error})"
                raise pymysql.OperationalError(CR.CR_SERVER_LOST, lost) from error
            if not piece:
                raise pymysql.OperationalError(CR.CR_SERVER_LOST, "it closed the connection")
            data += piece
        return data


class _Refusal:
    """Of one plugin: PyMySQL asks it for an answer."""

    def __init__(self, plugin: str) -> None:
        self._plugin = plugin

    @classmethod
    def of(cls, plugin: str) -> Callable[[object], Self]:
        """What makes it for a connection."""
        return lambda connection: cls(plugin)

    def authenticate(self, packet: object) -> None:
        raise PasswordAsked(self._plugin)


class _CachingSha2:
    """PyMySQL's own, but that it asks the other side for no key."""

    def __init__(self, connection: Wire) -> None:
        self._connection = connection

    def authenticate(self, packet: Any) -> Any:
        connection = self._connection
        if packet.is_auth_switch_request() and connection.password:
            connection.salt = packet.read_all().removesuffix(b"\0")
            connection.write_packet(scramble_caching_sha2(connection.password, connection.salt))
            packet = connection._read_packet()
        if packet.is_ok_packet():
            return packet
        if packet.get_all_data()[:2] == FULL_LOGIN and not connection.may_tell():
            raise PasswordAsked("caching_sha2_password")
        return caching_sha2_password_auth(connection, packet)


def _is_the_servers_word(error: BaseException) -> bool:
    """Whether a statement was answered, if only by an error: the session goes on."""
    code = error.args[0] if isinstance(error, pymysql.MySQLError) and error.args else 0
    return isinstance(code, int) and code >= 1000 and code not in CLIENT_ERRORS


@contextmanager
def _in_mysqls_words() -> Iterator[None]:
    """PyMySQL ends in any kind of error when what it reads is not MySQL's protocol."""
    try:
        yield
    except (pymysql.MySQLError, OSError, EOFError):
        raise
    except Exception as error:
        raise pymysql.OperationalError(
            CR.CR_MALFORMED_PACKET, f"what it sends is not MySQL's protocol ({type(error).__name__})"
        ) from error


def logins(
    address: str,
    port: int,
    user: str,
    password: Secret,
    answer_seconds: int,
    authorities: Sequence[str] = (),
    **options: Any,
) -> Connect:
    """Logins over the network, as an application makes them; each answer bounded by `answer_seconds`.

    By TLS with a server whose certificate is of one of these `authorities`, each a PEM; another is NotTheServer, and so
    is one without TLS. Without authorities by TLS with whoever is there, or without TLS where a server says that it has
    none, as MySQL 5.6 and MariaDB 10.11 are installed: then it gets an answer to its challenge, and never the password.
    """
    contexts = of(authorities)

    def open_connection() -> Wire:
        if not contexts:
            return connection(None)
        try:
            return by_one_of(contexts, connection)
        except pymysql.OperationalError as error:
            if authorities or NO_TLS not in str(error):
                raise
            contexts.clear()
            return connection(None)

    def connection(tls: ssl.SSLContext | None) -> Wire:
        made = Wire(
            host=address,
            port=port,
            user=user,
            password=password.encode(),
            autocommit=True,
            init_command=OUR_SESSION,
            ssl=tls,
            ssl_disabled=tls is None,
            read_timeout=answer_seconds,
            **options,
        )
        made.connect()
        return made

    return open_connection


NO_PLACE = (ER.CON_COUNT_ERROR, ER.TOO_MANY_USER_CONNECTIONS)
SECURE_TRANSPORT_REQUIRED = 3159  # ER_SECURE_TRANSPORT_REQUIRED
# 2000 to 2999 are the client's own: the connection is gone, not the statement wrong.
CLIENT_ERRORS = range(2000, 3000)


def says_no(code: int) -> bool:
    """Whether a login's error is the server's own no: a wrong or expired password, a locked account, whatever it be.

    What the client says itself is none, nor that there is no place, nor a server's goodbye, nor a wish for TLS.
    """
    others = (*NO_PLACE, ER.SERVER_SHUTDOWN, SECURE_TRANSPORT_REQUIRED)
    return code >= 1000 and code not in CLIENT_ERRORS and code not in others


def code_and_reason(error: BaseException) -> tuple[int, str]:
    """The server's or client library's error number (0 when it has none) and what it says."""
    match error.args:
        case (int(code), reason, *_):
            return code, str(reason)
    return 0, str(error) or type(error).__name__
