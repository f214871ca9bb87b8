"""States for which the VIP does not move, and a takeover in the midst of them.

The drills of these states are run by drill.all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pymysql
import pytest
from commandline import stays, until
from outside import READ_ONLY, OutsidePair

FAILED = 1
FEW = 25
SETTLED_SECONDS = 30
TAKEOVER_SECONDS = 8
TOO_MANY = 1040
INSERT = "INSERT INTO runbook.ledger (run, writer, seq) VALUES"


@contextmanager
def crowded(pair: OutsidePair) -> Iterator[pymysql.Connection]:
    """The master has not one connection left, not even the one for administrators; gives a client that got in."""
    pair.master.sql(f"SET GLOBAL max_connections = {FEW}")
    inside = pair.client(pair.master.address)
    guests = []
    with pytest.raises(pymysql.err.OperationalError) as full:
        while True:
            guests.append(pair.client(pair.master.address))
    assert full.value.args[0] == TOO_MANY
    administrator = Thread(target=lambda: pair.master.sql("SELECT SLEEP(20)"), daemon=True)
    administrator.start()
    try:
        yield inside
    finally:
        for guest in (inside, *guests):
            guest.close()
        administrator.join(SETTLED_SECONDS)
        pair.master.sql("SET GLOBAL max_connections = DEFAULT")


def test_a_full_house_moves_nothing_and_keeps_nobody_from_closing_the_master(healthy_pair: OutsidePair) -> None:
    pair = healthy_pair
    with crowded(pair) as inside:
        stays("the VIP on the master", 4, lambda: pair.vip_is_on() == ["master"])
        pair.inv("verify").expect(FAILED, "Too many connections", "is open for writes, but does not serve")
        pair.master.sh("systemctl stop keepalived")
        until("the VIP on the slave", TAKEOVER_SECONDS, lambda: pair.vip_is_on() == ["slave"])
        with inside.cursor() as cursor, pytest.raises(pymysql.err.MySQLError) as refused:
            cursor.execute(f"{INSERT} ('crowded', 1, 1)")
        assert refused.value.args[0] == READ_ONLY
    pair.inv("failback").expect(0, "The pair is healthy")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


def test_a_takeover_with_broken_replication_serves_at_once_and_says_how_stale_it_is(healthy_pair: OutsidePair) -> None:
    pair = healthy_pair
    pair.master.sql(f"{INSERT} ('stale', 1, 1)")
    until(
        "the row on the slave",
        SETTLED_SECONDS,
        lambda: bool(pair.slave.sql("SELECT 1 FROM runbook.ledger WHERE run = 'stale'")),
    )
    pair.master.sql(
        "SET sql_log_bin = OFF; DELETE FROM runbook.ledger WHERE run = 'stale'; SET sql_log_bin = ON; "
        f"{INSERT} ('stale', 1, 1); {INSERT} ('stale', 1, 2)"
    )
    uuid = pair.master.value("SELECT @@server_uuid")
    until("the applier stopped", SETTLED_SECONDS, lambda: not pair.slave.replicates())
    pair.inv("verify").expect(FAILED, "error 1062", f"{uuid}:", "runbook.ledger", "Duplicate entry 'stale-1-1'")
    until("the alert", SETTLED_SECONDS, lambda: "1062" in pair.slave.run("cat /run/mysql-runbook/alerts/now/*").out)
    pair.master.sh("systemctl stop keepalived")
    until("the VIP on the slave", TAKEOVER_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    with pair.client() as client, client.cursor() as cursor:
        cursor.execute("SELECT MAX(seq) FROM runbook.ledger WHERE run = 'stale'")
        assert cursor.fetchone() == (1,)
    record = "cat /var/lib/mysql-runbook/takeover"
    until("the record of the takeover", TAKEOVER_SECONDS, lambda: f"unapplied={uuid}:" in pair.slave.run(record).out)
    pair.inv("failback").expect(FAILED, "the applier stopped", "The VIP was not moved")
    pair.slave.sql(
        "SET GLOBAL replica_exec_mode = 'IDEMPOTENT'; START REPLICA SQL_THREAD; SELECT WAIT_FOR_EXECUTED_GTID_SET("
        "(SELECT received_transaction_set FROM performance_schema.replication_connection_status), 20); "
        "SET GLOBAL replica_exec_mode = 'STRICT'"
    )
    pair.inv("failback").expect(0, "The pair is healthy")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


def test_a_receiver_that_is_not_let_in_is_told_and_let_in_by_the_command_that_is_named(
    healthy_pair: OutsidePair,
) -> None:
    pair = healthy_pair
    pair.master.sql("SET SESSION sql_log_bin = OFF; ALTER USER replica@'%' ACCOUNT LOCK")
    pair.slave.sql("STOP REPLICA IO_THREAD; START REPLICA IO_THREAD")
    until("the alert", SETTLED_SECONDS, lambda: "3118" in pair.slave.run("cat /run/mysql-runbook/alerts/now/*").out)
    stays("the VIP on the master", 2, lambda: pair.vip_is_on() == ["master"])
    pair.inv("verify").expect(FAILED, "replication is broken", "error 3118", "inv create-replica-user makes its")
    pair.inv("create-replica-user").expect(0)
    pair.inv("start-slave").expect(0)
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


def test_after_an_orderly_stop_of_both_the_master_has_the_vip_and_takes_writes_at_once(
    healthy_pair: OutsidePair,
) -> None:
    """The slave had not taken over, and both let the other go first."""
    pair = healthy_pair
    for host in (pair.slave, pair.master):
        host.sh("systemctl stop keepalived")
    assert pair.vip_is_on() == []
    for host in pair.hosts:
        host.sh("systemctl start --no-block keepalived")
    until("the VIP on the master", SETTLED_SECONDS, lambda: pair.vip_is_on() == ["master"])
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


@pytest.mark.long
def test_a_checker_that_hangs_moves_no_vip_and_hides_no_hung_server(healthy_pair: OutsidePair) -> None:
    pair = healthy_pair
    pair.master.sh("systemctl kill -s STOP mysql-runbook-checker")
    try:
        stays("the VIP on the master", 8, lambda: pair.vip_is_on() == ["master"])
        pair.master.sh("systemctl kill -s STOP mysql")
        until("the VIP on the slave", TAKEOVER_SECONDS + 4, lambda: pair.vip_is_on() == ["slave"])
    finally:
        pair.master.sh("systemctl kill -s CONT mysql mysql-runbook-checker")
    pair.inv("failback").expect(0, "The pair is healthy")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)
