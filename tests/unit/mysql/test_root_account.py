"""root's password, and what mysql_secure_installation does."""

from collections.abc import Callable

import pytest
from case_files import case
from fake import FakeLink, FakeMysqld, lets_in, link_of, mysqld_of, pair_of

from runbook.core.host import ChangedInDryRun
from runbook.core.ssh import Ran
from runbook.core.step import Change, NotReady, ensure
from runbook.errors import RunbookError
from runbook.mysql.dialects.dialect import COMMENT_QUESTION
from runbook.mysql.optionfile import client_section, quoted
from runbook.mysql.root import ROOTS, RootPassword, SecureInstallation
from runbook.mysql.session import TooManyConnections
from runbook.mysql.socket_login import CLIENT, logs_in
from runbook.pair.side import Side
from runbook.settings.settings import Secret, Settings

pytestmark = pytest.mark.usefixtures("fake_mysql")


@pytest.fixture
def side(settings: Settings) -> Side:
    return pair_of(settings).slave


@pytest.fixture
def mysqld(side: Side) -> FakeMysqld:
    mysqld = mysqld_of(side)
    mysqld.closed(True)
    mysqld.unlogged()
    return mysqld


@pytest.fixture
def link(side: Side) -> FakeLink:
    return link_of(side)


def test_nothing_of_root_is_changed_in_a_dry_run(settings: Settings) -> None:
    side = pair_of(settings, dry=True).slave
    mysqld = mysqld_of(side)
    mysqld.closed(False)
    link_of(side).says(CLIENT, "9.7.4\t\n")
    root = settings.mysql_root_password
    for step in (RootPassword(side.server, root), SecureInstallation(side.server, root, True)):
        with pytest.raises(ChangedInDryRun):
            step.fix(side.host, [Change("login", None, "works")])
    assert mysqld.changed == []


def test_a_password_is_never_part_of_a_command(side: Side, mysqld: FakeMysqld, link: FakeLink) -> None:
    Client(link, mysqld, root="root-sesame-1")
    RootPassword(side.server, side.settings.mysql_root_password).fix(side.host, [Change("by the socket", None, "x")])
    assert len(link.calls) >= 2
    assert not any("sesame" in call for call in link.calls)
    assert all("sesame" in (stdin or "") for stdin in link.stdins)


def test_a_full_house_tells_nothing_of_a_password(side: Side, link: FakeLink) -> None:
    link.says(CLIENT, Ran(1, "", case("mysql_client", "1040_full_house").text))
    with pytest.raises(TooManyConnections, match="connections are in use"):
        logs_in(side.host, "root", side.settings.mysql_root_password)


@pytest.mark.parametrize(
    ("value", "written"),
    [("plain", '"plain"'), ('a"b', '"a\\"b"'), ("a\\b", '"a\\\\b"'), ("a#b;c", '"a#b;c"'), ("größe", '"größe"')],
)
def test_an_option_file_holds_any_password(value: str, written: str) -> None:
    assert quoted(value) == written
    assert (
        client_section("root", Secret(value)) == f'[client-mariadb]\nssl=0\n[client]\nuser="root"\npassword={written}\n'
    )


AS_DEBIAN_INSTALLS_IT = {"host": "localhost", "plugin": "auth_socket"}
AS_WE_WANT_IT = [{"host": host, "plugin": "caching_sha2_password"} for host in ("127.0.0.1", "localhost")]


class Client:
    """The mysql client on the host: lets root in by some options, and keeps what it was told to do."""

    def __init__(self, link: FakeLink, mysqld: FakeMysqld, **logins: str) -> None:
        self.statements: list[str] = []
        self._accepts = lets_in(**logins)
        self._mysqld = mysqld
        link.says(CLIENT, self)

    def __call__(self, stdin: str | None) -> Ran:
        _, _, statements = (stdin or "").partition("\0")
        if statements == "SELECT 1;\n":
            return self._accepts(stdin)
        if statements == "SELECT @@GLOBAL.super_read_only;\n":
            return Ran(0, "0\n", "")
        if statements == f"{COMMENT_QUESTION};\n":
            return Ran(0, "9.7.4-2\t(Debian)\n", "")
        self.statements = statements.removesuffix(";\n").split(";\n")
        self._accepts = lets_in(root="root-sesame-1")
        self._mysqld.logins["root"] = "root-sesame-1"
        self._mysqld.says(ROOTS, *AS_WE_WANT_IT)
        stays(self._mysqld)
        return Ran(0, "", "")


def stays(mysqld: FakeMysqld) -> None:
    """root's logins never end."""
    never = case("create_user", "mysql_9_7_never").said
    mysqld.says("SHOW CREATE USER 'root'@'localhost'", {"CREATE USER": never})


