"""Both hosts at once: work side by side, and one error for what went wrong on them."""

import threading
from collections.abc import Callable

import pytest
from answering_hosts import answering, teach
from fake import captured_json, link_of, mysqld_of, pair_of

from runbook.core.host import DryHost
from runbook.core.lock import HostLock
from runbook.core.step import Change, NotReady, ensure
from runbook.diagnosis.facts import gather
from runbook.errors import BadInput, HostError, RunbookError
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.operations.bootstrap import refuse_when_failed_over
from runbook.pair.pair import Pair, joined
from runbook.pair.side import Side
from runbook.settings.settings import Settings
from runbook.steps import start
from runbook.steps.install_mysql import SameSeries
from runbook.system.family import OS_QUESTION
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.server_names import UNITS_QUESTION

MASTER = captured_json("preflight_master.json")["addresses"]
SLAVE = captured_json("preflight_slave.json")["addresses"]
SOURCES = " policy mysql-server"
VIP = "2: host0    inet 192.168.152.130/24 scope global secondary host0\n"


def addresses(pair: Pair, master: str, slave: str) -> None:
    link_of(pair.master).says(ADDRESSES_QUESTION, master)
    link_of(pair.slave).says(ADDRESSES_QUESTION, slave)


def blank_master(settings: Settings) -> Side:
    side = pair_of(settings).master
    link_of(side).says(OS_QUESTION, captured_json("preflight_master.json")["os"])
    link_of(side).says(UNITS_QUESTION, captured_json("units.json")["blank"])
    link_of(side).says(PROGRAM_QUESTION, "")
    link_of(side).says_where(SOURCES, "9.7.4-2\n")
    return side


@pytest.mark.parametrize("name", ["mysql-5.6.24-linux-x86_64.tar.gz", "mysql-community-release-el7-5.noarch.rpm"])
def test_what_the_hosts_sources_offer_says_nothing_of_a_server_from_elsewhere(
    settings_of: Callable[..., Settings], name: str
) -> None:
    side = blank_master(settings_of(MYSQL_SOURCE=f"http://127.0.0.1:9/{name}"))
    with pytest.raises(NotReady, match="MYSQL_SOURCE"):
        _ = side.dialect


def test_what_the_sources_offer_is_asked_once_and_only_until_the_server_is_there(settings: Settings) -> None:
    side = blank_master(settings)

    def asked() -> int:
        return sum(SOURCES in call for call in link_of(side).calls)

    assert side.dialect.series == "9.7"
    for_one_answer = asked()
    assert for_one_answer and side.dialect.series == "9.7"
    assert asked() == for_one_answer
    link_of(side).says(PROGRAM_QUESTION, "mysqld  Ver 8.4.3 for Linux on x86_64 (MySQL Community Server - GPL)\n")
    assert side.dialect.series == "8.4"


# ---- side by side ----


def test_both_hosts_work_at_the_same_time(pair: Pair) -> None:
    meeting = threading.Barrier(2, timeout=5)

    def work(side: Side) -> str:
        meeting.wait()
        return side.role

    assert pair.side_by_side(work) == {"master": "master", "slave": "slave"}


def test_one_host_alone(pair: Pair) -> None:
    assert pair.side_by_side(lambda side: side.role, ("slave",)) == {"slave": "slave"}


def test_the_other_host_ends_its_work_before_an_error_is_raised(pair: Pair) -> None:
    failed, done = threading.Event(), []

    def work(side: Side) -> None:
        if side.role == "master":
            failed.set()
            raise HostError(str(side.host), "the disk is full")
        assert failed.wait(5)
        done.append(side.role)

    with pytest.raises(HostError, match=r"master 192\.168\.152\.128: the disk is full"):
        pair.side_by_side(work)
    assert done == ["slave"]


def test_what_is_right_is_handed_back_beside_what_is_wrong(pair: Pair) -> None:
    def work(side: Side) -> str:
        if side.role == "master":
            raise BadInput("no")
        return "yes"

    results, errors = pair.attempt(work)
    assert results == {"slave": "yes"}
    assert isinstance(errors["master"], BadInput)


def test_ctrl_c_ends_both_connections(pair: Pair) -> None:
    def work(side: Side) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pair.attempt(work)
    assert link_of(pair.master).closed
    assert link_of(pair.slave).closed


