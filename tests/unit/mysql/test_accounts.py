"""Accounts: who may log in, from where, to do exactly what."""

from collections.abc import Callable

import pymysql
import pytest
from case_files import case
from fake import FakeLink, FakeMysqld, link_of, mysqld_of, pair_of

from runbook.core.host import ChangedInDryRun
from runbook.core.step import Change, NotReady, ensure
from runbook.errors import RunbookError
from runbook.mysql.accounts import Account, PeerLogin, check_account, probe_account, replica_account
from runbook.mysql.dialects.dialect import dialect_of
from runbook.mysql.dialects.writers import WRITES
from runbook.mysql.session import Server, SqlFailed
from runbook.pair.side import Side
from runbook.settings.settings import Secret, Settings

pytestmark = pytest.mark.usefixtures("fake_mysql")

REPLICA = "'replica'@'%'"
PASSWORD = "replica-sesame-2"


def rows(name: str) -> list[dict[str, str]]:
    """SHOW GRANTS of a real server."""
    return [{"Grants": line} for line in case("grants", f"mysql_9_7_{name}").said]


def create_user(state: str) -> dict[str, str]:
    """SHOW CREATE USER of a real server."""
    return {"CREATE USER": case("create_user", f"mysql_9_7_{state}").said}


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


def replica(side: Side) -> Account:
    return replica_account(side.server, side.settings.replica_user, side.settings.replica_password)


def scripts_account(server: Server, user: str, password: Secret) -> Account:
    return check_account(server, user, password, server.dialect)


@pytest.mark.parametrize(
    ("make", "name"), [(replica_account, "replica"), (scripts_account, "check"), (probe_account, "probe")]
)
def test_an_account_as_we_made_it_has_exactly_what_is_wanted(
    side: Side, mysqld: FakeMysqld, make: Callable[..., Account], name: str
) -> None:
    account = make(side.server, name, Secret("some-sesame"))
    mysqld.logins[name] = "some-sesame"
    teach(mysqld, account, rows(name))
    assert ensure(side.host, account).status == "ok"
    assert mysqld.changed == []


@pytest.mark.parametrize("state", ["default", "expired", "locked", "interval"])
def test_an_account_whose_logins_may_end_is_put_right(side: Side, mysqld: FakeMysqld, state: str) -> None:
    teach(mysqld, replica(side), rows("replica"))
    mysqld.logins["replica"] = PASSWORD
    mysqld.says(f"SHOW CREATE USER {REPLICA}", create_user(state))
    made_by_fix(mysqld, side)
    outcome = ensure(side.host, replica(side))
    assert outcome.status == "changed"
    assert {change.fact for change in outcome.gap} <= {"password expires", "locked"}


# ---- an account as a step ----


def teach(mysqld: FakeMysqld, account: Account, found: list[dict[str, str]] | None) -> None:
    """The server has this account with these grants, or has it not."""
    at = f"'{account.user}'@'{account.from_host}'"
    there = [] if found is None else [{"1": 1}]
    mysqld.says(f"SELECT 1 FROM mysql.user WHERE user = '{account.user}' AND host = '{account.from_host}'", *there)
    if found is not None:
        mysqld.says(f"SHOW GRANTS FOR {at}", *found)
        mysqld.says(f"SHOW CREATE USER {at}", create_user("never"))


