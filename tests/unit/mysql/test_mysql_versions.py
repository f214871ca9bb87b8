"""What is said to each MySQL, most of which the lab cannot have: statements and options, from documentation.

Statements and words are in cases/dialect, each with its source. Here (V) is the manual's Server Version Reference.
"""

import configparser
from collections.abc import Callable, Mapping

import pytest
from case_files import CASES, Case, cases

from runbook.errors import BadInput
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


LOCK_TABLES = ("performance_schema.metadata_locks", "information_schema.innodb_trx")
# What is asked of a dialect; what it answers since which version is in cases/dialect, by the same name.
WORDS: dict[str, Callable[[Dialect], object]] = {
    "replica": lambda d: d.replica,
    "replica_status": lambda d: d.replica_status,
    "position": lambda d: d.binary_log_status,
    "reset": lambda d: d.reset,
    "point": pointed,
    "semi_sync": lambda d: d.semi_sync.libraries,
    "slaves": lambda d: d.named("Rpl_semi_sync_source_clients"),
    "in_sync": lambda d: d.named("Rpl_semi_sync_replica_status"),
    "apply_twice": lambda d: d.named("replica_exec_mode"),
    "wait_point": lambda d: d.semi_sync.has_wait_point,
    "wait": waits,
    "close": lambda d: (d.close, d.closed, d.write_through_privileges, bool(d.writes_through)),
    "administrators_door": lambda d: d.has_admin_door,
    "read_the_file": lambda d: d.validation("f").split(" ", 2)[2],
    "make_an_account": lambda d: [statement.split(" %s")[0] for statement in d.make_account],
    "roots_plugin": lambda d: [
        word for word in ("mysql_native", "caching_sha2") if word in str(d.set_root_password("'x'"))
    ],
    "the_scripts_rights": lambda d: set(dict(d.check_privileges)["*.*"]) - {"PROCESS", "REPLICATION CLIENT"},
    "the_scripts_schemas": lambda d: [scope for scope, _ in d.check_privileges],
    "utf8": lambda d: d.character_set("utf8"),
    "persisted": lambda d: d.persisted,
    "who_copies": lambda d: d.copying.split(", ")[0],
    "source_authority": lambda d: d.source_authority,
    "verification": lambda d: d.verification,
    "lock_holders": lambda d: [table for table in LOCK_TABLES if table in d.lock_holders],
    "dump_all": lambda d: [d.dump_all(by_gtid=by_gtid).partition("--events ")[2] for by_gtid in (True, False)],
    "initialize": lambda d: d.initialize,
    "how_it_finds_its_place": lambda d: d.replication().value,
}


def in_json(said: object) -> object:
    """Words as a file has them: lists in place of tuples and, sorted, of sets."""
    if isinstance(said, set):
        return sorted(said)
    return [in_json(each) for each in said] if isinstance(said, list | tuple) else said


@cases("dialect")
def test_each_version_is_spoken_to_in_its_own_words(case: Case, request: pytest.FixtureRequest) -> None:
    say = WORDS[request.node.callspec.id]
    said = {version: in_json(say(dialect_of(version))) for version in VERSIONS}
    assert said == {version: since(case.means, version) for version in VERSIONS}


def test_every_word_has_its_case() -> None:
    assert {file.stem for file in CASES.joinpath("dialect").iterdir()} == WORDS.keys()


@cases("server_version")
def test_a_servers_version_says_how_to_speak_to_it_or_that_it_is_not_ours_to_speak_to(case: Case) -> None:
    if refused := case.means.get("refused"):
        with pytest.raises(BadInput, match=refused):
            dialect_of(case.said, case.given["comment"])
        return
    dialect = dialect_of(case.said)
    assert {name: in_json(getattr(dialect, name)) for name in case.means} == case.means


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
    parser = configparser.ConfigParser(interpolation=None, strict=False)
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