def test_the_connections_end_with_the_run(pair: Pair) -> None:
    with pytest.raises(RunbookError), pair:
        raise RunbookError("failed")
    assert link_of(pair.master).closed
    assert link_of(pair.slave).closed


def test_a_dry_pair_has_dry_hosts(settings: Settings) -> None:
    assert all(isinstance(side.host, DryHost) for side in pair_of(settings, dry=True).sides.values())


# ---- one error ----


def test_a_single_error_is_itself() -> None:
    error = NotReady("slave: mysqld does not run")
    assert joined({"slave": error}) is error


def test_both_errors_are_told_master_first() -> None:
    error = joined({"master": RunbookError("master: disk full"), "slave": HostError("slave", "no answer")})
    assert str(error) == "master: disk full\nslave: no answer"


def test_the_same_sentence_is_told_once() -> None:
    assert str(joined({"master": BadInput("VIP = x: wrong"), "slave": BadInput("VIP = x: wrong")})) == "VIP = x: wrong"


@pytest.mark.parametrize(
    ("master", "slave", "code"),
    [
        (BadInput("a"), BadInput("b"), 2),
        (BadInput("a"), RunbookError("b"), 1),
        (HostError("master", "a"), BadInput("b"), 1),
        (NotReady("a"), NotReady("b"), 1),
    ],
)
def test_it_is_bad_input_only_when_all_of_it_is(master: RunbookError, slave: RunbookError, code: int) -> None:
    error = joined({"master": master, "slave": slave})
    assert isinstance(error, RunbookError)
    assert error.exit_code == code


def test_a_bug_is_not_turned_into_a_sentence() -> None:
    bug = ZeroDivisionError()
    assert joined({"master": BadInput("a"), "slave": bug}) is bug


def test_errors_have_the_exit_codes_of_the_doctrine() -> None:
    assert (RunbookError("a").exit_code, HostError("h", "a").exit_code, BadInput("a").exit_code) == (1, 1, 2)
    assert str(HostError("master 10.0.0.1", "the disk is full", "Free some space.")).splitlines() == [
        "master 10.0.0.1: the disk is full",
        "Free some space.",
    ]


# ---- who serves ----


def test_who_holds_the_vip(pair: Pair) -> None:
    addresses(pair, MASTER, SLAVE)
    assert pair.master.holds_vip()
    assert not pair.slave.holds_vip()


def test_the_vip_is_asked_for_anew_each_time(pair: Pair) -> None:
    addresses(pair, MASTER, SLAVE)
    assert pair.master.holds_vip()
    addresses(pair, SLAVE, MASTER)
    assert not pair.master.holds_vip()


def test_nothing_is_done_to_a_pair_that_is_failed_over(pair: Pair) -> None:
    addresses(pair, SLAVE, VIP)
    with pytest.raises(RunbookError, match="the pair is failed over") as caught:
        refuse_when_failed_over(pair)
    assert "inv failback" in str(caught.value)


@pytest.mark.parametrize(("master", "slave"), [(MASTER, SLAVE), (SLAVE, SLAVE), (VIP, VIP)])
def test_every_other_pair_may_be_worked_on(pair: Pair, master: str, slave: str) -> None:
    addresses(pair, master, slave)
    refuse_when_failed_over(pair)
    assert link_of(pair.master).changed == []


def serving(pair: Pair, *, master: str, slave: str, master_closed: bool, slave_closed: bool) -> None:
    addresses(pair, master, slave)
    for side, closed in ((pair.master, master_closed), (pair.slave, slave_closed)):
        mysqld_of(side).closed(closed)


@pytest.mark.usefixtures("fake_mysql")
def test_a_master_that_serves_is_right(pair: Pair) -> None:
    serving(pair, master=MASTER, slave=SLAVE, master_closed=False, slave_closed=True)
    assert ensure(pair.master.host, start.Serves(pair)).status == "ok"


