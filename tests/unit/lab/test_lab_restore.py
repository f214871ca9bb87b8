"""A lab whose hosts a drill left without power or network puts itself right, and leaves a drill that runs alone."""

import os
from pathlib import Path

import pytest

from runbook.lab import pair
from runbook.lab.command import LabError
from runbook.lab.machine import Machine
from runbook.lab.pair import Lab
from runbook.lab.port_cut import PortCut


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to the lab's hosts, of which `off` and `cut` name those that have no power or no network."""
    acts: list[str] = []
    monkeypatch.setattr(Machine, "boot", lambda self: acts.append(f"boot {self.hostname}"))
    monkeypatch.setattr(Machine, "wait_for_ssh", lambda self, seconds: acts.append(f"ssh {self.hostname}"))
    monkeypatch.setattr(PortCut, "undo", lambda self: acts.append(f"join {self._port}"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return acts


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr(pair, "STATE", tmp_path)
    made = Lab("dr")
    for machine in made.machines:
        machine.home.mkdir(parents=True)
    return made


def lost(monkeypatch: pytest.MonkeyPatch, *, off: tuple[str, ...] = (), cut: tuple[str, ...] = ()) -> None:
    monkeypatch.setattr(Machine, "is_running", lambda self: self.hostname not in off)
    monkeypatch.setattr(PortCut, "is_made", property(lambda self: self._port in cut))


def test_a_lab_that_is_whole_is_left_alone(lab: Lab, done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lost(monkeypatch)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    lab.restore(pytest.fail)
    assert done == []


def test_hosts_without_power_or_network_get_it_back_and_it_is_said(
    lab: Lab, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(monkeypatch, off=("mysql-master",), cut=("vb-dr-s",))
    told: list[str] = []
    lab.restore(told.append)
    joined = ["boot mysql-master", "join vb-dr-m", "boot mysql-slave", "join vb-dr-s"]
    assert done == [*joined, "ssh mysql-master", "ssh mysql-slave"]
    assert told == [
        f"{machine.hostname} {machine.address}: had no power or no network, and gets it back"
        for machine in lab.machines
    ]


def test_a_host_that_a_running_drill_has_in_hand_is_not_touched(
    lab: Lab, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(monkeypatch, off=("mysql-master",))
    hold = lab.master.hold()
    hold.take()
    with pytest.raises(LabError, match="a drill that runs now has cut mysql-master off"):
        lab.restore(pytest.fail)
    assert done == []
    hold.release()
    lab.restore(lambda line: None)
    assert "boot mysql-master" in done


def test_without_root_the_way_out_is_named(lab: Lab, done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lost(monkeypatch, off=("mysql-master",))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match=r"mysql-master has no power or no network\n.*sudo"):
        lab.restore(pytest.fail)
    assert done == []
