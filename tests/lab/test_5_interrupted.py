"""A bootstrap that is cut off at any moment is completed by the next one.

Needs blank hosts for each point and leaves a healthy pair.
"""

import pytest
from commandline import until
from outside import OutsidePair

FAILED = 1
SETTLED_SECONDS = 20


@pytest.mark.parametrize(
    "line",
    [
        r"^install-mysql",  # while the package manager works
        r"changed +slave +file /etc/mysql",  # the file is written, mysqld not restarted
        r"changed +(master|slave) +account replica",  # some accounts are made
        r"changed +slave +replication",  # replication runs, nothing guards the pair
        r"changed +(master|slave) +file /etc/keepalived",  # a configuration without its scripts
    ],
)
def test_a_killed_bootstrap_is_completed_by_the_next(blank_pair: OutsidePair, line: str) -> None:
    run = blank_pair.operator.start("bootstrap")
    run.wait_for_line(line)
    run.kill()
    blank_pair.inv("bootstrap").expect(0, " 0 failed")
    until("a healthy pair", SETTLED_SECONDS, blank_pair.is_healthy)
    blank_pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")


def test_a_host_that_dies_in_the_middle_is_named_and_the_next_run_completes(blank_pair: OutsidePair) -> None:
    run = blank_pair.operator.start("bootstrap")
    run.wait_for_line(r"changed +slave +package mysql-server")
    blank_pair.lab.slave.power_cut()
    run.end().expect(FAILED, "slave 192.168.153.129", "again")
    blank_pair.lab.slave.boot()
    blank_pair.lab.slave.wait_for_ssh(SETTLED_SECONDS)
    blank_pair.inv("bootstrap").expect(0, " 0 failed")
    until("a healthy pair", SETTLED_SECONDS, blank_pair.is_healthy)
