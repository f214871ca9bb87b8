"""What a fault does to a host, and that it is undone whatever happens."""

from typing import Any

import pytest
from fake import FakeLink, captured_json, link_of

from runbook.core.ssh import Ran
from runbook.drill import faults
from runbook.drill.faults import heal_leftovers
from runbook.drill.faults.crash_master import CrashMaster
from runbook.drill.faults.fault import Fault
from runbook.drill.faults.freeze_master import FreezeMaster
from runbook.drill.faults.full_disk import REMOVAL
from runbook.drill.faults.isolate import NOBODY, Isolate
from runbook.drill.faults.kill_keepalived import KillKeepalived
from runbook.drill.faults.kill_master import DROP_IN, NO_RESTART, KillMaster
from runbook.drill.faults.stop_keepalived import StopKeepalived
from runbook.errors import HostError
from runbook.pair.pair import Pair, Side
from runbook.settings.settings import Node, Settings
from runbook.system.family import OS_QUESTION
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.server_names import UNITS_QUESTION

DROP_IN_FILE = DROP_IN.format(unit="mysql")
RELOAD = "systemctl daemon-reload"
KILL = "systemctl kill -s KILL mysql"
RESTART_QUESTION = "systemctl show -p Restart mysql"
HEALED = (
    f"[ ! -e {DROP_IN_FILE} ] || {{ rm -f {DROP_IN_FILE}; rmdir {DROP_IN_FILE.rpartition('/')[0]} 2>/dev/null; "
    f"{RELOAD}; }}"
)
FREEZE = "systemctl kill -s STOP mysql"
WAKE = "! systemctl is-active -q mysql || systemctl kill -s CONT mysql"


MASTER_IP, SLAVE_IP = "192.168.152.128", "192.168.152.129"


def entry(address: str) -> str:
    return f"{address} dev host0"


def joined_again(address: str) -> str:
    return f"! ip neighbour show {entry(address)} | grep -q {NOBODY} || ip neighbour delete {entry(address)}"


class LeashedLink(FakeLink):
    """A host that also holds a leash and takes files."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.leashes: list[Holding] = []
        self.files: dict[str, str] = {}

    def run(self, script: str, *, timeout: float, stdin: str | None = None) -> Ran:
        if stdin is None:
            return super().run(script, timeout=timeout)
        (path,) = {word for word in script.split() if word == DROP_IN_FILE}
        self.files[path] = stdin
        self.changed.append(f"put {path}")
        return Ran(0, "", "")

    def process(self, script: str) -> Any:
        self.changed.append("leash")
        self.leashes.append(Holding(script))
        return self.leashes[-1]


class Holding:
    def __init__(self, script: str) -> None:
        self.script = script
        self.is_closed = False

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def recv(self, size: int) -> bytes:
        return b"held\n"

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def pair(settings: Settings) -> Pair:
    def link(node: Node, _: Settings) -> LeashedLink:
        return LeashedLink(node.role)

    made = Pair(settings, link=link)
    for side in made.sides.values():
        link_of(side).says(OS_QUESTION, "debian||Debian")
        link_of(side).says(UNITS_QUESTION, captured_json("units.json")["mysql"])
    return made


def leashed(side: Side) -> LeashedLink:
    link = link_of(side)
    assert isinstance(link, LeashedLink)
    return link


def heals(side: Side) -> LeashedLink:
    """A master that lets all faults' traces be removed."""
    link = leashed(side)
    link.says(ADDRESSES_QUESTION, captured_json(f"preflight_{side.role}.json")["addresses"])
    for command in (HEALED, WAKE, joined_again(SLAVE_IP), REMOVAL):
        link.takes(command)
    return link


def test_mysqld_is_killed_only_once_its_restart_is_off(pair: Pair, master: Side) -> None:
    link, fault = leashed(master), KillMaster()
    link.takes(RELOAD)
    link.says(RESTART_QUESTION, "Restart=no\n")
    fault.prepare(pair)
    assert link.changed == ["leash", f"put {DROP_IN_FILE}", RELOAD]
    assert link.files == {DROP_IN_FILE: NO_RESTART}
    link.takes(KILL)
    fault.inject(pair)
    assert link.changed[-1] == KILL


def test_a_unit_that_would_restart_mysqld_is_not_killed(pair: Pair, master: Side) -> None:
    link = leashed(master)
    link.takes(RELOAD)
    link.says(RESTART_QUESTION, "Restart=on-failure\n")
    with pytest.raises(HostError, match=r"master .*Restart=on-failure"):
        KillMaster().prepare(pair)


