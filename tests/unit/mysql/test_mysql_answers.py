"""What servers that the lab cannot have print: values, the slave's status, grants; each from where it is documented.

(M) is the reference manual, (S) the server's source.
"""

from collections.abc import Callable

import pytest
from fake import captured_json, mysqld_of, pair_of
from variables_server import Variables

from runbook.core.step import ensure
from runbook.mysql.accounts import granted
from runbook.mysql.dialects.mysql import MySQL
from runbook.mysql.tracking.progress import GtidSet, Position
from runbook.mysql.tracking.status import parse_replica_status
from runbook.mysql.variables import InForce, Manner, wanted
from runbook.settings.settings import Settings

BOTH_MODES = "NO_ENGINE_SUBSTITUTION,STRICT_TRANS_TABLES"  # as the article has it

# ---- what a server shows for what it was told ----


@pytest.mark.parametrize(
    ("key", "value", "variable", "shown", "is_right"),
    [
        # (S) set_var.cc prints a set's members in the order of its bits, which is not the article's.
        ("SQL_MODE", BOTH_MODES, "sql_mode", "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION", True),
        ("SQL_MODE", BOTH_MODES, "sql_mode", "STRICT_TRANS_TABLES", False),
        ("SQL_MODE", "STRICT_TRANS_TABLES", "sql_mode", "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION", False),
        # (M) Combination SQL Modes.
        (
            "SQL_MODE",
            "ANSI",
            "sql_mode",
            "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ONLY_FULL_GROUP_BY,ANSI",
            True,
        ),
        ("SQL_MODE", "ANSI", "sql_mode", "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE", False),
        ("SQL_MODE", "ANSI", "sql_mode", "ANSI_QUOTES,ANSI,STRICT_ALL_TABLES", False),
        (
            "SQL_MODE",
            "TRADITIONAL",
            "sql_mode",
            "STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,TRADITIONAL,"
            "NO_ENGINE_SUBSTITUTION",
            True,
        ),
        # (M) of 8.0 before 8.0.28: utf8mb3 is shown as utf8; from 8.0.29 on (Connector/J 8.0.29's notes) as itself.
        ("CHARACTER_SET", "utf8", "character_set_server", "utf8", True),
        ("CHARACTER_SET", "utf8", "character_set_server", "utf8mb3", True),
        ("CHARACTER_SET", "utf8", "character_set_server", "utf8mb4", False),
        # (S) add_slave_skip_errors in sql/rpl_slave.cc sets a bit for each of ten errors; they are shown as numbers.
        (
            "SLAVE_SKIP_ERRORS",
            "ddl_exist_errors",
            "slave_skip_errors",
            "1007,1008,1050,1051,1054,1060,1061,1068,1091,1146",
            True,
        ),
        ("SLAVE_SKIP_ERRORS", "1062", "slave_skip_errors", "OFF", False),
    ],
)
@pytest.mark.usefixtures("fake_mysql")
def test_what_a_server_shows_is_compared_by_its_meaning(
    settings_of: Callable[..., Settings], key: str, value: str, variable: str, shown: str, is_right: bool
) -> None:
    settings = settings_of(**{key: value})
    pair = pair_of(settings, dry=True)
    values = wanted(Manner(settings, settings.slave, MySQL((8, 0, 25)), by_gtid=True, semi_sync=False))
    mysqld_of(pair.slave, Variables(values | {variable: shown}, set()))
    step = InForce(pair.slave.server, values, None, lambda host, why: None)
    assert ensure(pair.slave.host, step).status == ("ok" if is_right else "would change")


# ---- answers ----


def test_the_status_of_a_slave_by_gtid_of_5_7() -> None:
    status = parse_replica_status(captured_json("mysql57_replica_status.json")["row"])
    assert (status.source, status.user, status.auto_position) == ("192.168.112.60:3306", "repl", True)
    assert status.runs and status.applier_waits
    assert (status.source_file, status.source_position) == ("mysql-bin.000005", 490)
    executed, received = GtidSet.parse(status.executed), GtidSet.parse(status.retrieved)
    # It received two transactions that it has not applied, and has gaps: somebody repaired it by hand.
    assert str(received.minus(executed)) == "878286cb-822c-11ea-99c2-5254008afee6:2:38"


def test_the_status_of_a_slave_by_position_of_8_0_21() -> None:
    status = parse_replica_status(captured_json("mysql80_replica_status.json")["row"])
    assert (status.source, status.auto_position, status.connect_retry) == ("127.0.0.1:8013", False, 60)
    assert status.runs and status.applier_waits
    assert Position.parse(f"{status.source_file}:{status.source_position}") == Position.parse("binlog.000002:6996")
    assert (status.executed, status.retrieved, status.lag_seconds) == ("", "", 0)


def test_the_status_of_a_slave_of_8_0_22_and_newer() -> None:
    status = parse_replica_status(captured_json("mysql84_replica_status.json")["row"])
    assert (status.source, status.user, status.auto_position) == ("127.0.0.1:13000", "root", True)
    assert status.runs and status.applier_waits
    assert (status.received_file, status.received_position) == ("master-bin.000001", 927)
    assert status.executed == status.retrieved == "73f86016-978b-11ee-ade5-8d2a2a562feb:1-3"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        # (M) of 5.6: SHOW GRANTS Statement; the hash stands there until 5.7.6.
        (
            ["GRANT REPLICATION SLAVE ON *.* TO 'replica'@'%' IDENTIFIED BY PASSWORD '*2470C0C06DEE'"],
            {"on *.*": "REPLICATION SLAVE"},
        ),
        # (M) of 5.7, the same page: names stand in single quotes.
        (["GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION"],
         {"on *.*": "ALL PRIVILEGES, GRANT OPTION"}),
        (["GRANT PROCESS, SUPER, REPLICATION CLIENT ON *.* TO 'check'@'localhost'"],
         {"on *.*": "PROCESS, REPLICATION CLIENT, SUPER"}),
        # (M) of 8.0: names stand in backquotes; dynamic privileges and roles have lines of their own.
        (
            [
                "GRANT USAGE ON *.* TO `u1`@`localhost`",
                "GRANT CONNECTION_ADMIN,SYSTEM_VARIABLES_ADMIN ON *.* TO `u1`@`localhost`",
                "GRANT SELECT, INSERT, UPDATE ON `db1`.* TO `u1`@`localhost`",
                "GRANT `r1`@`%`,`r2`@`%` TO `u1`@`localhost`",
            ],
            {
                "on *.*": "CONNECTION_ADMIN, SYSTEM_VARIABLES_ADMIN",
                "on db1.*": "INSERT, SELECT, UPDATE",
                "roles": "`r1`@`%`, `r2`@`%`",
            },
        ),
        # As 5.6.24 in the lab printed it with SQL_MODE=ANSI.
        (["GRANT SELECT, INSERT ON \"runbook\".* TO 'probe'@'%'"], {"on runbook.*": "INSERT, SELECT"}),
    ],
    ids=["5.6", "5.7 root", "5.7", "8.0", "ANSI_QUOTES"],
)  # fmt: skip
def test_grants_as_each_series_prints_them(lines: list[str], found: dict[str, str]) -> None:
    assert granted(lines) == found
