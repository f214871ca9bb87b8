"""The master dies, the slave serves, the VIP stays away until failback; nothing is lost."""

import re

import pymysql
import pytest
import row
from commandline import stays, until
from outside import READ_ONLY, OutsidePair
from watchers import Writer

FAILED = 1
SETTLED_SECONDS = 15
WANDERING_SECONDS = 10
PASSWORD = "Holds-4-lock"
TAKEOVER = "/var/lib/mysql-runbook/takeover"
LOCK_SECONDS = 5  # RELAY_LOCK_SECONDS
WAITING = "SELECT 1 FROM performance_schema.processlist WHERE state LIKE 'Waiting for% lock'"
EXECUTED = "SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', '')"


def test_the_drill_shows_the_takeover_and_leaves_the_pair_failed_over(healthy_pair: OutsidePair) -> None:
    pair = healthy_pair
    pair.inv("drill.kill-master").expect(0, "0 lost", "ERROR 1290", "Next: inv failback")
    assert pair.vip_is_on() == ["slave"]
    assert pair.master.daemon("mysqld") is None
    with pair.client() as client, client.cursor() as cursor:
        cursor.execute("SELECT @@server_id")
        assert cursor.fetchone() == (2,)
        with pytest.raises(pymysql.err.OperationalError, match=str(READ_ONLY)):
            cursor.execute("INSERT INTO runbook.ledger (run, writer, seq) VALUES ('refused', 1, 1)")
    pair.inv("failback").expect(0, "proved: the master has every transaction", "handed over", "healthy")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


def test_a_master_that_its_service_manager_brings_back_stays_closed_and_nothing_is_lost(
    healthy_pair: OutsidePair,
) -> None:
    pair = healthy_pair
    with Writer(pair, "killed") as writer:
        until("some acknowledged writes", SETTLED_SECONDS, lambda: len(writer.acknowledged) > 20)
        pair.master.sh("systemctl kill -s KILL mysql")
        until("the VIP on the slave", SETTLED_SECONDS, lambda: pair.vip_is_on() == ["slave"])
        until("the master's mysqld back", SETTLED_SECONDS, lambda: pair.master.run("mysqladmin ping").code == 0)
        assert pair.master.value("SELECT @@GLOBAL.super_read_only") == "1"
        before = list(writer.acknowledged)
        assert set(before) <= writer.rows_on(pair.slave), "an acknowledged row is not on the slave"
        until("a write refused by the slave", SETTLED_SECONDS, lambda: READ_ONLY in writer.refusals)
        assert writer.acknowledged == before, "somebody took a write"
        pair.inv("failback").expect(0, "healthy")
        until("writes acknowledged again", SETTLED_SECONDS, lambda: len(writer.acknowledged) > len(before))
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)
    for host in pair.hosts:
        assert set(writer.acknowledged) <= writer.rows_on(host)


def test_a_session_that_holds_a_lock_does_not_keep_a_master_open_that_loses_the_vip(healthy_pair: OutsidePair) -> None:
    pair, master = healthy_pair, healthy_pair.master
    master.sql(f"CREATE USER holder IDENTIFIED BY '{PASSWORD}'; GRANT SELECT, LOCK TABLES ON runbook.* TO holder")
    with pair.client(user="holder", password=PASSWORD) as client, client.cursor() as cursor:
        cursor.execute("LOCK TABLES runbook.ledger WRITE")
        master.sh("systemctl stop keepalived")
        until("a closed master", SETTLED_SECONDS, lambda: master.value(row.CLOSED) == "1")
        with pytest.raises(pymysql.err.OperationalError):
            cursor.execute("SELECT COUNT(*) FROM runbook.ledger")
    pair.inv("failback").expect(0, "healthy")
    master.sql("DROP USER holder")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


