"""root as steps: its password, and what mysql_secure_installation removes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runbook.core.host import CommandFailed, Host
from runbook.core.step import Gap, NotReady, State, Step
from runbook.mysql.accounts import LOCAL, STAYS, standing, write_through
from runbook.mysql.dialects.dialect import COMMENT_QUESTION, dialect_of
from runbook.mysql.server_socket import SOCKETS_QUESTION
from runbook.mysql.session import LoginRefused, PasswordAsked, Row, Server
from runbook.mysql.socket_login import ask, execute, root_options
from runbook.mysql.terms import literal
from runbook.settings.settings import Role, Secret

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
class RootPassword(Step):
    """root logs in with MYSQL_ROOT_PASSWORD, by the socket and from 127.0.0.1; until now it may have had the `old` one.

    The second needs an account of its own: with skip_name_resolve the server no longer takes 127.0.0.1 for localhost.
    """

    server: Server
    password: Secret
    old: Secret | None = None

    name = "root's password"

    @property
    def servers(self) -> frozenset[Role]:
        return self.server.side

    def questions(self) -> Iterable[str]:
        yield SOCKETS_QUESTION

    def want(self) -> State:
        return {"by the socket": "MYSQL_ROOT_PASSWORD", "from 127.0.0.1": "MYSQL_ROOT_PASSWORD", **STAYS}

    def read(self, host: Host) -> State:
        rows = self._rows()
        return {
            "by the socket": "MYSQL_ROOT_PASSWORD" if self._demanded_by_the_socket(rows) else None,
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

    def _demanded_by_the_socket(self, rows: Mapping[str, Row]) -> bool:
        if "localhost" not in rows:
            return False
        known = self.server.dialect.demands(rows["localhost"], self.password.reveal())
        return self.server.lets_in_by_the_socket("root", self.password) if known is None else known

    def refusal(self, host: Host, gap: Gap) -> str | None:
        if self._options(host) is not None:
            return None
        either = ", nor with MYSQL_ROOT_PASSWORD_OLD," if self.old else ""
        return (
            f"{host}: root is let in by the socket neither with MYSQL_ROOT_PASSWORD{either} nor without a password\n"
            "This server was set up before. Put its present root password into hosts.env as MYSQL_ROOT_PASSWORD, or as "
            "MYSQL_ROOT_PASSWORD_OLD where MYSQL_ROOT_PASSWORD is the one that it shall have."
        )

    def _options(self, host: Host) -> str | None:
        return root_options(host, self.password, *([self.old] if self.old else []))

    def fix(self, host: Host, gap: Gap) -> None:
        options = self._options(host)
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
            execute(host, self._options(host) or options, closes)
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
