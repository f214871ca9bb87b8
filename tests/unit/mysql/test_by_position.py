"""MySQL 5.6 by file and position, as a real pair of 5.6.24 answers: what is decided from its words.

The captured slave was written to by root on its own host, by accident: a schema, a table, two rows, an update.
"""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pymysql
import pytest
from answering_hosts import RUNS, answering, teach
from fake import FakeMysqld, captured_json, link_of, mysqld_of, pair_of
from pair_facts import NO_VIP, TAKEN_OVER, facts
from rich.console import Console
from variables_server import Variables

from runbook.core.report import Report
from runbook.core.step import ensure
from runbook.diagnosis import comparison
from runbook.diagnosis import facts as gathering
from runbook.diagnosis.checks import Check, state
from runbook.diagnosis.facts import SideFacts, gather
from runbook.diagnosis.rules import Kind, diagnose
from runbook.mysql.accounts import STAYS, check_account, granted, probe_account, replica_account, write_through
from runbook.mysql.dialects.dialect import dialect_of
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.mysql.tracking.status import ReplicaStatus, parse_replica_status
from runbook.mysql.tracking.tracking import ByPosition
from runbook.mysql.variables import InForce, Manner, in_file, wanted
from runbook.operations.failback import Refused, prove_nothing_is_lost
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role, Settings

pytestmark = pytest.mark.usefixtures("fake_mysql")

REAL = captured_json("mysql56_by_position.json")
LOG = REAL["end"]["File"]
PROGRAM = "mysqld  Ver 5.6.24 for Linux on x86_64 (MySQL Community Server (GPL))\n"
BEFORE, AFTER = f"{LOG}:228414", f"{LOG}:229051"
BY_ACCIDENT = [
    f"{LOG}:228414 Query CREATE SCHEMA by_accident",
    f"{LOG}:228527 Query CREATE TABLE by_accident.t (i INT PRIMARY KEY)",
    f"{LOG}:228718 Table_map table_id: 72 (by_accident.t)",
    f"{LOG}:228913 Table_map table_id: 72 (by_accident.t)",
]


def events(file: str, begin: int) -> list[dict[str, Any]]:
    return [row for row in REAL["events"] if row["Log_name"] == file and row["Pos"] >= begin]


def speaks_5_6(mysqld: FakeMysqld) -> FakeMysqld:
    mysqld.says("SELECT VERSION() AS version, @@version_comment AS comment", REAL["version"])
    return mysqld


def the_slave(mysqld: FakeMysqld) -> FakeMysqld:
    """A server with the captured slave's binary log and status."""
    mysqld.says("SELECT @@server_id", {"@@server_id": 2})
    mysqld.says("SHOW BINARY LOGS", *REAL["binary_logs"])
    for row in REAL["binary_logs"]:
        mysqld.says(f"SHOW BINLOG EVENTS IN '{row['Log_name']}' FROM 4", *events(row["Log_name"], 4))
    for mark in (BEFORE, AFTER):
        begin = mark.rpartition(":")[2]
        mysqld.says(f"SHOW BINLOG EVENTS IN '{LOG}' FROM {begin}", *events(LOG, int(begin)))
    return mysqld


@pytest.fixture
def mysqld() -> FakeMysqld:
    mysqld = the_slave(speaks_5_6(FakeMysqld()))
    mysqld.says("SHOW MASTER STATUS", REAL["end"])
    mysqld.says("SHOW SLAVE STATUS", REAL["slave_status"])
    return mysqld


@pytest.fixture
def slave(settings_of: Callable[..., Settings], mysqld: FakeMysqld) -> Side:
    side = pair_of(settings_of(REPLICATION="position")).slave
    mysqld_of(side, mysqld)
    link_of(side).says(PROGRAM_QUESTION, PROGRAM)
    return side


@pytest.fixture
def status() -> ReplicaStatus:
    return parse_replica_status(REAL["slave_status"])


# ---- how far it is ----


def test_the_status_says_how_far_it_is(slave: Side, status: ReplicaStatus) -> None:
    assert (status.source, status.auto_position, status.runs) == ("192.168.162.128:3306", False, True)
    on_slave, received = slave.tracking.of_slave(slave.server, status), slave.tracking.received(status)
    assert str(on_slave) == str(received) == "mysql-bin.000002:255527"
    assert slave.tracking.applied(slave.server, status)
    assert (status.retrieved, status.executed) == ("", "")


