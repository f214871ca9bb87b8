"""The checks: what is wrong fails where it is, with a way out; a slave is never written to."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pymysql
import pytest
from fake import FakeConnection, FakeMysqld, file_is, link_of, mysqld_of, pair_of
from fake_mysqld import SESSION
from pair_facts import CLOSED, DEAD, ERRANT, GONE, HUNG, NO_VIP, OPEN, RUNS, STOPPED, TAKEN_OVER, UUID, facts

from runbook.core.host import Host, NotInTime
from runbook.core.ssh import Ran
from runbook.core.step import Change, Gap, State, Step
from runbook.diagnosis.checks import NOT_CHECKED, Check, not_checked, state, steps, writes
from runbook.diagnosis.facts import Facts
from runbook.mysql.heartbeat import OwnSchema
from runbook.mysql.session import SqlFailed, TooManyConnections
from runbook.mysql.tracking.progress import GtidSet
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings
from runbook.steps.article import Task
from runbook.steps.phase import Phase
from runbook.steps.start import Serves
from runbook.system.resources import File

pytestmark = pytest.mark.usefixtures("fake_mysql")


# ---- checks by the facts ----


def judged(found: Facts, settings: Settings) -> dict[tuple[str, str], Check]:
    return {(check.host, check.name): check for check in state.checks(found, settings)}


def test_of_a_healthy_pair_every_check_is_ok(settings: Settings) -> None:
    assert {check.status for check in judged(facts(), settings).values()} == {"OK"}


@pytest.mark.parametrize(
    ("host", "name", "status", "master", "slave"),
    [
        ("master", "SSH", "FAIL", GONE, {}),
        ("master", "mysqld", "FAIL", DEAD, {}),
        ("slave", "keepalived", "FAIL", {}, {"keepalived": "inactive"}),
        ("slave", "keepalived", "FAIL", {}, {"vrrp": "FAULT"}),
        ("slave", "sees the other's mysqld", "FAIL", {}, {"sees_peer": False}),
        ("pair", "MySQL versions", "FAIL", {}, {"version": "8.4.2"}),
        ("pair", "MySQL versions", "OK", {}, {"version": "9.7.5"}),
        ("pair", "VIP 192.168.152.130", "FAIL", {}, TAKEN_OVER),
        ("pair", "VIP 192.168.152.130", "FAIL", NO_VIP, {}),
        ("pair", "VIP 192.168.152.130", "FAIL", NO_VIP, TAKEN_OVER),
        ("pair", "VIP 192.168.152.130", "WARN", {}, GONE),
        ("master", "takes writes", "FAIL", CLOSED, {}),
        ("master", "refuses writes without the VIP", "FAIL", {"holds_vip": False}, TAKEN_OVER),
        ("master", "refuses writes without the VIP", "OK", NO_VIP, TAKEN_OVER),
        ("slave", "refuses writes", "FAIL", {}, OPEN),
        ("slave", "refuses writes", "FAIL", {}, {"super_read_only": False}),
        ("slave", "replication", "FAIL", {}, {"replication": None}),
        ("slave", "replication", "FAIL", {}, {"replication": STOPPED}),
        ("slave", "replication", "FAIL", {}, {"replication": replace(RUNS, source="10.0.0.9:3306")}),
        ("slave", "replication", "WARN", NO_VIP, TAKEN_OVER),
        ("slave", "replication lag", "OK", {}, {"replication": replace(RUNS, lag_seconds=state.LAG_SECONDS)}),
        ("slave", "replication lag", "WARN", {}, {"replication": replace(RUNS, lag_seconds=state.LAG_SECONDS + 1)}),
        ("slave", "the slave has what the master has", "FAIL", {}, ERRANT),
        ("slave", "the slave has what the master has", "OK", {}, {"behind": GtidSet.parse(f"{UUID}:5-7")}),
        ("master", "semi-synchronous", "FAIL", {"semi_sync": False}, {}),
    ],
)
def test_what_is_wrong_fails_where_it_is(
    settings: Settings, host: str, name: str, status: str, master: dict[str, Any], slave: dict[str, Any]
) -> None:
    check = judged(facts(master, slave), settings)[host, name]
    assert check.status == status
    assert check.status != "FAIL" or check.todo


def test_what_could_not_be_asked_is_said_so(settings: Settings) -> None:
    assert judged(facts({}, HUNG), settings)["pair", "MySQL versions"].topic == NOT_CHECKED
    assert (
        judged(facts(GONE, {"behind": None}), settings)["slave", "the slave has what the master has"].topic
        == NOT_CHECKED
    )


def test_without_semi_sync_wanted_it_is_no_check(settings_of: Callable[..., Settings]) -> None:
    assert ("master", "semi-synchronous") not in judged(facts({"semi_sync": None}), settings_of(SEMI_SYNC="off"))


# ---- checks by bootstrap's steps ----


def test_the_gap_of_a_step_in_a_few_words() -> None:
    differs = Change("content", "a\nb\n", "a\nc\n")
    assert steps.found_in([differs]) == "content differs"
    assert steps.found_in([Change("content", None, "a\n"), Change("mode", None, "644")]) == "is missing"
    assert steps.found_in([Change("sync_binlog", "0", "1"), Change("gtid_mode", None, "ON")]) == (
        "sync_binlog is 0, not 1; gtid_mode is absent, not ON"
    )


def test_a_gap_fails_and_names_the_task_that_closes_it() -> None:
    check = steps.judged("slave", "file /x", [Change("mode", "644", "764")], "deploy-scripts")
    assert (check.status, check.found) == ("FAIL", "mode is 644, not 764")
    assert "inv deploy-scripts" in check.todo
    assert steps.judged("slave", "file /x", [], "deploy-scripts").status == "OK"


@pytest.mark.parametrize(("content", "status", "found"), [("there", "WARN", "old"), ("", "FAIL", "content differs")])
def test_what_is_to_be_known_of_a_step_that_is_right_is_a_warning(
    pair: Pair, content: str, status: str, found: str
) -> None:
    class Old(File):
        def read(self, host: Host) -> State:
            return {**self.want(), "content": content}

        def caveat(self, found: State) -> str:
            return "old\nRenew it"

    check = steps._looked_at(steps.Planned("prep-os", "master", Old("/x", "there")), pair.master.host)
    assert (check.status, check.found) == (status, found)
    assert status == "FAIL" or check.todo == "Renew it"


def test_a_step_tells_whose_session_it_asks(pair: Pair) -> None:
    assert File("/x", "").servers == frozenset()
    assert Serves(pair).servers == {"master", "slave"}
    assert OwnSchema(pair.master.server).servers == {"master"}


def test_no_step_is_taken_on_a_host_that_is_gone(pair: Pair) -> None:
    assert steps.checks(pair, facts(GONE, GONE)) == []
    assert all(link_of(side).calls == [] for side in pair.sides.values())


def test_a_login_that_found_a_full_house_is_not_checked_and_keeps_no_other_from_asking(pair: Pair) -> None:
    side = pair.master

    class Login(Step):
        name = "a login"
        servers = frozenset({"master"})

        def __init__(self, *refusals: Exception) -> None:
            self.refusals = refusals

        def want(self) -> State:
            return {}

        def read(self, host: Host) -> State:
            for refusal in self.refusals:
                raise refusal
            return {}

        def fix(self, host: Host, gap: Gap) -> None:
            raise AssertionError("verify changes nothing")

    logins = (Login(TooManyConnections(str(side.host), "all connections are in use")), Login())
    planned = [steps.Planned("create-replica-user", "master", each) for each in logins]
    crowded, other = steps._read_all(side.host, planned, {})
    assert (crowded.topic, crowded.found) == (NOT_CHECKED, "all connections are in use")
    assert other.status == "OK"


def test_a_step_that_was_not_answered_in_time_is_not_checked(pair: Pair) -> None:
    side, file = pair.master, File("/x", "")
    (question,) = file.questions()
    link_of(side).says(question, Ran(124, "", ""))
    (check,) = steps._read_all(side.host, [steps.Planned("deploy-scripts", "master", file)], {})
    assert (check.status, check.topic) == ("WARN", NOT_CHECKED)
    assert check.found.startswith("no answer in time from: ")


def test_a_task_whose_steps_a_host_does_not_tell_hides_no_other(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def dumb(side: Side) -> list[File]:
        if side.role == "slave":
            raise NotInTime(str(side.host), "keepalived --version", Ran(124, "", ""))
        return [File("/x", "")]

    tasks = [Task("one", lambda *_: [Phase(dumb)]), Task("two", lambda *_: [Phase(lambda _: [File("/y", "")])])]
    monkeypatch.setattr(steps, "TASKS", tasks)
    for side in pair.sides.values():
        for path in "/x", "/y":
            file_is(link_of(side), path, "")
    found = {(check.host, check.name): check for check in steps.checks(pair, facts())}
    assert found["slave", "steps of one"].found == "no answer in time from: keepalived --version"
    assert found["slave", "steps of one"].topic == NOT_CHECKED
    assert {found[key].status for key in (("master", "file /x"), ("slave", "file /y"))} == {"OK"}


# ---- checks that write ----


def client_to(
    mysqld: FakeMysqld, pair: Pair, monkeypatch: pytest.MonkeyPatch, server_id: int
) -> Callable[[Facts], dict[str, Check]]:
    """The checks through a VIP where this server answers."""
    s = pair.settings
    mysqld.logins[s.probe_user] = s.probe_password.reveal()
    mysqld.says("SELECT @@server_id AS server_id", {"server_id": server_id})

    def connection(_: Settings, known_by: Sequence[str]) -> FakeConnection:
        assert known_by == (), "these servers have no CA"
        logged_in = FakeConnection(user=s.probe_user, password=s.probe_password.encode(), host="", port=0)
        logged_in.connect(type("Channel", (), {"mysqld": mysqld})())
        return logged_in

    monkeypatch.setattr(writes, "_connection", connection)
    monkeypatch.setattr(writes, "_refused", lambda *_: not_checked("slave", "write", "not of this test"))
    monkeypatch.setattr(writes.secrets, "token_hex", lambda _: "beat")
    return lambda found: {check.name: check for check in writes.checks(pair, found)}


BEAT = writes.BEAT.replace("%s", "'beat'")
NO_ANSWER = pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query")


def test_a_write_through_the_vip_arrives_on_the_slave(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    mysqld = FakeMysqld()
    mysqld.takes(BEAT)
    mysqld_of(pair.slave).says(writes.LAST_BEAT, {"beat": "beat"})
    checks = client_to(mysqld, pair, monkeypatch, pair.settings.master.server_id)(facts())
    assert {checks[name].status for name in (writes.CLIENT, writes.WRITE, writes.SEEN)} == {"OK"}
    assert mysqld.changed == [BEAT]


def test_a_slave_that_answers_at_the_vip_is_not_written_to(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may take the write, and that would be a transaction which the master lacks."""
    mysqld = FakeMysqld()
    mysqld.takes(BEAT)
    checks = client_to(mysqld, pair, monkeypatch, pair.settings.slave.server_id)(facts(DEAD, TAKEN_OVER))
    assert checks[writes.WRITE].status == "FAIL" and "the slave answers" in checks[writes.WRITE].found
    assert mysqld.changed == []


