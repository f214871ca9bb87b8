"""What an operator may get wrong is refused by name, with the way out, before any host is touched."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from changes import expect_same
from commandline import PROJECT, Operator, Running
from outside import MASTER, SLAVE, OutsidePair, mounted
from row import SUBNET

from runbook.lab.command import SBIN_PATH
from runbook.lab.pair import STATE

BAD_INPUT, HOST_FAILED, DRIFT = 2, 1, 3


@dataclass(frozen=True)
class Bad:
    """hosts.env with these keys instead, the exit code, and what the message must name: key, host, way out."""

    keys: dict[str, str | None]
    code: int
    names: tuple[str, ...]


BAD = {
    "missing key": Bad({"PROBE_PASSWORD": None}, BAD_INPUT, ("PROBE_PASSWORD", "add a line")),
    "not an address": Bad({"MASTER_HOST": f"{SUBNET}.999"}, BAD_INPUT, ("MASTER_HOST", f"{SUBNET}.999", "a.b.c.d")),
    "two mistakes at once": Bad(
        {"SYNC_BINLOG": "often", "MASTER_PRIORITY": "300"}, BAD_INPUT, ("SYNC_BINLOG", "MASTER_PRIORITY", "2 mistakes")
    ),
    "one host twice": Bad({"SLAVE_HOST": f"{SUBNET}.128"}, BAD_INPUT, ("SLAVE_HOST", "MASTER_HOST")),
    "VIP outside the hosts' subnet": Bad(
        {"VIP": "10.20.30.40/24"}, BAD_INPUT, ("SLAVE_HOST", "outside the VIP's subnet")
    ),
    "VIP outside the interface's": Bad(
        {"VIP": "192.168.99.9/16"}, BAD_INPUT, ("VIP = 192.168.99.9", f"network {SUBNET}.0/24", "Take a free address")
    ),
    "VIP that a third machine has": Bad({"VIP": f"{SUBNET}.1/24"}, BAD_INPUT, ("VIP", f"{SUBNET}.1", "free")),
    "another interface": Bad({"MASTER_INTERFACE": "ens33"}, BAD_INPUT, ("MASTER_INTERFACE", "ens33", "host0")),
    "an address that the host has not": Bad(
        {"SLAVE_HOST": f"{SUBNET}.77", "SLAVE_SSH": f"{SUBNET}.129"},
        BAD_INPUT,
        ("SLAVE_HOST", f"{SUBNET}.77", f"{SUBNET}.129/24 on host0"),
    ),
    "nobody at that address": Bad(
        {"SLAVE_SSH": f"{SUBNET}.77"}, HOST_FAILED, (f"slave {SUBNET}.77", "Is the host up", "ssh ")
    ),
    "a user without sudo": Bad({"SSH_USER": "nosudo"}, BAD_INPUT, ("no root", "NOPASSWD", "SSH_USER=root")),
    "a user who is not there": Bad({"SSH_USER": "nobody-here"}, BAD_INPUT, ("nobody-here", "SSH_USER", "SSH_KEY")),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_is_refused_by_name(blank_pair: OutsidePair, tmp_path: Path, bad: Bad) -> None:
    refused(blank_pair, blank_pair.operator_with(tmp_path, **bad.keys), bad.code, bad.names)


def test_an_unknown_host_key_is_refused_with_the_command_that_adds_it(blank_pair: OutsidePair, tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    operator = blank_pair.operator_with(tmp_path, SSH_KNOWN_HOSTS=str(known_hosts))
    refused(blank_pair, operator, BAD_INPUT, (SLAVE, str(known_hosts), "inv trust-hosts"))

    operator.inv("trust-hosts").expect(1, "SHA256:", "not added")
    assert not known_hosts.exists(), "nobody agreed, and yet a key was added"

    operator.inv("trust-hosts", "--yes").expect(0, "SHA256:", str(known_hosts))
    operator.inv("plan").expect(DRIFT)


def test_a_changed_host_key_is_refused(blank_pair: OutsidePair, tmp_path: Path) -> None:
    known = blank_pair.lab.home.joinpath("known_hosts").read_text().splitlines()
    keys = [line.partition(" ")[2] for line in known]
    swapped = tmp_path / "known_hosts"
    swapped.write_text(f"{blank_pair.master.address} {keys[1]}\n{blank_pair.slave.address} {keys[1]}\n")
    operator = blank_pair.operator_with(tmp_path, SSH_KNOWN_HOSTS=str(swapped))
    refused(blank_pair, operator, BAD_INPUT, (MASTER, "CHANGED", "ssh-keygen -f"))
    operator.inv("trust-hosts", "--yes").expect(BAD_INPUT, "CHANGED")
    assert keys[0] not in swapped.read_text()


def test_a_hosts_env_that_others_can_read_is_refused(blank_pair: OutsidePair, tmp_path: Path) -> None:
    operator = blank_pair.operator_with(tmp_path)
    operator.hosts_env.chmod(0o644)
    refused(blank_pair, operator, BAD_INPUT, (str(operator.hosts_env), "0644", "chmod 600"))


def test_a_hosts_env_that_is_not_there_is_named(tmp_path: Path) -> None:
    Operator(tmp_path / "hosts.env").inv("bootstrap").expect(BAD_INPUT, f"HOSTS_ENV = {tmp_path / 'hosts.env'}")


@pytest.mark.usefixtures("blank_pair")
def test_without_a_hosts_env_and_without_a_lab_the_way_out_is_told(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "inv", tmp_path)  # a link would lead to the project and its hosts.env
    for part in ("tasks.py", "runbook", "requirements.lock", ".venv"):
        (tmp_path / part).symlink_to(PROJECT / part)
    # In a mount namespace of its own, where no lab is to be seen.
    hidden = f"mount -t tmpfs nothing {STATE} && exec {tmp_path}/inv plan"
    running = Running(["unshare", "--mount", "sh", "-c", hidden], {"PATH": SBIN_PATH}, lambda out: None)
    running.end().expect(BAD_INPUT, "inv init", "inv lab.up")


def test_an_operating_system_that_is_not_known_is_refused(blank_pair: OutsidePair) -> None:
    slave = blank_pair.slave
    slave.sh("printf 'ID=plan9\\nPRETTY_NAME=\"Plan 9\"\\n' > /run/os-release")
    with mounted(slave, "--bind /run/os-release", "/usr/lib/os-release"):
        refused(blank_pair, blank_pair.operator, BAD_INPUT, (SLAVE, "Plan 9", "Debian"))
    slave.sh("rm /run/os-release")


def test_a_disk_without_room_is_refused(blank_pair: OutsidePair) -> None:
    slave = blank_pair.slave
    with mounted(slave, "-t tmpfs -o size=16m nearly-full", "/var/lib"):
        refused(blank_pair, blank_pair.operator, BAD_INPUT, (SLAVE, "/var/lib", "16 MiB", "Free"))


def refused(pair: OutsidePair, operator: Operator, code: int, names: tuple[str, ...]) -> None:
    """`bootstrap` ends with this code, names all these, and leaves both hosts as they are."""
    before = pair.state()
    operator.inv("bootstrap").expect(code, *names)
    expect_same(before, pair.state(), locked=True)
