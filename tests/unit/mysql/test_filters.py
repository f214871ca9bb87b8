"""Filters of replication: found wherever they are, and refused with a way out that fits the server."""

import pymysql
import pytest
from case_files import Case, case, cases
from fake import FakeMysqld, Row, link_of, mysqld_of, pair_of

from runbook.errors import RunbookError
from runbook.mysql import option_lines
from runbook.mysql.dialects.dialect import Dialect, dialect_of
from runbook.mysql.dialects.mysql import MySQL
from runbook.mysql.replication.filters import (
    FILES_QUESTION,
    NAMES,
    OF_APPLIER,
    Filter,
    in_force,
    merged,
    of,
    refusal,
    way_out,
    written,
)
from runbook.mysql.session import SqlFailed
from runbook.operations.bootstrap import refuse_when_filtered
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings

MYSQL, MYSQL_5_6, MARIADB = dialect_of("9.7.4"), dialect_of("5.6.24"), dialect_of("10.11.19-MariaDB")
MYSQL_5_7 = dialect_of("5.7.44")
FILE = "/etc/mysql/conf.d/theirs.cnf"

pytestmark = pytest.mark.usefixtures("fake_mysql")


def server(side: Side, dialect: Dialect, status: Row, log: Row, rest: list[Row] | None = None) -> FakeMysqld:
    mysqld = mysqld_of(side)
    version = ".".join(map(str, dialect.version))
    comment = "mariadb" if dialect.engine == "MariaDB" else ""
    mysqld.says("SELECT VERSION() AS version, @@version_comment AS comment", {"version": version, "comment": comment})
    mysqld.says(dialect.replica_status, *([status] if status else []))
    mysqld.says(dialect.binary_log_status, log)
    mysqld.says("SELECT 1", {"1": 1})
    mysqld.says(MySQL.filters_without_a_channel, *(rest or []))
    mysqld.says("SHOW GLOBAL VARIABLES LIKE 'replicate%'", *(rest or []))
    return mysqld


def test_the_captured_servers_have_none(pair: Pair) -> None:
    server(
        pair.slave,
        MYSQL,
        case("replica_status", "mysql_9_7_by_gtid").said,
        {"Binlog_Do_DB": "", "Binlog_Ignore_DB": ""},
    )
    assert in_force(pair.slave.server) == {}


@pytest.mark.parametrize("name", NAMES)
def test_each_filter_that_is_in_force_is_found(pair: Pair, name: str) -> None:
    where = {"binlog": {}, "replicate": {}}
    where[name.partition("_")[0]] = {name.title().replace("_Db", "_DB"): "hive"}
    server(pair.slave, MYSQL, {"Replica_IO_Running": "Yes"} | where["replicate"], where["binlog"])
    assert in_force(pair.slave.server) == {name: "hive"}


def test_a_filter_is_found_before_there_is_a_channel(pair: Pair) -> None:
    server(pair.slave, MYSQL, {}, {}, [{"name": "REPLICATE_IGNORE_DB", "rule": "hive"}])
    assert in_force(pair.slave.server) == {"replicate_ignore_db": "hive"}
    variables = [("replicate_do_table", "a.b"), ("replicate_annotate_row_events", "ON"), ("replicate_do_db", "")]
    server(pair.master, MARIADB, {}, {}, [{"Variable_name": name, "Value": value} for name, value in variables])
    assert in_force(pair.master.server) == {"replicate_do_table": "a.b"}


def test_a_server_without_that_table_is_asked_no_further(pair: Pair) -> None:
    mysqld = server(pair.slave, MYSQL_5_6, {}, {"Binlog_Do_DB": "hive"})
    mysqld.says(MySQL.filters_without_a_channel, error=pymysql.err.ProgrammingError(1146, "doesn't exist"))
    assert in_force(pair.slave.server) == {"binlog_do_db": "hive"}


@cases("filter_line")
@pytest.mark.parametrize("group", ["mysqld", "mariadb-10.11", "mysqldump"])
def test_a_filter_in_a_file_is_found_with_its_line(group: str, case: Case) -> None:
    lines = option_lines.lines(f"{FILE}:1:[{group}]\n{FILE}:2:{case.said}\n")
    found = [(*case.means, f"{FILE}:2")] if case.means and group != "mysqldump" else []
    assert list(written(lines)) == found


def test_a_group_ends_with_its_file() -> None:
    lines = option_lines.lines("a.cnf:1:[mysqld]\nb.cnf:1:replicate-do-db=x\n")
    assert list(written(lines)) == []


def test_lines_and_what_is_in_force_are_one_filter() -> None:
    lines = [("binlog_do_db", "a", "f:2"), ("binlog_do_db", "b", "f:3"), ("replicate_do_db", "c", "f:4")]
    assert list(map(str, merged({"binlog_do_db": "a,b", "replicate_ignore_db": "d"}, lines))) == [
        "binlog_do_db = a,b (f:2, f:3)",
        "replicate_do_db = c (f:4, not in force yet)",
        "replicate_ignore_db = d (set at run time)",
    ]


