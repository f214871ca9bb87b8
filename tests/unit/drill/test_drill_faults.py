"""What a fault does to a host, and that it is undone whatever happens."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fake import FakeLink, captured_json, link_of, mysqld_of

from runbook.core import undo
from runbook.core.host_paths import UNDO
from runbook.core.report import Report
from runbook.core.ssh import Ran
from runbook.drill import faults
from runbook.drill.faults.crash_master import CrashMaster
from runbook.drill.faults.fault import Fault
from runbook.drill.faults.freeze_master import FreezeMaster
from runbook.drill.faults.isolate import NOBODY, Isolate
from runbook.drill.faults.kill_keepalived import KillKeepalived
from runbook.drill.faults.kill_master import DROP_IN, NO_RESTART, KillMaster
from runbook.drill.faults.kill_slave import KillSlave
from runbook.drill.faults.stop_keepalived import StopKeepalived
from runbook.drill.frame.safeguards import healed
from runbook.errors import HostError
from runbook.pair.pair import Pair
from runbook.pair.side import Side
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


LEAVES = (f"install -d -m 700 {UNDO}", f"sync {UNDO} 2>/dev/null || sync")

MASTER_IP, SLAVE_IP = "192.168.152.128", "192.168.152.129"


def entry(address: str) -> str:
    return f"{address} dev host0"


def joined_again(address: str) -> str:
    return f"! ip neighbour show {entry(address)} | grep -q {NOBODY} || ip neighbour delete {entry(address)}"


class KeepingLink(FakeLink):
    """A host that also keeps what undoes a drill, and takes files."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.processes: list[Holding] = []
        self.files: dict[str, str] = {}

    def run(self, script: str, *, timeout: float, stdin: str | None = None) -> Ran:
        if stdin is None:
            return super().run(script, timeout=timeout)
        (path,) = re.findall(r"mv -f \S+ (\S+) ", script)
        self.files[path] = stdin
        self.changed.append(f"put {path}")
        return Ran(0, "", "")

    def process(self, script: str) -> Any:
        self.changed.append("process")
        self.processes.append(Holding(script))
        return self.processes[-1]


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
    def link(node: Node, _: Settings) -> KeepingLink:
        return KeepingLink(node.role)

    made = Pair(settings, link=link)
    for side in made.sides.values():
        link_of(side).says(OS_QUESTION, "debian||Debian")
        link_of(side).says(UNITS_QUESTION, captured_json("units.json")["mysql"])
    return made


def keeping(side: Side) -> KeepingLink:
    link = link_of(side)
    assert isinstance(link, KeepingLink)
    return link


def drilled(pair: Pair, fault: Fault, report: Report) -> None:
    """The fault as a drill brings it about, with what undoes it on the hosts, and healed."""
    for role in fault.roles:
        link = keeping(pair.sides[role])
        for command in (*LEAVES, undo._run(f"drill.{fault.drill}")):
            link.takes(command, answer="undone\n")
    with healed(fault, pair, report):
        fault.prepare(pair)
        fault.inject(pair)


def left_by(fault: Fault, side: Side) -> str:
    """The script that waited on the host, without the lines that say whose it is; nothing else was left there."""
    link = keeping(side)
    path = f"{UNDO}/drill.{fault.drill}"
    assert {path} == set(link.files) - {DROP_IN_FILE}
    shebang, comment, *script = link.files[path].splitlines()
    assert (shebang, comment) == ("#!/bin/bash", f"# Left by drill.{fault.drill}, which it undoes.")
    return "\n".join(script)


def around(fault: Fault, *commands: str) -> list[str]:
    """All that is done to a host: what undoes the fault is there before anything else, and run at the end."""
    name = f"drill.{fault.drill}"
    install, sync = LEAVES
    return [install, f"put {UNDO}/{name}", sync, "process", *commands, undo._run(name)]


def test_mysqld_is_killed_only_once_its_restart_is_off(pair: Pair, master: Side) -> None:
    link, fault = keeping(master), KillMaster()
    link.takes(RELOAD)
    link.says(RESTART_QUESTION, "Restart=no\n")
    fault.prepare(pair)
    assert link.changed == [f"put {DROP_IN_FILE}", RELOAD]
    assert link.files == {DROP_IN_FILE: NO_RESTART}
    link.takes(KILL)
    fault.inject(pair)
    assert link.changed[-1] == KILL


def test_a_unit_that_would_restart_mysqld_is_not_killed(pair: Pair, master: Side) -> None:
    link = keeping(master)
    link.takes(RELOAD)
    link.says(RESTART_QUESTION, "Restart=on-failure\n")
    with pytest.raises(HostError, match=r"master .*Restart=on-failure"):
        KillMaster().prepare(pair)