def test_of_half_a_transaction_the_slave_waits_for_the_rest(slave: Side, status: ReplicaStatus) -> None:
    half = replace(status, received_position=status.received_position + 700)
    assert slave.tracking.applied(slave.server, half)
    assert not slave.tracking.applied(slave.server, replace(half, applier_waits=False))


def test_it_goes_on_from_where_it_has_applied_and_not_from_where_it_has_received(
    slave: Side, status: ReplicaStatus
) -> None:
    ahead = replace(status, received_file="mysql-bin.000003", received_position=4)
    place = slave.tracking.place(ahead, slave.server)
    assert place == {"MASTER_LOG_FILE": "mysql-bin.000002", "MASTER_LOG_POS": 255527}


def test_a_new_slave_begins_with_the_first_binary_log_that_is_left(slave: Side) -> None:
    assert slave.tracking.place(None, slave.server) == {"MASTER_LOG_FILE": "mysql-bin.000001", "MASTER_LOG_POS": 4}


@pytest.mark.parametrize(("first", "purged"), [("mysql-bin.000001", ""), ("mysql-bin.000002", "mysql-bin.000002:4")])
def test_what_was_purged_is_what_lies_before_the_first_binary_log(
    slave: Side, mysqld: FakeMysqld, first: str, purged: str
) -> None:
    mysqld.says("SHOW BINARY LOGS", *(row for row in REAL["binary_logs"] if row["Log_name"] >= first))
    assert str(slave.tracking.purged(slave.server)) == purged


# ---- what the slave made itself ----


@pytest.mark.parametrize(("since", "found"), [(BEFORE, BY_ACCIDENT), (AFTER, []), ("", BY_ACCIDENT)])
def test_its_own_transactions_are_told_from_replicated_ones(slave: Side, since: str, found: list[str]) -> None:
    assert list(slave.tracking.own_since(slave.server, since)) == found


@pytest.mark.parametrize(
    ("size", "since"),
    [
        (239_753 + 229_327, "mysql-bin.000001:4"),
        (239_753 + 229_326, "mysql-bin.000002:4"),
        (229_326, ""),
    ],
)
def test_only_so_much_of_its_binary_log_is_looked_through(slave: Side, size: int, since: str) -> None:
    assert isinstance(slave.tracking, ByPosition)
    assert slave.tracking.recent(slave.server, size) == since


@pytest.fixture
def by_position(settings_of: Callable[..., Settings]) -> Pair:
    """A pair of which all is well but for what the slave made itself."""
    pair = pair_of(settings_of(REPLICATION="position"))
    teach(pair.master, vrrp="MASTER\n")
    answering(pair.master).says("SHOW BINARY LOG STATUS", REAL["end_on_master"])
    at = {"Source_Log_File": LOG, "Read_Source_Log_Pos": 255527, "Relay_Source_Log_File": LOG}
    mysqld = the_slave(answering(pair.slave))
    mysqld.says("SHOW BINARY LOG STATUS", REAL["end"])
    mysqld.says("SHOW REPLICA STATUS", RUNS | at | {"Exec_Source_Log_Pos": 255527, "Auto_Position": 0})
    return pair


def slave_of(pair: Pair, takeover: str = "") -> SideFacts:
    teach(pair.slave, takeover=takeover)
    return gather(pair)["slave"]


def found_of(slave: SideFacts, settings: Settings) -> Check:
    checks = state.checks(facts({"executed": None}, {"own": slave.own, "own_since": slave.own_since}), settings)
    (check,) = (each for each in checks if each.name == "the slave has what the master has")
    return check


def test_verify_names_what_the_slave_made_itself_lately(by_position: Pair) -> None:
    slave = slave_of(by_position)
    assert slave.own == tuple(BY_ACCIDENT)
    check = found_of(slave, by_position.settings)
    assert check.status == "FAIL"
    assert "CREATE SCHEMA by_accident" in check.found and "RESET" in check.todo


def test_after_a_takeover_it_looks_from_there_on(by_position: Pair) -> None:
    assert slave_of(by_position, f"at=now\nown={AFTER}\n").own == ()
    assert slave_of(by_position, f"at=now\nown={BEFORE}\n").own == tuple(BY_ACCIDENT)


