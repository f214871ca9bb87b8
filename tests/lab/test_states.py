"""README's diagram of what a pair can be in: every arrow is walked, by its command or by the accident that it names."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from commandline import until
from outside import OutsidePair

ARROW = re.compile(r"^    (\w+) --> (\w+): (.+)$", re.MULTILINE)
README = Path(__file__).parents[2] / "README.md"
BOOT_SECONDS = 60
SETTLED_SECONDS = 100
"""A master that boots lets the slave have the VIP first for a minute."""
Arrow = tuple[str, str, str]
DATADIR = "/var/lib/mysql"

WAYS: tuple[tuple[Arrow, ...], ...] = (
    (("not_bootstrapped", "healthy", "inv bootstrap"), ("healthy", "healthy", "inv switchover")),
    (
        ("healthy", "maintenance", "inv maintenance.begin --host=slave"),
        ("maintenance", "healthy", "inv maintenance.end"),
    ),
    (("healthy", "failed_over", "the master's mysqld ends"), ("failed_over", "healthy", "inv failback")),
    (
        ("healthy", "failed_over", "the master's mysqld ends"),
        ("failed_over", "master_alone", "inv promote"),
        ("master_alone", "healthy", "inv rejoin"),
    ),
    (
        ("healthy", "slave_down", "the slave's data are lost"),
        ("slave_down", "healthy", "inv reseed --host=slave"),
    ),
    (
        ("healthy", "peer_unseen", "the slave is off, the master boots"),
        ("peer_unseen", "healthy", "the slave is back"),
    ),
    (
        ("healthy", "peer_unseen", "the slave is off, the master boots"),
        ("peer_unseen", "master_alone", "inv promote --host=master"),
        ("master_alone", "healthy", "inv rejoin"),
    ),
    (
        ("healthy", "diverged", "the slave writes something of its own"),
        ("diverged", "healthy", "inv reconcile"),
    ),
)


def by_role(pair: OutsidePair) -> OutsidePair:
    """The pair as its roles are now: its master is the host that hosts.env calls so."""
    if f"MASTER_HOST={pair.master.address}" in pair.lab.hosts_env.read_text():
        return pair
    turned = OutsidePair(pair.lab, pair.operator)
    turned.__dict__.update(master=pair.slave, slave=pair.master)
    return turned


def kill_master(pair: OutsidePair) -> None:
    pair.master.sh("systemctl stop mysql")


def lose_data(pair: OutsidePair) -> None:
    aside = "find . -mindepth 1 -maxdepth 1 ! -name '.old*' -exec mv -t .old-test {} +"
    pair.slave.sh(f"systemctl kill -s KILL mysql; systemctl stop mysql; cd {DATADIR} && mkdir .old-test && {aside}")


def boot_alone(pair: OutsidePair) -> None:
    pair.slave.machine.power_cut()
    pair.master.machine.power_cut()
    pair.master.machine.boot()
    pair.master.machine.wait_for_ssh(BOOT_SECONDS)


def bring_back(pair: OutsidePair) -> None:
    for host in pair.hosts:
        host.machine.boot()
        host.machine.wait_for_ssh(BOOT_SECONDS)


def write_on_slave(pair: OutsidePair) -> None:
    pair.slave.sql("FLUSH TABLES")


ACCIDENTS: dict[str, Callable[[OutsidePair], None]] = {
    "the master's mysqld ends": kill_master,
    "the slave's data are lost": lose_data,
    "the slave is off, the master boots": boot_alone,
    "the slave is back": bring_back,
    "the slave writes something of its own": write_on_slave,
}


def is_in(pair: OutsidePair) -> str:
    """The verdict's name."""
    return str(json.loads(pair.inv("verify", "--json").out)["verdict"]["kind"])


def is_so(pair: OutsidePair, kind: str) -> bool:
    return is_in(by_role(pair)) == kind


@pytest.fixture
def walked_pair(new_pair: OutsidePair) -> Iterator[OutsidePair]:
    """Blank hosts; afterwards a pair in the roles of before."""
    yield new_pair
    bring_back(new_pair)
    if new_pair.vip_is_on() != ["master"]:
        new_pair.inv("switchover").expect(0)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_arrow_of_the_diagram_leads_where_it_says(walked_pair: OutsidePair) -> None:
    drawn = [found.groups() for found in ARROW.finditer(README.read_text())]
    assert {arrow for way in WAYS for arrow in way} == set(drawn)
    for way in WAYS:
        for before, after, what in way:
            pair = by_role(walked_pair)
            assert is_in(pair) == before, (way, what)
            if what.startswith("inv "):
                if before == "master_alone":
                    bring_back(pair)
                ran = pair.inv(*what.removeprefix("inv ").split(), *(("--yes",) if "reconcile" in what else ()))
                assert ran.code == 0, ran
            else:
                ACCIDENTS[what](pair)
            until(f"{after} after {what}", SETTLED_SECONDS, partial(is_so, walked_pair, after), pause=1)
