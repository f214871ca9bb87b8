"""The client program on the host itself, through the server's socket; option file and statements go in by stdin."""

from pymysql.constants import ER

from runbook.core.host import Host
from runbook.mysql.optionfile import client_section
from runbook.mysql.session import TooManyConnections
from runbook.settings.settings import Secret

# read, printf and <() are bash's own: neither the password nor a statement is ever an argument or a file. Root's own
# ~/.mylogin.cnf and MYSQL_* have no say, as in library.sh.
CLIENT = (
    'exec bash -c \'IFS= read -r -d "" options; '
    'unset "${!MYSQL_@}" "${!MARIADB_@}" "${!LIBMYSQL_@}"; export MYSQL_TEST_LOGIN_FILE=/nonexistent; '
    'exec "$(command -v mariadb || echo mysql)" --defaults-file=<(printf %s "$options") '
    "--protocol=socket --default-character-set=utf8mb4 -NB'"
)
# The same for statements of any bytes, as mysqlbinlog prints them: in base64.
REPLAY = CLIENT.replace("-NB'", "--binary-mode < <(base64 -d)'")
NO_PASSWORD = "[client]\nuser=root\n"


def logs_in(host: Host, user: str, password: Secret) -> bool:
    """Whether the scripts' way in works: this user by the socket with this password. Raises TooManyConnections."""
    return _accepts(host, client_section(user, password))


def root_options(host: Host, *passwords: Secret) -> str | None:
    """Options that let root in by the socket now: with one of these passwords, or as a fresh installation does."""
    options = (*(client_section("root", password) for password in passwords), NO_PASSWORD)
    return next((each for each in options if _accepts(host, each)), None)


def ask(host: Host, options: str, query: str) -> str:
    """What a query that only reads prints."""
    return host.ask(CLIENT, stdin=f"{options}\0{query};\n").strip()


def execute(host: Host, options: str, statements: list[str]) -> None:
    """Run statements that change the server."""
    host.do(CLIENT, stdin=f"{options}\0" + "".join(f"{statement};\n" for statement in statements))


def replay(host: Host, options: str, encoded: str, *, timeout: float) -> None:
    """Run statements that change the server, given in base64; CommandFailed with the first that fails."""
    host.do(REPLAY, stdin=f"{options}\0{encoded}", timeout=timeout)


def _accepts(host: Host, options: str) -> bool:
    ran = host.link.run(CLIENT, timeout=10, stdin=f"{options}\0SELECT 1;\n")
    if f"ERROR {ER.CON_COUNT_ERROR} " in ran.err:
        raise TooManyConnections(
            str(host), "all of mysqld's connections are in use, so the login by the socket was not tried"
        )
    return ran.code == 0
