"""Checks that write: one heartbeat row through the VIP, and attempts on the slave that must be refused."""

import re
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pymysql
import pymysql.cursors
from pymysql.constants import CR, ER

from runbook.core.host import Host
from runbook.core.wait import DeadlinePassed, until
from runbook.diagnosis.checks import Check, not_checked
from runbook.diagnosis.facts import Facts, reason
from runbook.diagnosis.words import make_room
from runbook.errors import RunbookError
from runbook.mysql.accounts import SCHEMA
from runbook.mysql.heartbeat import LAST_BEAT
from runbook.mysql.login import NO_PLACE, logins, says_no
from runbook.mysql.session import PasswordAsked, TooManyConnections, connect
from runbook.mysql.tls.contexts import NotTheServer
from runbook.pair.authorities import authorities
from runbook.pair.pair import ROLES, Pair
from runbook.pair.side import Side
from runbook.settings.settings import Secret, Settings

CONNECT_SECONDS = 3
WRITE_SECONDS = 5
SEEN_SECONDS = 5
NOT_ACKNOWLEDGED = "not acknowledged"
ROW_LOCKED = ("update", "Update")
NO_CONNECTION = (CR.CR_CONN_HOST_ERROR, CR.CR_CONNECTION_ERROR)

BEAT = f"INSERT INTO {SCHEMA}.heartbeat (id, beat) VALUES (1, %s) ON DUPLICATE KEY UPDATE beat = %s"
# Refused before any row is looked for; where it is not refused it finds none, and is rolled back besides.
NO_ROW = f"DELETE FROM {SCHEMA}.heartbeat WHERE id = 0"

CLIENT, WRITE, SEEN = "client on this machine", "write through the VIP", "seen on the slave"


def checks(pair: Pair, facts: Facts) -> Iterator[Check]:
    """A write through the VIP as a client and its arrival on the slave; the slave's refusal of any other write."""
    if pair.dry:
        yield from (not_checked("pair", name, "a dry run writes nothing") for name in (WRITE, SEEN))
        return
    yield from _through_the_vip(pair, facts)
    if facts["slave"].answers:
        s = pair.settings
        yield _refused(pair.slave, s.probe_user, s.probe_password)
        if pair.slave.dialect.has_super_read_only:
            yield _refused(pair.slave, "root")
        elif s.root_remote and not facts["master"].unreachable:
            # Root on the host itself gets through on this server: it is who repairs it.
            yield _refused(pair.slave, "root", s.mysql_root_password, pair.master.host)


def _through_the_vip(pair: Pair, facts: Facts) -> Iterator[Check]:
    why = _why_not(facts)
    if why:
        yield from (not_checked("pair", name, why) for name in (CLIENT, WRITE, SEEN))
        return
    found, connection = _client(pair, facts)
    yield found
    if connection is None:
        yield from (not_checked("pair", name, "no client gets in") for name in (WRITE, SEEN))
        return
    with closing(connection):
        yield from _write(pair, facts, connection)


def _why_not(facts: Facts) -> str:
    """Why there is no use in trying; what is not known is tried."""
    sides = facts.values()
    holders = [side for side in sides if side.holds_vip]
    if not holders and not any(side.unreachable for side in sides):
        return "no host holds the VIP"
    if holders and not any(side.answers or side.greets for side in holders):
        return f"mysqld on {holders[0]}, which holds the VIP, does not answer"
    return ""


def _client(pair: Pair, facts: Facts) -> tuple[Check, Any]:
    """A client's connection to the VIP: from this machine, or else from a host through SSH."""
    s = pair.settings
    where = f"{s.vip.ip}:{s.mysql_port}"
    known_by = authorities(*pair.sides.values(), silent=[role for role in ROLES if not facts[role].answers])
    started = time.monotonic()
    try:
        connection = _connection(s, known_by)
    except pymysql.MySQLError as error:
        code, why = error.args[0], error.args[-1]
        if code not in NO_CONNECTION:
            todo = "inv create-replica-user" if says_no(code) else "See mysqld's error log there"
            if code in NO_PLACE:
                todo = "End some of its sessions (SHOW PROCESSLIST), or raise max_connections"
            if isinstance(error, NotTheServer):
                todo = error.WAY_OUT
            return Check("pair", CLIENT, "FAIL", f"{where} answers, but lets {s.probe_user} not in: {why}", todo), None
        return _client_on_a_host(pair, facts, where, why, known_by)
    took = (time.monotonic() - started) * 1000
    return Check("pair", CLIENT, "OK", f"logs in to {where} as {s.probe_user} in {took:.0f} ms"), connection


