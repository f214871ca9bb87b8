"""SQL on a host: logging in, asking, changing, and what is said when it fails."""

from pathlib import Path

import pymysql
import pytest
from certificate_files import authority
from fake import FOLDERS, SOCKET, FakeMysqld, captured_json, link_of, mysqld_of, pair_of

from runbook.core.host import ChangedInDryRun
from runbook.core.step import NotReady
from runbook.errors import BadInput, HostError
from runbook.mysql import session
from runbook.mysql.server_socket import SOCKETS_QUESTION, Folder
from runbook.mysql.session import (
    KEY_FILE_QUESTION,
    LoginRefused,
    PasswordAsked,
    SqlFailed,
    TooManyConnections,
    connect,
)
from runbook.mysql.terms import literal
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Secret, Settings

OPENED = "SET GLOBAL super_read_only = OFF"
CLOSED = "SET GLOBAL super_read_only = ON"
UNLOGGED = "SET SESSION sql_log_bin = OFF"
LOGGED = "SET SESSION sql_log_bin = ON"

pytestmark = pytest.mark.usefixtures("fake_mysql")


@pytest.fixture
def side(pair: Pair) -> Side:
    return pair.slave


@pytest.fixture
def mysqld(side: Side) -> FakeMysqld:
    return mysqld_of(side)


# ---- logging in ----


def test_no_server_is_something_to_wait_for(side: Side) -> None:
    with pytest.raises(
        NotReady,
        match=r"slave 192\.168\.152\.129: mysqld does not run: nobody listens on its socket /run/mysqld/mysqld\.sock",
    ):
        side.server.value("SELECT 1")
    assert side.server.answers() is False


