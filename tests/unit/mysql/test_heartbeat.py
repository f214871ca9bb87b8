"""Our own schema on the master, and that the slave sees what is written there."""

from datetime import datetime

import pymysql
import pytest
from fake import Clock, FakeMysqld, Row, mysqld_of, pair_of

from runbook.core import wait
from runbook.core.host import ChangedInDryRun
from runbook.core.step import Change, ensure
from runbook.core.wait import DeadlinePassed
from runbook.errors import RunbookError
from runbook.mysql.heartbeat import LAST_BEAT, TABLES, OwnSchema, SameTables, SeenOnSlave
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings

pytestmark = pytest.mark.usefixtures("fake_mysql")

OWN_TABLES = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'runbook'"
ALL_TABLES = (
    "SELECT CONCAT(table_schema, '.', table_name) AS name FROM information_schema.tables "
    "WHERE table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') "
    "AND table_type = 'BASE TABLE'"
)
BEAT = "INSERT INTO runbook.heartbeat (id, beat) VALUES (1, UUID()) ON DUPLICATE KEY UPDATE beat = UUID()"
OLD: Row = {"beat": "4f1b", "at": datetime(2026, 1, 1, 12)}
NEW: Row = {"beat": "9c2d", "at": datetime(2026, 1, 1, 13)}
NOT_THERE = [
    pymysql.err.ProgrammingError(1146, "Table 'runbook.heartbeat' doesn't exist"),
    pymysql.err.OperationalError(1049, "Unknown database 'runbook'"),
]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(wait, "time", clock)
    return clock


@pytest.fixture
def master(pair: Pair) -> FakeMysqld:
    mysqld = mysqld_of(pair.master)
    mysqld.closed(False)
    return mysqld


@pytest.fixture
def slave(pair: Pair) -> FakeMysqld:
    return mysqld_of(pair.slave)


def seen(pair: Pair) -> SeenOnSlave:
    return SeenOnSlave(pair.master.server, pair.slave.server)


def names(mysqld: FakeMysqld, query: str, *tables: str) -> None:
    mysqld.says(query, *({"name": table} for table in tables))


# ---- the schema ----


def test_our_tables_are_made_on_the_master_and_opened_for(pair: Pair, master: FakeMysqld) -> None:
    names(master, OWN_TABLES)
    master.closed(True)
    master.takes("CREATE SCHEMA IF NOT EXISTS runbook")
    for table, columns in TABLES.items():
        master.takes(
            f"CREATE TABLE IF NOT EXISTS runbook.{table} ({columns}) ENGINE = InnoDB",
            lambda: names(master, OWN_TABLES, *TABLES),
        )
    assert ensure(pair.master.host, OwnSchema(pair.master.server)).status == "changed"
    assert master.changed[-1] == "SET GLOBAL super_read_only = ON"
    assert not any("sql_log_bin" in statement for statement in master.changed)


def test_tables_of_others_in_it_are_no_matter(pair: Pair, master: FakeMysqld) -> None:
    names(master, OWN_TABLES, "heartbeat", "ledger", "roles", "somebodys")
    assert ensure(pair.master.host, OwnSchema(pair.master.server)).status == "ok"


# ---- a write is seen ----


def test_a_beat_that_both_have_is_enough(pair: Pair, master: FakeMysqld, slave: FakeMysqld) -> None:
    for mysqld in (master, slave):
        mysqld.says(LAST_BEAT, OLD)
    assert ensure(pair.slave.host, seen(pair)).status == "ok"
    assert master.changed == []


def test_a_new_beat_is_written_and_waited_for(pair: Pair, master: FakeMysqld, slave: FakeMysqld) -> None:
    master.says(LAST_BEAT)
    slave.says(LAST_BEAT)
    master.takes(BEAT, lambda: [master.says(LAST_BEAT, NEW), slave.says(LAST_BEAT, NEW)])
    assert ensure(pair.slave.host, seen(pair)).status == "changed"


def test_a_beat_that_never_arrives_is_named(pair: Pair, master: FakeMysqld, slave: FakeMysqld) -> None:
    master.says(LAST_BEAT, OLD)
    slave.says(LAST_BEAT)
    master.takes(BEAT, lambda: master.says(LAST_BEAT, NEW))
    with pytest.raises(DeadlinePassed, match=r"slave 192\.168\.152\.129: the master's heartbeat"):
        ensure(pair.slave.host, seen(pair))


@pytest.mark.parametrize("error", NOT_THERE, ids=["table", "schema"])
def test_a_table_that_has_not_arrived_yet_is_waited_for(
    pair: Pair, master: FakeMysqld, slave: FakeMysqld, error: pymysql.MySQLError
) -> None:
    master.says(LAST_BEAT)
    slave.says(LAST_BEAT, error=error)
    master.takes(BEAT, lambda: [master.says(LAST_BEAT, NEW), slave.says(LAST_BEAT, NEW)])
    assert ensure(pair.slave.host, seen(pair)).status == "changed"


@pytest.mark.parametrize("error", NOT_THERE, ids=["table", "schema"])
def test_a_plan_on_a_pair_without_our_schema_is_no_error(settings: Settings, error: pymysql.MySQLError) -> None:
    pair = pair_of(settings, dry=True)
    for side in pair.sides.values():
        mysqld_of(side).says(LAST_BEAT, error=error)
    assert ensure(pair.slave.host, seen(pair)).is_drift


# ---- every table is there ----


def test_a_slave_with_every_table_is_right(pair: Pair, master: FakeMysqld, slave: FakeMysqld) -> None:
    names(master, ALL_TABLES, "hive.dbs", "runbook.ledger")
    names(slave, ALL_TABLES, "runbook.ledger", "hive.dbs", "scratch.more")
    assert ensure(pair.slave.host, SameTables(pair.master.server, pair.slave.server)).status == "ok"


def test_tables_that_stand_in_no_binary_log_are_named(pair: Pair, master: FakeMysqld, slave: FakeMysqld) -> None:
    names(master, ALL_TABLES, "hive.tbls", "hive.dbs")
    names(slave, ALL_TABLES)
    with pytest.raises(RunbookError) as caught:
        ensure(pair.slave.host, SameTables(pair.master.server, pair.slave.server))
    assert "these tables of the master are not here: hive.dbs, hive.tbls" in str(caught.value)
    assert "inv reseed --host=slave" in str(caught.value)


def test_no_row_is_written_in_a_dry_run(settings: Settings) -> None:
    pair = pair_of(settings, dry=True)
    master = mysqld_of(pair.master)
    master.closed(False)
    for step in (seen(pair), OwnSchema(pair.master.server)):
        with pytest.raises(ChangedInDryRun):
            step.fix(pair.master.host, [Change("heartbeat", None, "the same on both")])
    assert master.changed == []
