"""Accounts as steps: who may log in from where, with which password, to do what.

All changes stay out of the binary log: each host has its own accounts, and none of them is a transaction that the
other host lacks.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runbook.core.host import CommandFailed, Host
from runbook.core.step import Condition, Gap, NotReady, State, Step
from runbook.mysql.dialects.dialect import COMMENT_QUESTION, Dialect, dialect_of
from runbook.mysql.session import LoginRefused, PasswordAsked, Row, Server, connect, literal
from runbook.mysql.socket_login import ask, execute, logs_in, root_options
from runbook.settings.settings import Role, Secret

SCHEMA = "runbook"
STAYS = {"password expires": "never", "locked": "no"}
LOCAL = ("localhost", "127.0.0.1", "::1")
REMOTE_ROOT = f"SELECT host AS host FROM mysql.user WHERE user = 'root' AND host NOT IN {LOCAL}"
ANONYMOUS = "SELECT host AS host FROM mysql.user WHERE user = ''"
# MariaDB's mysql.user is a view that spells its columns otherwise: each is named here.
ROOTS = (
    "SELECT host AS host, plugin AS plugin, authentication_string AS authentication_string "
    "FROM mysql.user WHERE user = 'root'"
)
TEST_TABLES = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'test'"
# Rights for anybody who logs in, which an old installation leaves (MariaDB from 10.11 on: for PUBLIC).
OPEN_TO_ANYBODY = "FROM mysql.db WHERE user IN ('', 'PUBLIC') AND db LIKE 'test%'"
OPEN_SCHEMAS = f"SELECT DISTINCT db AS name {OPEN_TO_ANYBODY} ORDER BY 1"
TEST_SCHEMA = "SELECT 1 FROM information_schema.schemata WHERE schema_name = 'test'"


@dataclass(frozen=True)
class Account(Step):
    """An account with exactly these privileges (scope -> privileges) and a password proven by logging in."""

    server: Server
    user: str
    from_host: str
    password: Secret
    privileges: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def name(self) -> str:
        return f"account {self.user}@{self.from_host}"

    @property
    def servers(self) -> frozenset[Role]:
        return self.server.side

    def want(self) -> State:
        return {"login": "works", **STAYS} | {f"on {scope}": ", ".join(sorted(p)) for scope, p in self.privileges}

    def read(self, host: Host) -> State:
        rows = self.server.ask("SELECT 1 FROM mysql.user WHERE user = %s AND host = %s", self.user, self.from_host)
        if not rows:
            return {}
        grants = self.server.ask("SHOW GRANTS FOR %s@%s", self.user, self.from_host)
        state: dict[str, object] = {f"on {scope}": None for scope, _ in self.privileges}
        state |= granted(str(next(iter(row.values()))) for row in grants)
        state |= standing(self.server, self.user, self.from_host)
        state["login"] = "works" if self._logs_in(host) else "refused"
        extra = [fact for fact in state if fact not in self.want()]
        return state if not extra else state | {"login": f"more rights than wanted: {', '.join(extra)}"}

    def fix(self, host: Host, gap: Gap) -> None:
        with self.server.opened_for_root(logged=False):
            account = (self.user, self.from_host)
            password = self.password.reveal()
            for statement in self.server.dialect.make_account:
                self.server.execute(statement, *account, password)
            self.server.execute("REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s@%s", *account)
            if any("roles" in str(change.now) for change in gap):
                roles = ", ".join(self._roles()).replace("%", "%%")
                self.server.execute(f"REVOKE {roles} FROM %s@%s", *account)
            for scope, privileges in self.privileges:
                self.server.execute(f"GRANT {', '.join(privileges)} ON {scope} TO %s@%s", *account)

    def _roles(self) -> list[str]:
        grants = self.server.ask("SHOW GRANTS FOR %s@%s", self.user, self.from_host)
        return str(granted(str(next(iter(row.values()))) for row in grants)["roles"]).split(", ")

    def _logs_in(self, host: Host) -> bool:
        if self.from_host == "localhost":
            return logs_in(host, self.user, self.password)
        return self.server.lets_in(self.user, self.password)


def standing(server: Server, user: str, from_host: str) -> dict[str, object]:
    """Whether the account's password expires and whether it is locked, where the server can tell."""
    if not server.dialect.shows_accounts:
        return dict(STAYS)
    return stands(str(next(iter(server.one("SHOW CREATE USER %s@%s", user, from_host).values()))))


def stands(create_user: str) -> dict[str, object]:
    """The same as SHOW CREATE USER has it."""
    words = re.sub(r"'(\\\\.|''|[^'])*'", "", create_user)
    expires = re.search(r"PASSWORD EXPIRE( NEVER| DEFAULT| INTERVAL \d+ DAY)?", words)
    when = (expires[1] or " NOW").strip() if expires else "DEFAULT"
    return {
        "password expires": "never" if when == "NEVER" else when.lower(),
        "locked": "yes" if "ACCOUNT LOCK" in words else "no",
    }


