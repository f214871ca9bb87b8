"""What is decided from the words of real MariaDB servers: mariadb_*.json hold the lab's questions and its answers.

mariadb_10_11 and mariadb_11_8 are pairs that are well. In mariadb_errant the slave made three transactions of its own,
in two binary logs; of the first, what lies between its first and its last events is left out.
"""

from typing import Any

import pytest
from answering_hosts import teach
from fake import FakeMysqld, captured_json, link_of, mysqld_of

from runbook.core.step import gap_between
from runbook.diagnosis.facts import gather
from runbook.diagnosis.rules import Kind, diagnose
from runbook.mysql.accounts import STAYS, check_account, granted, write_through
from runbook.mysql.dialects.dialect import dialect_of
from runbook.mysql.dialects.mariadb import ByDomainState, MariaDB
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.mysql.replication.replicates import why_not
from runbook.mysql.root import SecureInstallation
from runbook.mysql.tracking.progress import DomainState, in_words
from runbook.mysql.tracking.status import ReplicaStatus, parse_replica_status
from runbook.mysql.tracking.tracking import listed
from runbook.mysql.variables import wanted
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role, Secret
from runbook.steps.configure_mycnf import manner_of
from runbook.system.resources import service_question
from runbook.system.server_names import UNITS_QUESTION

VERSIONS = {"10_11": "10.11.18", "11_8": "11.8.6"}
EACH_VERSION = pytest.mark.parametrize("version", VERSIONS)
POSITION = "SELECT CONCAT(@@GLOBAL.gtid_slave_pos, ',', @@GLOBAL.gtid_binlog_state)"
TRACKING = ByDomainState()

pytestmark = pytest.mark.usefixtures("fake_mysql")


def answers(file: str, role: Role) -> dict[str, list[dict[str, Any]]]:
    found = captured_json(f"mariadb_{file}.json")[role]
    assert isinstance(found, dict)
    return found


def server(side: Side, file: str) -> FakeMysqld:
    """A server that says what was captured."""
    mysqld = mysqld_of(side)
    for question, rows in answers(file, side.role).items():
        mysqld.says(question, *rows)
    mysqld.says("SHOW MASTER STATUS", {"File": "mysql-bin.000001", "Binlog_Do_DB": "", "Binlog_Ignore_DB": ""})
    mysqld.says(MariaDB.filters_without_a_channel)
    return mysqld


def installed(pair: Pair, version: str) -> None:
    """Two hosts that are well and have MariaDB."""
    for side in pair.sides.values():
        teach(side, mysql="inactive not-found\n", vrrp="MASTER\n" if side.role == "master" else "BACKUP\n")
        link = link_of(side)
        link.says(UNITS_QUESTION, captured_json("units.json")["mariadb"])
        link.says(service_question("mariadb"), "active enabled\n")
        link.says(PROGRAM_QUESTION, f"mariadbd  Ver {VERSIONS[version]}-MariaDB-0 for debian-linux-gnu on x86_64\n")


def status(version: str, **changes: object) -> ReplicaStatus:
    return parse_replica_status(answers(version, "slave")["SHOW SLAVE STATUS"][0] | changes)


# ---- a pair that is well ----


@EACH_VERSION
def test_a_pair_that_is_well_is_called_so(pair: Pair, version: str) -> None:
    installed(pair, version)
    for side in pair.sides.values():
        server(side, version)
    facts = gather(pair)
    master, slave = facts["master"], facts["slave"]
    assert diagnose(facts).kind is Kind.HEALTHY
    assert (master.version, slave.version) == (VERSIONS[version], VERSIONS[version])
    assert (master.read_only, slave.read_only) == (False, True)
    assert (master.super_read_only, slave.super_read_only) == (None, None), "MariaDB has no such thing"
    assert (master.semi_sync, slave.semi_sync) == (True, True)
    assert (str(slave.errant), str(slave.behind)) == ("", "")
    assert slave.chosen["REPLICATION"].startswith("gtid: ")
    assert slave.write_through == (), "neither root on the host itself nor the OS user mysql counts"


@EACH_VERSION
def test_replication_is_read(version: str) -> None:
    found = status(version)
    assert found.runs and found.auto_position and found.applier_waits
    assert (found.source, found.user, found.connect_retry) == ("192.168.152.128:3306", "replica", 1)
    assert (found.receiver_error, found.applier_error, found.lag_seconds) == ("", "", 0)
    assert DomainState.parse(found.retrieved)


