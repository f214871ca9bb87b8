"""A master is lost: its slave is promoted, and who comes back stays closed until it is known that it may open."""

import time
from collections.abc import Iterator

import pytest
import row
from commandline import stays, until
from outside import OutsideHost, OutsidePair, SqlError
from writer import Writer

FAILED, DRIFT = 1, 3
BOOT_SECONDS = 60
SETTLED_SECONDS = 20
TAKEOVER_SECONDS = 20
STAYS_SECONDS = 6
CLOSED_SECONDS = 100
"""A master that boots lets the slave have the VIP first for a minute."""
ALERTS = "/run/mysql-runbook/alerts/now"
NOBODY_THERE = 2002
MYSQLD = "/usr/sbin/mysqld"


@pytest.fixture
def losing_pair(healthy_pair: OutsidePair) -> Iterator[OutsidePair]:
    """A pair that loses a host in its test; both have power afterwards, in the roles of before."""
    pair = healthy_pair
    yield pair
    for host in pair.hosts:
        power(host)
    if not pair.is_healthy():
        pair.inv("rejoin", "--switchover").expect(0, "The pair is healthy")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


def power(host: OutsideHost) -> None:
    if not host.machine.is_running():
        host.machine.boot()
        host.machine.wait_for_ssh(BOOT_SECONDS)


def is_closed(host: OutsideHost) -> bool:
    """A server that does not run, or not yet, takes no writes either."""
    try:
        return host.daemon(row.MYSQLD) is None or host.value(row.CLOSED) == "1"
    except SqlError as error:
        if error.code != NOBODY_THERE:
            raise
        return True


def alerts(host: OutsideHost) -> set[str]:
    return set(host.run(f"ls {ALERTS} 2>/dev/null").out.split())


def lose(pair: OutsidePair) -> None:
    # 5.6 keeps its accounts in MyISAM: what was changed by the bootstrap just now a power cut may tear.
    pair.master.sh("sync")
    pair.master.machine.power_cut()
    until("the slave has the VIP", TAKEOVER_SECONDS, lambda: pair.vip in pair.slave.addresses())


@pytest.mark.story
@pytest.mark.long_elsewhere
def test_a_lost_master_is_replaced_and_rejoins_as_the_slave(losing_pair: OutsidePair) -> None:
    pair = losing_pair
    pair.inv("promote").expect(FAILED, "takes writes, so it is not lost", "inv switchover", "Nothing was changed")
    with Writer(pair) as writer:
        lose(pair)
        pair.inv("--dry", "promote").expect(DRIFT, "PROVEN", f"after:  master {pair.slave.address}, alone")
        assert is_closed(pair.slave)
        pair.inv("promote").expect(0, "PROVEN", "not reached, so not fenced", "MASTER ALONE", "inv rejoin")
        assert not is_closed(pair.slave)
        pair.inv("verify").expect(FAILED, "MASTER ALONE", "inv rejoin")
        until("people are told", SETTLED_SECONDS, lambda: "master-alone" in alerts(pair.slave))
        power(pair.master)
        stays("the old master closed", STAYS_SECONDS, lambda: is_closed(pair.master))
        assert pair.vip not in pair.master.addresses()
        pair.inv("failback").expect(FAILED, "inv rejoin")
        pair.inv("rejoin").expect(0, "The pair is healthy")
        assert pair.master.replicates() and is_closed(pair.master)
    assert not writer.missing_on(pair.slave) | writer.missing_on(pair.master)
    until("nobody is told any more", SETTLED_SECONDS, lambda: not alerts(pair.slave) | alerts(pair.master))
    pair.inv("switchover").expect(0, "The pair is healthy")


@pytest.mark.long
def test_what_only_a_disk_has_whose_server_does_not_start_is_brought_to_the_new_master(
    losing_pair: OutsidePair,
) -> None:
    pair = losing_pair
    pair.slave.sh("systemctl stop mysql-runbook-checker keepalived")
    pair.slave.sql("STOP REPLICA IO_THREAD")
    pair.master.sql("CREATE SCHEMA lost; CREATE TABLE lost.t (a INT PRIMARY KEY); INSERT INTO lost.t VALUES (1), (2)")
    pair.master.sh(f"mv {MYSQLD} {MYSQLD}.away; systemctl kill -s KILL mysql; systemctl stop mysql")
    try:
        # A slave that starts alone lets the master have the VIP first.
        pair.slave.sh("systemctl start --no-block mysql-runbook-checker keepalived")
        until("the slave has the VIP", CLOSED_SECONDS, lambda: pair.vip in pair.slave.addresses())
        told = pair.inv("promote")
        told.expect(0, "3 transactions that the slave lacks", "lost.t: 2 inserted", "PROVEN", "fenced")
        assert pair.slave.value("SELECT COUNT(*) FROM lost.t") == "2"
    finally:
        pair.master.sh(f"mv {MYSQLD}.away {MYSQLD}")
    pair.inv("rejoin", "--switchover").expect(0, "The pair is healthy")
    pair.master.sql("DROP SCHEMA lost")


@pytest.mark.long
def test_what_only_an_old_master_has_is_kept_and_its_data_are_replaced(losing_pair: OutsidePair) -> None:
    pair = losing_pair
    lose(pair)
    pair.inv("promote").expect(0, "PROVEN")
    power(pair.master)
    until("the old master's server", SETTLED_SECONDS, lambda: pair.master.run("systemctl is-active mysql").code == 0)
    only = "SET GLOBAL rpl_semi_sync_source_enabled = OFF; SET GLOBAL super_read_only = OFF"
    pair.master.sql(f"{only}; CREATE TABLE runbook.only_here (a INT PRIMARY KEY)")
    told = pair.inv("rejoin", "--switchover")
    told.expect(0, "CREATE TABLE runbook.only_here", "Kept whole on", "copied:", "The pair is healthy")
    assert pair.master.sql("SHOW TABLES FROM runbook LIKE 'only_here'") == []
    kept = pair.master.sh("cat /var/lib/mysql-runbook/errant/*.sql")
    assert "only_here" in kept
    pair.inv("reseed", "--host=master", "--discard-old").expect(0)


@pytest.mark.long
def test_a_master_that_boots_alone_opens_by_an_operators_word_only(losing_pair: OutsidePair) -> None:
    pair = losing_pair
    pair.slave.machine.power_cut()
    pair.master.sh("systemctl kill -s KILL mysql")
    until("told", CLOSED_SECONDS, lambda: "peer-unseen" in alerts(pair.master))
    assert is_closed(pair.master) and pair.vip in pair.master.addresses()
    pair.inv("verify").expect(FAILED, "stays closed: it was away", "inv promote --host=master")
    pair.inv("promote", "--host=master").expect(0, "MASTER ALONE")
    assert not is_closed(pair.master)
    power(pair.slave)
    pair.inv("rejoin").expect(0, "The pair is healthy")
    pair.slave.machine.power_cut()
    pair.master.sh("systemctl kill -s KILL mysql")
    until("told again", CLOSED_SECONDS, lambda: "peer-unseen" in alerts(pair.master))
    power(pair.slave)
    until("it opens by itself", BOOT_SECONDS, lambda: not is_closed(pair.master))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["patch-both", "lose-master", "returning-master"])
def test_the_drill_keeps_its_promises(losing_pair: OutsidePair, name: str) -> None:
    pair = losing_pair
    began = time.time()
    pair.inv(f"drill.{name}", seconds=600).expect(0, "0 of", "are missing", "The pair is healthy")
    assert any(each.stat().st_mtime >= began for each in pair.operator.reports.glob(f"*-{name}.html"))