def _connection(s: Settings, known_by: Sequence[str]) -> Any:
    return logins(
        str(s.vip.ip),
        s.mysql_port,
        s.probe_user,
        s.probe_password,
        WRITE_SECONDS,
        known_by,
        connect_timeout=CONNECT_SECONDS,
        write_timeout=WRITE_SECONDS,
        cursorclass=pymysql.cursors.DictCursor,
    )()


def _client_on_a_host(pair: Pair, facts: Facts, where: str, why: object, known_by: Sequence[str]) -> tuple[Check, Any]:
    """The host without the VIP is the better client: its way there leads over the network."""
    s = pair.settings
    found = f"does not get to {where}: {why}"
    reachable = [role for role in ROLES if not facts[role].unreachable]
    if not reachable:
        return Check("pair", CLIENT, "FAIL", found, "Look at the network from here first"), None
    role = min(reachable, key=lambda role: facts[role].holds_vip)
    try:
        account = (s.probe_user, s.probe_password)
        connection = connect(pair.sides[role].host, str(s.vip.ip), s.mysql_port, *account, authorities=known_by)
    except RunbookError as error:
        todo = "Does a firewall drop the port, or does the VIP's mysqld not serve? See the verdict below"
        found += f"; nor does the {role}: {reason(error, pair.sides[role].host)}"
        return Check("pair", CLIENT, "FAIL", found, todo), None
    todo = (
        f"The {role} does, and is the client of the next check. If this machine is to get there too: open the port in "
        "the firewalls between, or run verify where the applications run"
    )
    return Check("pair", CLIENT, "WARN", found, todo), connection


def _write(pair: Pair, facts: Facts, connection: Any) -> Iterator[Check]:
    """Write, but only on the master: on a slave that takes writes it would do harm."""
    beat = secrets.token_hex(16)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@server_id AS server_id")
            answering = cursor.fetchone()["server_id"]
            if answering != pair.settings.master.server_id:
                yield _another_answers(pair, answering)
                yield not_checked("pair", SEEN, "nothing was written")
                return
            started = time.monotonic()
            cursor.execute(BEAT, (beat, beat))
            acknowledged = time.monotonic()
    except (pymysql.MySQLError, OSError, EOFError) as error:
        yield _not_written(pair, error, connection.thread_id())
        yield not_checked("pair", SEEN, "no write was acknowledged")
        return
    yield Check("pair", WRITE, "OK", f"acknowledged by the master in {(acknowledged - started) * 1000:.0f} ms")
    slave = facts["slave"]
    if slave.replication and slave.replication.runs:
        yield _seen(pair.slave, beat, acknowledged)
    else:
        yield not_checked(
            "pair", SEEN, "replication does not run" if slave.answers else f"mysqld on {slave} does not answer"
        )


def _another_answers(pair: Pair, server_id: int) -> Check:
    if server_id == pair.settings.slave.server_id:
        return Check(
            "pair", WRITE, "FAIL", "the slave answers at the VIP: nothing was written", "See the verdict below"
        )
    found = f"a server with server_id {server_id} answers at the VIP: nothing was written"
    return Check("pair", WRITE, "FAIL", found, "Does another machine have that address?")


def _not_written(pair: Pair, error: BaseException, session: int) -> Check:
    code = error.args[0] if error.args else 0
    found = str(error.args[-1] if error.args else error)
    todo = "See mysqld's error log on the master; is its disk full?"
    if code == ER.OPTION_PREVENTS_STATEMENT:
        todo = "The master is read-only; see the verdict below"
    elif code in (ER.NO_SUCH_TABLE, ER.BAD_DB_ERROR):
        todo = "inv start-slave makes the table"
    elif code == CR.CR_SERVER_LOST and (state := _state_of(session, pair.master)):
        found = f"no answer yet, and the master's SHOW PROCESSLIST says of it: {state}"
        todo = _way_out_of(state, pair.settings)
    return Check("pair", WRITE, "FAIL", f"{NOT_ACKNOWLEDGED}: {found}", todo)


