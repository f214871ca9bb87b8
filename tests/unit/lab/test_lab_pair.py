"""The lab's names, addresses, files and refusals, without a host."""

import json
import os
from pathlib import Path

import pytest

from runbook.errors import BadInput
from runbook.lab import pair
from runbook.lab.command import LabError
from runbook.lab.identity import hosts_file, make_key, network_file, ssh_config, write_for_operator
from runbook.lab.network import conflicting_device
from runbook.lab.pair import Lab

LONGEST_INTERFACE_NAME = 15  # IFNAMSIZ of linux/if.h, less the closing zero byte

# `ip -json -4 route show` on a machine where one lab is up and another was.
ROUTES = json.dumps(
    [
        {"dst": "default", "gateway": "10.0.0.1", "dev": "eth0", "flags": []},
        {"dst": "10.0.0.0/24", "dev": "eth0", "protocol": "kernel", "scope": "link", "flags": []},
        {"dst": "192.168.152.0/24", "dev": "lab-pair", "protocol": "kernel", "scope": "link", "flags": []},
        {"type": "unreachable", "dst": "192.168.152.0/24", "metric": 4096, "flags": []},
        {"type": "unreachable", "dst": "192.168.153.0/24", "metric": 4096, "flags": []},
    ]
)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pair, "STATE", tmp_path / "state")
    monkeypatch.setattr(pair, "LOCKS", tmp_path)
    return tmp_path / "state"


def record(state: Path, name: str, **fields: str) -> Path:
    home = state / name
    home.mkdir(parents=True)
    known = {"name": name, "subnet": "192.168.152", "engine": "mysql-9.7", "os": "debian-sid", "image": "/none"}
    (home / "lab.json").write_text(json.dumps(known | fields))
    return home


@pytest.mark.parametrize("name", ["pair", "labdevelop", "a"])
def test_names_fit_into_interface_names_and_differ(name: str) -> None:
    lab = Lab(name)
    names = [lab.network.bridge, lab.master.port, lab.slave.port]
    assert len(set(names)) == 3
    assert all(len(word) <= LONGEST_INTERFACE_NAME for word in names)


def test_addresses_are_the_articles() -> None:
    lab = Lab()
    assert (lab.master.address, lab.slave.address) == ("192.168.152.128", "192.168.152.129")
    assert lab.master.hostname == "mysql-master"


@pytest.mark.parametrize("name", ["", "Pair", "two words", "../pair", "elevenchars", "9lives"])
def test_a_name_that_cannot_be_used_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="lab name"):
        Lab(name)


@pytest.mark.parametrize("subnet", ["192.168", "8.8.8", "192.168.152.0", "a.b.c", "192.168.300", ""])
def test_a_subnet_that_is_not_a_private_network_is_refused(subnet: str) -> None:
    with pytest.raises(BadInput, match="subnet"):
        Lab(subnet=subnet)


def test_a_subnet_in_use_is_seen_and_the_labs_own_traces_are_not_taken_for_one() -> None:
    assert conflicting_device(ROUTES, "10.0.0", "lab-pair") == "eth0"
    assert conflicting_device(ROUTES, "192.168.152", "lab-other") == "lab-pair"
    assert conflicting_device(ROUTES, "192.168.152", "lab-pair") is None
    assert conflicting_device(ROUTES, "192.168.153", "lab-other") is None


def test_a_lab_is_known_by_its_hosts_env_and_by_no_other(state: Path, tmp_path: Path) -> None:
    home = record(state, "other", subnet="192.168.77")
    lab = Lab.owning(home / "hosts.env")
    assert lab is not None
    assert (lab.name, lab.master.address) == ("other", "192.168.77.128")
    assert Lab.owning(tmp_path / "hosts.env") is None
    assert Lab.owning(state / "gone" / "hosts.env") is None
    assert Lab.owning(home / "lab.json") is None


def test_a_lab_is_known_through_a_link_to_its_hosts_env(state: Path, tmp_path: Path) -> None:
    home = record(state, "pair")
    (home / "hosts.env").touch()
    link = tmp_path / "of-the-lab.env"
    link.symlink_to(home / "hosts.env")
    assert Lab.owning(link) is not None


def test_without_a_name_the_unnamed_lab_is_meant_and_else_the_only_one(state: Path) -> None:
    assert Lab.unnamed() == []
    named = [record(state, name) / "hosts.env" for name in ("a", "other")]
    for path in named:
        path.touch()
    assert Lab.unnamed() == named
    unnamed = record(state, "pair") / "hosts.env"
    assert Lab.unnamed() == named
    unnamed.touch()
    assert Lab.unnamed() == [unnamed]


def test_without_root_the_way_out_is_named(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    lab = Lab()
    for act in (lambda: lab.up(print), lab.down, lambda: lab.reset(print)):
        with pytest.raises(LabError, match="run the same with sudo"):
            act()
    assert not state.exists()


def test_another_subnet_for_a_lab_that_is_there_is_refused(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    record(state, "pair")
    with pytest.raises(LabError, match=r"subnet 192\.168\.152, not 192\.168\.99"):
        Lab("pair", "192.168.99").up(print)


def test_reset_of_a_lab_that_is_not_there_names_the_command_that_makes_it(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(LabError, match=r"sudo \./inv lab\.up"):
        Lab().reset(print)


def test_status_tells_a_lab_that_is_not_there_from_one_that_is_half_up(state: Path) -> None:
    lab = Lab.named("unittest")
    assert not lab.is_up()
    assert "not there" in lab.status()[0]
    record(state, "unittest", subnet="192.168.99")
    lines = Lab.named("unittest").status()
    assert "lab.up --name unittest completes it" in lines[0]
    assert any("mysql-slave" in line and "192.168.99.129" in line and "powered off" in line for line in lines)


def test_hosts_have_no_way_out_and_know_each_other_by_name() -> None:
    text = network_file("192.168.152.128")
    assert "Address=192.168.152.128/24" in text
    assert "Gateway" not in text
    assert "192.168.152.129 mysql-slave" in hosts_file({"mysql-slave": "192.168.152.129"}).splitlines()


def test_ssh_trusts_the_labs_own_known_hosts_and_nothing_else(tmp_path: Path) -> None:
    text = ssh_config(tmp_path, {"mysql-master": "192.168.152.128"})
    assert f"UserKnownHostsFile {tmp_path / 'known_hosts'}" in text
    assert "StrictHostKeyChecking yes" in text
    assert "Host mysql-master\n    HostName 192.168.152.128\n" in text


def test_a_secret_file_is_0600_from_its_first_moment_and_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "hosts.env"
    path.write_text("old")
    path.chmod(0o644)
    write_for_operator(path, "new", 0o600)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_is_made_once_and_again_when_only_half_of_it_was_written(tmp_path: Path) -> None:
    key, public = tmp_path / "key", tmp_path / "key.pub"
    make_key(key, "lab")
    first = public.read_text()
    make_key(key, "lab")
    assert public.read_text() == first
    public.unlink()
    make_key(key, "lab")
    assert public.read_text() != first
    assert key.stat().st_mode & 0o777 == 0o600
