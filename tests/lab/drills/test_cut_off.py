"""A drill that is interrupted or killed takes its fault back all the same."""

import signal
from pathlib import Path

from commandline import until
from drilled import expect_home, report_of
from outside import OutsidePair

NOBODY = "02:00:00:00:00:00"
DRILLS_ACCOUNT = "SELECT user FROM mysql.user WHERE user = 'runbook_drill'"
FORWARDING, DISABLED = "3", "0"
SETTLED_SECONDS = 15
INTERRUPTED = 130


def test_hosts_that_were_parted_see_each_other_again_when_the_drill_is_interrupted(healthy_pair: OutsidePair) -> None:
    run = healthy_pair.operator.start("drill.isolate")
    run.wait_for_line("Clients read and write through ")
    until("the hosts parted", SETTLED_SECONDS, lambda: parted(healthy_pair) == [True, True])
    run.send(signal.SIGINT)
    run.end().expect(INTERRUPTED)
    until("the hosts joined", SETTLED_SECONDS, lambda: parted(healthy_pair) == [False, False])
    until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)
    assert [host.sql(DRILLS_ACCOUNT) for host in healthy_pair.hosts] == [[], []]


def parted(pair: OutsidePair) -> list[bool]:
    """Which of the hosts takes the other for a machine that is not there."""
    return [NOBODY in host.sh("ip neighbour show nud permanent") for host in pair.hosts]


def test_a_cut_off_master_is_joined_again_when_the_drill_is_killed(healthy_pair: OutsidePair) -> None:
    port = healthy_pair.master.machine.port
    run = healthy_pair.operator.start("drill.isolate-master")
    run.wait_for_line("Clients read and write through ")
    until("the port closed", SETTLED_SECONDS, lambda: port_state(port) == DISABLED, pause=0.02)
    run.kill()
    until("the port open", SETTLED_SECONDS, lambda: port_state(port) == FORWARDING, pause=0.02)
    until("one VIP", SETTLED_SECONDS, lambda: len(healthy_pair.vip_is_on()) == 1)
    if not healthy_pair.is_healthy():
        expect_home(healthy_pair)


def port_state(port: str) -> str:
    """A bridge port's state as the kernel has it."""
    return Path("/sys/class/net", port, "brport", "state").read_text().strip()


def test_a_frozen_master_is_woken_when_the_drill_is_interrupted(healthy_pair: OutsidePair) -> None:
    mysqld = healthy_pair.master.daemon("mysqld")
    run = healthy_pair.operator.start("drill.freeze-master")
    run.wait_for_line("SIGSTOP for mysqld")
    until("mysqld frozen", SETTLED_SECONDS, lambda: state_of(mysqld) == "T", pause=0.02)
    run.send(signal.SIGINT)
    run.end().expect(INTERRUPTED)
    assert report_of(healthy_pair, "freeze-master")["verdict"] == "cut off"
    until("mysqld awake", SETTLED_SECONDS, lambda: state_of(mysqld) == "S", pause=0.02)
    if not healthy_pair.is_healthy():
        expect_home(healthy_pair)


def test_a_frozen_master_is_woken_when_the_drill_is_killed(healthy_pair: OutsidePair) -> None:
    mysqld = healthy_pair.master.daemon("mysqld")
    run = healthy_pair.operator.start("drill.freeze-master")
    run.wait_for_line("SIGSTOP for mysqld")
    until("mysqld frozen", SETTLED_SECONDS, lambda: state_of(mysqld) == "T", pause=0.02)
    run.kill()
    until("mysqld awake", SETTLED_SECONDS, lambda: state_of(mysqld) == "S", pause=0.02)
    if not healthy_pair.is_healthy():
        expect_home(healthy_pair)


def state_of(pid: int | None) -> str:
    """A process's state as the kernel has it: T stopped, S or R alive."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
