"""When a drill refuses, what it tells the operator, and when it fails."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pymysql
import pytest
from drill_results import FAILED_OVER, FENCED, HOME, KEPT, RESULT, SAME, SPLIT, TAKEOVER
from fake import mysqld_of, pair_of
from rich.console import Console

from runbook.drill import client, failover, stage, summary
from runbook.drill.account import account
from runbook.drill.failover import PromiseBroken
from runbook.drill.faults import FAULTS, Course
from runbook.drill.faults.cut_off_master import CutOffMaster
from runbook.drill.faults.killed_mysqld import KilledMysqld
from runbook.drill.faults.power_cut import PowerCut
from runbook.drill.fencing import Attempts
from runbook.drill.promises import broken_promises
from runbook.drill.result import Result
from runbook.drill.stage import ends_with_the_state, healed
from runbook.errors import BadInput, HostError, RunbookError
from runbook.facts import Facts, SideFacts
from runbook.pair import Pair, Side
from runbook.report import Report
from runbook.settings import Settings
from runbook.verdict import Kind, Verdict


class Fault:
    """Counts what is done with it; `breaks` is what heal ends with."""

    name = "a fault"
    roles = ("master",)

    def __init__(self, breaks: Exception | None = None) -> None:
        self.healed = 0
        self.breaks = breaks

    def heal(self, side: Side) -> None:
        self.healed += 1
        if self.breaks:
            raise self.breaks


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Report:
    return Report(str, console=Console(width=200, soft_wrap=True, highlight=False))


@pytest.fixture
def facts(settings: Settings, fake_mysql: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, SideFacts]:
    """A healthy pair; a test changes it before the drill looks."""
    found = {
        role: SideFacts(
            role,
            str(settings.node(role).address),
            mysqld="active",
            keepalived="active",
            holds_vip=role == "master",
            super_read_only=role == "slave",
            semi_sync=True,
        )
        for role in ("master", "slave")
    }

    def gather(_: Pair) -> Facts:
        return found

    monkeypatch.setattr(stage, "gather", gather)
    monkeypatch.setattr(stage, "diagnose", verdict_of)
    monkeypatch.setattr(client, "through_vip", lambda settings: lambda: pytest.fail("a client was started"))
    return found


def verdict_of(facts: Facts) -> Verdict:
    if facts["slave"].holds_vip:
        return FAILED_OVER
    return Verdict(Kind.HEALTHY, "The pair is healthy.", "Nothing to do.")


@pytest.fixture
def vip_lets_in(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Connection:
        def cursor(self) -> "Connection":
            return self

        def __enter__(self) -> "Connection":
            return self

        def __exit__(self, *_: object) -> None: ...
        def execute(self, query: str, args: object) -> None: ...
        def fetchone(self) -> tuple[int]:
            return (1,)

        def close(self) -> None: ...

    monkeypatch.setattr(client, "through_vip", lambda settings: Connection)


def answered(answer: bool) -> Callable[[], bool]:
    return lambda: answer


LAB_ONLY = (PowerCut, CutOffMaster)
TAKEOVERS = [name for name, fault in FAULTS.items() if fault.course is Course.TAKEOVER]


def never() -> bool:
    raise AssertionError("the operator was asked")


def test_an_unhealthy_pair_is_refused_with_its_state_and_the_next_step(
    settings: Settings, facts: dict[str, SideFacts], report: Report
) -> None:
    facts["slave"] = replace(facts["slave"], holds_vip=True)
    with pytest.raises(RunbookError) as refusal:
        failover.run(pair_of(settings), KilledMysqld(), report, never)
    assert str(refusal.value).splitlines() == [
        "The pair is failed over.",
        "Nothing was done: a drill needs a healthy pair.",
        "Next: inv failback",
    ]
    assert refusal.value.exit_code == 1


def test_no_figure_within_its_bound_is_a_broken_promise() -> None:
    within = replace(
        RESULT,
        takeover=replace(TAKEOVER, vip_gone_seconds=TAKEOVER.vip_seconds + 0.7),
        fencing=replace(FENCED, master_looks=9, open_without_vip_seconds=FENCED.open_allowed_seconds),
    )
    assert broken_promises(within) == []
    text = "\n".join(summary.lines("a fault", within))
    assert "both hosts held the VIP for 0.700 s" in text
    assert "9 looks, open for writes for 3.00 s" in text


def test_the_table_has_a_row_for_each_drill_that_was_run(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    report.show(summary.table({"kill-master": RESULT, "freeze-master": RESULT}))
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    for name in ("kill-master", "freeze-master"):
        (row,) = [row for row in rows if name in row]
        assert [f"{TAKEOVER.vip_seconds:.2f}", f"{TAKEOVER.reads_seconds:.2f}"] == [
            each for each in row if "." in each
        ][:2]
    assert not [row for row in rows if "stop-keepalived" in row]


@pytest.mark.parametrize(
    ("error", "way_out"),
    [
        (pymysql.err.OperationalError(2003, "Can't connect to MySQL server (timed out)"), "firewalls"),
        (pymysql.err.OperationalError(1045, "Access denied for user"), "inv create-replica-user"),
    ],
)
def test_without_a_way_in_from_here_nothing_is_done(
    settings: Settings,
    facts: dict[str, SideFacts],
    report: Report,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    way_out: str,
) -> None:
    def refused() -> None:
        raise error

    monkeypatch.setattr(client, "through_vip", lambda settings: refused)
    with pytest.raises(RunbookError) as refusal:
        failover.run(pair_of(settings), KilledMysqld(), report, never)
    text = str(refusal.value)
    assert f"{settings.vip.ip}:{settings.mysql_port} as {settings.probe_user}: {error.args[1]}" in text
    assert "Nothing was done" in text
    assert way_out in text


def test_a_slave_that_would_not_let_the_clients_in_is_found_before(
    settings: Settings, facts: dict[str, SideFacts], report: Report, vip_lets_in: None
) -> None:
    pair = pair_of(settings)
    mysqld_of(pair.slave).logins[settings.probe_user] = "another password"
    with pytest.raises(RunbookError, match=r"slave .* refuses") as refusal:
        failover.run(pair, KilledMysqld(), report, never)
    assert "inv create-replica-user" in str(refusal.value)


@pytest.fixture
def ready(settings: Settings, facts: dict[str, SideFacts], vip_lets_in: None) -> Callable[..., Pair]:
    """A pair whose drill could begin; whatever is done to it is an AssertionError."""

    def make(*, dry: bool = False) -> Pair:
        pair = pair_of(settings, dry=dry)
        mysqld_of(pair.slave).logins[settings.probe_user] = settings.probe_password.reveal()
        return pair

    return make


def test_a_wrong_answer_ends_with_nothing_done(ready: Callable[..., Pair], report: Report) -> None:
    with pytest.raises(BadInput, match="nothing was done"):
        failover.run(ready(), KilledMysqld(), report, answered(False))


def test_a_dry_run_says_what_it_would_do_and_asks_nothing(
    ready: Callable[..., Pair], report: Report, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failover.run(ready(dry=True), KilledMysqld(), report, never) is None
    told = capsys.readouterr().out
    assert f"kills mysqld on master {settings.master.address}" in told
    assert "writes are refused" in told
    assert "inv failback" in told
    assert "Warning" not in told


@pytest.mark.parametrize("drill", [name for name, fault in FAULTS.items() if not issubclass(fault, LAB_ONLY)])
def test_every_drill_says_before_what_it_does_and_to_which_host(
    ready: Callable[..., Pair], report: Report, capsys: pytest.CaptureFixture[str], settings: Settings, drill: str
) -> None:
    assert failover.run(ready(dry=True), FAULTS[drill](), report, never) is None
    first = capsys.readouterr().out.splitlines()[0]
    stays = FAULTS[drill].course is Course.STAYS
    assert stays or f"master {settings.master.address}" in first
    assert stays is (f"{settings.vip.ip} stays on the master" in first)
    assert (f"the slave takes {settings.vip.ip} over." in first) is (drill in TAKEOVERS)


@pytest.mark.parametrize(
    ("drill", "afterwards"),
    [("power-off-master", "inv failback"), ("power-off-both", "inv verify"), ("isolate-master", "inv failback")],
)
def test_what_only_a_lab_can_take_is_refused_elsewhere(
    settings: Settings, report: Report, drill: str, afterwards: str
) -> None:
    """Before a host or the operator is asked."""
    with pytest.raises(BadInput) as refusal:
        failover.run(pair_of(settings), FAULTS[drill](), report, never)
    text = str(refusal.value)
    assert f"master {settings.master.address} is no lab's host" in text
    assert "Nothing was done." in text
    assert "By hand" in text
    assert afterwards in text


def test_what_healed_the_fault_stands_in_the_timeline() -> None:
    healed_at = replace(RESULT, undone="mysqld is awake again", healed_seconds=4.2)
    assert "   +4.200  mysqld is awake again" in list(summary.lines("a fault", healed_at))


def test_replication_that_may_lack_writes_is_warned_of(
    ready: Callable[..., Pair], facts: dict[str, SideFacts], report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    facts["master"] = replace(facts["master"], semi_sync=False)
    failover.run(ready(dry=True), KilledMysqld(), report, never)
    assert "Warning: semi-synchronous replication is not in force" in capsys.readouterr().out


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Result], None]]:
    """The rehearsal ends with this result."""
    yield lambda result: monkeypatch.setattr(failover, "rehearse", lambda *_: result)


def test_a_drill_that_went_well_ends_with_the_state_and_the_next_step(
    ready: Callable[..., Pair],
    report: Report,
    ended: Callable[[Result], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended(RESULT)
    assert failover.run(ready(), KilledMysqld(), report, answered(True)) is RESULT
    assert capsys.readouterr().out.splitlines()[-2:] == ["The pair is failed over.", "Next: inv failback"]


def test_a_lost_row_fails_the_drill_after_the_whole_story(
    ready: Callable[..., Pair],
    report: Report,
    ended: Callable[[Result], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    lost = replace(RESULT, ledger=replace(KEPT, kept=42, missing=((0, 7), (1, 9))))
    ended(lost)
    with pytest.raises(PromiseBroken) as broken:
        failover.run(ready(), KilledMysqld(), report, answered(True))
    assert broken.value.exit_code == 1
    assert broken.value.result is lost
    assert "LOST: 2 acknowledged writes" in str(broken.value)
    assert "((0, 7), (1, 9))" in str(broken.value)
    assert "2 lost" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (replace(RESULT, ledger=replace(KEPT, unwanted=((0, 3),))), "refused or never sent"),
        (replace(RESULT, takeover=replace(TAKEOVER, writes_on_slave=1)), "the slave acknowledged 1 writes"),
        (replace(RESULT, slave_transactions="b0b:1-3"), "transactions of its own: b0b:1-3"),
        (replace(RESULT, verdict=Verdict(Kind.SLAVE_WRITABLE, "DANGER", "close it")), "DANGER"),
        (replace(RESULT, expected=Kind.MASTER_BACK), "The pair is failed over."),
        (replace(RESULT, unrecovered="keepalived did not come back"), "keepalived did not come back"),
        (replace(RESULT, fencing=replace(FENCED, slave_open_looks=2)), "the slave was open for writes (2 of 70 looks)"),
        (replace(RESULT, fencing=replace(FENCED, open_without_vip_seconds=3.2)), "3.2 s without the VIP"),
        (
            replace(RESULT, fencing=replace(FENCED, trespasses={"root": Attempts(refused=12, accepted=2)})),
            "the slave accepted 2 of root's 14 writes",
        ),
        (replace(RESULT, takeover=None, missed="waited 33 s in vain for: the VIP"), "in vain for: the VIP"),
        (replace(HOME, home_seconds=None), "no write was acknowledged after the heal"),
        (replace(HOME, split=replace(SPLIT, master_closed_looks=3)), "the master was closed in 3 of 300 looks"),
        (replace(HOME, split=replace(SPLIT, one_vip_seconds=3.1)), "after they saw each other again"),
        (replace(HOME, split=replace(SPLIT, one_vip_seconds=None)), "after they saw each other again"),
        (replace(HOME, books=replace(SAME, rows_apart=((2, 7),))), "on one server only (writer, seq): ((2, 7),)"),
        (replace(HOME, books=replace(SAME, vip_on=("master", "slave"))), "the VIP is on master and slave"),
        (replace(HOME, books=replace(SAME, vip_on=())), "the VIP is on no host"),
        (
            replace(HOME, books=replace(SAME, lacking={"master": "b0b:1", "slave": ""})),
            "the master lacks transactions that the other has: b0b:1",
        ),
        (
            replace(HOME, books=replace(SAME, audits={"master": replace(KEPT, missing=((0, 1),)), "slave": KEPT})),
            "LOST: 1 acknowledged writes are not on the master",
        ),
        (replace(RESULT, takeover=replace(TAKEOVER, vip_gone_seconds=2.084)), "both hosts held the VIP for 2.0 s"),
    ],
)
def test_every_broken_promise_is_named(result: Result, words: str) -> None:
    (promise,) = broken_promises(result)
    assert words in promise
    assert [score.breach for score in account("a fault", result, None, None).scorecard if score.met is False] == [
        promise
    ]
    assert any(line.startswith("BROKEN") and words in line for line in summary.lines("a fault", result))


def test_the_summary_tells_the_story_in_its_order() -> None:
    lines = list(summary.lines("SIGKILL for mysqld on the master", RESULT))
    assert lines[1:8] == [
        "   -0.012  the last write acknowledged by the master",
        "   +0.000  SIGKILL for mysqld on the master",
        "   +0.071  the VIP is gone from the master",
        "   +0.084  the VIP is on the slave",
        "   +0.118  reads through the VIP again, answered by the slave",
        "   +0.119  the first write refused by the slave",
        "   +0.250  reads again for a client that was connected before",
    ]
    text = "\n".join(lines)
    assert TAKEOVER.refusal in text
    assert "0.13 s without any" in text
    assert "44 writes acknowledged, 44 on the slave, 0 lost" in text
    assert "1 writes never answered, 0 of them on the slave" in text
    assert "acknowledged no write and made no transaction of its own" in text
    assert "BROKEN" not in text


def test_a_pair_that_came_home_by_itself_says_when_and_that_both_servers_are_the_same() -> None:
    assert broken_promises(HOME) == []
    lines = list(summary.lines("a power cut of both hosts", replace(HOME, undone="both are booted", split=SPLIT)))
    assert lines[1:5] == [
        "   +0.000  a power cut of both hosts",
        "   +0.700  the VIP is on the slave too",
        "   +1.500  both are booted",
        "   +1.900  the slave let go of the VIP",
    ]
    text = "\n".join(lines)
    assert "   +4.000  the first write acknowledged after that" in text
    assert "12 acknowledged by the master while both had the VIP" in text
    assert "all 44 acknowledged writes are on both servers" in text
    assert "BROKEN" not in text


def test_the_result_is_a_json_document() -> None:
    document = json.loads(json.dumps(RESULT.as_dict()))
    assert document["takeover"]["vip_seconds"] == TAKEOVER.vip_seconds
    assert document["ledger"]["missing"] == []
    assert document["verdict"]["kind"] == "failed_over"


@pytest.mark.parametrize("cut", [KeyboardInterrupt(), HostError("master", "the SSH connection was lost")])
def test_a_drill_that_is_cut_off_heals_and_says_where_the_pair_stands(
    settings: Settings,
    facts: dict[str, SideFacts],
    report: Report,
    capsys: pytest.CaptureFixture[str],
    cut: BaseException,
) -> None:
    facts["slave"] = replace(facts["slave"], holds_vip=True)
    pair, fault = pair_of(settings), Fault()
    with pytest.raises(type(cut)), ends_with_the_state(pair, report), healed(fault, pair, report):
        raise cut
    assert fault.healed == 1
    assert "The pair is failed over.\nNext: inv failback" in capsys.readouterr().out


def test_a_host_that_cannot_be_healed_is_named_and_hides_nothing(
    settings: Settings, report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    pair, fault = pair_of(settings), Fault(HostError("master 1.2.3.4", "does not answer by SSH"))
    with healed(fault, pair, report):
        pass
    told = capsys.readouterr().out
    assert f"{pair.master.host}: what the drill left there could not be removed; inv failback does it." in told
    assert "does not answer by SSH" in told


def test_a_cut_off_drill_whose_hosts_are_gone_still_says_what_to_do(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gone(_: Pair) -> Facts:
        raise RunbookError("no host answers")

    monkeypatch.setattr(stage, "gather", gone)
    with pytest.raises(KeyboardInterrupt), ends_with_the_state(pair_of(settings), report):
        raise KeyboardInterrupt
    told = capsys.readouterr().out
    assert "no host answers" in told
    assert "inv failback" in told


def test_the_scorecard_has_the_figures_of_each_course() -> None:
    took_over = account("a fault", replace(RESULT, relay_seconds=4.3), 0.3, 0.5)
    relay = {score.promise: score for score in took_over.scorecard}["All that the slave had received is applied"]
    assert (relay.seconds, relay.met) == (4.3, True)
    came_home = account("a fault", replace(HOME, split=SPLIT), None, None)
    scores = {score.promise: score for score in came_home.scorecard}
    assert scores["Writes are acknowledged after the heal"].seconds == HOME.home_seconds
    assert scores["The master stays the one writer"].met
    assert scores["One host holds the VIP after the heal"].met
    assert "The VIP is on the slave" not in scores
    assert not [score.promise for score in came_home.scorecard if score.breach]
    assert "came home by itself, writes 2.50 s after the heal" in came_home.headline