@pytest.mark.long
def test_a_takeover_ends_a_session_that_keeps_what_was_received_from_being_applied_and_no_other(
    healthy_pair: OutsidePair,
) -> None:
    pair, master, slave = healthy_pair, healthy_pair.master, healthy_pair.slave
    master.sql(f"CREATE USER holder IDENTIFIED BY '{PASSWORD}'; GRANT SELECT ON runbook.* TO holder")
    master.sql("CREATE TABLE runbook.held (id INT PRIMARY KEY)")
    until("the slave has both", SETTLED_SECONDS, lambda: slave.has_all_of(master))
    account = {"host": slave.address, "user": "holder", "password": PASSWORD}
    with (
        pair.client(**account) as holder,
        pair.client(**account) as other,
        holder.cursor() as in_the_way,
        other.cursor() as bystander,
    ):
        in_the_way.execute("START TRANSACTION")
        in_the_way.execute("SELECT * FROM runbook.held")
        bystander.execute("START TRANSACTION")
        bystander.execute("SELECT COUNT(*) FROM runbook.ledger")
        master.sql("ALTER TABLE runbook.held ADD COLUMN later INT")
        until("the applier to wait for it", SETTLED_SECONDS, lambda: slave.sql(WAITING) != [])
        master.sh("systemctl kill -s KILL mysql")
        until("the takeover", LOCK_SECONDS + SETTLED_SECONDS, lambda: slave.run(f"test -e {TAKEOVER}").code == 0)
        record = slave.sh(f"cat {TAKEOVER}")
        assert re.search(r"^ended=holder@\S+ \(\d+\)$", record, re.MULTILINE), record
        assert "\nunapplied=\n" in record
        bystander.execute("SELECT COUNT(*) FROM runbook.ledger")
        with pytest.raises(pymysql.err.OperationalError):
            in_the_way.execute("SELECT * FROM runbook.held")
    assert slave.sql("SHOW COLUMNS FROM runbook.held LIKE 'later'"), "the reads are stale"
    pair.inv("failback").expect(0, "healthy")
    master.sql("DROP TABLE runbook.held; DROP USER holder")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


def test_the_vip_does_not_wander_home_by_itself(failed_over_pair: OutsidePair) -> None:
    pair = failed_over_pair
    pair.master.sh("systemctl start mysql")
    until(
        "the master's keepalived back with its mysqld",
        SETTLED_SECONDS,
        lambda: pair.master.daemon("keepalived") is not None,
    )
    stays("the VIP on the slave alone", WANDERING_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    assert pair.master.value("SELECT @@GLOBAL.super_read_only") == "1", "the master came back open without the VIP"
    pair.inv("verify").expect(FAILED, "waits for failback")


def test_when_the_slave_ends_as_well_a_master_that_is_back_serves_with_every_row(failed_over_pair: OutsidePair) -> None:
    """Nothing else could, and it lacks nothing: it syncs a transaction before it sends it."""
    pair = failed_over_pair
    pair.master.sh("systemctl start mysql")
    until("the master's keepalived", SETTLED_SECONDS, lambda: pair.master.daemon("keepalived") is not None)
    with Writer(pair, "both") as writer:
        until("a write refused by the slave", SETTLED_SECONDS, lambda: READ_ONLY in writer.refusals)
        pair.slave.sh("systemctl kill -s KILL mysql")
        until("writes acknowledged", SETTLED_SECONDS, lambda: len(writer.acknowledged) > 20)
        assert pair.vip_is_on() == ["master"]
        until("the slave's mysqld back", SETTLED_SECONDS, lambda: pair.slave.run("mysqladmin ping").code == 0)
        stays("the VIP on the master alone", WANDERING_SECONDS, lambda: pair.vip_is_on() == ["master"])
    pair.inv("failback").expect(0, "healthy")
    for host in pair.hosts:
        assert set(writer.acknowledged) <= writer.rows_on(host)
    until("same transactions", SETTLED_SECONDS, lambda: pair.master.value(EXECUTED) == pair.slave.value(EXECUTED))
