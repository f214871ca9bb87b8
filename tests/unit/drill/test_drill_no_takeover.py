"""Drills in which the VIP stays: what they do, what they refuse, how they are undone, what they find broken."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from drill_results import HOME, NO_TAKEOVER
from fake import FakeMysqld, link_of, mysqld_of
from fake_vip import Vip

from runbook.core.wait import until
from runbook.drill.faults.break_replication import RUN, BreakReplication
from runbook.drill.faults.full_disk import FILE, LINK, REMOVAL, SHARED, FullDisk
from runbook.drill.faults.kill_slave import KillSlave
from runbook.drill.faults.too_many_connections import TooManyConnections
from runbook.drill.findings import findings
from runbook.drill.promises import broken_promises
from runbook.errors import RunbookError
from runbook.observe import probe as probing
from runbook.observe.probe import CONNECTED, CONNECTING, Probe
from runbook.pair.pair import Pair

pytestmark = pytest.mark.usefixtures("fake_mysql")
DATA = "/data/mysql/"
RUNS = {"Replica_IO_Running": "Yes", "Replica_SQL_Running": "Yes"}


@pytest.fixture
def master(pair: Pair) -> FakeMysqld:
    return mysqld_of(pair.master)


# ---- what they refuse ----


def test_a_disk_that_is_not_the_datas_alone_is_not_filled(pair: Pair, master: FakeMysqld) -> None:
    master.says("SELECT @@GLOBAL.datadir", {"datadir": DATA})
    link_of(pair.master).says(SHARED.format(folder=DATA), "/\n/var/log\n")
    with pytest.raises(
        RunbookError, match=r"(?s)shares its file system with / and /var/log.*Nothing was filled"
    ) as said:
        FullDisk().prepare(pair)
    assert link_of(pair.master).changed == []
    assert "master 192.168.152.128" in str(said.value)


def test_more_connections_than_a_drill_opens_are_not_used_up(pair: Pair, master: FakeMysqld) -> None:
    master.says("SELECT @@GLOBAL.max_connections", {"max": 100_000})
    with pytest.raises(RunbookError, match=r"(?s)max_connections is 100000.*Nothing was done"):
        TooManyConnections().prepare(pair)


# ---- how they are undone ----


def test_clients_that_nobody_left_behind_are_not_healed(pair: Pair) -> None:
    TooManyConnections().heal(pair.master)
    assert link_of(pair.master).changed == []


def test_a_filled_disk_is_found_by_who_knows_nothing_of_the_drill(tmp_path: Path) -> None:
    link, other, fill = tmp_path / "drill.fill", tmp_path / "ibdata1", tmp_path / "a folder" / FILE
    fill.parent.mkdir()
    removal = REMOVAL.replace(LINK, str(link))
    for path in (fill, other):
        path.write_text("")
    subprocess.run(["sh", "-c", removal], check=True, timeout=10)
    assert fill.exists()
    link.symlink_to(fill)
    subprocess.run(["sh", "-c", removal], check=True, timeout=10)
    assert sorted(tmp_path.rglob("*")) == [fill.parent, other]


EXEC_MODE = "SELECT @@GLOBAL.replica_exec_mode"
STOPS_APPLYING = "STOP REPLICA SQL_THREAD"
APPLIES = "START REPLICA SQL_THREAD"
STRICT_AGAIN = [STOPS_APPLYING, "SET GLOBAL replica_exec_mode = 'STRICT'", APPLIES]


def stopped_with(monkeypatch: pytest.MonkeyPatch, error: str) -> None:
    module = "runbook.drill.faults.break_replication"
    monkeypatch.setattr(f"{module}.replica_status", lambda _: type("Status", (), {"applier_error": error})())
    monkeypatch.setattr(f"{module}.applies", lambda _: True)


@pytest.mark.parametrize(
    "error", ["", "error 1062: table app.orders; Duplicate entry '1'", "error 1032: table runbook.ledger"]
)
def test_a_conflict_that_is_not_the_drills_is_left_to_the_operator(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    slave = mysqld_of(pair.slave)
    slave.says("SELECT 1", {"1": 1})
    slave.says(EXEC_MODE, {"mode": "STRICT"})
    stopped_with(monkeypatch, error)
    BreakReplication().heal(pair.slave)
    assert slave.changed == []


@pytest.mark.parametrize(
    ("error", "acts"),
    [
        (
            f"error 1062: table runbook.ledger; Duplicate entry '{RUN}-0-1'",
            ["SET GLOBAL replica_exec_mode = 'IDEMPOTENT'", APPLIES, *STRICT_AGAIN],
        ),
        ("", STRICT_AGAIN),  # a drill that died on the way
    ],
)
def test_the_drills_conflict_is_healed_by_the_masters_row_and_the_mode_is_put_back(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, error: str, acts: list[str]
) -> None:
    slave = mysqld_of(pair.slave)
    slave.says("SELECT 1", {"1": 1})
    slave.says(EXEC_MODE, {"mode": "IDEMPOTENT"})
    stopped_with(monkeypatch, error)
    for act in acts:
        slave.takes(act)
    BreakReplication().heal(pair.slave)
    assert slave.changed == acts


def test_a_slave_whose_mysqld_is_down_has_no_conflict_to_heal(pair: Pair) -> None:
    slave = mysqld_of(pair.slave)
    slave.refusal = (2003, "Can't connect to MySQL server")
    BreakReplication().heal(pair.slave)
    assert slave.changed == []


# ---- the clients that wait ----


def test_patient_clients_keep_their_connections_and_wait_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "PACE_SECONDS", 0.01)
    vip = Vip()
    patient = Vip()
    with Probe(vip.connect, patient.connect) as probe:
        probe.wait_for_flow()
        assert not probe.stands_still("write", 1)
    writers = {number for _, number, _ in patient.rows}
    assert writers == {*CONNECTING, *CONNECTED}
    assert vip.rows == []
    assert patient.logins == len(writers)
    assert list(probe.seen("write", lasting=False)) == []
    assert list(probe.seen("read", ok=True, lasting=False))
    until("a standstill", 5, lambda: probe.stands_still("write", 0.2))


# ---- what they find broken ----


def test_a_vip_that_stayed_and_a_pause_within_bounds_are_kept_promises() -> None:
    result = replace(HOME, no_takeover=NO_TAKEOVER)
    assert not [each for each in broken_promises(result) if "VIP moved" in each or "stood still" in each]
    told = findings(KillSlave.name, result, None, None)
    assert "the VIP stayed; writes stood still for 10.10 s" in told.headline
    assert {score.promise for score in told.scorecard if score.met} >= {"The VIP stays", "People are told"}


@pytest.mark.parametrize(
    ("steady", "broken"),
    [
        (replace(NO_TAKEOVER, vip_moves=1), "the VIP moved"),
        (replace(NO_TAKEOVER, write_stall_seconds=12), "writes stood still for 12.0 s, more than 11.5 s"),
    ],
)
def test_a_vip_that_moved_and_a_pause_that_is_too_long_are_broken_promises(steady: object, broken: str) -> None:
    result = replace(HOME, no_takeover=steady)
    assert broken in broken_promises(result)


def test_a_pause_as_long_as_the_fault_lasts_is_none_of_the_pairs() -> None:
    result = replace(HOME, no_takeover=replace(NO_TAKEOVER, write_stall_allowed_seconds=None))
    assert not [each for each in broken_promises(result) if "stood still" in each]
