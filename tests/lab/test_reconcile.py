"""What the slave has and the master lacks is shown, and given up or brought over; a slave can be left behind."""

import pytest
from commandline import until
from outside import OutsideHost, OutsidePair

FAILED, BAD_INPUT = 1, 2
SETTLED_SECONDS = 15
KEPT = "/var/lib/mysql-runbook/errant"
UNDO = "/var/lib/mysql-runbook/undo"
TOLD = "/run/mysql-runbook/alerts/now/errant"
ERRANT = "SELECT GTID_SUBTRACT('{slave}', @@GLOBAL.gtid_executed)"
EXECUTED = "SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', '')"
ROWS = "SELECT GROUP_CONCAT(a ORDER BY a) FROM runbook.errant"


def errant(pair: OutsidePair) -> str:
    """What the slave has executed and the master has not."""
    return pair.master.value(ERRANT.format(slave=pair.slave.value(EXECUTED)))


def write_on(host: OutsideHost, statements: str) -> None:
    """As somebody does who opens a server that must be closed."""
    host.sql(f"SET GLOBAL super_read_only = OFF; {statements}; SET GLOBAL super_read_only = ON")


def comes_home(pair: OutsidePair) -> None:
    pair.inv("failback").expect(0, "The pair is healthy")
    pair.master.sql("DROP TABLE IF EXISTS runbook.errant")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


def test_what_changes_nothing_is_given_up_after_one_yes(failed_over_pair: OutsidePair) -> None:
    pair = failed_over_pair
    pair.inv("failback").expect(0)
    pair.slave.sql("FLUSH PRIVILEGES; FLUSH TABLES")
    pair.inv("verify").expect(FAILED, "inv reconcile")
    before = errant(pair)
    pair.inv("--dry", "reconcile").expect(3, "FLUSH TABLES")
    assert errant(pair) == before != ""
    pair.inv("reconcile").expect(0, "FLUSH PRIVILEGES", "the master lacks nothing by it", "The pair is healthy")
    assert errant(pair) == ""
    pair.inv("reconcile").expect(0, "nothing to reconcile")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


def test_rows_are_given_up_only_when_they_were_named_and_can_be_brought_to_the_master(
    failed_over_pair: OutsidePair,
) -> None:
    pair = failed_over_pair
    write_on(pair.slave, "CREATE TABLE runbook.errant (a INT PRIMARY KEY); INSERT INTO runbook.errant VALUES (1)")
    pair.inv("failback").expect(FAILED, "lacks transactions", "inv reconcile", "The VIP was not moved")
    lacking = errant(pair)
    until("people are told", SETTLED_SECONDS, lambda: pair.slave.run(f"grep -F {lacking} {TOLD}").code == 0)
    pair.inv("reconcile").expect(BAD_INPUT, "CREATE TABLE runbook.errant", "@1=1", f"--gtids='{lacking}'", "--bring")
    pair.inv("reconcile", "--gtids=11111111-1111-1111-1111-111111111111:1").expect(BAD_INPUT, "nothing was changed")
    assert errant(pair) == lacking
    assert pair.slave.sh(f"stat -c '%a %U' {KEPT} {KEPT}/*.sql | sort -u") == "600 root\n700 root"
    pair.inv("reconcile", "--bring").expect(0, "has run")
    assert (errant(pair), pair.master.value(ROWS)) == ("", "1")
    assert pair.master.value("SELECT @@GLOBAL.rpl_semi_sync_source_enabled") == "1"
    assert pair.master.sh(f"ls {UNDO}") == ""
    write_on(pair.slave, "INSERT INTO runbook.errant VALUES (2)")
    pair.inv("reconcile", f"--gtids={errant(pair)}").expect(0, "runbook.errant: 1 inserted")
    assert (errant(pair), pair.master.value(ROWS)) == ("", "1")
    comes_home(pair)


@pytest.mark.long
def test_the_vip_comes_home_without_a_slave_that_cannot_follow(failed_over_pair: OutsidePair) -> None:
    """A row that conflicts on the slave; the master is proven to have all that the slave has."""
    pair = failed_over_pair
    pair.inv("failback").expect(0)
    pair.master.sql("CREATE TABLE runbook.errant (a INT PRIMARY KEY)")
    until("the table on the slave", SETTLED_SECONDS, lambda: pair.slave.sql("SHOW TABLES FROM runbook LIKE 'errant'"))
    write_on(pair.slave, "SET sql_log_bin = OFF; INSERT INTO runbook.errant VALUES (1); SET sql_log_bin = ON")
    pair.master.sql("INSERT INTO runbook.errant VALUES (1)")
    until("a stopped applier", SETTLED_SECONDS, lambda: not pair.is_healthy())
    pair.master.sh("systemctl stop keepalived")
    until("the VIP on the slave", SETTLED_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    pair.inv("failback").expect(FAILED, "the applier stopped", "The VIP was not moved", "inv failback --without-slave")
    assert pair.vip_is_on() == ["slave"]
    pair.inv("failback", "--without-slave").expect(0, "goes on without it", "replication is broken")
    assert pair.vip_is_on() == ["master"]
    with pair.client() as client, client.cursor() as cursor:
        cursor.execute("REPLACE INTO runbook.ledger (run, writer, seq) VALUES ('without', 1, 1)")
    pair.inv("verify").expect(FAILED, "the slave", "falls behind")
    write_on(pair.slave, "SET sql_log_bin = OFF; DELETE FROM runbook.errant; SET sql_log_bin = ON")
    pair.inv("start-slave").expect(0)
    pair.master.sql("DROP TABLE runbook.errant")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)