def made_by_fix(mysqld: FakeMysqld, side: Side) -> None:
    """What a fix may do to the replica account, and what comes of it."""
    account = replica(side)

    def identified() -> None:
        mysqld.logins["replica"] = PASSWORD

    mysqld.takes(f"CREATE USER IF NOT EXISTS {REPLICA} IDENTIFIED BY '{PASSWORD}'")
    mysqld.takes(f"ALTER USER {REPLICA} IDENTIFIED BY '{PASSWORD}' PASSWORD EXPIRE NEVER ACCOUNT UNLOCK", identified)
    mysqld.takes(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {REPLICA}")
    mysqld.takes(f"GRANT REPLICATION SLAVE ON *.* TO {REPLICA}", lambda: teach(mysqld, account, rows("replica")))


def grant(text: str) -> list[dict[str, str]]:
    return [{"Grants for replica@%": f"GRANT {line}"} for line in text.splitlines()]


def test_a_missing_account_is_made_outside_the_binary_log(side: Side, mysqld: FakeMysqld) -> None:
    teach(mysqld, replica(side), None)
    made_by_fix(mysqld, side)
    assert ensure(side.host, replica(side)).status == "changed"
    assert ensure(side.host, replica(side)).status == "ok"
    assert mysqld.changed == [
        "SET GLOBAL super_read_only = OFF",
        "SET SESSION sql_log_bin = OFF",
        f"CREATE USER IF NOT EXISTS {REPLICA} IDENTIFIED BY '{PASSWORD}'",
        f"ALTER USER {REPLICA} IDENTIFIED BY '{PASSWORD}' PASSWORD EXPIRE NEVER ACCOUNT UNLOCK",
        f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {REPLICA}",
        f"GRANT REPLICATION SLAVE ON *.* TO {REPLICA}",
        "SET SESSION sql_log_bin = ON",
        "SET GLOBAL super_read_only = ON",
    ]


WRONG = {
    "another password": ("REPLICATION SLAVE ON *.* TO `replica`@`%`", "another"),
    "no privilege": ("USAGE ON *.* TO `replica`@`%`", PASSWORD),
    "one privilege more": ("SELECT, REPLICATION SLAVE ON *.* TO `replica`@`%`", PASSWORD),
    "the article's": ("ALL PRIVILEGES ON *.* TO `replica`@`%`", PASSWORD),
    "a schema more": ("REPLICATION SLAVE ON *.* TO `replica`@`%`\nINSERT ON `hive`.* TO `replica`@`%`", PASSWORD),
    "the right to grant": ("REPLICATION SLAVE ON *.* TO `replica`@`%` WITH GRANT OPTION", PASSWORD),
}


@pytest.mark.parametrize(("found", "password"), WRONG.values(), ids=WRONG.keys())
def test_an_account_that_is_not_exactly_as_wanted_is_put_right(
    side: Side, mysqld: FakeMysqld, found: str, password: str
) -> None:
    mysqld.logins["replica"] = password
    teach(mysqld, replica(side), grant(found))
    made_by_fix(mysqld, side)
    outcome = ensure(side.host, replica(side))
    assert outcome.status == "changed"
    assert PASSWORD not in str(outcome)


def test_a_role_is_more_than_wanted(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.logins["replica"] = PASSWORD
    with_role = grant("REPLICATION SLAVE ON *.* TO `replica`@`%`\n`dba`@`%` TO `replica`@`%`")
    teach(mysqld, replica(side), with_role)
    dry = pair_of(side.settings, dry=True).slave
    link_of(dry).mysqlds, link_of(dry).sockets = link_of(side).mysqlds, link_of(side).sockets
    assert ensure(dry.host, replica(dry)).status == "would change"


def test_a_role_is_taken_away(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.logins["replica"] = PASSWORD
    teach(mysqld, replica(side), grant("REPLICATION SLAVE ON *.* TO `replica`@`%`\n`dba`@`%`,`r`@`%` TO `replica`@`%`"))
    made_by_fix(mysqld, side)
    mysqld.takes(f"REVOKE `dba`@`%`, `r`@`%` FROM {REPLICA}")
    assert ensure(side.host, replica(side)).status == "changed"
    assert any(statement.startswith("REVOKE `dba`") for statement in mysqld.changed)


def test_the_gap_says_what_is_too_much(side: Side, mysqld: FakeMysqld) -> None:
    mysqld.logins["replica"] = PASSWORD
    teach(mysqld, replica(side), grant(WRONG["a schema more"][0]))
    made_by_fix(mysqld, side)
    (change,) = ensure(side.host, replica(side)).gap
    assert "on hive.*" in str(change)


def test_an_account_that_fails_midway_leaves_the_server_closed(side: Side, mysqld: FakeMysqld) -> None:
    teach(mysqld, replica(side), None)
    made_by_fix(mysqld, side)
    mysqld.takes(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {REPLICA}", pymysql.err.OperationalError(1227, "denied"))
    with pytest.raises(SqlFailed, match="MySQL error 1227"):
        ensure(side.host, replica(side))
    assert mysqld.changed[-2:] == ["SET SESSION sql_log_bin = ON", "SET GLOBAL super_read_only = ON"]


def test_without_a_server_accounts_wait_in_a_dry_run(settings: Settings) -> None:
    side = pair_of(settings, dry=True).slave
    outcome = ensure(side.host, replica(side))
    assert outcome.status == "waits"
    assert "mysqld does not run" in outcome.note


def test_no_account_is_changed_in_a_dry_run(settings: Settings) -> None:
    side = pair_of(settings, dry=True).slave
    mysqld = mysqld_of(side)
    mysqld.closed(False)
    with pytest.raises(ChangedInDryRun):
        replica(side).fix(side.host, [Change("login", None, "works")])
    assert mysqld.changed == []


@pytest.mark.parametrize(("password", "login"), [("check-sesame-3", "works"), ("another", "refused")])
def test_the_scripts_account_logs_in_as_the_scripts_do(
    side: Side, mysqld: FakeMysqld, password: str, login: str
) -> None:
    s = side.settings
    account = check_account(side.server, s.check_user, s.check_password, side.dialect)
    teach(mysqld, account, rows("check"))
    mysqld.logins["runbook_check"] = password
    assert account.read(side.host)["login"] == login


# ---- a login to the other host ----


@pytest.fixture
def master(side: Side) -> Side:
    """The other side; its server says that it has no CA."""
    return pair_of(side.settings).master


@pytest.fixture
def peer(master: Side, link: FakeLink) -> FakeMysqld:
    mysqld = mysqld_of(master, FakeMysqld(replica=PASSWORD))
    link.mysqlds["192.168.152.128", 3306] = mysqld
    return mysqld


def peer_login(side: Side, master: Side) -> PeerLogin:
    return PeerLogin("192.168.152.128", 1, 3306, "replica", side.settings.replica_password, master.server)


def test_the_other_hosts_server_is_reached_and_is_the_right_one(side: Side, master: Side, peer: FakeMysqld) -> None:
    peer.says("SELECT @@server_id AS server_id", {"server_id": 1})
    assert ensure(side.host, peer_login(side, master)).status == "ok"


def test_another_server_at_that_address_is_not_taken_for_it(side: Side, master: Side, peer: FakeMysqld) -> None:
    peer.says("SELECT @@server_id AS server_id", {"server_id": 77})
    with pytest.raises(RunbookError) as caught:
        ensure(side.host, peer_login(side, master))
    told = str(caught.value)
    assert "slave 192.168.152.129" in told
    assert "192.168.152.128:3306 as replica" in told
    assert "77" in told
    assert "MASTER_SERVER_ID" in told


def test_a_refused_login_to_the_other_host_says_what_to_run(side: Side, master: Side, peer: FakeMysqld) -> None:
    peer.logins["replica"] = "another"
    with pytest.raises(RunbookError, match="login refused") as caught:
        ensure(side.host, peer_login(side, master))
    assert "inv create-replica-user" in str(caught.value)


def test_an_unreachable_port_on_the_other_host_is_named(side: Side, master: Side) -> None:
    mysqld_of(master)
    with pytest.raises(NotReady, match=r"mysqld at 192\.168\.152\.128:3306 does not run, or does not listen"):
        ensure(side.host, peer_login(side, master))


@pytest.mark.parametrize("version", ["5.6.24", "5.7.5", "10.5.9-MariaDB", "10.11.18-MariaDB", "11.8.3-MariaDB"])
def test_the_scripts_own_account_is_not_one_that_writes_through_read_only(version: str) -> None:
    (everywhere, rights), *_ = dialect_of(version).check_privileges
    assert everywhere == "*.*" and set(rights) & set(dialect_of(version).write_through_privileges)
    assert not set(rights) & set(WRITES), "it may pass read_only, and has nothing to write"