def _state_of(session: int, master: Side) -> str:
    """What a session does on the master that is still at its statement; empty when it has ended or nobody can say."""
    try:
        sessions = master.server.ask("SHOW PROCESSLIST")
    except RunbookError:
        return ""
    return next((row["State"] or "" for row in sessions if row["Id"] == session), "")


def _way_out_of(state: str, settings: Settings) -> str:
    """The states are mysqld's own words, alike in all its dialects only in these parts [M]."""
    if "semi-sync" in state:
        return (
            f"A commit waits for the slave, at most SEMI_SYNC_TIMEOUT_MS = {settings.semi_sync_timeout_ms}; "
            "run inv verify again after that"
        )
    if "lock" in state or state in ROW_LOCKED:
        return "Another session holds the row, its table or the whole server: look who idles there, and end it"
    return (
        "mysqld waits for its disk: see its error log on the master. Of a disk that was full it looks only once a "
        "minute whether there is room: run inv verify again after that"
    )


def _seen(slave: Side, beat: str, acknowledged: float) -> Check:
    def there() -> bool:
        return slave.server.one(LAST_BEAT).get("beat") == beat

    try:
        until("the heartbeat on the slave", SEEN_SECONDS, there, pause=0.002)
    except DeadlinePassed:
        found = f"not there after {SEEN_SECONDS} s"
        return Check("pair", SEEN, "FAIL", found, "Is replication running, and how far behind? See above")
    except RunbookError as error:
        return Check("pair", SEEN, "FAIL", reason(error, slave.host), "See mysqld's error log on the slave")
    return Check("pair", SEEN, "OK", f"{(time.monotonic() - acknowledged) * 1000:.0f} ms after it was acknowledged")


def _refused(slave: Side, user: str, password: Secret | None = None, other: Host | None = None) -> Check:
    """A write on the slave as this user, which the server must refuse.

    From the host itself, without a password as root by the socket; or from another, where root answers a challenge.
    """
    name = f"write by {user}" + (" from the other host" if other else "")
    address = str(slave.node.address) if other else "127.0.0.1"
    try:
        if password is None:
            connection = slave.server.session()
        else:
            host, port, by_challenge = other or slave.host, slave.server.port, user == "root"
            key, known_by = (None, authorities(slave)) if other else (slave.server.public_key, ())
            account = (user, password, key)
            connection = connect(host, address, port, *account, by_challenge=by_challenge, authorities=known_by)
    except PasswordAsked as error:
        return not_checked(slave.role, name, reason(error, slave.host))
    except TooManyConnections as error:
        todo = f"Clients would not be served here: {make_room(str(slave.node.address))}"
        return Check(slave.role, name, "FAIL", reason(error, slave.host), todo)
    except RunbookError as error:
        return Check(slave.role, name, "FAIL", reason(error, slave.host), "inv create-replica-user")
    try:
        with closing(connection), connection.cursor() as cursor:
            connection.autocommit(False)
            cursor.execute(NO_ROW)
            connection.rollback()
    except (pymysql.MySQLError, OSError, EOFError) as error:
        code = error.args[0] if error.args else 0
        if code == ER.OPTION_PREVENTS_STATEMENT:
            return Check(slave.role, name, "OK", f"refused: error {code}, {_option(str(error.args[-1]))}")
        found = f"another error than read-only: {error.args[-1] if error.args else error}"
        return Check(slave.role, name, "FAIL", found, "inv start-slave")
    close = f"In mysql on {slave.node.address}: {slave.dialect.close}"
    if other:
        close = f"inv install-mysql takes from {user} on other hosts what lets it write although read_only is on"
    todo = f"{close}; the attempt itself changed nothing"
    return Check(slave.role, name, "FAIL", "accepted: the slave takes writes", todo)


def _option(message: str) -> str:
    """The option that the server names as its reason, --read-only or --super-read-only."""
    found = re.search(r"--[a-z-]+", message)
    return found.group() if found else message