def test_healing_lets_go_of_the_leash_and_removes_the_drop_in(pair: Pair, master: Side) -> None:
    link, fault = leashed(master), KillMaster()
    link.takes(RELOAD)
    link.says(RESTART_QUESTION, "Restart=no\n")
    link.takes(HEALED)
    fault.prepare(pair)
    fault.heal(master)
    assert link.changed[-1] == HEALED
    assert [leash.is_closed for leash in link.leashes] == [True]
    assert HEALED.split(" || ")[1] in link.leashes[0].script.replace("'\"'\"'", "'")


def test_leftovers_of_a_drill_that_died_are_healed_without_its_leash(master: Side) -> None:
    link = heals(master)
    heal_leftovers(master)
    assert link.changed == [HEALED, WAKE, joined_again(SLAVE_IP), HEALED, REMOVAL]


def test_healing_restarts_nothing(master: Side) -> None:
    link = heals(master)
    for fault in map(faults.fault_of, faults.NAMES):
        if "master" in fault.roles:
            fault().heal(master)
    assert not any(word in command for command in link.changed for word in ("start ", "restart"))


def test_a_frozen_mysqld_is_woken_by_the_drill_and_by_its_leash(pair: Pair, master: Side) -> None:
    link, fault = leashed(master), FreezeMaster()
    fault.prepare(pair)
    link.takes(FREEZE)
    fault.inject(pair)
    assert link.changed == ["leash", FREEZE]
    link.takes(WAKE)
    fault.heal(master)
    assert link.changed[-1] == WAKE
    assert [leash.is_closed for leash in link.leashes] == [True]
    assert WAKE in link.leashes[0].script


@pytest.mark.parametrize(
    ("fault", "command"),
    [
        (StopKeepalived(), "systemctl stop keepalived"),
        (KillKeepalived(), "systemctl kill -s KILL keepalived"),
    ],
)
def test_keepalived_is_broken_by_one_command(pair: Pair, master: Side, fault: Fault, command: str) -> None:
    link = leashed(master)
    link.takes(command)
    fault.prepare(pair)
    fault.inject(pair)
    assert link.changed == [command]


RESTART_ANSWERS = [("on-failure", True), ("always", True), ("no", False), ("on-success", False)]


@pytest.mark.parametrize(("restart", "is_brought_back"), RESTART_ANSWERS)
def test_a_crash_is_rehearsed_only_where_the_service_manager_restarts(
    pair: Pair, restart: str, is_brought_back: bool
) -> None:
    link = leashed(pair.master)
    link.says(RESTART_QUESTION, f"{restart}\n")
    link.takes(KILL)
    fault = CrashMaster()
    if is_brought_back:
        fault.prepare(pair)
        fault.inject(pair)
        assert link.changed == [KILL]
    else:
        with pytest.raises(HostError, match=rf"Restart={restart}.*\n.*drill.kill-master"):
            fault.prepare(pair)
        assert link.changed == []


def taught_network(pair: Pair) -> None:
    for side in pair.sides.values():
        link_of(side).says(ADDRESSES_QUESTION, captured_json(f"preflight_{side.role}.json")["addresses"])


def test_hosts_are_parted_on_both_sides_and_joined_by_the_drill_and_by_leashes(pair: Pair) -> None:
    taught_network(pair)
    fault = Isolate()
    peers = {pair.master: SLAVE_IP, pair.slave: MASTER_IP}
    for side, peer in peers.items():
        link = leashed(side)
        link.says(f"ip neighbour show {entry(peer)} nud permanent", "")
        link.takes(f"ip neighbour replace {peer} lladdr {NOBODY} dev host0 nud permanent")
        link.takes(joined_again(peer))
    fault.prepare(pair)
    fault.inject(pair)
    for side, peer in peers.items():
        fault.heal(side)
        link = leashed(side)
        assert link.changed == [
            "leash",
            f"ip neighbour replace {peer} lladdr {NOBODY} dev host0 nud permanent",
            joined_again(peer),
        ]
        (leash,) = link.leashes
        assert leash.is_closed
        assert joined_again(peer) in leash.script


def test_a_neighbour_that_somebody_set_by_hand_is_not_overwritten(pair: Pair) -> None:
    taught_network(pair)
    link = leashed(pair.master)
    link.says(f"ip neighbour show {entry(SLAVE_IP)} nud permanent", f"{SLAVE_IP} lladdr 52:54:00:12:34:56 PERMANENT\n")
    with pytest.raises(HostError, match="by hand"):
        Isolate().prepare(pair)
    assert link.changed == []