@EACH_VERSION
@pytest.mark.parametrize("role", ["master", "slave"])
def test_the_settings_that_are_wanted_are_shown_in_the_same_words(pair: Pair, version: str, role: Role) -> None:
    installed(pair, version)
    (shown,) = (
        {row["Variable_name"]: row["Value"] for row in rows}
        for question, rows in answers(version, role).items()
        if question.startswith("SHOW GLOBAL VARIABLES") and "'sync_binlog'" in question
    )
    # Off while nothing names it.
    shown.setdefault("slave_skip_errors", "OFF")
    assert gap_between(shown, wanted(manner_of(pair.sides[role]))) == []


def test_a_commit_waits_for_the_slave_before_others_see_it(pair: Pair) -> None:
    installed(pair, "11_8")
    assert wanted(manner_of(pair.master))["rpl_semi_sync_master_wait_point"] == "AFTER_SYNC"


@EACH_VERSION
def test_the_scripts_account_has_what_is_wanted_and_no_more(pair: Pair, version: str) -> None:
    grants = answers(version, "slave")["SHOW GRANTS FOR 'runbook_check'@'localhost'"]
    dialect = dialect_of(f"{VERSIONS[version]}-MariaDB")
    account = check_account(pair.slave.server, "runbook_check", Secret("x"), dialect)
    assert {"login": "works", **STAYS, **granted(next(iter(row.values())) for row in grants)} == account.want()


# ---- who writes through read_only ----

VERSION = {"version": "10.11.18-MariaDB-0+deb12u1-log", "comment": "Debian 12"}
COMMENT_QUESTION = "SELECT VERSION() AS version, @@version_comment AS comment"


def test_accounts_and_roles_that_write_through_read_only_are_named(pair: Pair) -> None:
    """In the lab: GRANT ALL; READ_ONLY ADMIN and INSERT on a schema; a role with all. Who only reads is not named."""
    mysqld = server(pair.master, "write_through")
    mysqld.says(COMMENT_QUESTION, VERSION)
    assert write_through(pair.master.server) == ["dbwriter@%", "everybody@%", "role admins"]


@pytest.mark.parametrize(("through", "is_so"), [([], True), ([{"user": "root", "host": "%"}], False)])
def test_root_from_other_hosts_may_not_write_through_read_only(
    pair: Pair, through: list[dict[str, str]], is_so: bool
) -> None:
    mysqld = server(pair.master, "10_11")
    mysqld.says(dialect_of("10.11.18-MariaDB").writes_through, *through)
    (remote,) = (question for question in answers("10_11", "master") if "user = 'root' AND host NOT IN" in question)
    mysqld.says(remote, {"host": "%"})
    step = SecureInstallation(pair.master.server, pair.settings.mysql_root_password, root_remote=True)
    assert (gap_between(step.read(pair.master.host), step.want()) == []) is is_so


# ---- how far a server is ----


def test_what_the_slave_made_itself_is_named_one_by_one(pair: Pair) -> None:
    """Across two binary logs; the numbers of the domain are shared with the master's 2258 transactions."""
    for side in pair.sides.values():
        server(side, "errant")
    slave = pair.slave.server
    lacking = TRACKING.of_slave(slave, None).minus(TRACKING.of_master(pair.master.server))
    assert str(lacking) == "0-2-2261"
    names = listed(TRACKING.each(slave, lacking))
    assert names == ["0-2-2259", "0-2-2260", "0-2-2261"]
    assert in_words(lacking, names) == "3 transactions: 0-2-2259, 0-2-2260, 0-2-2261"


def test_only_the_logs_that_can_hold_it_are_read(pair: Pair) -> None:
    server(pair.slave, "errant")
    asked: list[str] = []
    usual = pair.slave.server.ask
    pair.slave.server.ask = lambda query, *args: asked.append(f"{query} {args}") or usual(query, *args)  # type: ignore[method-assign]
    lacking = DomainState.parse("0-2-2261").minus(DomainState.parse("0-2-2260"))
    assert list(TRACKING.each(pair.slave.server, lacking)) == ["0-2-2261"]
    assert not any("000002" in each or "000001" in each for each in asked)


def test_what_stands_in_no_binary_log_is_told_by_its_last(pair: Pair) -> None:
    """Received and not applied: the slave's own log has nothing of it."""
    server(pair.slave, "errant")
    lacking = DomainState.parse("0-1-2263").minus(DomainState.parse("0-1-2258"))
    assert list(TRACKING.each(pair.slave.server, lacking)) == ["0-1-2263 (after 0-1-2258)"]