def test_a_stranger_at_the_vip_is_not_written_to(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    mysqld = FakeMysqld()
    checks = client_to(mysqld, pair, monkeypatch, 77)(facts())
    assert "server_id 77" in checks[writes.WRITE].found
    assert mysqld.changed == []


def test_a_write_that_does_not_arrive_fails_in_time(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "SEEN_SECONDS", 0.05)
    mysqld = FakeMysqld()
    mysqld.takes(BEAT)
    mysqld_of(pair.slave).says(writes.LAST_BEAT, {"beat": "an older one"})
    checks = client_to(mysqld, pair, monkeypatch, pair.settings.master.server_id)(facts())
    assert checks[writes.SEEN].status == "FAIL"


@pytest.mark.parametrize(
    ("state", "way_out"),
    [
        ("Waiting for semi-sync ACK from replica", "waits for the slave"),
        ("Waiting for table metadata lock", "Another session"),
        ("Update", "Another session"),
        ("waiting for handler commit", "its disk"),
        ("query end", "its disk"),
    ],
)
def test_a_write_without_an_answer_is_told_with_what_it_waits_for(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, state: str, way_out: str
) -> None:
    mysqld = FakeMysqld()
    mysqld.takes(BEAT, NO_ANSWER)
    mysqld_of(pair.master).says(
        "SHOW PROCESSLIST", {"Id": SESSION + 1, "State": "somebody else's"}, {"Id": SESSION, "State": state}
    )
    found = client_to(mysqld, pair, monkeypatch, pair.settings.master.server_id)(facts())[writes.WRITE]
    assert found.status == "FAIL" and state in found.found and way_out in found.todo


@pytest.mark.parametrize("error", [None, SqlFailed("host", "SHOW PROCESSLIST", 1040, "Too many connections")])
def test_a_write_whose_session_is_gone_is_told_with_the_clients_own_error(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, error: SqlFailed | None
) -> None:
    mysqld = FakeMysqld()
    mysqld.takes(BEAT, NO_ANSWER)
    mysqld_of(pair.master).says("SHOW PROCESSLIST", error=error)
    found = client_to(mysqld, pair, monkeypatch, pair.settings.master.server_id)(facts())[writes.WRITE]
    assert found.status == "FAIL" and NO_ANSWER.args[1] in found.found


def test_without_a_vip_nobody_is_waited_for(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = client_to(FakeMysqld(), pair, monkeypatch, 1)(facts(NO_VIP, {}))
    assert {checks[name].topic for name in (writes.CLIENT, writes.WRITE, writes.SEEN)} == {NOT_CHECKED}


def test_a_dry_run_writes_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    mysqld = FakeMysqld()
    checks = client_to(mysqld, pair_of(settings, dry=True), monkeypatch, settings.master.server_id)(facts())
    assert {check.topic for check in checks.values()} == {NOT_CHECKED}
    assert mysqld.changed == []
