"""What is gathered: a dead host and a dead or hung mysqld are facts, and what is in flight is no divergence."""

from typing import Any

import pymysql
import pytest
from answering_hosts import EXECUTED, RECORD, RUNS, answering, teach
from case_files import Case, case, cases
from fake import FakeMysqld, Row, link_of, mysqld_of
from pair_facts import UUID

from runbook.core.notes import noted
from runbook.core.ssh import Ran, Unreachable
from runbook.diagnosis import comparison, of_host
from runbook.diagnosis import facts as gathering
from runbook.diagnosis.facts import gather
from runbook.errors import BadInput
from runbook.keepalived.running import RUNNING_QUESTION
from runbook.mysql.dialects.mysql import COPYING
from runbook.mysql.replication.filters import FILES_QUESTION, Filter
from runbook.mysql.session import KEY_FILE_QUESTION
from runbook.mysql.stranger import Stranger
from runbook.pair.pair import Pair
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.resources import service_question
from runbook.system.server_names import UNITS_QUESTION

STANDS_STILL, OTHER_FILE = (case("keepalived_running", name).text for name in ("stopped", "debian_other_file"))
PURGED = "SELECT @@GLOBAL.gtid_purged"
pytestmark = pytest.mark.usefixtures("fake_mysql")


def executes(master: FakeMysqld, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """What the master has executed, one answer a question; the last stays."""
    left = list(answers)
    usual = master.run

    def run(statement: str) -> list[dict[str, Any]]:
        if statement == EXECUTED:
            return [{"executed": left.pop(0) if len(left) > 1 else left[0]}]
        return usual(statement)

    monkeypatch.setattr(master, "run", run)


def test_a_pair_that_is_well(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    teach(pair.master, vrrp="MASTER\n")
    teach(pair.slave)
    mysqld = answering(pair.master)
    mysqld.says(PURGED)
    executes(mysqld, monkeypatch, f"{UUID}:1-6")
    answering(pair.slave)
    found = gather(pair)
    master, slave = found["master"], found["slave"]
    assert master.answers and slave.answers and slave.sees_peer
    assert (master.open, slave.open) == (True, False)
    assert (master.version, master.semi_sync, slave.semi_sync, master.vrrp) == ("9.7.4", True, True, "MASTER")
    assert slave.replication and slave.replication.runs and master.replication is None
    assert (str(slave.errant), str(slave.behind), master.lacks) == ("", f"{UUID}:5-6", ())
    assert (str(slave.gone), master.acknowledged_by) == ("", "")
    assert (slave.variables["lower_case_table_names"], slave.unit) == ("0", "mysql")


def test_the_facts_take_one_round_trip_of_the_shell(pair: Pair) -> None:
    for side in pair.sides.values():
        teach(side)
        answering(side)
    gather(pair)
    assert [len(link_of(side).calls) for side in pair.sides.values()] == [1, 1]


def test_what_was_purged_and_never_came_is_told_from_what_is_still_to_come(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in pair.sides.values():
        teach(side)
    mysqld = answering(pair.master)
    executes(mysqld, monkeypatch, f"{UUID}:1-9")
    mysqld.says(PURGED, {"purged": f"{UUID}:1-7"})
    answering(pair.slave).says("SHOW REPLICA STATUS", RUNS | {"Retrieved_Gtid_Set": f"{UUID}:5"})
    slave = gather(pair)["slave"]
    assert (str(slave.behind), str(slave.gone)) == (f"{UUID}:5-9", f"{UUID}:6-7"), "5 is in its relay log"


def test_binary_logs_of_which_a_full_disk_keeps_silent_hide_nothing_else(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in pair.sides.values():
        teach(side)
    mysqld = answering(pair.master)
    executes(mysqld, monkeypatch, f"{UUID}:1-9")
    mysqld.says(PURGED, error=pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query"))
    answering(pair.slave)
    found = gather(pair)
    assert found["master"].answers
    assert (str(found["slave"].behind), found["slave"].gone) == (f"{UUID}:5-9", None)


def test_a_slave_that_has_all_is_not_asked_what_was_purged(pair: Pair) -> None:
    for side in pair.sides.values():
        teach(side)
        answering(side)  # that server was told nothing of gtid_purged
    assert gather(pair)["slave"].gone is None


THIRD = {"host": "10.0.0.9", "id": "c0c", "acknowledges": 1}
THE_SLAVE = {"host": "192.168.152.129", "id": "a0a", "acknowledges": 1}


@pytest.mark.parametrize(
    ("clients", "slave_does", "copying", "told"),
    [
        ("2", "ON", [THE_SLAVE, THIRD], "10.0.0.9 (server_uuid c0c)"),
        ("1", "OFF", [THE_SLAVE | {"acknowledges": 0}, THIRD], "10.0.0.9 (server_uuid c0c)"),
        ("2", "ON", [THE_SLAVE, THE_SLAVE], ""),
        ("1", "OFF", [THE_SLAVE], ""),
        ("1", "ON", [], ""),
        ("2", "ON", [], None),
    ],
    ids=["a third too", "a third alone", "a session that died", "the slave comes", "it alone", "nobody says"],
)
def test_who_acknowledges_besides_the_slave(
    pair: Pair, clients: str, slave_does: str, copying: list[Row], told: str | None
) -> None:
    for side in pair.sides.values():
        teach(side)
    on = {"Variable_name": "Rpl_semi_sync_source_status", "Value": "ON"}
    master, slave = answering(pair.master), answering(pair.slave)
    master.says(gathering.SEMI_SYNC_QUESTION, on, {"Variable_name": "Rpl_semi_sync_source_clients", "Value": clients})
    master.says(COPYING, *copying)
    status = {"Variable_name": "Rpl_semi_sync_replica_status", "Value": slave_does}
    slave.says(gathering.SEMI_SYNC_QUESTION, status)
    assert gather(pair)["master"].acknowledged_by == told


def test_who_acknowledges_in_place_of_a_slave_that_is_dead(pair: Pair) -> None:
    teach(pair.master)
    teach(pair.slave, greets="124\n")
    answering(pair.master).says(COPYING, THE_SLAVE, THIRD)
    assert gather(pair)["master"].acknowledged_by == "10.0.0.9 (server_uuid c0c)"


def test_a_master_that_does_not_say_who_copies_is_no_less_known(pair: Pair) -> None:
    teach(pair.master)
    teach(pair.slave, greets="124\n")
    answering(pair.master).says(COPYING, error=pymysql.err.ProgrammingError(1146, "no such table"))
    master = gather(pair)["master"]
    assert master.answers and master.acknowledged_by is None


def test_a_dead_host_is_a_fact_and_the_other_is_asked(pair: Pair) -> None:
    link_of(pair.master).says_where(
        "", Unreachable("master", "does not answer by SSH on port 22: timed out\nIs it up?")
    )
    teach(pair.slave, takeover=RECORD)
    found = gather(pair)
    assert found["master"].unreachable == "does not answer by SSH on port 22: timed out"
    assert not found["master"].answers
    assert found["slave"].takeover["at"] == "2026-11-22T17:03:48Z"
    assert found["slave"].sql.startswith("it does not run")


@cases("takeover_record")
def test_the_record_of_a_takeover_is_read(case: Case) -> None:
    assert noted(case.text) == case.means


CHANGED = "master 192.168.152.128: its SSH host key CHANGED\nWas the host rebuilt?\nThen: `inv trust-hosts`."


def test_a_changed_host_key_of_one_host_does_not_hide_the_other(pair: Pair) -> None:
    link_of(pair.master).says_where("", BadInput(CHANGED))
    teach(pair.slave)
    answering(pair.slave)
    found = gather(pair)
    assert found["master"].unreachable == "its SSH host key CHANGED"
    assert found["master"].refused == "Was the host rebuilt? Then: `inv trust-hosts`."
    assert found["slave"].answers and not found["slave"].refused


def test_changed_keys_of_both_hosts_are_bad_input(pair: Pair) -> None:
    for side in pair.sides.values():
        link_of(side).says_where("", BadInput(CHANGED.replace("master 192.168.152.128", str(side.host))))
    with pytest.raises(BadInput) as refused:
        gather(pair)
    for told in (*map(str, (side.host for side in pair.sides.values())), "CHANGED", "inv trust-hosts"):
        assert told in str(refused.value)


LATE = Ran(124, "", "")


@pytest.mark.parametrize(
    ("question", "what"),
    [
        (service_question("keepalived"), "keepalived"),
        (service_question("mysql"), "mysqld"),
        (of_host.CONFIG_QUESTION, "the scripts' configuration"),
        (of_host.SETTLED_QUESTION, of_host.ITS_SCRIPTS),
        (of_host.CHECKED_QUESTION, "the last check"),
        (of_host.TAKEOVER_QUESTION, "the record of a takeover"),
        (of_host.VRRP_QUESTION, "the VRRP state"),
        (of_host.UNSENT_QUESTION, of_host.ITS_ALERTS),
        (RUNNING_QUESTION, "the keepalived that runs"),
        (FILES_QUESTION, of_host.ITS_FILTERS),
    ],
)
def test_a_question_without_an_answer_in_time_is_that_one_fact_unknown(pair: Pair, question: str, what: str) -> None:
    for side in pair.sides.values():
        teach(side)
        answering(side)
    link_of(pair.slave).says(question, LATE)
    slave = gather(pair)["slave"]
    assert not slave.unreachable
    assert list(slave.unknown) == [what] and slave.unknown[what].startswith("no answer in time from: ")
    assert slave.lacks == () and slave.answers
    assert link_of(pair.slave).calls[1:].count(question) == 0, "it was waited for a second time"


def test_a_host_that_does_not_tell_its_units_in_time_is_reached(pair: Pair) -> None:
    for side in pair.sides.values():
        teach(side)
        answering(side).says(COPYING)
    link_of(pair.slave).says(UNITS_QUESTION, LATE)
    slave = gather(pair)["slave"]
    assert (slave.unreachable, slave.mysqld, list(slave.unknown)) == ("", "unknown", ["mysqld"])
    assert slave.sql.startswith("no answer in time from: ")


def test_a_host_that_does_not_even_tell_its_addresses_is_not_reached(pair: Pair) -> None:
    for side in pair.sides.values():
        teach(side)
        answering(side).says(COPYING)
    link_of(pair.slave).says(ADDRESSES_QUESTION, LATE)
    assert gather(pair)["slave"].unreachable.startswith("no answer in time from: ip ")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"running": STANDS_STILL}, "process 812 stands still, as after SIGSTOP"),
        ({"checked": "22\n"}, "it last called its check 22 s ago"),
        ({"checked": "21\n"}, ""),
        ({"checked": ""}, ""),
        ({"checked": "900\n", "config": ""}, ""),
        ({"checked": "900\n", "running": OTHER_FILE}, ""),
        ({"checked": "900\n", "keepalived": "activating enabled\n"}, ""),
    ],
    ids=["stopped", "silent", "slow", "no check yet", "no configuration", "another file", "starts"],
)
def test_a_keepalived_that_hangs_is_a_fact(pair: Pair, said: dict[str, str], told: str) -> None:
    teach(pair.slave, **said)
    teach(pair.master)
    assert gather(pair)["slave"].hangs == told


def test_a_hung_mysqld_is_told_by_its_silence_and_not_logged_in_to(pair: Pair) -> None:
    teach(pair.master, greets="124\n")
    teach(pair.slave)
    mysqld = mysqld_of(pair.master)  # told nothing: a question to it would be an error
    found = gather(pair)
    assert "says nothing" in found["master"].sql and not found["master"].greets
    assert mysqld.changed == []


@pytest.mark.parametrize("greets", ["0\n", "124\n"], ids=["that greets", "that says nothing"])
def test_a_stranger_on_the_port_of_a_mysqld_that_is_down_is_named(pair: Pair, greets: str) -> None:
    teach(pair.master, mysql="inactive enabled\n", greets=greets, listens="77 nobody python3\n")
    teach(pair.slave)
    found = gather(pair)["master"]
    assert found.stranger == Stranger(77, "nobody", "python3")
    assert found.sql == "it does not run; python3 (pid 77, user nobody) listens on port 3306"
    assert not found.greets and not found.answers


def test_a_strangers_name_cannot_forge_a_line(pair: Pair) -> None:
    teach(pair.master, listens="77 nobody py\x1b[2Jthon\n")
    teach(pair.slave)
    assert str(gather(pair)["master"].stranger) == "py?[2Jthon (pid 77, user nobody)"


def test_a_full_house_greets_but_does_not_answer(pair: Pair) -> None:
    teach(pair.master)
    teach(pair.slave)
    mysqld_of(pair.master).refusal = (1040, "Too many connections")
    link_of(pair.master).says(KEY_FILE_QUESTION, "")
    found = gather(pair)["master"]
    assert found.greets and not found.answers
    assert "Too many connections" in found.sql


def test_what_bootstrap_brings_and_is_not_there(pair: Pair) -> None:
    teach(pair.master, mysql="inactive not-found\n", keepalived="inactive not-found\n", config="", greets="1\n")
    teach(pair.slave)
    assert gather(pair)["master"].lacks == ("mysqld", "keepalived", "/etc/mysql-runbook.conf")


def test_a_transaction_that_the_master_is_just_committing_is_not_errant(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(pair.master)
    teach(pair.slave)
    # Once for the master's own facts, then for the comparison.
    executes(answering(pair.master), monkeypatch, f"{UUID}:1-3", f"{UUID}:1-3", f"{UUID}:1-4")
    answering(pair.slave)
    assert str(gather(pair)["slave"].errant) == ""


def test_a_transaction_that_the_master_goes_on_lacking_is_errant(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "COMMIT_SECONDS", 0.05)
    teach(pair.master)
    teach(pair.slave)
    executes(answering(pair.master), monkeypatch, f"{UUID}:1-3")
    answering(pair.slave)
    slave = gather(pair)["slave"]
    assert (str(slave.errant), slave.errant_names) == (f"{UUID}:4", (f"{UUID}:4",))


def test_filters_in_force_and_in_files_are_facts(pair: Pair) -> None:
    teach(pair.master, files="/etc/mysql/my.cnf:1:[mysqld]\n/etc/mysql/my.cnf:2:binlog-ignore-db = test\n")
    teach(pair.slave)
    answering(pair.master).says("SHOW BINARY LOG STATUS", {"Binlog_Do_DB": "", "Binlog_Ignore_DB": "test"})
    answering(pair.slave).says("SHOW REPLICA STATUS", RUNS | {"Replicate_Do_DB": "hive"})
    found = gather(pair)
    assert found["master"].filters == (Filter("binlog_ignore_db", "test", ("/etc/mysql/my.cnf:2",)),)
    assert found["slave"].filters == (Filter("replicate_do_db", "hive"),)


def test_semi_sync_without_a_slave_that_acknowledges_is_not_in_force(pair: Pair) -> None:
    teach(pair.master)
    teach(pair.slave, greets="124\n")
    on = {"Variable_name": "Rpl_semi_sync_source_status", "Value": "ON"}
    nobody = {"Variable_name": "Rpl_semi_sync_source_clients", "Value": "0"}
    answering(pair.master).says(gathering.SEMI_SYNC_QUESTION, on, nobody)
    assert gather(pair)["master"].semi_sync is False