def granted(grants: Iterable[str]) -> dict[str, object]:
    """SHOW GRANTS as `on SCOPE` -> sorted privileges, roles as `roles`; USAGE, which is none, left out.

    With ANSI_QUOTES in SQL_MODE the server puts names in double quotes [M].
    """
    found: dict[str, set[str]] = {}
    for grant in grants:
        match = re.match(r"GRANT (.+) ON (\S+) TO .+?(WITH GRANT OPTION)?$", grant)
        if match:
            privileges = {p.strip() for p in match[1].split(",")} - {"USAGE"}
            scope = re.sub('[`"]', "", match[2])
            found.setdefault(f"on {scope}", set()).update(privileges | ({"GRANT OPTION"} if match[3] else set()))
        elif match := re.match(r"GRANT (.+) TO ", grant):
            found.setdefault("roles", set()).update(match[1].split(","))
    return {scope: ", ".join(sorted(privileges)) for scope, privileges in found.items() if privileges}


@dataclass(frozen=True)
class RootPassword(Step):
    """root logs in with MYSQL_ROOT_PASSWORD, by the socket and from 127.0.0.1.

    The second needs an account of its own: with skip_name_resolve the server no longer takes 127.0.0.1 for localhost.
    """

    server: Server
    password: Secret

    name = "root's password"

    @property
    def servers(self) -> frozenset[Role]:
        return self.server.side

    def want(self) -> State:
        return {"by the socket": "MYSQL_ROOT_PASSWORD", "from 127.0.0.1": "MYSQL_ROOT_PASSWORD", **STAYS}

    def read(self, host: Host) -> State:
        rows = self._rows()
        return {
            "by the socket": "MYSQL_ROOT_PASSWORD" if self._demanded_by_the_socket(host, rows) else None,
            "from 127.0.0.1": "MYSQL_ROOT_PASSWORD" if self._let_in_from_127(rows) else None,
            **(standing(self.server, "root", "localhost") if "localhost" in rows else {}),
        }

    def _let_in_from_127(self, rows: Mapping[str, Row]) -> bool:
        """Not refused, as far as a login can tell that gives the password to nobody but this server."""
        if "127.0.0.1" not in rows:
            return False
        try:
            return self.server.lets_in("root", self.password, by_challenge=True)
        except (NotReady, PasswordAsked):
            return True

    def _demanded_by_the_socket(self, host: Host, rows: Mapping[str, Row]) -> bool:
        if "localhost" not in rows:
            return False
        known = self.server.dialect.demands(rows["localhost"], self.password.reveal())
        return logs_in(host, "root", self.password) if known is None else known

    def refusal(self, host: Host, gap: Gap) -> str | None:
        if root_options(host, self.password) is not None:
            return None
        return (
            f"{host}: root is let in by the socket neither with MYSQL_ROOT_PASSWORD nor without a password\n"
            "This server was set up before. Put its present root password into hosts.env as MYSQL_ROOT_PASSWORD."
        )

    def fix(self, host: Host, gap: Gap) -> None:
        options = root_options(host, self.password)
        assert options is not None, "refused before"
        dialect = dialect_of(*ask(host, options, COMMENT_QUESTION).split("\t", 1))
        opens, closes = [], []
        if dialect.has_super_read_only:
            opens = ["SET GLOBAL super_read_only = OFF"]
            closes = [f"SET GLOBAL super_read_only = {ask(host, options, 'SELECT @@GLOBAL.super_read_only')}"]
        unlogged = "SET SESSION sql_mode = '', sql_log_bin = OFF"
        statements = [unlogged, *opens, *dialect.set_root_password(literal(self.password.reveal()))]
        try:
            execute(host, options, [*statements, *closes])
        except CommandFailed:
            # The client ended at the statement that failed; the password may be the old one or the new one by then.
            execute(host, root_options(host, self.password) or options, closes)
            raise

    def _rows(self) -> dict[str, Row]:
        """How root is authenticated, by host; nothing when MYSQL_ROOT_PASSWORD does not let us in to look."""
        try:
            rows = self.server.ask(ROOTS)
        except LoginRefused:
            return {}
        return {row["host"]: row for row in rows}