STOP_AND_START = "STOP {0}; {1}; START {0}"
REFUSALS = {
    "in a file": (MYSQL, Filter("binlog_do_db", "a", ("f:2",)), "take out f:2 and restart mysqld there"),
    "MySQL's applier": (
        MYSQL,
        Filter("replicate_do_db", "a"),
        "STOP REPLICA SQL_THREAD; CHANGE REPLICATION FILTER REPLICATE_DO_DB = (); START REPLICA SQL_THREAD",
    ),
    "MySQL's receiver": (
        MYSQL,
        Filter("replicate_ignore_server_ids", "1"),
        STOP_AND_START.format("REPLICA", "CHANGE REPLICATION SOURCE TO IGNORE_SERVER_IDS = ()"),
    ),
    "MariaDB's applier": (
        MARIADB,
        Filter("replicate_do_db", "a"),
        STOP_AND_START.format("SLAVE", "SET GLOBAL replicate_do_db = ''"),
    ),
    "MariaDB's receiver": (
        MARIADB,
        Filter("replicate_ignore_domain_ids", "1"),
        STOP_AND_START.format("SLAVE", "CHANGE MASTER TO IGNORE_DOMAIN_IDS = ()"),
    ),
}


@pytest.mark.parametrize(("dialect", "found", "way_out"), REFUSALS.values(), ids=REFUSALS)
def test_a_filter_is_refused_with_what_it_means_and_the_way_out(dialect: Dialect, found: Filter, way_out: str) -> None:
    told = refusal("slave 10.0.0.2", [found], dialect)
    assert told and told.startswith(f"slave 10.0.0.2: replication is filtered: {found}\n")
    assert "not on the slave" in told and way_out in told and "Nothing was changed" in told
    assert refusal("slave 10.0.0.2", [], dialect) is None


def test_no_filter_of_an_applier_has_no_way_out() -> None:
    for dialect in (MYSQL, MARIADB):
        for name in OF_APPLIER:
            assert name.upper() in (refusal("x", [Filter(name, "a")], dialect) or "").upper()


@pytest.mark.parametrize("dry", [False, True], ids=["bootstrap", "plan"])
def test_both_hosts_filters_are_refused_before_anything_changes(settings: Settings, dry: bool) -> None:
    pair = pair_of(settings, dry=dry)
    server(pair.slave, MYSQL, {"Replicate_Do_DB": "hive"}, {})
    link_of(pair.slave).says(FILES_QUESTION, "")
    link_of(pair.master).says(FILES_QUESTION, f"{FILE}:1:[mysqld]\n{FILE}:2:binlog-do-db = hive\n")
    with pytest.raises(RunbookError) as refused:
        refuse_when_filtered(pair)
    assert f"master 192.168.152.128: replication is filtered: binlog_do_db = hive ({FILE}:2, not in force yet)" in str(
        refused.value
    )
    assert "slave 192.168.152.129: replication is filtered: replicate_do_db = hive (set at run time)" in str(
        refused.value
    )
    assert [link_of(side).changed for side in pair.sides.values()] == [[], []]


# ---- in words ----

COMES_BACK = (
    "What was left out does not come by itself: while nobody writes to it, on the master: "
    "{0} --databases SCHEMA > FILE, then {1} < FILE, which replicates"
)
MYSQLS = COMES_BACK.format("mysqldump --set-gtid-purged=OFF", "mysql")
MARIADBS = COMES_BACK.format("mariadb-dump", "mariadb")


@pytest.mark.parametrize(
    ("dialect", "found", "way"),
    [
        (
            MYSQL,
            [Filter("binlog_do_db", "a,b", ("f:2", "f:3")), Filter("replicate_do_db", "c", ("g:4",), in_force=False)],
            f"take out f:2, f:3, g:4 and restart mysqld there. {MYSQLS}",
        ),
        (
            MYSQL,
            [Filter("binlog_do_db", "a", ("f:2",)), Filter("replicate_do_db", "c")],
            "take out f:2 and restart mysqld there; in mysql there: STOP REPLICA SQL_THREAD; "
            f"CHANGE REPLICATION FILTER REPLICATE_DO_DB = (); START REPLICA SQL_THREAD. {MYSQLS}",
        ),
        (
            MARIADB,
            [Filter("replicate_do_db", "a"), Filter("replicate_do_domain_ids", "1")],
            "in mariadb there: STOP SLAVE; SET GLOBAL replicate_do_db = ''; START SLAVE; "
            f"STOP SLAVE; CHANGE MASTER TO DO_DOMAIN_IDS = (); START SLAVE. {MARIADBS}",
        ),
        (
            MYSQL_5_7,
            [Filter("replicate_ignore_server_ids", "1")],
            f"in mysql there: STOP SLAVE; CHANGE MASTER TO IGNORE_SERVER_IDS = (); START SLAVE. {MYSQLS}",
        ),
    ],
)
def test_the_way_out_takes_the_lines_first_and_then_what_was_set_at_run_time(
    dialect: Dialect, found: list[Filter], way: str
) -> None:
    assert way_out(found, dialect) == way