@pytest.mark.usefixtures("fake_mysql")
@pytest.mark.parametrize(
    ("state", "gap"),
    [
        (
            {"master": "", "slave": SLAVE, "master_closed": True, "slave_closed": True},
            [Change("VIP", "nowhere", "on the master"), Change("master", "read-only", "takes writes")],
        ),
        (
            {"master": MASTER, "slave": VIP, "master_closed": False, "slave_closed": True},
            [Change("VIP", "on the master and the slave", "on the master")],
        ),
        (
            {"master": MASTER, "slave": SLAVE, "master_closed": False, "slave_closed": False},
            [Change("slave", "takes writes", "read-only")],
        ),
    ],
)
def test_everything_else_is_told(settings: Settings, state: dict[str, object], gap: list[Change]) -> None:
    pair = pair_of(settings, dry=True)
    serving(pair, **state)  # type: ignore[arg-type]
    outcome = ensure(pair.master.host, start.Serves(pair))
    assert (outcome.status, outcome.gap) == ("refused" if pair.slave.holds_vip() else "would change", gap)


@pytest.mark.usefixtures("fake_mysql")
def test_a_vip_on_the_slave_is_left_there(pair: Pair) -> None:
    serving(pair, master="", slave=VIP, master_closed=True, slave_closed=True)
    with pytest.raises(RunbookError, match="inv failback"):
        ensure(pair.master.host, start.Serves(pair))


# ---- the same series on both ----


def versions(pair: Pair, **given: str) -> None:
    for role, version in given.items():
        row = {"version": version, "comment": "MySQL Community Server - GPL"}
        mysqld_of(pair.sides[role]).says(  # type: ignore[index]
            "SELECT VERSION() AS version, @@version_comment AS comment", row
        )


@pytest.mark.usefixtures("fake_mysql")
@pytest.mark.parametrize(("master", "slave"), [("9.7.4-2", "9.7.4-2"), ("9.7.4", "9.7.1"), ("8.0.26", "8.0.40")])
def test_one_series_is_enough(pair: Pair, master: str, slave: str) -> None:
    versions(pair, master=master, slave=slave)
    assert ensure(pair.slave.host, SameSeries(pair)).status == "ok"


@pytest.mark.usefixtures("fake_mysql")
@pytest.mark.parametrize(("master", "slave"), [("9.7.4", "8.4.3"), ("8.0.40", "8.4.0")])
def test_two_series_are_refused_with_both_named(pair: Pair, master: str, slave: str) -> None:
    versions(pair, master=master, slave=slave)
    with pytest.raises(RunbookError) as caught:
        ensure(pair.slave.host, SameSeries(pair))
    told = str(caught.value)
    assert f"MySQL {slave[:3]} here and {master[:3]} on the master" in told
    assert "inv install-mysql" in told


@pytest.mark.usefixtures("fake_mysql")
def test_a_series_that_is_not_there_yet_is_waited_for_in_a_dry_run(settings: Settings) -> None:
    pair = pair_of(settings, dry=True)
    assert ensure(pair.slave.host, SameSeries(pair)).status == "waits"


# ---- a host that does not answer ----

SILENT = "it does not answer within 2 s"


def without_the_master(settings: Settings) -> Pair:
    pair = pair_of(settings)
    link_of(pair.master).silent = SILENT
    pair.leave_out_after(2, lambda side: None)
    return pair


def test_with_patience_a_run_goes_on_with_the_hosts_that_let_us_in(settings: Settings) -> None:
    pair = pair_of(settings)
    pair.leave_out_after(2, lambda side: None)
    assert (pair.left_out, pair.reached) == ({}, ("master", "slave"))
    pair = without_the_master(settings)
    assert (pair.left_out, pair.reached) == ({"master": SILENT}, ("slave",))
    assert pair.records() == {"slave": None}
    assert link_of(pair.master).calls == [], "who is left out is not waited for again"


def test_who_is_left_out_stays_so_when_the_roles_are_exchanged(settings: Settings) -> None:
    turned = without_the_master(settings).turned()
    assert (turned.left_out, turned.reached) == ({"slave": SILENT}, ("master",))


def test_only_the_hosts_that_were_reached_are_locked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = without_the_master(settings)
    locked: list[str] = []
    monkeypatch.setattr(HostLock, "take", lambda lock: locked.append(lock._host.node.role))
    monkeypatch.setattr(HostLock, "release", lambda lock: None)
    with pair.locked("promote", lambda text: None):
        assert locked == ["slave"]


def test_who_is_left_out_is_a_fact(settings: Settings, fake_mysql: None) -> None:
    pair = without_the_master(settings)
    teach(pair.slave, sees_peer="1\n")
    answering(pair.slave)
    found = gather(pair)
    assert (found["master"].unreachable, found["master"].answers) == (SILENT, False)
    assert found["slave"].answers
    assert link_of(pair.master).calls == []
