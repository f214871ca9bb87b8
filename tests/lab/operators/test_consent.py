"""Nothing interrupts service without a word, and the master's restart is completed, whoever is cut off.

A hosts.env outside the lab's folder describes a pair like any other to the tool, so that its questions are asked;
without a terminal the answer to them is no.
"""

from pathlib import Path

import pytest
from changes import expect_same
from commandline import until
from outside import MASTER, OutsidePair
from watchers import Addresses

SETTLED_SECONDS = 10
SOME_SECONDS = 45  # "a pause of some seconds" is what the operator was told, and it is less than the whole run


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


@pytest.mark.long
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
