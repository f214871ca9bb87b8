"""When a drill refuses, what it tells the operator, and when it fails."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pymysql
import pytest
from drill_results import FAILED_OVER, KEPT, RESULT, TAKEOVER
from fake import mysqld_of, pair_of
from rich.console import Console

from runbook.drill import client, failover, stage, summary
from runbook.drill.failover import PromiseBroken
from runbook.drill.faults import FAULTS, Course
from runbook.drill.faults.cut_off_master import CutOffMaster
from runbook.drill.faults.killed_mysqld import KilledMysqld
from runbook.drill.faults.power_cut import PowerCut
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
