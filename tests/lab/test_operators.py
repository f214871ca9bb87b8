"""Who may do what: one operator at a time, a user with sudo, and nothing that interrupts service without a word.

Needs a healthy pair and leaves one. A hosts.env outside the lab's folder describes a pair like any other to the tool,
so that its questions are asked; without a terminal the answer to them is no.
"""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from changes import expect_same
from commandline import Running, until
from outside import MASTER, OutsidePair
from watchers import Addresses

SETTLED_SECONDS = 10
SOME_SECONDS = 45  # "a pause of some seconds" is what the operator was told, and it is less than the whole run
LOCK_IS_HELD = rf"^{MASTER}: "  # the first line of bootstrap after the lock was taken


@pytest.fixture
def frozen(healthy_pair: OutsidePair) -> Iterator[Running]:
    """A bootstrap that was stopped in the middle, as a laptop that was closed."""
    running = healthy_pair.operator.start("bootstrap")
    running.wait_for_line(LOCK_IS_HELD)
    running.send(signal.SIGSTOP)
    yield running
    running.kill()


def test_the_second_operator_is_told_who_holds_the_pair_and_since_when(
    healthy_pair: OutsidePair, frozen: Running
) -> None:
    before = healthy_pair.state()
    told = healthy_pair.inv("bootstrap").expect(1, "another run holds the pair", f"(pid {frozen.pid})", "bootstrap")
    assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told.out), told.out
    assert re.search(r"within \d+ s", told.out), told.out
    expect_same(before, healthy_pair.state())
    healthy_pair.inv("plan").expect(0)


def test_a_killed_holder_loses_the_lock_at_once(healthy_pair: OutsidePair, frozen: Running) -> None:
    frozen.kill()
    until("the lock", SETTLED_SECONDS, lambda: healthy_pair.inv("bootstrap").code == 0)


def test_a_silent_holder_loses_the_lock_in_the_time_that_was_told(healthy_pair: OutsidePair, frozen: Running) -> None:
    told = healthy_pair.inv("bootstrap").expect(1)
    found = re.search(r"within (\d+) s", told.out)
    assert found, told.out
    until("the lock", int(found[1]) + SETTLED_SECONDS, lambda: healthy_pair.inv("bootstrap").code == 0, pause=1)

    healthy_pair.slave.sh("chmod 777 /usr/local/bin/stop.sh")
    frozen.send(signal.SIGCONT)
    frozen.end().expect(1, "lost the pair", "Run the same command again")
    assert healthy_pair.slave.sh("stat -c %a /usr/local/bin/stop.sh") == "777", "it changed what was no longer its own"
    healthy_pair.inv("bootstrap").expect(0, "bootstrap: 1 changed")


def test_a_user_with_sudo_is_as_good_as_root(healthy_pair: OutsidePair, tmp_path: Path) -> None:
    operator = healthy_pair.operator_with(tmp_path, SSH_USER="operator")
    operator.inv("bootstrap").expect(0, "bootstrap: 0 changed")
    healthy_pair.slave.sh("chmod 777 /usr/local/bin/stop.sh")
    operator.inv("bootstrap").expect(0, "mode: 777 → 764", "bootstrap: 1 changed")
    healthy_pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")
    operator.inv("verify").expect(0, "healthy")


def test_a_drill_is_not_done_without_a_word(healthy_pair: OutsidePair, tmp_path: Path) -> None:
    before = healthy_pair.state()
    operator = healthy_pair.operator_with(tmp_path)
    operator.inv("drill.kill-master").expect(2, "pair of ", "nothing was done")
    operator.inv("--dry", "drill.kill-master").expect(0, "SIGKILL")
    expect_same(before, healthy_pair.state(), locked=True)


def test_a_serving_master_is_restarted_only_with_consent_and_keeps_the_vip(
    healthy_pair: OutsidePair, tmp_path: Path
) -> None:
    operator = healthy_pair.operator_with(tmp_path, SKIP_NAME_RESOLVE="off")
    master, slave = healthy_pair.master, healthy_pair.slave
    served = master.daemon("mysqld"), master.daemon("keepalived")
    with Addresses(slave) as on_slave:
        operator.inv("configure-mycnf").expect(1, MASTER, "skip_name_resolve", "--yes")
        assert (master.daemon("mysqld"), master.daemon("keepalived")) == served, "restarted without consent"
        assert healthy_pair.vip_is_on() == ["master"]
        until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)

        slaves_mysqld = slave.daemon("mysqld")
        operator.inv("configure-mycnf", "--yes", seconds=SOME_SECONDS).expect(0, "skip_name_resolve: ON → OFF")
        assert master.value("SELECT @@GLOBAL.skip_name_resolve") == "0"
        assert master.daemon("mysqld") != served[0]
        until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)
        assert slave.daemon("mysqld") == slaves_mysqld, "the slave's mysqld was restarted beside the master's"

        healthy_pair.inv("bootstrap").expect(0, "skip_name_resolve: OFF → ON")
        until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)
    assert not on_slave.came(healthy_pair.vip), "the VIP went to the slave meanwhile"
    healthy_pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")


def test_a_run_killed_while_the_master_restarts_is_completed_by_the_next(
    healthy_pair: OutsidePair, tmp_path: Path
) -> None:
    operator = healthy_pair.operator_with(tmp_path, SKIP_NAME_RESOLVE="off")
    run = operator.start("configure-mycnf", "--yes")
    run.wait_for_line(r"changed +master +file /etc/mysql")
    until("mysqld gone", SETTLED_SECONDS, lambda: healthy_pair.master.daemon("mysqld") is None, pause=0.01)
    run.kill()
    healthy_pair.inv("bootstrap", seconds=SOME_SECONDS).expect(0, "skip_name_resolve: OFF → ON")
    until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)
    healthy_pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")