def test_a_refused_login_names_the_account_and_the_servers_reason(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.logins["root"] = "another"
    with pytest.raises(LoginRefused, match="MySQL refuses root's login: Access denied for user 'root'"):
        side.server.value("SELECT 1")
    assert side.server.answers() is False


@pytest.mark.parametrize("code", [1130, 1698])
def test_other_ways_to_say_no_are_a_refused_login_too(side: Side, mysqld: FakeMysqld, code: int) -> None:
    mysqld.refusal = (code, "no")
    with pytest.raises(LoginRefused):
        side.server.value("SELECT 1")


def test_a_full_house_without_a_door_is_not_a_refused_login(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.refusal = (1040, "Too many connections")
    link_of(side).says(KEY_FILE_QUESTION, "")
    with pytest.raises(HostError, match="accepts a connection but not a login: Too many connections") as caught:
        side.server.value("SELECT 1")
    assert not isinstance(caught.value, NotReady)


@pytest.fixture
def door(side: Side, mysqld: FakeMysqld) -> FakeMysqld:
    """The administrators' door of a server whose connections are all in use; mysqld's key is on its disk."""
    mysqld.refusal = (1040, "Too many connections")
    link_of(side).says(KEY_FILE_QUESTION, "the key")
    door = FakeMysqld(**mysqld.logins)
    link_of(side).mysqlds["127.0.0.1", 33062] = door
    return door


def test_a_full_house_is_entered_by_the_administrators_door(side: Side, door: FakeMysqld) -> None:
    door.asks_for_passwords = True
    door.says("SELECT 1", {"1": 1})
    assert side.server.value("SELECT 1") == 1


def test_the_door_gets_no_password_by_tls_alone(side: Side, door: FakeMysqld) -> None:
    door.wants_tls = True
    with pytest.raises(TooManyConnections):
        side.server.value("SELECT 1")


def test_root_never_comes_by_a_port_while_mysqld_does_not_run(side: Side) -> None:
    stranger = mysqld_of(side)
    link_of(side).sockets.clear()
    stranger.says("SELECT 1", {"1": 1})
    assert side.server.answers() is False


def test_a_socket_that_others_could_have_put_there_is_not_used(side: Side, mysqld: FakeMysqld) -> None:
    link_of(side).says(SOCKETS_QUESTION, f"{SOCKET} listens\n{FOLDERS}{SOCKET} nobody nogroup 755 /run/mysqld\n")
    with pytest.raises(HostError, match=r"/run/mysqld \(of nobody:nogroup, mode 755\) leads to mysqld's socket"):
        side.server.value("SELECT 1")


def test_an_sshd_that_forbids_sockets_is_told_what_to_set(side: Side) -> None:
    link_of(side).says(SOCKETS_QUESTION, f"{SOCKET} listens\n{FOLDERS}")
    with pytest.raises(BadInput, match=r"`AllowStreamLocalForwarding local` in sshd_config"):
        side.server.value("SELECT 1")


@pytest.mark.parametrize(
    ("owner", "group", "mode", "is_open"),
    [
        ("root", "root", 0o755, False),
        ("mysql", "mysql", 0o2775, False),
        ("mysql", "users", 0o755, False),
        ("mysql", "users", 0o775, True),
        ("root", "root", 0o1777, True),
        ("nobody", "root", 0o700, True),
        ("UNKNOWN", "root", 0o700, True),
    ],
)
def test_who_can_put_something_into_a_folder(owner: str, group: str, mode: int, is_open: bool) -> None:
    assert Folder(owner, group, mode, "/run/mysqld").is_open is is_open


def test_an_account_of_the_network_comes_with_tls_where_the_server_insists_on_it(
    side: Side, mysqld: FakeMysqld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "as_socket", lambda channel: channel)
    mysqld.wants_tls = True
    password = Secret(mysqld.logins["root"])
    connect(side.host, "127.0.0.1", 3306, "root", password).close()
    with pytest.raises(PasswordAsked):
        connect(side.host, "127.0.0.1", 3306, "root", password, by_challenge=True)


def test_the_password_itself_goes_only_where_key_or_ca_tell_who_is_there(
    side: Side, mysqld: FakeMysqld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(session, "as_socket", lambda channel: channel)
    mysqld.asks_for_passwords = True
    account = ("root", Secret(mysqld.logins["root"]))
    with pytest.raises(PasswordAsked):
        connect(side.host, "127.0.0.1", 3306, *account)
    connect(side.host, "127.0.0.1", 3306, *account, b"its key").close()
    connect(side.host, "127.0.0.1", 3306, *account, authorities=(authority(tmp_path).pem,)).close()


def test_the_peer_is_named_when_it_is_the_peer_that_refuses(side: Side) -> None:
    link_of(side).mysqlds["192.168.152.128", 3306] = FakeMysqld()
    with pytest.raises(LoginRefused, match=r"MySQL at 192\.168\.152\.128:3306 refuses replica's login"):
        connect(side.host, "192.168.152.128", 3306, "replica", Secret("replica-sesame-2"))


# ---- asking and changing ----


@pytest.mark.parametrize("statement", ["DROP SCHEMA test", "SET GLOBAL read_only = 0", "CALL x()", "", "(SELECT 1)"])
def test_what_is_no_question_cannot_be_asked(side: Side, mysqld: FakeMysqld, statement: str) -> None:
    with pytest.raises(AssertionError, match="not a question"):
        side.server.ask(statement)


def test_rows_a_row_and_a_value(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.says("SHOW SCHEMAS", {"name": "mysql"}, {"name": "sys"})
    mysqld.says("SHOW NOTHING")
    server = side.server
    assert server.ask("SHOW SCHEMAS") == [{"name": "mysql"}, {"name": "sys"}]
    assert server.one("SHOW SCHEMAS") == {"name": "mysql"}
    assert server.value("SHOW SCHEMAS") == "mysql"
    assert (server.ask("SHOW NOTHING"), server.one("SHOW NOTHING"), server.value("SHOW NOTHING")) == ([], {}, None)


def test_arguments_are_quoted_by_the_driver(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.takes("CREATE USER 'o\\'brien'@'%' IDENTIFIED BY 'a\\\\b\\\"c'")
    side.server.execute("CREATE USER %s@%s IDENTIFIED BY %s", "o'brien", "%", 'a\\b"c')
    assert len(mysqld.changed) == 1


@pytest.mark.parametrize("text", ["plain", "o'brien", 'a"b', "back\\slash", "größe", "a%sb"])
def test_a_literal_is_what_the_driver_would_write(side: Side, mysqld: FakeMysqld, text: str) -> None:
    mysqld.says(f"SELECT {literal(text)}", {"it": 1})
    assert side.server.value("SELECT %s", text) == 1


def test_a_change_makes_foreseen_answers_worthless(side: Side, mysqld: FakeMysqld) -> None:
    link = link_of(side)
    link.says("ls", "before\n")
    side.host.foresee(["ls"])
    link.says("ls", "after\n")
    mysqld.takes("SET GLOBAL sync_binlog = 1")
    side.server.execute("SET GLOBAL sync_binlog = %s", 1)
    assert side.host.ask("ls") == "after\n"


def test_nothing_is_changed_in_a_dry_run(settings: Settings) -> None:
    side = pair_of(settings, dry=True).master
    mysqld = mysqld_of(side)
    mysqld.closed(True)
    with pytest.raises(ChangedInDryRun), side.server.opened_for_root():
        pass
    assert mysqld.changed == []


def test_a_failed_statement_tells_number_reason_and_statement_without_its_values(
    side: Side, mysqld: FakeMysqld
) -> None:
    mysqld.takes("ALTER USER 'replica'@'%' IDENTIFIED BY 'replica-sesame-2'", pymysql.err.OperationalError(1396, "no"))
    with pytest.raises(SqlFailed) as caught:
        side.server.execute("ALTER USER %s@%s IDENTIFIED BY %s", "replica", "%", "replica-sesame-2")
    assert str(caught.value).splitlines() == [
        "slave 192.168.152.129: MySQL error 1396: no",
        "  in: ALTER USER %s@%s IDENTIFIED BY %s",
    ]
    assert caught.value.code == 1396


def test_a_lost_session_is_opened_anew_for_the_next_question(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.says("SELECT 1", error=pymysql.err.OperationalError(2013, "Lost connection to MySQL server"))
    with pytest.raises(SqlFailed, match="error 2013: Lost connection"):
        side.server.value("SELECT 1")
    mysqld.says("SELECT 1", {"1": 1})
    assert side.server.value("SELECT 1") == 1


# ---- opened for root ----


def test_a_closed_server_is_opened_and_closed_again(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.closed(True)
    mysqld.unlogged()
    with side.server.opened_for_root(logged=False):
        assert side.server.value("SELECT @@GLOBAL.super_read_only") == 0
    assert mysqld.changed == [OPENED, UNLOGGED, LOGGED, CLOSED]


def test_an_open_server_stays_open(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.closed(False)
    with side.server.opened_for_root():
        pass
    assert mysqld.changed == []


def test_it_is_closed_again_when_a_statement_fails(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.closed(True)
    mysqld.unlogged()
    mysqld.takes("DROP SCHEMA x", pymysql.err.OperationalError(1008, "no such schema"))
    with pytest.raises(SqlFailed), side.server.opened_for_root(logged=False):
        side.server.execute("DROP SCHEMA x")
    assert mysqld.changed[-2:] == [LOGGED, CLOSED]


def test_it_is_closed_again_when_the_log_cannot_be_left_out(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.closed(True)
    mysqld.unlogged()
    mysqld.takes(UNLOGGED, pymysql.err.OperationalError(1227, "Access denied; you need SUPER"))
    with pytest.raises(SqlFailed), side.server.opened_for_root(logged=False):
        pass
    assert mysqld.changed[-1] == CLOSED


def test_it_is_closed_again_when_the_session_was_lost(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.closed(True)
    mysqld.unlogged()
    lost = pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query")
    mysqld.takes("DROP SCHEMA x", lost)
    with pytest.raises(SqlFailed, match="2013"), side.server.opened_for_root(logged=False):
        side.server.execute("DROP SCHEMA x")
    assert mysqld.changed[-1] == CLOSED


def test_a_check_that_closes_it_in_between_does_not_end_the_work(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.closed(True)

    def refuse_once() -> None:
        mysqld.takes("CREATE SCHEMA x")
        mysqld.closed(True)
        raise pymysql.err.OperationalError(1290, "running with the --super-read-only option")

    mysqld.takes("CREATE SCHEMA x", refuse_once)
    with side.server.opened_for_root():
        side.server.execute("CREATE SCHEMA x")
    assert mysqld.changed == [OPENED, "CREATE SCHEMA x", OPENED, "CREATE SCHEMA x", CLOSED]


def test_a_closed_server_that_nobody_opened_refuses(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.takes("CREATE SCHEMA x", pymysql.err.OperationalError(1290, "running with the --super-read-only option"))
    with pytest.raises(SqlFailed, match="1290"):
        side.server.execute("CREATE SCHEMA x")
    assert mysqld.changed == ["CREATE SCHEMA x"]


# ---- dialects ----


def test_the_captured_server_is_understood(side: Side, mysqld: FakeMysqld) -> None:
    said = captured_json("server_slave.json")["version"]
    mysqld.says("SELECT VERSION() AS version, @@version_comment AS comment", said)
    assert side.server.dialect.version == (9, 7, 4)
    assert side.server.dialect.series == "9.7"
