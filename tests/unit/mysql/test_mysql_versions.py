"""What is said to each MySQL, most of which the lab cannot have: statements and options, from documentation.

Each fact names its source: (N) the release notes of that version, (V) the manual's Server Version Reference, (M)
another page of the manual, (L) the lab's own servers, 5.6.24 and 9.7.4.
"""

import configparser
from collections.abc import Callable, Mapping

import pytest

from runbook.mysql.dialects.dialect import Dialect, dialect_of
from runbook.mysql.terms import Version, numbers
from runbook.mysql.variables import Manner
from runbook.pair.pair import ROLES
from runbook.settings.settings import Role, Settings
from runbook.steps.configure_mycnf import option_file

VERSIONS = (
    "5.6.24-log", "5.7.44-log", "8.0.11", "8.0.15", "8.0.16", "8.0.21", "8.0.22", "8.0.23", "8.0.25", "8.0.26",
    "8.0.46-0ubuntu0.24.04.1", "8.2.0", "8.4.3", "9.7.4-2", "26.7",
)  # fmt: skip


def since(table: Mapping[str, object], version: str) -> object:
    """The entry of the latest version in the table that is not newer than this one."""
    (*_, latest) = (each for each in table if _numbers(each) <= _numbers(version))
    return table[latest]


def _numbers(version: str) -> Version:
    found = numbers(version)
    assert found
    return found


def pointed(dialect: Dialect) -> str:
    return dialect.change_master({"MASTER_HOST": "h", "MASTER_LOG_POS": 4}, by_gtid=False)


def waits(dialect: Dialect) -> str:
    return dialect.tracking("gtid").wait_applied


Fact = tuple[Callable[[Dialect], object], Mapping[str, object]]

