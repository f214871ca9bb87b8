"""What a pair must have come back to after a fault, and how a host is given its power back."""

from pathlib import Path

import pytest
from fake import link_of, mysqld_of

from runbook.diagnosis.facts import TAKEOVER_QUESTION
from runbook.drill.faults.kill_keepalived import KillKeepalived
from runbook.drill.faults.lag_slave import LagSlave
from runbook.drill.faults.power_off_master import PowerOffMaster
from runbook.lab.command import LabError
from runbook.lab.hold import Hold
from runbook.pair import lab_host
from runbook.pair.pair import Pair
from runbook.pair.side import Side


@pytest.mark.parametrize(
    ("unit", "vrrp", "missing"),
    [
        ("active", "BACKUP", ""),
        ("activating", "STOPPED", "it is activating, and VRRP STOPPED"),
        ("active", "MASTER", "VRRP MASTER"),
    ],
)
def test_a_killed_keepalived_must_come_back_as_backup(
    pair: Pair, master: Side, unit: str, vrrp: str, missing: str
) -> None:
    link = link_of(master)
    link.says("systemctl is-active keepalived || true", f"{unit}\n")
    link.says("cat /run/mysql-runbook/vrrp 2>/dev/null || true", f"{vrrp}\n")
    found = KillKeepalived().unrecovered(pair)
    assert missing in found
    assert bool(found) is bool(missing)


class Machine:
    """A lab's host that only counts."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.runs = True
        self.done: list[str] = []

    def is_running(self) -> bool:
        return self.runs

    def power_cut(self) -> None:
        self.runs = False

    def boot(self) -> None:
        self.runs = True
        self.done.append("boot")

    def hold(self) -> Hold:
        return Hold(self.home / "hold", "mysql-master")

    def wait_for_ssh(self, seconds: float) -> None:
        self.done.append("ssh")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    found = Machine(tmp_path)
    monkeypatch.setattr(lab_host, "machine_of", lambda side: found)
    return found


def test_a_cut_power_is_given_back_until_the_host_takes_logins(pair: Pair, master: Side, machine: Machine) -> None:
    fault = PowerOffMaster()
    fault.inject(pair)
    assert not machine.runs
    with pytest.raises(LabError, match="a drill that runs now has cut mysql-master off"):
        machine.hold().take()
    fault.release(master)
    assert machine.done == ["boot", "ssh"]
    machine.hold().take()


def test_a_host_that_runs_is_not_booted(master: Side, machine: Machine) -> None:
    PowerOffMaster().release(master)
    assert machine.done == []


@pytest.mark.parametrize(
    ("record", "applied", "missing"),
    [
        ("received=a:1-9\nrelay_milliseconds=4200\n", "a:1-9", ""),
        ("", "a:1-9", "not recorded"),
        ("received=a:1-9\nrelay_milliseconds=60000\n", "a:1-7", "not applied: a:8-9"),
        ("received=a:1-9\nrelay_milliseconds=90\n", "a:1-9", "nothing was left to apply"),
    ],
)
def test_what_a_lagging_slave_had_received_must_be_applied_and_recorded(
    pair: Pair, fake_mysql: None, record: str, applied: str, missing: str
) -> None:
    link_of(pair.slave).says(TAKEOVER_QUESTION, record)
    mysqld = mysqld_of(pair.slave)
    mysqld.says("SELECT @@GLOBAL.gtid_executed", {"executed": applied})
    mysqld.says("SHOW REPLICA STATUS")
    found = LagSlave().unrecovered(pair)
    assert missing in found
    assert bool(found) is bool(missing)