def root_step(side: Side) -> RootPassword:
    return RootPassword(side.server, side.settings.mysql_root_password)


def test_the_password_that_root_had_lets_the_new_one_in(side: Side, mysqld: FakeMysqld, link: FakeLink) -> None:
    mysqld.logins["root"] = "root-of-old"
    client = Client(link, mysqld, root="root-of-old")
    wanted = side.settings.mysql_root_password
    refusal = RootPassword(side.server, wanted).refusal(side.host, [])
    assert refusal is not None
    assert "MYSQL_ROOT_PASSWORD_OLD" in refusal
    outcome = ensure(side.host, RootPassword(side.server, wanted, Secret("root-of-old")))
    assert outcome.status == "changed"
    assert any("BY 'root-sesame-1'" in statement for statement in client.statements)
    assert ensure(side.host, RootPassword(side.server, wanted, Secret("root-of-old"))).status == "ok"


def test_a_fresh_server_gets_roots_password_for_both_ways_in(side: Side, mysqld: FakeMysqld, link: FakeLink) -> None:
    mysqld.logins["root"] = ""
    client = Client(link, mysqld, root="")
    outcome = ensure(side.host, root_step(side))
    assert outcome.gap == [
        Change("by the socket", None, "MYSQL_ROOT_PASSWORD"),
        Change("from 127.0.0.1", None, "MYSQL_ROOT_PASSWORD"),
        Change("password expires", None, "never"),
        Change("locked", None, "no"),
    ]
    first, *_, last = client.statements
    assert "sql_log_bin = OFF" in first
    assert last == "SET GLOBAL super_read_only = 0"
    for where in ("127.0.0.1", "localhost"):
        password = "IDENTIFIED WITH caching_sha2_password BY 'root-sesame-1'"
        assert f"ALTER USER root@{where} {password} PASSWORD EXPIRE NEVER ACCOUNT UNLOCK" in client.statements
    assert ensure(side.host, root_step(side)).status == "ok"


def test_a_root_that_the_socket_lets_in_unasked_has_no_password_yet(
    side: Side, mysqld: FakeMysqld, link: FakeLink
) -> None:
    mysqld.says(ROOTS, AS_DEBIAN_INSTALLS_IT, AS_WE_WANT_IT[0])
    stays(mysqld)
    Client(link, mysqld, root="root-sesame-1")
    outcome = ensure(side.host, root_step(side))
    assert outcome.gap == [Change("by the socket", None, "MYSQL_ROOT_PASSWORD")]


def test_a_password_with_quotes_reaches_root_unbroken(
    settings_of: Callable[..., Settings],
) -> None:
    side = pair_of(settings_of(MYSQL_ROOT_PASSWORD="'it\\'s \"so\" \\\\ \\$x'")).master
    password = side.settings.mysql_root_password.reveal()
    assert password.startswith('it\'s "so" \\')
    mysqld, link = mysqld_of(side), link_of(side)
    client = Client(link, mysqld, root="")
    root_step(side).fix(side.host, [Change("by the socket", None, "x")])
    escaped = password.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"')
    assert any(statement.endswith(f"BY '{escaped}'") for statement in client.statements)


def test_a_server_with_another_root_password_is_refused_with_the_way_out(
    side: Side, mysqld: FakeMysqld, link: FakeLink
) -> None:
    mysqld.logins["root"] = "another"
    Client(link, mysqld, root="another")
    with pytest.raises(RunbookError) as caught:
        ensure(side.host, root_step(side))
    told = str(caught.value)
    assert "slave 192.168.152.129: root is let in by the socket neither with MYSQL_ROOT_PASSWORD" in told
    assert "into hosts.env as MYSQL_ROOT_PASSWORD" in told
    assert "sesame" not in told


def test_a_server_that_does_not_run_is_not_taken_for_one_without_a_password(side: Side, link: FakeLink) -> None:
    link.says(CLIENT, Ran(1, "", case("mysql_client", "2002_no_socket").text))
    with pytest.raises(NotReady, match="mysqld does not run"):
        ensure(side.host, root_step(side))


# ---- mysql_secure_installation ----

ANONYMOUS = "SELECT host AS host FROM mysql.user WHERE user = ''"
REMOTE_ROOT = (
    "SELECT host AS host FROM mysql.user WHERE user = 'root' AND host NOT IN ('localhost', '127.0.0.1', '::1')"
)
OPEN_SCHEMAS = "SELECT DISTINCT db AS name FROM mysql.db WHERE user IN ('', 'PUBLIC') AND db LIKE 'test%' ORDER BY 1"
TEST_SCHEMA = "SELECT 1 FROM information_schema.schemata WHERE schema_name = 'test'"
TEST_TABLES = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'test'"


