"""Drills in which the VIP stays: what they do, what they refuse, how they are undone, what they find broken."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from drill_results import HOME, NO_TAKEOVER
from fake import FakeMysqld, link_of, mysqld_of
from fake_vip import Vip

from runbook.core.templates import ROOT
from runbook.core.wait import until
from runbook.drill.faults.break_replication import RUN, BreakReplication
from runbook.drill.faults.fault import Fault
from runbook.drill.faults.full_disk import FILE, SHARED, FullDisk
from runbook.drill.faults.kill_slave import KillSlave
from runbook.drill.faults.lag_slave import LagSlave
from runbook.drill.faults.too_many_connections import TooManyConnections
from runbook.drill.frame.findings import findings
from runbook.drill.frame.promises import broken_promises
from runbook.errors import RunbookError
from runbook.mysql.replication.replicates import WORKERS
from runbook.observe import probe as probing
from runbook.observe.probe import CONNECTED, CONNECTING, Probe
from runbook.pair.pair import Pair

pytestmark = pytest.mark.usefixtures("fake_mysql")
DATA = "/data/mysql/"


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
    TooManyConnections().release(pair.master)
    assert TooManyConnections().undo(pair.master) == ""
    assert link_of(pair.master).changed == []


def test_a_filled_disk_is_found_by_who_knows_nothing_of_the_drill(
    pair: Pair, master: FakeMysqld, tmp_path: Path
) -> None:
    other, fill = tmp_path / "ibdata1", tmp_path / "a folder" / FILE
    fill.parent.mkdir()
    master.says("SELECT @@GLOBAL.datadir", {"datadir": f"{fill.parent}/"})
    removal = FullDisk().undo(pair.master)
    for path in (fill, other):
        path.write_text("")
    for _ in range(2):
        subprocess.run(["bash", "-c", removal], check=True, timeout=10)
        assert sorted(tmp_path.rglob("*")) == [fill.parent, other]


STOPS_APPLYING = "STOP REPLICA SQL_THREAD"
APPLIES = "START REPLICA SQL_THREAD"
STRICT_AGAIN = [STOPS_APPLYING, "SET GLOBAL replica_exec_mode = 'STRICT'", APPLIES]
ASK_WORKERS = f"Coordinator stopped because there were error(s) in the worker(s). See performance_schema.{WORKERS}"
RECEIVED, BEFORE = "binlog.000002 500", "binlog.000001 900"

# A slave by the scripts' own words for it: files of a folder are its state.
LIBRARY = """
REPLICA=REPLICA
status() {{
    [ -e {folder}/runs ] || {{ echo "ERROR 2002 (HY000): Can't connect"; return 1; }}
    read -r file position <{folder}/applied
    echo "Source_Log_File: binlog.000002"
    echo "Read_Source_Log_Pos: 500"
    echo "Relay_Source_Log_File: $file"
    echo "Exec_Source_Log_Pos: $position"
    echo "Replica_SQL_Running: $(cat {folder}/applier)"
    echo "Last_SQL_Error: $(cat {folder}/error)"
}}
query() {{
    case $1 in
        *last_error_message*) cat {folder}/worker; return ;;
        SELECT*) cat {folder}/mode; return ;;
        *IDEMPOTENT*) echo IDEMPOTENT >{folder}/mode ;;
        *STRICT*) echo STRICT >{folder}/mode ;;
        START*) [ "$(cat {folder}/mode)" = STRICT ] || cp {folder}/reaches {folder}/applied ;;
    esac
    echo "$1" >>{folder}/changed
}}
"""


class Slave:
    """Runs a script as on a slave's host; `changed` is what its server was told to do."""

    def __init__(self, folder: Path, *, error: str = "", worker: str = "", mode: str = "STRICT") -> None:
        self.folder = folder
        values = re.search(r"^values\(\) {.*?^}", (ROOT / "files" / "server.sh").read_text(), re.DOTALL | re.MULTILINE)
        assert values
        (folder / "library.sh").write_text(LIBRARY.format(folder=folder) + values[0])
        state = {"runs": "", "applied": BEFORE, "reaches": RECEIVED, "applier": "No", "error": error}
        for name, text in (state | {"worker": worker, "mode": mode, "changed": ""}).items():
            (folder / name).write_text(f"{text}\n" if text else "")

    def run(self, script: str) -> tuple[int, str]:
        script = script.replace("/usr/local/lib/mysql-runbook/library.sh", str(self.folder / "library.sh"))
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout

    @property
    def changed(self) -> list[str]:
        return (self.folder / "changed").read_text().splitlines()


