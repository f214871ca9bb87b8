"""Failback brings the VIP home once it is proven that nothing is lost, and finishes what was cut off."""

import pymysql
import pytest
from commandline import until
from outside import OutsidePair

FAILED = 1
SETTLED_SECONDS = 15
EXECUTED = "SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', '')"


def test_while_failed_over_bootstrap_and_the_drill_refuse(failed_over_pair: OutsidePair) -> None:
    before = failed_over_pair.vip_is_on()
    failed_over_pair.inv("bootstrap").expect(FAILED, "failed over", "inv failback")
    failed_over_pair.inv("drill.kill-master").expect(FAILED, "a drill needs a healthy pair")
    assert failed_over_pair.vip_is_on() == before == ["slave"]


def test_failback_stops_at_a_transaction_that_the_master_lacks(failed_over_pair: OutsidePair) -> None:
    pair, slave = failed_over_pair, failed_over_pair.slave
    before = slave.value("SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', '')")
    slave.sql(
        "SET GLOBAL super_read_only = OFF; CREATE TABLE runbook.errant (a INT PRIMARY KEY); "
        "SET GLOBAL super_read_only = ON"
    )
    errant = slave.value(f"SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, '{before}')")
    try:
        pair.inv("failback").expect(FAILED, "lacks transactions", errant, "The VIP was not moved")
        assert pair.vip_is_on() == ["slave"]
        pair.inv("verify").expect(FAILED, errant)
    finally:
        # As an operator who has looked at it and does not want it: the transaction is made on the master, empty.
        pair.master.sql(
            f"SET GLOBAL super_read_only = OFF; SET GTID_NEXT = '{errant}'; BEGIN; COMMIT; "
            "SET GTID_NEXT = AUTOMATIC; SET GLOBAL super_read_only = ON"
        )
    pair.inv("failback").expect(0, "proved")
    pair.master.sql("DROP TABLE IF EXISTS runbook.errant")
    slave.sql(
        "SET GLOBAL super_read_only = OFF; SET sql_log_bin = OFF; DROP TABLE IF EXISTS runbook.errant; "
        "SET sql_log_bin = ON; SET GLOBAL super_read_only = ON"
    )
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("service mysql", marks=pytest.mark.long),
        pytest.param("proved: ", marks=pytest.mark.long),
        "caught up: ",
    ],
)
def test_a_failback_that_was_cut_off_is_finished_by_the_next(failed_over_pair: OutsidePair, line: str) -> None:
    run = failed_over_pair.operator.start("failback")
    run.wait_for_line(line)
    run.kill()
    failed_over_pair.inv("failback").expect(0, "healthy")
    until("a healthy pair", SETTLED_SECONDS, failed_over_pair.is_healthy)


def test_a_failback_cut_off_while_the_vip_is_nowhere_is_finished(failed_over_pair: OutsidePair) -> None:
    failed_over_pair.slave.sh("systemctl stop keepalived")
    assert failed_over_pair.vip_is_on() == []
    failed_over_pair.inv("failback").expect(0, "healthy")
    until("a healthy pair", SETTLED_SECONDS, failed_over_pair.is_healthy)


def test_sessions_that_came_by_the_vip_end_when_it_leaves(failed_over_pair: OutsidePair) -> None:
    """One with a transaction under way would hold up the next change of its table on the slave for hours."""
    pair = failed_over_pair
    with pair.client() as stranded, stranded.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute("SELECT COUNT(*) FROM runbook.ledger")
        pair.inv("failback").expect(0, "The pair is healthy")
        pair.master.sql("ALTER TABLE runbook.ledger COMMENT = 'changed'")
        until("the change on the slave", SETTLED_SECONDS, lambda: pair.slave.has_all_of(pair.master))
        with pytest.raises(pymysql.MySQLError):
            cursor.execute("SELECT 1")
    pair.master.sql("ALTER TABLE runbook.ledger COMMENT = ''")


def test_a_failback_of_a_pair_without_any_keepalived_brings_the_vip_to_the_master(healthy_pair: OutsidePair) -> None:
    for host in healthy_pair.hosts:
        host.sh("systemctl stop keepalived")
    assert healthy_pair.vip_is_on() == []
    healthy_pair.inv("failback").expect(0, "The pair is healthy")
    assert healthy_pair.vip_is_on() == ["master"]


def test_failback_at_home_has_nothing_to_do(healthy_pair: OutsidePair) -> None:
    healthy_pair.inv("failback").expect(0, "Nothing to bring home")
    healthy_pair.inv("--dry", "failback").expect(0, "nothing to do")
    executed = {host.value(EXECUTED) for host in healthy_pair.hosts}
    assert len(executed) == 1