def test_a_refusal_is_what_is_filtered_what_that_means_and_the_way_out() -> None:
    found = [Filter("binlog_do_db", "a", ("f:2",)), Filter("replicate_do_db", "b", ("g:3",), in_force=False)]
    assert (refusal("master 10.0.0.1", iter(found), MYSQL) or "").splitlines() == [
        "master 10.0.0.1: replication is filtered: binlog_do_db = a (f:2); replicate_do_db = b (g:3, not in force yet)",
        "Rows that a filter keeps back are acknowledged on the master and are not on the slave.",
        f"Nothing was changed. Next: take out f:2, g:3 and restart mysqld there. {MYSQLS}.",
    ]


# ---- where they are found ----


def test_of_several_lines_that_are_not_in_force_yet_all_values_are_told() -> None:
    lines = [("binlog_do_db", "a", "f:2"), ("binlog_do_db", "b", "g:3")]
    assert list(map(str, merged({}, lines))) == ["binlog_do_db = a,b (f:2, g:3, not in force yet)"]


@pytest.mark.parametrize(
    "text",
    [
        "replicate-do-db=a",
        "replicate_do_db\t=\ta\t",
        "REPLICATE-DO-DB = a",
        'Replicate_do-db = "a"',
        "LOOSE_replicate-do-db = 'a' # why",
        "replicate-do-db = a#why",
    ],
)
def test_a_line_is_found_as_the_server_reads_it(text: str) -> None:
    lines = option_lines.lines(f"{FILE}:7:[mysqld]\n{FILE}:9:{text}\n")
    assert list(written(lines)) == [("replicate_do_db", "a", f"{FILE}:9")]


def test_without_its_server_a_host_is_judged_by_its_files(pair: Pair) -> None:
    link_of(pair.slave).says(FILES_QUESTION, f"{FILE}:1:[mysqld]\n{FILE}:2:binlog-ignore-db = hive\n")
    assert of(pair.slave.host, None) == (Filter("binlog_ignore_db", "hive", (f"{FILE}:2",), in_force=False),)
    link_of(pair.slave).says(FILES_QUESTION, "")
    assert of(pair.slave.host, None) == ()


def test_all_sources_together_make_one_list_without_what_is_empty(pair: Pair) -> None:
    rest = [{"name": "REPLICATE_DO_TABLE", "rule": ""}, {"name": "REPLICATE_WILD_DO_TABLE", "rule": "a.%"}]
    server(pair.slave, MYSQL, {"Replicate_Ignore_DB": "b", "Replicate_Do_DB": ""}, {"Binlog_Do_DB": "c"}, rest)
    link_of(pair.slave).says(FILES_QUESTION, f"{FILE}:1:[mysqld]\n{FILE}:2:binlog-do-db = c\n")
    assert list(map(str, of(pair.slave.host, pair.slave.server))) == [
        f"binlog_do_db = c ({FILE}:2)",
        "replicate_ignore_db = b (set at run time)",
        "replicate_wild_do_table = a.% (set at run time)",
    ]


def test_a_server_that_cannot_tell_its_filters_is_not_taken_for_one_without(pair: Pair) -> None:
    mysqld = server(pair.slave, MYSQL, {}, {})
    mysqld.says(MySQL.filters_without_a_channel, error=pymysql.err.OperationalError(1142, "SELECT command denied"))
    with pytest.raises(SqlFailed, match="SELECT command denied"):
        in_force(pair.slave.server)


def test_a_server_whose_log_waits_for_room_hides_nothing_else(pair: Pair) -> None:
    """SHOW BINARY LOG STATUS hangs while a commit waits for room on the disk: what is in force else is told."""
    mysqld = server(pair.slave, MYSQL, {"Replicate_Ignore_DB": "scratch"}, {})
    silent = pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query")
    mysqld.says("SHOW BINARY LOG STATUS", error=silent)
    assert in_force(pair.slave.server) == {"replicate_ignore_db": "scratch"}


def test_a_log_status_that_is_refused_is_no_silence(pair: Pair) -> None:
    mysqld = server(pair.slave, MYSQL, {}, {})
    mysqld.says("SHOW BINARY LOG STATUS", error=pymysql.err.OperationalError(1227, "Access denied"))
    with pytest.raises(SqlFailed, match="1227"):
        in_force(pair.slave.server)