@dataclass(frozen=True)
class SecureInstallation(Step):
    """As mysql_secure_installation: no anonymous account, root from other hosts only if wanted, no test schema."""

    server: Server
    root_password: Secret
    root_remote: bool

    name = "secure installation"

    @property
    def servers(self) -> frozenset[Role]:
        return self.server.side

    def want(self) -> State:
        return {
            "anonymous accounts": None,
            "root from other hosts": "root@%" if self.root_remote else None,
            "root without a password": None,
            "schemas open to anybody": None,
            "test schema": None,
        }

    def read(self, host: Host) -> State:
        anonymous, remote = self.server.ask(ANONYMOUS), self.server.ask(REMOTE_ROOT)
        through = write_through(self.server) if remote else []
        roots = [f"root@{row['host']}" for row in remote]
        droppable = bool(self.server.ask(TEST_SCHEMA)) and self.server.value(TEST_TABLES) == 0
        return {
            "anonymous accounts": ", ".join(f"''@{row['host']}" for row in anonymous) or None,
            "root from other hosts": ", ".join(
                f"{root} (writes through read_only)" if root in through else root for root in roots
            )
            or None,
            "root without a password": ", ".join(f"root@{host}" for host in self._open_roots()) or None,
            "schemas open to anybody": ", ".join(row["name"] for row in self.server.ask(OPEN_SCHEMAS)) or None,
            # A test schema with tables in it is somebody's data: it is not ours to drop.
            "test schema": "empty" if droppable else None,
        }

    def fix(self, host: Host, gap: Gap) -> None:
        with self.server.opened_for_root(logged=False):
            for row in self.server.ask(ANONYMOUS):
                self.server.execute("DROP USER ''@%s", row["host"])
            for host_of_root in self._open_roots():
                self.server.execute("DROP USER root@%s", host_of_root)
            for row in self.server.ask(REMOTE_ROOT):
                self.server.execute("DROP USER root@%s", row["host"])
            if self.root_remote:
                for statement in self.server.dialect.make_account:
                    self.server.execute(statement, "root", "%", self.root_password.reveal())
                self.server.execute("GRANT ALL PRIVILEGES ON *.* TO root@%s WITH GRANT OPTION", "%")
                if through := self.server.dialect.write_through_privileges:
                    self.server.execute(f"REVOKE {', '.join(through)} ON *.* FROM root@%s", "%")
            if any(change.fact == "schemas open to anybody" for change in gap):
                self.server.execute(f"DELETE {OPEN_TO_ANYBODY}")
                self.server.execute("FLUSH PRIVILEGES")
            if any(change.fact == "test schema" for change in gap):
                self.server.execute("DROP SCHEMA IF EXISTS test")

    def _open_roots(self) -> list[str]:
        question = self.server.dialect.open_roots
        return [row["host"] for row in self.server.ask(question)] if question else []


def write_through(server: Server) -> list[str]:
    """Accounts that write although read_only is on.

    Roles among them, but not root on the host itself, by whom the runbook repairs, nor mysql, which MariaDB lets in as
    OS user only.
    """
    if not server.dialect.writes_through:
        return []
    rows = server.ask(server.dialect.writes_through)
    found = [(row["user"], row["host"]) for row in rows]
    others = [(user, host) for user, host in found if user not in ("root", "mysql") or host not in LOCAL]
    return sorted(f"{user}@{host}" if host else f"role {user}" for user, host in others)


def replica_account(server: Server, user: str, password: Secret) -> Account:
    """The article's replica user, with what replication needs and no more."""
    return Account(server, user, "%", password, (("*.*", ("REPLICATION SLAVE",)),))


def check_account(
    server: Server, user: str, password: Secret, dialect: Dialect, from_host: str = "localhost"
) -> Account:
    """The account of the scripts on the host: reads the state, opens and closes the server, moves replication.

    From localhost it comes by the socket; from 127.0.0.1 by the administrators' door, when all connections are used up.
    """
    return Account(server, user, from_host, password, dialect.check_privileges)


def probe_account(server: Server, user: str, password: Secret) -> Account:
    """The client of verify and of the drills: an application's rights on a schema of its own."""
    return Account(server, user, "%", password, ((f"{SCHEMA}.*", ("SELECT", "INSERT", "UPDATE", "DELETE")),))


@dataclass(frozen=True)
class PeerLogin(Condition):
    """From this host, the replica user logs in to the other host's MySQL, as the article checks by hand."""

    peer_address: str
    peer_id: int
    port: int
    user: str
    password: Secret

    @property
    def name(self) -> str:
        return f"login to {self.peer_address} as {self.user}"

    def reason(self, host: Host) -> str | None:
        found = self._found(host)
        if found is None:
            return None
        return (
            f"{host}: logging in to {self.peer_address}:{self.port} as {self.user}: {found}\n"
            "Does something else listen there? Is the account right on that host (inv create-replica-user)? "
            "Check MASTER_SERVER_ID, SLAVE_SERVER_ID and MYSQL_PORT."
        )

    def _found(self, host: Host) -> str | None:
        """What is there instead of the other host's server."""
        try:
            connection = connect(host, self.peer_address, self.port, self.user, self.password)
        except LoginRefused:
            return "login refused"
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@server_id AS server_id")
            server_id = cursor.fetchone()["server_id"]
        return None if server_id == self.peer_id else f"server_id is {server_id}, wanted {self.peer_id}"