def test_what_it_made_itself_since_it_took_over_is_the_verdict_as_failback_would_refuse() -> None:
    own = {"own": tuple(BY_ACCIDENT), "own_since": BEFORE}
    verdict = diagnose(facts(NO_VIP, TAKEN_OVER | own))
    assert verdict.kind is Kind.DIVERGED
    assert "CREATE SCHEMA by_accident" in verdict.sentence and "inv reconcile" in verdict.next_step
    assert diagnose(facts({}, own)).healthy, "without a takeover failback would not refuse"


def test_failback_refuses_what_the_slave_made_itself_since_it_took_over(slave: Side, mysqld: FakeMysqld) -> None:
    pair = pair_of(slave.settings)
    speaks_5_6(mysqld_of(pair.master)).says("SHOW MASTER STATUS", REAL["end_on_master"])
    mysqld_of(pair.slave, mysqld)
    for side in pair.sides.values():
        link_of(side).says(PROGRAM_QUESTION, PROGRAM)
    report = Report(str, console=Console(file=io.StringIO()))
    with pytest.raises(Refused, match="CREATE SCHEMA by_accident") as refused:
        prove_nothing_is_lost(pair, facts({}, {"takeover": {"own": BEFORE}}), report)
    assert "inv reconcile" in str(refused.value)
    prove_nothing_is_lost(pair, facts({}, {"takeover": {"own": AFTER}}), report)


def test_a_binary_log_too_large_to_look_through_is_said_to_be_so(
    by_position: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "LOOKED_THROUGH_BYTES", 1000)
    slave = slave_of(by_position)
    assert (slave.own, slave.own_since) == ((), "")
    check = next(
        each
        for each in state.checks(gather(by_position), by_position.settings)
        if each.name == "the slave has what the master has"
    )
    assert check.status == "OK"
    assert "was not looked through" in check.found


def test_a_slave_without_a_binary_log_is_not_asked_for_one(by_position: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "COMMIT_SECONDS", 0.05)
    mysqld = the_slave(answering(by_position.slave))
    mysqld.says("SHOW BINARY LOGS", error=pymysql.err.OperationalError(1381, "You are not using binary logging"))
    mysqld.says("SHOW BINARY LOG STATUS")
    slave = slave_of(by_position)
    assert slave.answers and slave.own == ()


# ---- accounts and settings ----


@pytest.mark.parametrize("account", ["replica@%", "runbook_probe@%", "runbook_check@localhost"])
def test_its_accounts_have_what_they_need_and_no_more(slave: Side, account: str) -> None:
    s, server = slave.settings, slave.server
    made = {
        "replica@%": replica_account(server, s.replica_user, s.replica_password),
        "runbook_probe@%": probe_account(server, s.probe_user, s.probe_password),
        "runbook_check@localhost": check_account(server, s.check_user, s.check_password, slave.dialect),
    }
    want = dict(made[account].want())
    assert want.pop("login") == "works"
    assert granted(REAL["grants"][account]) | STAYS == want


def test_root_on_the_host_itself_alone_writes_through_read_only(slave: Side, mysqld: FakeMysqld) -> None:
    mysqld.says(slave.dialect.writes_through, *REAL["write_through"])
    assert write_through(slave.server) == []
    mysqld.says(slave.dialect.writes_through, *REAL["write_through"], {"user": "hive", "host": "10.%"})
    assert write_through(slave.server) == ["hive@10.%"]


@pytest.mark.parametrize("role", ["master", "slave"])
def test_its_settings_are_in_force_as_it_shows_them(settings_of: Callable[..., Settings], role: Role) -> None:
    settings = settings_of(SKIP_NAME_RESOLVE="on")
    side = pair_of(settings).sides[role]
    mysqld_of(side, speaks_5_6(Variables(dict(REAL["variables"][role]), set())))  # type: ignore[arg-type]
    values = wanted(Manner(settings, side.node, side.server.dialect, by_gtid=False, semi_sync=False))
    step = InForce(side.server, values, (), lambda host, why: None)
    assert ensure(side.host, step).status == "ok"


def test_names_are_looked_up_by_leaving_the_line_out_for_it_takes_off_for_on(
    settings_of: Callable[..., Settings],
) -> None:
    settings = settings_of(SKIP_NAME_RESOLVE="off")
    manner = Manner(settings, settings.slave, dialect_of("5.6.24-log"), by_gtid=False, semi_sync=False)
    assert wanted(manner)["skip_name_resolve"] == "OFF"
    assert "skip_name_resolve" not in in_file(wanted(manner))
