"""A bootstrap that is cut off at any moment is completed by the next one."""

import signal

import pytest
from commandline import until
from outside import SLAVE, OutsidePair

FAILED, INTERRUPTED = 1, 130
SETTLED_SECONDS = 20


MOMENTS = {
    "while the package manager works": r"^install-mysql",
    "the option file is written, mysqld not restarted": r"changed +slave +file /etc/mysql",
    "some accounts are made": r"changed +(master|slave) +account replica",
    "replication runs, nothing guards the pair": r"changed +slave +replication",
    "keepalived has a configuration and no scripts": r"changed +(master|slave) +file /etc/keepalived",
    "keepalived runs on the master alone": r"changed +master +service keepalived",
}


def test_a_bootstrap_killed_again_and_again_is_completed_by_the_last(renewed_pair: OutsidePair) -> None:
    """Each run has to finish what the one before left, or it does not come to its own moment."""
    for line in MOMENTS.values():
        run = renewed_pair.operator.start("bootstrap")
        run.wait_for_line(line)
        if line == "^install-mysql":
            until("dpkg at work", SETTLED_SECONDS, lambda: renewed_pair.slave.runs("dpkg"), pause=0.02)
        run.kill()
    renewed_pair.inv("bootstrap").expect(0, " 0 failed")
    until("a healthy pair", SETTLED_SECONDS, renewed_pair.is_healthy)
    renewed_pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")


@pytest.mark.long
def test_a_host_that_dies_in_the_middle_is_named_and_the_next_run_completes(renewed_pair: OutsidePair) -> None:
    run = renewed_pair.operator.start("bootstrap")
    run.wait_for_line(r"changed +slave +package mysql-server")
    renewed_pair.lab.slave.power_cut()
    ended = run.end().expect(FAILED, SLAVE)
    assert SLAVE in ended.out.rpartition("bootstrap:")[2], ended.out
    renewed_pair.lab.slave.boot()
    renewed_pair.lab.slave.wait_for_ssh(SETTLED_SECONDS)
    renewed_pair.inv("bootstrap").expect(0, " 0 failed")
    until("a healthy pair", SETTLED_SECONDS, renewed_pair.is_healthy)


def test_ctrl_c_ends_with_one_sentence(healthy_pair: OutsidePair) -> None:
    healthy_pair.slave.sh("chmod 600 /usr/local/bin/stop.sh")
    run = healthy_pair.operator.start("bootstrap")
    run.wait_for_line("^prep-os")
    run.send(signal.SIGINT)
    ended = run.end().expect(INTERRUPTED, "interrupted", "run the same command again")
    assert ended.out.count("interrupted") == 1, ended.out
    healthy_pair.inv("bootstrap").expect(0, "bootstrap: 1 changed")
