"""Accounts as steps: who may log in from where, with which password, to do what.

All changes stay out of the binary log: each host has its own accounts, and none of them is a transaction that the
other host lacks.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from runbook.core.host import Host
from runbook.core.step import BOTH, Condition, Gap, State, Step
from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.server_socket import SOCKETS_QUESTION
from runbook.mysql.session import LoginRefused, Server, connect
from runbook.settings.settings import Role, Secret

SCHEMA = "runbook"
STAYS = {"password expires": "never", "locked": "no"}
LOCAL = ("localhost", "127.0.0.1", "::1")


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

    def questions(self) -> Iterable[str]:
        if self.from_host == "localhost":
            yield SOCKETS_QUESTION

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
        state["login"] = "works" if self._logs_in() else "refused"
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

    def _logs_in(self) -> bool:
        if self.from_host == "localhost":
            return self.server.lets_in_by_the_socket(self.user, self.password)
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
    """The account of the scripts on the host: reads state and roles, opens and closes the server, moves replication.

    From localhost it comes by the socket; from 127.0.0.1 by the administrators' door, when all connections are used up.
    """
    rights = (*dialect.check_privileges, (f"{SCHEMA}.*", ("SELECT",)))
    return Account(server, user, from_host, password, rights)


def probe_account(server: Server, user: str, password: Secret) -> Account:
    """The client of verify and of the drills: an application's rights on a schema of its own."""
    return Account(server, user, "%", password, ((f"{SCHEMA}.*", ("SELECT", "INSERT", "UPDATE", "DELETE")),))


@dataclass(frozen=True)
class PeerLogin(Condition):
    """From this host, the replica user logs in to the other host's MySQL, as the article checks by hand.

    Where that `server` has a CA it must show a certificate of it.
    """

    peer_address: str
    peer_id: int
    port: int
    user: str
    password: Secret
    server: Server

    servers = BOTH

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
            account = (self.user, self.password)
            connection = connect(host, self.peer_address, self.port, *account, authorities=self.server.authorities)
        except LoginRefused:
            return "login refused"
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@server_id AS server_id")
            server_id = cursor.fetchone()["server_id"]
        return None if server_id == self.peer_id else f"server_id is {server_id}, wanted {self.peer_id}"