CONFLICT = f"Could not execute Write_rows event on table runbook.ledger; Duplicate entry '{RUN}-0-1', error 1062"


@pytest.mark.parametrize(
    ("error", "worker"),
    [
        ("", ""),
        ("error 1062: table app.orders; Duplicate entry '1'", ""),
        ("error 1032: table runbook.ledger", ""),
        (ASK_WORKERS, "error 1062: table app.orders; Duplicate entry '1'"),
    ],
)
def test_a_conflict_that_is_not_the_drills_is_left_to_the_operator(
    pair: Pair, tmp_path: Path, error: str, worker: str
) -> None:
    slave = Slave(tmp_path, error=error, worker=worker)
    assert slave.run(BreakReplication().undo(pair.slave)) == (0, "")
    assert slave.changed == []


@pytest.mark.parametrize(
    ("error", "worker", "acts"),
    [
        (CONFLICT, "", ["SET GLOBAL replica_exec_mode = 'IDEMPOTENT'", APPLIES, *STRICT_AGAIN]),
        (ASK_WORKERS, CONFLICT, ["SET GLOBAL replica_exec_mode = 'IDEMPOTENT'", APPLIES, *STRICT_AGAIN]),
        ("", "", STRICT_AGAIN),  # a drill that died on the way
    ],
)
def test_the_drills_conflict_is_healed_by_the_masters_row_and_the_mode_is_put_back(
    pair: Pair, tmp_path: Path, error: str, worker: str, acts: list[str]
) -> None:
    slave = Slave(tmp_path, error=error, worker=worker, mode="STRICT" if error else "IDEMPOTENT")
    assert slave.run(BreakReplication().undo(pair.slave)) == (0, "")
    assert slave.changed == acts
    assert (tmp_path / "mode").read_text() == "STRICT\n"


def test_an_applier_that_does_not_get_over_the_conflict_is_told_and_strict_again(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbook.drill.faults.break_replication.SECONDS", 1)
    slave = Slave(tmp_path, error=CONFLICT)
    (tmp_path / "reaches").write_text("binlog.000002 499\n")
    code, said = slave.run(BreakReplication().undo(pair.slave))
    assert (code, said) == (1, f"the applier does not get over: {CONFLICT}\n")
    assert slave.changed[-3:] == STRICT_AGAIN


@pytest.mark.parametrize("fault", [BreakReplication(), LagSlave()])
def test_a_slave_whose_mysqld_is_down_is_not_changed_and_tried_again_later(
    pair: Pair, tmp_path: Path, fault: Fault
) -> None:
    slave = Slave(tmp_path, error=CONFLICT)
    (tmp_path / "runs").unlink()
    assert slave.run(fault.undo(pair.slave)) == (1, "ERROR 2002 (HY000): Can't connect\n")
    assert slave.changed == []


@pytest.mark.parametrize(
    ("applier", "error", "acts"), [("No", "", [APPLIES]), ("Yes", "", []), ("No", "error 1062: table app.orders", [])]
)
def test_an_applier_that_was_stopped_is_started_unless_an_error_stopped_it(
    pair: Pair, tmp_path: Path, applier: str, error: str, acts: list[str]
) -> None:
    slave = Slave(tmp_path, error=error)
    (tmp_path / "applier").write_text(f"{applier}\n")
    assert slave.run(LagSlave().undo(pair.slave)) == (0, "")
    assert slave.changed == acts


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
    ("stay", "broken"),
    [
        (replace(NO_TAKEOVER, vip_moves=1), "the VIP moved"),
        (replace(NO_TAKEOVER, write_stall_seconds=12), "writes stood still for 12.0 s, more than 11.5 s"),
    ],
)
def test_a_vip_that_moved_and_a_pause_that_is_too_long_are_broken_promises(stay: object, broken: str) -> None:
    result = replace(HOME, no_takeover=stay)
    assert broken in broken_promises(result)


def test_a_pause_as_long_as_the_fault_lasts_is_none_of_the_pairs() -> None:
    result = replace(HOME, no_takeover=replace(NO_TAKEOVER, write_stall_allowed_seconds=None))
    assert not [each for each in broken_promises(result) if "stood still" in each]
