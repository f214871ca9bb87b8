"""A client's login through the VIP, straight from this machine: what it may read and write, and how it is refused."""

from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Address
from typing import Any

import pymysql
from pymysql.constants import ER

from runbook.errors import RunbookError
from runbook.mysql.accounts import SCHEMA
from runbook.mysql.dialects.dialect import dialect_of
from runbook.mysql.login import Connect, code_and_reason, logins
from runbook.mysql.session import LoginRefused, connect
from runbook.mysql.tls.contexts import NotTheServer
from runbook.observe.ledger import Row
from runbook.pair.authorities import authorities
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings

ANSWER_SECONDS = 1

READ_ONLY_TRANSACTION, READ_ONLY_MODE = 1792, 1836  # ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, ER_READ_ONLY_MODE
REFUSALS = (ER.OPTION_PREVENTS_STATEMENT, READ_ONLY_TRANSACTION, READ_ONLY_MODE)
"""The server's words for: I am read-only, and have not done it."""

BROKEN = (pymysql.MySQLError, OSError, EOFError)
"""All that a statement of a client can end with."""

WHO = "SELECT @@server_id"
WRITE = f"INSERT INTO {SCHEMA}.ledger (run, writer, seq) VALUES (%s, %s, %s)"
ROWS = f"SELECT COUNT(*) FROM {SCHEMA}.ledger WHERE run = %s"
READ = f"SELECT MAX(seq) FROM {SCHEMA}.ledger WHERE run = %s AND writer = %s"


def through_vip(pair: Pair, answer_seconds: int = ANSWER_SECONDS) -> Connect:
    """Logins to the VIP, as a client makes them, who waits so long for an answer."""
    return _logins(pair.settings, pair.settings.vip.ip, authorities(*pair.sides.values()), answer_seconds)


def logins_to(side: Side, answer_seconds: int = ANSWER_SECONDS) -> Connect:
    """Logins to one of the servers, as a client makes them, who waits so long for an answer."""
    return _logins(side.settings, side.node.address, authorities(side), answer_seconds)


def _logins(settings: Settings, address: IPv4Address, known_by: Sequence[str], answer_seconds: int) -> Connect:
    """Logins as PROBE_USER at an address, bounded by ANSWER_SECONDS, and each answer by `answer_seconds`."""
    return logins(
        str(address),
        settings.mysql_port,
        settings.probe_user,
        settings.probe_password,
        answer_seconds,
        known_by,
        connect_timeout=ANSWER_SECONDS,
        write_timeout=ANSWER_SECONDS,
    )


class Session:
    """A login that knows which server it reached; every method may end with one of BROKEN."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.server_id = int(self._value(WHO))

    def read(self, run: str, writer: int) -> None:
        """Read the newest row of a writer."""
        self._value(READ, run, writer)

    def write(self, run: str, row: Row) -> None:
        """Write a row, committed when this returns."""
        with self._connection.cursor() as cursor:
            cursor.execute(WRITE, (run, *row))

    def rows(self, run: str) -> int:
        """How many rows of a run the server has."""
        return int(self._value(ROWS, run))

    def takes_writes(self) -> bool:
        """Whether the server is open for writes, if only for root's."""
        return not self._value(dialect_of(self._connection.get_server_info()).closed)

    def close(self) -> None:
        """Log out, also of a server that is gone."""
        with suppress(*BROKEN):
            self._connection.close()

    def _value(self, query: str, *args: object) -> Any:
        with self._connection.cursor() as cursor:
            cursor.execute(query, args or None)
            row = cursor.fetchone()
        return row[0] if row else None


def refuse_without_client(pair: Pair) -> None:
    """Raise RunbookError unless a client on this machine reaches the VIP, and the slave would let it in too."""
    s = pair.settings
    where = f"{s.vip.ip}:{s.mysql_port}"
    try:
        Session(through_vip(pair)()).close()
    except BROKEN as error:
        code, reason = code_and_reason(error)
        way_out = (
            "The drill's client runs here, so this machine must reach the VIP as clients do: look at firewalls\n"
            "and routes, or run the drill from a machine in the clients' network."
        )
        if code == ER.ACCESS_DENIED_ERROR:
            way_out = "Put the account right: inv create-replica-user"
        elif isinstance(error, NotTheServer):
            way_out = error.WAY_OUT
        raise RunbookError(
            f"this machine gets no session at {where} as {s.probe_user}: {reason}", f"Nothing was done. {way_out}"
        ) from error
    try:
        key = pair.slave.server.public_key
        connect(pair.slave.host, "127.0.0.1", s.mysql_port, s.probe_user, s.probe_password, key).close()
    except LoginRefused as error:
        raise RunbookError(str(error), "Nothing was done. Put the account right: inv create-replica-user") from error