FACTS: dict[str, Fact] = {
    # (N) 8.0.22: START, STOP and SHOW REPLICA; 8.4.0 dropped SLAVE.
    "replica": (lambda d: d.replica, {"5.6": "SLAVE", "8.0.22": "REPLICA"}),
    "replica status": (lambda d: d.replica_status, {"5.6": "SHOW SLAVE STATUS", "8.0.22": "SHOW REPLICA STATUS"}),
    # (N) 8.2.0, where (V) has Com_show_binary_log_status; 8.4.0 dropped SHOW MASTER STATUS and RESET MASTER.
    "position": (lambda d: d.binary_log_status, {"5.6": "SHOW MASTER STATUS", "8.2": "SHOW BINARY LOG STATUS"}),
    "reset": (lambda d: d.reset, {"5.6": "RESET MASTER", "8.2": "RESET BINARY LOGS AND GTIDS"}),
    # (M) CHANGE MASTER TO of 5.7 has no GET_MASTER_PUBLIC_KEY, of 8.0 it has; (N) 8.0.23: CHANGE REPLICATION SOURCE TO.
    "point": (
        pointed,
        {
            "5.6": "CHANGE MASTER TO MASTER_HOST = %s, MASTER_LOG_POS = %s, MASTER_AUTO_POSITION = 0",
            "8.0.4": "CHANGE MASTER TO MASTER_HOST = %s, MASTER_LOG_POS = %s, MASTER_AUTO_POSITION = 0, "
            "MASTER_SSL = 1, GET_MASTER_PUBLIC_KEY = 1",
            "8.0.23": "CHANGE REPLICATION SOURCE TO SOURCE_HOST = %s, SOURCE_LOG_POS = %s, SOURCE_AUTO_POSITION = 0, "
            "SOURCE_SSL = 1, GET_SOURCE_PUBLIC_KEY = 1",
        },
    ),
    # (M) Semisynchronous Replication Monitoring: both names from 8.0.26 on; (L) 9.7 has the new ones only.
    "semi-sync": (
        lambda d: d.semi_sync.libraries,
        {"5.6": ("semisync_master", "semisync_slave"), "8.0.26": ("semisync_source", "semisync_replica")},
    ),
    "slaves": (
        lambda d: d.named("Rpl_semi_sync_source_clients"),
        {"5.6": "Rpl_semi_sync_master_clients", "8.0.26": "Rpl_semi_sync_source_clients"},
    ),
    "in sync": (
        lambda d: d.named("Rpl_semi_sync_replica_status"),
        {"5.6": "Rpl_semi_sync_slave_status", "8.0.26": "Rpl_semi_sync_replica_status"},
    ),
    "apply twice": (
        lambda d: d.named("replica_exec_mode"),
        {"5.6": "slave_exec_mode", "8.0.26": "replica_exec_mode"},
    ),
    # (N) 5.7.2: rpl_semi_sync_master_wait_point.
    "wait point": (lambda d: d.semi_sync.has_wait_point, {"5.6": False, "5.7.2": True}),
    # (N) 5.7.5: WAIT_FOR_EXECUTED_GTID_SET gives 0; (M) the older function gives the number of events, -1 or NULL.
    "wait": (
        waits,
        {
            "5.6": "SELECT WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS('RECEIVED', 1) >= 0",
            "5.7.5": "SELECT WAIT_FOR_EXECUTED_GTID_SET('RECEIVED', 1) = 0",
        },
    ),
    # (N) 5.7.8.
    "close": (
        lambda d: (d.close, d.closed, d.write_through_privileges, bool(d.writes_through)),
        {
            "5.6": ("SET GLOBAL read_only = ON", "SELECT @@GLOBAL.read_only", ("SUPER",), True),
            "5.7.8": (
                "SET GLOBAL super_read_only = ON",
                "SELECT @@GLOBAL.super_read_only AND @@GLOBAL.read_only",
                (),
                False,
            ),
        },
    ),
    # (V) 8.0: admin_address.
    "administrators' door": (lambda d: d.has_admin_door, {"5.6": False, "8.0.14": True}),
    # (N) 8.0.16: --validate-config.
    "read the file": (
        lambda d: d.validation("f").split(" ", 2)[2],
        {
            "5.6": "--user=mysql --datadir=/nonexistent --skip-log-bin --verbose --help > /dev/null",
            "8.0.16": "--validate-config",
        },
    ),
    # (N) 5.7.6: CREATE USER and ALTER USER take all of an account; 8.0.11: GRANT makes none and takes no password.
    "make an account": (
        lambda d: [statement.split(" %s")[0] for statement in d.make_account],
        {"5.6": ["GRANT USAGE ON *.* TO"], "5.7.6": ["CREATE USER IF NOT EXISTS", "ALTER USER"]},
    ),
    # (N) 8.0.4: caching_sha2_password is the default; 8.4.0: mysql_native_password is off; 9.0.0: it is gone.
    "root's plugin": (
        lambda d: [word for word in ("mysql_native", "caching_sha2") if word in str(d.set_root_password("'x'"))],
        {"5.6": [], "5.7.6": ["mysql_native"], "8.0.4": ["caching_sha2"]},
    ),
    # (M) Dynamic Privilege Descriptions; Administrative Connection Management: only SERVICE_CONNECTION_ADMIN gets in.
    "the scripts' rights": (
        lambda d: set(dict(d.check_privileges)["*.*"]) - {"PROCESS", "REPLICATION CLIENT"},
        {
            "5.6": {"SUPER"},
            "8.0.11": {"CONNECTION_ADMIN", "REPLICATION_SLAVE_ADMIN", "SYSTEM_VARIABLES_ADMIN"},
            "8.0.14": {
                "CONNECTION_ADMIN",
                "REPLICATION_SLAVE_ADMIN",
                "SYSTEM_VARIABLES_ADMIN",
                "SERVICE_CONNECTION_ADMIN",
            },
            "8.0.16": {
                "CONNECTION_ADMIN",
                "REPLICATION_SLAVE_ADMIN",
                "SYSTEM_VARIABLES_ADMIN",
                "SERVICE_CONNECTION_ADMIN",
                "SYSTEM_USER",
            },
        },
    ),
    # (N) 5.7.2: replication_applier_status_by_worker.
    "the scripts' schemas": (
        lambda d: [scope for scope, _ in d.check_privileges],
        {"5.6": ["*.*"], "5.7.2": ["*.*", "performance_schema.*"]},
    ),
    # (L) 9.7 does not start with utf8; (M) utf8mb3 is its name everywhere since 5.5.3.
    "utf8": (lambda d: d.character_set("utf8"), {"5.6": "utf8", "8.0": "utf8mb3"}),
    "how it finds its place": (lambda d: d.replication().value, {"5.6": "position", "5.7": "gtid"}),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_spoken_to_in_its_own_words(version: str) -> None:
    dialect = dialect_of(version)
    said = {name: say(dialect) for name, (say, _) in FACTS.items()}
    assert said == {name: since(table, version) for name, (_, table) in FACTS.items()}


# ---- options ----

FOREVER = (999,)
ALWAYS = ((5, 6), FOREVER)
OLD_WORDS = ((5, 6), (8, 0, 26))  # (V) 8.0: deprecated with 8.0.26, when the new words came
NEW_WORDS = ((8, 0, 26), FOREVER)
EVERYWHERE = (
    "auto_increment_increment", "auto_increment_offset", "bind_address", "binlog_format", "character_set_server",
    "enforce_gtid_consistency", "gtid_mode", "innodb_flush_log_at_trx_commit", "log_bin", "plugin_load_add", "port",
    "read_only", "relay_log", "relay_log_recovery", "server_id", "skip_name_resolve", "sql_mode", "sync_binlog",
    "sync_relay_log",
)  # fmt: skip
# Since when and until when each option is there: (V) of 5.7, 8.0, 8.2, 8.3, 8.4; MySQL WL#8843 for innodb_support_xa.
OPTIONS: dict[str, tuple[Version, Version]] = {
    **dict.fromkeys(EVERYWHERE, ALWAYS),
    **dict.fromkeys(("admin_address", "admin_port"), ((8, 0, 14), FOREVER)),
    "super_read_only": ((5, 7, 8), FOREVER),
    "innodb_support_xa": ((5, 6), (8,)),
    **dict.fromkeys(("master_info_repository", "relay_log_info_repository"), ((5, 6), (8, 3))),
    **dict.fromkeys(("log_slave_updates", "slave_net_timeout", "slave_skip_errors"), OLD_WORDS),
    **dict.fromkeys(("rpl_semi_sync_master_enabled", "rpl_semi_sync_master_timeout"), OLD_WORDS),
    "rpl_semi_sync_slave_enabled": OLD_WORDS,
    "rpl_semi_sync_master_wait_point": ((5, 7, 2), (8, 0, 26)),
    **dict.fromkeys(("log_replica_updates", "replica_net_timeout", "replica_skip_errors"), NEW_WORDS),
    **dict.fromkeys(("rpl_semi_sync_source_enabled", "rpl_semi_sync_source_timeout"), NEW_WORDS),
    **dict.fromkeys(("rpl_semi_sync_source_wait_point", "rpl_semi_sync_replica_enabled"), NEW_WORDS),
}
ARTICLE = {
    "BINLOG_FORMAT": "mixed", "SYNC_BINLOG": "0", "INNODB_FLUSH_LOG_AT_TRX_COMMIT": "0", "CHARACTER_SET": "utf8",
    "SQL_MODE": "NO_ENGINE_SUBSTITUTION,STRICT_TRANS_TABLES", "SLAVE_SKIP_ERRORS": "all",
    "AUTO_INCREMENT_INCREMENT": "2", "SLAVE_AUTO_INCREMENT_OFFSET": "2", "SKIP_NAME_RESOLVE": "off",
}  # fmt: skip


def manner(settings: Settings, role: Role, version: str, *, by_gtid: bool, semi_sync: bool = True) -> Manner:
    return Manner(settings, settings.node(role), dialect_of(version), by_gtid, semi_sync)


def read_file(manner: Manner) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(option_file(manner))
    return dict(parser["mysqld"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("keys", [{}, ARTICLE], ids=["defaults", "article"])
def test_the_file_holds_no_option_that_the_version_does_not_know(
    settings_of: Callable[..., Settings], version: str, keys: dict[str, str]
) -> None:
    settings = settings_of(**keys)
    for role in ROLES:
        for by_gtid in (True, False):
            options = read_file(manner(settings, role, version, by_gtid=by_gtid))
            unknown = [name for name in options if not OPTIONS[name][0] <= _numbers(version) < OPTIONS[name][1]]
            assert unknown == []
            assert options["gtid_mode"] == ("ON" if by_gtid or _numbers(version) >= (9,) else "OFF")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_setting_of_the_article_reaches_the_file(settings_of: Callable[..., Settings], version: str) -> None:
    options = read_file(manner(settings_of(**ARTICLE), "slave", version, by_gtid=False))
    spelled = {name.replace("replica", "slave"): value for name, value in options.items()}
    assert spelled["character_set_server"] in {"utf8", "utf8mb3"}
    assert "skip_name_resolve" not in spelled, "5.6 takes it for ON whatever stands behind it, and off is the default"
    assert (
        spelled.items()
        >= {
            "binlog_format": "MIXED",
            "sync_binlog": "0",
            "innodb_flush_log_at_trx_commit": "0",
            "sql_mode": "NO_ENGINE_SUBSTITUTION,STRICT_TRANS_TABLES",
            "slave_skip_errors": "ALL",
            "auto_increment_increment": "2",
            "auto_increment_offset": "2",
            "log_slave_updates": "ON",
        }.items()
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_relay_logs_are_synced_where_recovery_by_position_reads_them(settings: Settings, version: str) -> None:
    by_position, by_gtid = (read_file(manner(settings, "slave", version, by_gtid=by_gtid)) for by_gtid in (False, True))
    assert ("sync_relay_log" in by_position) is (_numbers(version) >= (8, 0, 27))
    assert "sync_relay_log" not in by_gtid


def test_durable_commits_need_xa_where_it_can_be_off(settings: Settings) -> None:
    for version, said in (("5.6.24", "ON"), ("5.7.9", "ON"), ("5.7.44", None), ("8.0.11", None)):
        assert read_file(manner(settings, "master", version, by_gtid=False)).get("innodb_support_xa") == said


def test_a_slave_of_5_6_bears_with_a_master_whose_disk_is_full(settings: Settings) -> None:
    for version, seconds in (("5.6.24", "120"), ("5.7.9", "4"), ("8.0.11", "4")):
        assert read_file(manner(settings, "slave", version, by_gtid=False))["slave_net_timeout"] == seconds


@pytest.mark.parametrize("mode", ["NO_AUTO_CREATE_USER", "MYSQL40", "DB2"])
def test_a_mode_that_was_dropped_is_refused_with_the_reason(settings_of: Callable[..., Settings], mode: str) -> None:
    settings = settings_of(SQL_MODE=f"STRICT_TRANS_TABLES,{mode}")
    for version in VERSIONS:
        refusals = dialect_of(version).refusals(settings)
        if _numbers(version) < (8, 0, 11):
            assert refusals == []
        else:
            (refusal,) = refusals
            assert refusal.startswith("SQL_MODE: ")
            assert f"dropped {mode} " in refusal
