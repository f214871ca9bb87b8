"""When a drill refuses, what it tells the operator, and when it fails."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pymysql
import pytest
from drill_results import KEPT, RESULT, TAKEOVER
from fake import mysqld_of, pair_of

from runbook.core.report import Report
from runbook.diagnosis.facts import SideFacts
from runbook.drill import failover, faults, summary
from runbook.drill.failover import PromiseBroken
from runbook.drill.faults.fault import Effect
from runbook.drill.faults.isolate_master import IsolateMaster
from runbook.drill.faults.kill_master import KillMaster
from runbook.drill.faults.power_off_master import PowerOffMaster
from runbook.drill.frame.result import Result
from runbook.errors import BadInput, RunbookError
from runbook.observe import client
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings


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


LAB_ONLY = (PowerOffMaster, IsolateMaster)
TAKEOVERS = [name for name in faults.NAMES if faults.fault_of(name).effect is Effect.TAKEOVER]


def never() -> bool:
    raise AssertionError("the operator was asked")


def test_an_unhealthy_pair_is_refused_with_its_state_and_the_next_step(
    settings: Settings, facts: dict[str, SideFacts], report: Report
) -> None:
    facts["slave"] = replace(facts["slave"], holds_vip=True)
    with pytest.raises(RunbookError) as refusal:
        failover.run(pair_of(settings), KillMaster(), report, never)
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
        failover.run(pair_of(settings), KillMaster(), report, never)
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
        failover.run(pair, KillMaster(), report, never)
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
        failover.run(ready(), KillMaster(), report, answered(False))


def test_a_dry_run_says_what_it_would_do_and_asks_nothing(
    ready: Callable[..., Pair], report: Report, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failover.run(ready(dry=True), KillMaster(), report, never) is None
    told = capsys.readouterr().out
    assert f"kills mysqld on master {settings.master.address}" in told
    assert "writes are refused" in told
    assert "inv failback" in told
    assert "Warning" not in told


@pytest.mark.parametrize("drill", [name for name in faults.NAMES if not issubclass(faults.fault_of(name), LAB_ONLY)])
def test_every_drill_says_before_what_it_does_and_to_which_host(
    ready: Callable[..., Pair], report: Report, capsys: pytest.CaptureFixture[str], settings: Settings, drill: str
) -> None:
    assert failover.run(ready(dry=True), faults.fault_of(drill)(), report, never) is None
    first = capsys.readouterr().out.splitlines()[0]
    stays = faults.fault_of(drill).effect is Effect.NO_TAKEOVER
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
        failover.run(pair_of(settings), faults.fault_of(drill)(), report, never)
    text = str(refusal.value)
    assert f"master {settings.master.address} is no lab's host" in text
    assert "Nothing was done." in text
    assert "By hand" in text
    assert afterwards in text


def test_replication_that_may_lack_writes_is_warned_of(
    ready: Callable[..., Pair], facts: dict[str, SideFacts], report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    facts["master"] = replace(facts["master"], semi_sync=False)
    failover.run(ready(dry=True), KillMaster(), report, never)
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
    assert failover.run(ready(), KillMaster(), report, answered(True)) is RESULT
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
        failover.run(ready(), KillMaster(), report, answered(True))
    assert broken.value.exit_code == 1
    assert broken.value.result is lost
    assert "LOST: 2 acknowledged writes" in str(broken.value)
    assert "((0, 7), (1, 9))" in str(broken.value)
    assert "2 lost" in capsys.readouterr().out
