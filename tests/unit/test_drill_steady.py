"""Drills in which the VIP stays: what they do, what they refuse, how they are undone, what they find broken."""

from dataclasses import replace

import pytest
from drill_results import HOME, STEADY
from fake import FakeMysqld, link_of, mysqld_of, pair_of
from test_drill_probe import Vip

from runbook.drill.account import account
from runbook.drill.faults.broken_replication import RUN, BrokenReplication
from runbook.drill.faults.full_disk import SHARED, FullDisk
from runbook.drill.faults.full_house import FullHouse
from runbook.drill.faults.killed_slave import KilledSlave
from runbook.drill.probe import CONNECTED, CONNECTING, Probe
from runbook.errors import RunbookError
from runbook.pair import Pair
from runbook.settings import Settings
from runbook.wait import until

pytestmark = pytest.mark.usefixtures("fake_mysql")
DATA = "/data/mysql/"
RUNS = {"Replica_IO_Running": "Yes", "Replica_SQL_Running": "Yes"}


@pytest.fixture
def pair(settings: Settings) -> Pair:
    return pair_of(settings)


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
        FullHouse().prepare(pair)


# ---- how they are undone ----


def test_what_nobody_left_behind_is_not_healed(pair: Pair) -> None:
    for fault in (FullDisk(), FullHouse()):
        fault.heal(pair.master)
    assert link_of(pair.master).changed == []


def test_a_conflict_that_is_not_the_drills_is_left_to_the_operator(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    slave = mysqld_of(pair.slave)
    module = "runbook.drill.faults.broken_replication.replica_status"
    for error in ("", "error 1062: table app.orders; Duplicate entry '1'", "error 1032: table runbook.ledger"):
        monkeypatch.setattr(module, lambda _, error=error: type("Status", (), {"applier_error": error})())
        BrokenReplication().heal(pair.slave)
    assert slave.changed == []


def test_the_drills_conflict_is_healed_by_the_masters_row_and_the_mode_is_put_back(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    slave = mysqld_of(pair.slave)
    error = f"error 1062: table runbook.ledger; Duplicate entry '{RUN}-0-1'"
    module = "runbook.drill.faults.broken_replication"
    monkeypatch.setattr(f"{module}.replica_status", lambda _: type("Status", (), {"applier_error": error})())
    monkeypatch.setattr(f"{module}.applies", lambda _: True)
    acts = [
        "SET GLOBAL replica_exec_mode = 'IDEMPOTENT'",
        "START REPLICA SQL_THREAD",
        "STOP REPLICA SQL_THREAD",
        "SET GLOBAL replica_exec_mode = 'STRICT'",
        "START REPLICA SQL_THREAD",
    ]
    for act in acts:
        slave.takes(act)
    BrokenReplication().heal(pair.slave)
    assert slave.changed == acts


# ---- the clients that wait ----


def test_patient_clients_keep_their_connections_and_wait_on_them() -> None:
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
    result = replace(HOME, steady=STEADY)
    assert not [each for each in result.broken_promises if "VIP moved" in each or "stood still" in each]
    told = account(KilledSlave.name, result, None, None)
    assert "the VIP stayed; writes stood still for 10.10 s" in told.headline
    assert {score.promise for score in told.scorecard if score.met} >= {"The VIP stays", "People are told"}


@pytest.mark.parametrize(
    ("steady", "broken"),
    [
        (replace(STEADY, vip_moves=1), "the VIP moved"),
        (replace(STEADY, write_stall_seconds=12), "writes stood still for 12.0 s, more than 11.5 s"),
    ],
)
def test_a_vip_that_moved_and_a_pause_that_is_too_long_are_broken_promises(steady: object, broken: str) -> None:
    result = replace(HOME, steady=steady)
    assert broken in result.broken_promises


def test_a_pause_as_long_as_the_fault_lasts_is_none_of_the_pairs() -> None:
    result = replace(HOME, steady=replace(STEADY, write_stall_allowed_seconds=None))
    assert not [each for each in result.broken_promises if "stood still" in each]