def test_since_a_drill_began_the_slave_made_these(pair: Pair) -> None:
    mysqld = server(pair.slave, "errant")
    now = TRACKING.own(pair.slave.server)
    assert now == "0-2-2261"
    assert list(TRACKING.own_since(pair.slave.server, now)) == []
    assert list(TRACKING.own_since(pair.slave.server, "0-2-2260")) == ["0-2-2261"]
    mysqld.says("SELECT @@server_id", {"@@server_id": 1})
    assert TRACKING.own(pair.slave.server) == "0-1-2258"


@pytest.mark.parametrize(("role", "begins_with"), [("master", "0-1-5"), ("slave", "")])
def test_what_is_purged_is_what_the_oldest_binary_log_begins_with(pair: Pair, role: Role, begins_with: str) -> None:
    """In the lab the master's first binary log was purged, the slave's was not."""
    server(pair.sides[role], "10_11")
    assert str(TRACKING.purged(pair.sides[role].server)) == begins_with


@pytest.mark.parametrize(
    ("received", "has", "applied"),
    [
        ("0-1-7", "0-1-7,0-2-6,0-1-7", True),
        ("0-1-9", "0-1-7,0-1-7", False),
        ("", "0-1-7", True),
        ("0-1-7,1-1-3", "0-1-7", False),
    ],
)
def test_all_is_applied_when_of_each_domain_the_last_is(pair: Pair, received: str, has: str, applied: bool) -> None:
    mysqld = server(pair.slave, "10_11")
    mysqld.says(POSITION, {"position": has})
    assert TRACKING.applied(pair.slave.server, status("10_11", Gtid_IO_Pos=received)) is applied


# ---- a former master ----

SLAVE_POS = "SELECT @@GLOBAL.gtid_slave_pos"


@pytest.mark.parametrize(
    ("slave_pos", "binlog_state", "adopted"),
    [
        # As a master that never was a slave has it in the lab; its server_id may have become another since.
        ("", "0-1-5", {"gtid_slave_pos": "0-1-5"}),
        ("0-1-3", "0-1-3,0-2-9", {"gtid_slave_pos": "0-2-9"}),
        ("0-2-9", "0-1-3,0-2-9", {}),
        ("0-1-7,5-1-2", "0-1-7", {}),
        ("", "", {}),
    ],
)
def test_a_former_master_goes_on_from_what_it_logged_itself(
    pair: Pair, slave_pos: str, binlog_state: str, adopted: dict[str, str]
) -> None:
    mysqld = mysqld_of(pair.slave)
    mysqld.says(SLAVE_POS, {"pos": slave_pos})
    mysqld.says(POSITION, {"both": f"{slave_pos},{binlog_state}"})
    assert TRACKING.adopted(pair.slave.server) == adopted


def test_what_was_received_and_the_master_lacks_is_never_thrown_away_by_a_start(pair: Pair) -> None:
    installed(pair, "10_11")
    for side in pair.sides.values():
        server(side, "10_11")
    stopped = status("10_11", Slave_IO_Running="No", Slave_SQL_Running="No", Gtid_IO_Pos="0-1-9")
    told = why_not(stopped, stopped.source, pair.slave.server, pair.master.server, TRACKING)
    assert told is not None
    assert "the slave has transactions that the master lacks: 0-1-9 (after 0-1-7)" in told
    assert "RESET MASTER and SET GLOBAL gtid_slave_pos" in told


# ---- TLS ----


@pytest.mark.parametrize(
    ("version", "have_ssl", "options"),
    [("10.11.18", "DISABLED", {}), ("11.8.6", "YES", {}), ("11.8.6", "DISABLED", {"MASTER_SSL": 0})],
)
def test_replication_asks_for_no_tls_where_the_master_has_none(
    pair: Pair, version: str, have_ssl: str, options: dict[str, object]
) -> None:
    mysqld_of(pair.master).says("SELECT @@have_ssl", {"@@have_ssl": have_ssl})
    assert dialect_of(f"{version}-MariaDB").without_tls(pair.master.server) == options


def test_roots_password_is_known_by_the_hash_that_the_server_keeps() -> None:
    """The hash is the manual's own example for PASSWORD('password')."""
    row = {"plugin": "mysql_native_password", "authentication_string": "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"}
    dialect = dialect_of("10.11.18-MariaDB")
    assert dialect.demands(row, "password") is True
    assert dialect.demands(row, "another") is False