def found(mysqld: FakeMysqld, *, anonymous: str = "", root: str = "", test: int | None = None) -> None:
    mysqld.says(ANONYMOUS, *({"host": host} for host in anonymous.split()))
    mysqld.says(REMOTE_ROOT, *({"host": host} for host in root.split()))
    mysqld.says(OPEN_SCHEMAS)
    mysqld.says(TEST_SCHEMA, *([] if test is None else [{"1": 1}]))
    mysqld.says(TEST_TABLES, {"COUNT(*)": test or 0})


def secure(side: Side, *, root_remote: bool = False) -> SecureInstallation:
    return SecureInstallation(side.server, side.settings.mysql_root_password, root_remote)


def test_a_server_as_debian_installs_it_is_secure(side: Side, mysqld: FakeMysqld) -> None:
    found(mysqld)
    assert ensure(side.host, secure(side)).status == "ok"


def test_anonymous_accounts_remote_root_and_an_empty_test_schema_go(side: Side, mysqld: FakeMysqld) -> None:
    found(mysqld, anonymous="localhost db1", root="% 10.0.0.%", test=0)
    mysqld.takes("DROP USER ''@'localhost'", lambda: mysqld.says(ANONYMOUS, {"host": "db1"}))
    mysqld.takes("DROP USER ''@'db1'", lambda: mysqld.says(ANONYMOUS))
    mysqld.takes("DROP USER root@'%'")
    mysqld.takes("DROP USER root@'10.0.0.%'", lambda: mysqld.says(REMOTE_ROOT))
    mysqld.takes("DROP SCHEMA IF EXISTS test", lambda: mysqld.says(TEST_SCHEMA))
    outcome = ensure(side.host, secure(side))
    assert outcome.gap == [
        Change("anonymous accounts", "''@localhost, ''@db1", None),
        Change("root from other hosts", "root@%, root@10.0.0.%", None),
        Change("test schema", "empty", None),
    ]
    assert "SET SESSION sql_log_bin = OFF" in mysqld.changed
    assert mysqld.changed[-1] == "SET GLOBAL super_read_only = ON"


def test_rights_on_test_schemas_for_anybody_go(side: Side, mysqld: FakeMysqld) -> None:
    found(mysqld)
    mysqld.says(OPEN_SCHEMAS, {"name": "test"}, {"name": "test\\_%"})
    mysqld.takes("DELETE FROM mysql.db WHERE user IN ('', 'PUBLIC') AND db LIKE 'test%'")
    mysqld.takes("FLUSH PRIVILEGES", lambda: mysqld.says(OPEN_SCHEMAS))
    outcome = ensure(side.host, secure(side))
    assert outcome.gap == [Change("schemas open to anybody", "test, test\\_%", None)]
    assert "SET SESSION sql_log_bin = OFF" in mysqld.changed


def test_a_test_schema_with_tables_is_somebodys_data_and_stays(side: Side, mysqld: FakeMysqld) -> None:
    found(mysqld, anonymous="localhost", test=3)
    mysqld.takes("DROP USER ''@'localhost'", lambda: mysqld.says(ANONYMOUS))
    assert [change.fact for change in ensure(side.host, secure(side)).gap] == ["anonymous accounts"]
    assert not any("SCHEMA" in statement for statement in mysqld.changed)


def test_root_may_come_from_other_hosts_when_hosts_env_wants_it(side: Side, mysqld: FakeMysqld) -> None:
    found(mysqld)
    mysqld.takes("CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY 'root-sesame-1'")
    mysqld.takes("ALTER USER 'root'@'%' IDENTIFIED BY 'root-sesame-1' PASSWORD EXPIRE NEVER ACCOUNT UNLOCK")
    mysqld.takes(
        "GRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION",
        lambda: mysqld.says(REMOTE_ROOT, {"host": "%"}),
    )
    outcome = ensure(side.host, secure(side, root_remote=True))
    assert outcome.gap == [Change("root from other hosts", None, "root@%")]


def test_a_remote_root_that_is_wanted_is_left_alone(side: Side, mysqld: FakeMysqld) -> None:
    found(mysqld, root="%")
    assert ensure(side.host, secure(side, root_remote=True)).status == "ok"


def test_the_root_for_ipv6_that_5_6_leaves_without_a_password_goes(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.says(COMMENT_QUESTION, {"version": "5.6.24-log", "comment": "MySQL Community Server (GPL)"})
    found(mysqld)
    open_roots = side.server.dialect.open_roots
    mysqld.says(open_roots, {"host": "::1"})
    mysqld.takes("DROP USER root@'::1'", lambda: mysqld.says(open_roots))
    assert ensure(side.host, secure(side)).gap == [Change("root without a password", "root@::1", None)]
    assert "SET SESSION sql_log_bin = OFF" in mysqld.changed
