"""One thing is changed by hand: plan shows it and changes nothing, bootstrap repairs that and nothing else."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from changes import expect_same
from commandline import until
from outside import READ_ONLY, SLAVE, OutsideHost, OutsidePair, SqlError
from watchers import Addresses

DRIFT = 3
SETTLED_SECONDS = 10
LOCAL = "SET SESSION sql_log_bin = OFF; "


@dataclass(frozen=True)
class Drift:
    """What somebody did on a host, and the step and the fact by which it is found."""

    role: str
    by_hand: Callable[[OutsideHost], object]
    step: str
    fact: str


DRIFTS = {
    "a setting at run time": Drift(
        "master", lambda host: host.sql("SET GLOBAL sync_binlog = 0"), "settings in force", "sync_binlog: 0 → 1"
    ),
    "our option file": Drift(
        "slave",
        lambda host: host.sh("sed -i 's/^sync_binlog.*/sync_binlog = 0/' /etc/mysql/mysql.conf.d/zz-runbook.cnf"),
        "file /etc/mysql/mysql.conf.d/zz-runbook.cnf",
        "-sync_binlog = 0",
    ),
    "a script's mode": Drift(
        "slave",
        lambda host: host.sh("chmod 777 /usr/local/bin/master.sh"),
        "file /usr/local/bin/master.sh",
        "mode: 777 → 764",
    ),
    "a script's text": Drift(
        "master",
        lambda host: host.sh("echo '# edited' >> /usr/local/bin/stop.sh"),
        "file /usr/local/bin/stop.sh",
        "-# edited",
    ),
    "the file with the scripts' password": Drift(
        "slave",
        lambda host: host.sh("chmod 644 /etc/mysql-runbook.conf"),
        "file /etc/mysql-runbook.conf",
        "mode: 644 → 600",
    ),
    "a right revoked": Drift(
        "master",
        lambda host: host.sql(f"{LOCAL}REVOKE PROCESS ON *.* FROM runbook_check@localhost"),
        "account runbook_check@localhost",
        "PROCESS",
    ),
    "a right too many": Drift(
        "master",
        lambda host: host.sql(f"{LOCAL}GRANT ALL PRIVILEGES ON *.* TO replica@'%'"),
        "account replica@%",
        "REPLICATION SLAVE",
    ),
    "another password": Drift(
        "master",
        lambda host: host.sql(f"{LOCAL}ALTER USER runbook_probe@'%' IDENTIFIED BY 'something else'"),
        "account runbook_probe@%",
        "login: refused → works",
    ),
    "the applier stopped": Drift(
        "slave",
        lambda host: host.sql("STOP REPLICA SQL_THREAD"),
        "replication from the master",
        "applier: No → Yes",
    ),
    "keepalived stopped": Drift(
        "slave", lambda host: host.sh("systemctl stop keepalived"), "service keepalived", "active: inactive → active"
    ),
    "mysqld not started at boot": Drift(
        "master", lambda host: host.sh("systemctl disable mysql"), "service mysql", "enabled: disabled → enabled"
    ),
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS)
def test_drift_is_shown_by_plan_and_repaired_by_bootstrap(healthy_pair: OutsidePair, drift: Drift) -> None:
    host = {"master": healthy_pair.master, "slave": healthy_pair.slave}[drift.role]
    with Addresses(healthy_pair.slave) as on_slave:
        drift.by_hand(host)
        before = healthy_pair.state()
        shown = healthy_pair.inv("plan").expect(DRIFT, drift.fact)
        assert found(shown.out, "would change", drift) == shown.count("would change"), shown.out
        expect_same(before, healthy_pair.state())

        repaired = healthy_pair.inv("bootstrap").expect(0, drift.fact)
        assert found(repaired.out, "changed", drift) == repaired.count("changed"), repaired.out
        healthy_pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")
        until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)
    assert not on_slave.came(healthy_pair.vip), "the VIP went to the slave meanwhile"


def found(out: str, status: str, drift: Drift) -> int:
    """How often the step was found so on that host: once, or more often where several tasks look at it."""
    outcomes = re.findall(rf"^  {status} +{drift.role} +{re.escape(drift.step)}$", out, re.MULTILINE)
    assert outcomes, f"no `{status}` for {drift.step} on the {drift.role}:\n{out}"
    return len(outcomes)


def test_an_edited_keepalived_conf_is_repaired_while_the_vip_stays(healthy_pair: OutsidePair) -> None:
    master = healthy_pair.master
    daemon = master.daemon("keepalived")
    with Addresses(healthy_pair.slave) as on_slave:
        master.sh("sed -i 's/priority 250/priority 20/' /etc/keepalived/keepalived.conf")
        healthy_pair.inv("plan").expect(DRIFT, "-    priority 20", "+    priority 250")
        assert healthy_pair.inv("bootstrap").expect(0).count("changed") == 1
        healthy_pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")
    assert not on_slave.came(healthy_pair.vip)
    assert master.daemon("keepalived") == daemon, "a reload was enough, and yet keepalived was restarted"


def test_a_bad_keepalived_conf_never_takes_the_good_ones_place(healthy_pair: OutsidePair) -> None:
    """keepalived's own test is asked: here it is told to dislike whatever it sees."""
    slave, conf = healthy_pair.slave, healthy_pair.slave.machine.root / "etc/keepalived/keepalived.conf"
    slave.sh(
        "sed -i 's/priority 240/priority 24/' /etc/keepalived/keepalived.conf; "
        "printf '#!/bin/sh\\necho --config-test: not to my taste\\nexit 1\\n' > /root/fake && "
        "chmod 755 /root/fake && mount --bind /root/fake /usr/sbin/keepalived"
    )
    try:
        edited = conf.read_text()
        healthy_pair.inv("bootstrap").expect(1, SLAVE, "not to my taste")
        assert conf.read_text() == edited
    finally:
        slave.sh("umount /usr/sbin/keepalived; rm /root/fake")
    assert healthy_pair.inv("bootstrap").expect(0).count("changed") == 1


BY_HAND = ("SET GLOBAL super_read_only = OFF", "SET GLOBAL read_only = OFF", "STOP REPLICA")


@pytest.mark.parametrize("statement", BY_HAND)
def test_what_must_be_true_on_the_slave_comes_back_by_itself(healthy_pair: OutsidePair, statement: str) -> None:
    """Law 10: no run of the tool and no notification is needed."""
    healthy_pair.slave.sql(statement)
    until(f"a healthy pair again after {statement}", SETTLED_SECONDS, healthy_pair.is_healthy)
    with pytest.raises(SqlError) as refused:
        healthy_pair.slave.sql("CREATE SCHEMA nobodys")
    assert refused.value.code == READ_ONLY