def test_healing_removes_the_drop_in_and_ends_the_process_that_would(pair: Pair, master: Side, report: Report) -> None:
    link, fault = keeping(master), KillMaster()
    link.takes(RELOAD)
    link.takes(KILL)
    link.says(RESTART_QUESTION, "Restart=no\n")
    drilled(pair, fault, report)
    assert left_by(fault, master) == HEALED
    assert link.changed == around(fault, f"put {DROP_IN_FILE}", RELOAD, KILL)
    assert [process.is_closed for process in link.processes] == [True]


def test_a_killed_slave_is_started_again_once_it_may_be_restarted(pair: Pair) -> None:
    assert KillSlave().undo(pair.slave) == f"{{ {HEALED}; }} && systemctl start mysql"


def test_a_drop_in_is_removed_wherever_it_is_and_missed_nowhere(pair: Pair, master: Side, tmp_path: Path) -> None:
    drop_in = tmp_path / "mysql.service.d" / "drill.conf"
    drop_in.parent.mkdir()
    script = KillMaster().undo(master).replace(str(Path(DROP_IN_FILE).parent), str(drop_in.parent))
    drop_in.write_text(NO_RESTART)
    told = []
    for _ in range(2):
        command = ["bash", "-c", f"systemctl() {{ echo $*; }}; {script}"]
        told.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        assert not drop_in.parent.exists()
    assert told == ["daemon-reload\n", ""]


def test_healing_restarts_nothing(pair: Pair, master: Side, fake_mysql: None) -> None:
    taught_network(pair)
    mysqld_of(master).says("SELECT @@GLOBAL.datadir", {"datadir": "/data/mysql/"})
    for fault in map(faults.fault_of, faults.NAMES):
        if "master" in fault.roles:
            script = fault().undo(master)
            assert not any(word in script for word in ("start ", "restart"))
    assert keeping(master).changed == []


def test_a_frozen_mysqld_is_woken_by_the_drill_and_by_the_host(pair: Pair, master: Side, report: Report) -> None:
    link, fault = keeping(master), FreezeMaster()
    link.takes(FREEZE)
    drilled(pair, fault, report)
    assert link.changed == around(fault, FREEZE)
    assert left_by(fault, master) == WAKE
    (process,) = link.processes
    assert process.is_closed
    assert f"{UNDO}/drill.freeze-master" in process.script


@pytest.mark.parametrize(
    ("fault", "command"),
    [
        (StopKeepalived(), "systemctl stop keepalived"),
        (KillKeepalived(), "systemctl kill -s KILL keepalived"),
    ],
)
def test_keepalived_is_broken_by_one_command(pair: Pair, master: Side, fault: Fault, command: str) -> None:
    link = keeping(master)
    link.takes(command)
    fault.prepare(pair)
    fault.inject(pair)
    assert link.changed == [command]


RESTART_ANSWERS = [("on-failure", True), ("always", True), ("no", False), ("on-success", False)]


@pytest.mark.parametrize(("restart", "is_brought_back"), RESTART_ANSWERS)
def test_a_crash_is_rehearsed_only_where_the_service_manager_restarts(
    pair: Pair, restart: str, is_brought_back: bool
) -> None:
    link = keeping(pair.master)
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


def test_hosts_are_parted_on_both_sides_and_joined_by_the_drill_and_by_the_hosts(pair: Pair, report: Report) -> None:
    taught_network(pair)
    fault = Isolate()
    peers = {pair.master: SLAVE_IP, pair.slave: MASTER_IP}
    for side, peer in peers.items():
        link = keeping(side)
        link.says(f"ip neighbour show {entry(peer)} nud permanent", "")
        link.takes(f"ip neighbour replace {peer} lladdr {NOBODY} dev host0 nud permanent")
    drilled(pair, fault, report)
    for side, peer in peers.items():
        link = keeping(side)
        assert link.changed == around(fault, f"ip neighbour replace {peer} lladdr {NOBODY} dev host0 nud permanent")
        assert left_by(fault, side) == joined_again(peer)
        (process,) = link.processes
        assert process.is_closed


def test_a_neighbour_that_somebody_set_by_hand_is_not_overwritten(pair: Pair) -> None:
    taught_network(pair)
    link = keeping(pair.master)
    link.says(f"ip neighbour show {entry(SLAVE_IP)} nud permanent", f"{SLAVE_IP} lladdr 52:54:00:12:34:56 PERMANENT\n")
    with pytest.raises(HostError, match="by hand"):
        Isolate().prepare(pair)
    assert link.changed == []
