"""failback: what it refuses before it touches anything."""

import io

import pytest
from answering_hosts import RUNS, answering, teach
from certificate_files import OTHER_PEM, PEM
from drill_results import HEALTHY
from fake import Clock, FakeMysqld, file_is, link_of, pair_of
from pair_facts import UUID
from rich.console import Console

from runbook.core import undo
from runbook.core.host_paths import UNDO
from runbook.core.report import Report
from runbook.core.wait import DeadlinePassed
from runbook.diagnosis.facts import Facts, SideFacts
from runbook.errors import Drift
from runbook.mysql.tls.authority import AUTHORITY_QUESTION, SPEAKS_TLS
from runbook.operations import failback
from runbook.operations.failback import Refused
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings


@pytest.mark.parametrize("role", ["master", "slave"])
def test_a_host_without_a_server_is_no_home(settings: Settings, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    pair = pair_of(settings)
    facts = {
        name: SideFacts(name, str(side.node.address), sql="it does not run", lacks=("mysqld",) if name == role else ())
        for name, side in pair.sides.items()
    }
    monkeypatch.setattr(failback, "gather", lambda pair: facts)
    with pytest.raises(Refused, match=f"{role} .* has no MySQL server.*\n.*inv bootstrap"):
        failback.run(pair, Report(str, console=Console(file=io.StringIO())))
    assert [link_of(side).calls for side in pair.sides.values()] == [[], []]


# ---- the proof and the catching up, on servers that answer ----

EXECUTED = "SELECT @@GLOBAL.gtid_executed"


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def report(screen: io.StringIO) -> Report:
    return Report(str, console=Console(file=screen, width=200))


@pytest.fixture
def answers(pair: Pair, fake_mysql: None) -> dict[str, FakeMysqld]:
    """Both servers, with the transactions 1 to 4; the slave's threads run."""
    for side in pair.sides.values():
        teach(side)
    return {side.role: answering(side) for side in pair.sides.values()}


def taken_over(pair: Pair, **record: str) -> Facts:
    return {role: SideFacts(role, str(side.node.address), takeover=record) for role, side in pair.sides.items()}


@pytest.mark.parametrize(
    ("slave", "received", "recorded", "master", "lost"),
    [
        ("1-4", "1-4", "1-4", "1-4", ""),
        ("1-4", "1-4", "1-4", "1-9", ""),
        ("1-4", "1-4", "1-4", "1-3", "4"),
        ("1-4", "1-5", "1-4", "1-4", "5"),
        ("1-4", "1-4", "1-5", "1-4", "5"),
    ],
)
def test_the_proof_asks_what_the_slave_has_received_and_recorded(
    pair: Pair,
    answers: dict[str, FakeMysqld],
    report: Report,
    screen: io.StringIO,
    slave: str,
    received: str,
    recorded: str,
    master: str,
    lost: str,
) -> None:
    answers["slave"].says(EXECUTED, {"executed": f"{UUID}:{slave}"})
    answers["slave"].says("SHOW REPLICA STATUS", RUNS | {"Retrieved_Gtid_Set": f"{UUID}:{received}"})
    answers["master"].says(EXECUTED, {"executed": f"{UUID}:{master}"})
    facts = taken_over(pair, received=f"{UUID}:{recorded}")
    if lost:
        with pytest.raises(Refused, match=f"lacks transactions that the slave has:\n  {UUID}:{lost}\n"):
            failback.prove_nothing_is_lost(pair, facts, report)
        assert "proved" not in screen.getvalue()
    else:
        failback.prove_nothing_is_lost(pair, facts, report)
        assert f"proved: the master has every transaction of the slave, by GTID ({UUID}:1-4)" in screen.getvalue()


def test_the_slave_is_waited_for_until_it_has_all_that_the_master_has(
    pair: Pair,
    answers: dict[str, FakeMysqld],
    report: Report,
    screen: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr("runbook.core.wait.time", clock)
    answers["master"].says(EXECUTED, {"executed": f"{UUID}:1-6"})
    seconds: list[float] = []

    def sleep(pause: float) -> None:
        seconds.append(pause)
        clock.now += pause
        answers["slave"].says(EXECUTED, {"executed": f"{UUID}:1-{4 + len(seconds)}"})

    monkeypatch.setattr(clock, "sleep", sleep)
    failback.catch_up(pair, report)
    assert len(seconds) == 2
    assert "caught up: the slave has everything the master has" in screen.getvalue()


def test_a_slave_that_cannot_catch_up_is_not_waited_for(
    pair: Pair, answers: dict[str, FakeMysqld], report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbook.core.wait.time.sleep", lambda pause: pytest.fail("waited in vain"))
    answers["master"].says(EXECUTED, {"executed": f"{UUID}:1-6"})
    stopped = {"Replica_IO_Running": "No", "Last_IO_Errno": 13114, "Last_IO_Error": "purged"}
    answers["slave"].says("SHOW REPLICA STATUS", RUNS | stopped)
    answers["slave"].takes("START REPLICA")
    with pytest.raises(Refused, match="the receiver stopped: error 13114: purged"):
        failback.catch_up(pair, report)


def test_a_slave_that_cannot_follow_is_left_behind_only_when_the_operator_says_so(
    pair: Pair,
    answers: dict[str, FakeMysqld],
    report: Report,
    screen: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runbook.core.wait.time.sleep", lambda pause: pytest.fail("waited in vain"))
    answers["master"].says(EXECUTED, {"executed": f"{UUID}:1-6"})
    stuck = {"Replica_SQL_Running": "No", "Last_SQL_Errno": 1062, "Last_SQL_Error": "a row"}
    answers["slave"].says("SHOW REPLICA STATUS", RUNS | stuck)
    answers["slave"].takes("START REPLICA")
    with pytest.raises(Refused, match=r"error 1062: a row\n.*\n.*inv failback --without-slave"):
        failback.slave_follows(pair, report, without_slave=False)
    assert screen.getvalue() == ""
    assert failback.slave_follows(pair, report, without_slave=True) is False
    assert "the applier stopped: error 1062: a row" in screen.getvalue()
    assert "goes on without it, as you said" in screen.getvalue()


def test_a_slave_that_must_connect_gets_the_masters_ca_of_now_first(
    pair: Pair,
    answers: dict[str, FakeMysqld],
    report: Report,
    screen: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While failed over bootstrap is refused: with the CA of before the slave would never catch up."""
    status = answers["slave"].run("SHOW REPLICA STATUS")[0]
    answers["slave"].says("SHOW REPLICA STATUS", status | {"Replica_IO_Running": "No"})
    answers["slave"].says("SELECT @@datadir", {"@@datadir": "/data/"})
    answers["master"].says(AUTHORITY_QUESTION, {"file": "/etc/ca.pem", "folder": "/data/"})
    answers["master"].says(SPEAKS_TLS, {"Value": "Nov 24 11:52:59 2036 GMT"})
    link_of(pair.master).says("cat /etc/ca.pem 2>/dev/null || true", PEM)
    file, link = "/data/runbook-source-ca.pem", link_of(pair.slave)
    file_is(link, file, OTHER_PEM)
    done: list[str] = []

    def put(path: str, content: str, **_: object) -> None:
        done.append(path)
        file_is(link, path, content)

    def start() -> None:
        done.append("started")
        answers["slave"].says("SHOW REPLICA STATUS", status)

    monkeypatch.setattr(pair.slave.host, "put", put)
    answers["slave"].takes("START REPLICA", start)
    failback.replicate(pair, report)
    assert done == [file, "started"]
    assert "changed" in screen.getvalue() and "CA of the master, for replication" in screen.getvalue()


def test_a_slave_that_follows_is_never_left_behind(
    pair: Pair, answers: dict[str, FakeMysqld], report: Report, screen: io.StringIO
) -> None:
    assert failback.slave_follows(pair, report, without_slave=True) is True
    assert "caught up" in screen.getvalue()


def test_a_slave_that_never_comes_is_named_with_what_it_says(
    pair: Pair, answers: dict[str, FakeMysqld], report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbook.core.wait.time", Clock())
    answers["master"].says(EXECUTED, {"executed": f"{UUID}:1-6"})
    with pytest.raises(DeadlinePassed, match="everything the master has"):
        failback.catch_up(pair, report)


def test_a_dry_run_is_refused_as_the_real_one_is(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(settings, dry=True)
    gone = taken_over(pair) | {"master": SideFacts("master", "192.168.152.128", unreachable="timed out")}
    monkeypatch.setattr(failback, "gather", lambda pair: gone)
    with pytest.raises(Refused, match="does not answer: timed out"):
        failback.intended(pair)


def test_a_dry_failback_names_what_it_would_undo_on_a_pair_that_is_healthy_else(
    settings: Settings, facts: dict[str, SideFacts], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, out = pair_of(settings, dry=True), io.StringIO()
    for side, left in zip(pair.sides.values(), ("drill.full-disk\n", ""), strict=True):
        link_of(side).says(undo._LIST.format(folder=UNDO), left)
    monkeypatch.setattr(failback, "gather", lambda pair: facts)
    monkeypatch.setattr(failback, "diagnose", lambda facts: HEALTHY)
    with pytest.raises(Drift):
        failback.bring_home_and_verify(pair, Report(str, console=Console(file=out)))
    assert out.getvalue() == "would undo what drill.full-disk left on the master\n"


def test_what_a_drill_left_is_undone_before_anybody_looks_and_once_more_when_mysqld_runs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[str] = []

    def undo_leftovers(pair: Pair, report: Report, *, again: bool = False) -> None:
        acts.append("try to undo" if again else "undo")

    def look(pair: Pair) -> None:
        acts.append("look")
        raise Refused("the test has seen enough")

    monkeypatch.setattr(failback, "undo_leftovers", undo_leftovers)
    monkeypatch.setattr(failback, "gather", look)
    pair, report = pair_of(settings), Report(str, console=Console(file=io.StringIO()))
    with pytest.raises(Refused):
        failback.bring_home_and_verify(pair, report)
    assert acts == ["try to undo", "look"]
    monkeypatch.setattr(Pair, "side_by_side", lambda self, work: acts.append("start"))
    failback.start_servers(pair, report)
    assert acts[2:] == ["start", "undo"]
