"""my.cnf: the values that are wanted, our option file, and what is done to bring them into force."""

import configparser
from collections.abc import Callable

import pytest
from fake import captured_json, link_of, mysqld_of, pair_of
from variables_server import DYNAMIC_NUMBERS, DYNAMIC_WORDS, captured_server

from runbook.core.host import ChangedInDryRun
from runbook.core.step import Change, NotConverged, ensure
from runbook.mysql.variables import NEEDS_RESTART, PERSISTED, InForce, Manner, plugins, wanted
from runbook.pair.pair import ROLES, Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role, Settings
from runbook.steps import configure_mycnf
from runbook.steps.configure_mycnf import manner_of, option_file
from runbook.system.resources import OURS
from runbook.system.server_names import UNITS_QUESTION

pytestmark = pytest.mark.usefixtures("fake_mysql")

ARTICLE = {
    "MASTER_SERVER_ID": "1", "SLAVE_SERVER_ID": "2", "BINLOG_FORMAT": "mixed", "SYNC_BINLOG": "0",
    "INNODB_FLUSH_LOG_AT_TRX_COMMIT": "0", "SQL_MODE": "NO_ENGINE_SUBSTITUTION,STRICT_TRANS_TABLES",
    "AUTO_INCREMENT_INCREMENT": "2", "MASTER_AUTO_INCREMENT_OFFSET": "1", "SLAVE_AUTO_INCREMENT_OFFSET": "2",
    "SLAVE_SKIP_ERRORS": "all", "SEMI_SYNC": "off", "SKIP_NAME_RESOLVE": "off",
}  # fmt: skip


def no_restart(why: str) -> None:
    raise AssertionError(f"nobody asked for a restart: {why}")


def manner(settings: Settings, role: Role = "master") -> Manner:
    return manner_of(pair_of(settings).sides[role])


def in_force(side: Side, restart: Callable[[str], None] = no_restart) -> InForce:
    manner = manner_of(side)
    return InForce(side.server, wanted(manner), plugins(manner), restart)


# ---- what is wanted ----


@pytest.mark.parametrize(
    ("role", "own"),
    [
        (
            "master",
            {
                "server_id": "1",
                "rpl_semi_sync_source_enabled": "ON",
                "rpl_semi_sync_replica_enabled": "OFF",
            },
        ),
        (
            "slave",
            {
                "server_id": "2",
                "rpl_semi_sync_source_enabled": "OFF",
                "rpl_semi_sync_replica_enabled": "ON",
            },
        ),
    ],
)
def test_the_defaults_are_durable_and_by_gtid(settings: Settings, role: Role, own: dict[str, str]) -> None:
    assert wanted(manner(settings, role)) == own | {
        "rpl_semi_sync_source_timeout": "10000",
        "rpl_semi_sync_source_wait_point": "AFTER_SYNC",
        "bind_address": "*",
        "port": "3306",
        "admin_address": "127.0.0.1",
        "admin_port": "33062",
        "skip_name_resolve": "ON",
        "gtid_mode": "ON",
        "enforce_gtid_consistency": "ON",
        "binlog_format": "ROW",
        "sync_binlog": "1",
        "innodb_flush_log_at_trx_commit": "1",
        "log_replica_updates": "ON",
        "relay_log_recovery": "ON",
        "replica_net_timeout": "4",
        "replica_skip_errors": "OFF",
        "auto_increment_increment": "1",
        "auto_increment_offset": "1",
        "character_set_server": "utf8mb4",
    }


@pytest.mark.parametrize(
    ("keys", "role", "variable", "value"),
    [
        ({"MYSQL_PORT": "3307"}, "master", "port", "3307"),
        ({"MASTER_SERVER_ID": "11"}, "master", "server_id", "11"),
        ({"SLAVE_SERVER_ID": "12"}, "slave", "server_id", "12"),
        ({"BINLOG_FORMAT": "mixed"}, "slave", "binlog_format", "MIXED"),
        ({"SYNC_BINLOG": "100"}, "master", "sync_binlog", "100"),
        ({"INNODB_FLUSH_LOG_AT_TRX_COMMIT": "2"}, "slave", "innodb_flush_log_at_trx_commit", "2"),
        ({"CHARACTER_SET": "latin1"}, "master", "character_set_server", "latin1"),
        ({"SQL_MODE": "ansi"}, "master", "sql_mode", "ANSI"),
        ({"AUTO_INCREMENT_INCREMENT": "2"}, "slave", "auto_increment_increment", "2"),
        (
            {"AUTO_INCREMENT_INCREMENT": "2", "SLAVE_AUTO_INCREMENT_OFFSET": "2"},
            "slave",
            "auto_increment_offset",
            "2",
        ),
        ({"SLAVE_SKIP_ERRORS": "all"}, "slave", "replica_skip_errors", "ALL"),
        ({"SLAVE_SKIP_ERRORS": "1032, 1062"}, "slave", "replica_skip_errors", "1032,1062"),
        # The server prints the numbers in order (print_replica_skip_errors in sql/rpl_replica.cc walks a bitmap).
        ({"SLAVE_SKIP_ERRORS": "1062,1032"}, "slave", "replica_skip_errors", "1032,1062"),
        ({"SEMI_SYNC_TIMEOUT_MS": "500"}, "master", "rpl_semi_sync_source_timeout", "500"),
    ],
)
def test_each_key_of_hosts_env_is_a_variable_and_stands_in_the_file(
    settings_of: Callable[..., Settings], keys: dict[str, str], role: Role, variable: str, value: str
) -> None:
    settings = settings_of(**keys)
    assert wanted(manner(settings, role))[variable] == value
    assert read_file(settings, role)[variable] == value


def test_an_empty_sql_mode_is_the_servers_own(settings: Settings) -> None:
    assert "sql_mode" not in wanted(manner(settings))
    assert "sql_mode" not in read_file(settings, "master")


@pytest.mark.parametrize("role", ROLES)
def test_either_loads_both_halves_of_semi_sync_and_enables_its_own(
    settings: Settings, settings_of: Callable[..., Settings], role: Role
) -> None:
    assert plugins(manner(settings, role)) == ("semisync_source", "semisync_replica")
    off = settings_of(SEMI_SYNC="off")
    assert plugins(manner(off, role)) == ()
    assert {value for name, value in wanted(manner(off, role)).items() if "semi" in name} == {"OFF"}
    assert not [name for name in read_file(off, role) if "semi" in name], "without its plugin mysqld would not start"


def test_a_change_of_roles_changes_what_can_be_set_while_the_server_runs(settings: Settings) -> None:
    master, slave = (wanted(manner(settings, role)) for role in ROLES)
    differ = {name for name in master.keys() | slave.keys() if master.get(name) != slave.get(name)}
    assert differ == {"server_id", "rpl_semi_sync_source_enabled", "rpl_semi_sync_replica_enabled"}
    assert option_file(manner(settings, "master")).count("plugin_load_add") == 2


# ---- the file ----


def read_file(settings: Settings, role: Role) -> dict[str, str | None]:
    """The [mysqld] section as a server would read it, the interface not being needed."""
    text = option_file(manner(settings, role))
    parser = configparser.ConfigParser(interpolation=None, allow_no_value=True, comment_prefixes=("#",), strict=False)
    parser.read_string(text)
    assert parser.sections() == ["mysqld"]
    return dict(parser["mysqld"])


@pytest.mark.parametrize("role", ["master", "slave"])
@pytest.mark.parametrize("keys", [{}, ARTICLE], ids=["defaults", "article"])
def test_the_file_holds_what_is_wanted_and_every_start_is_read_only(
    settings_of: Callable[..., Settings], keys: dict[str, str], role: Role
) -> None:
    settings = settings_of(**keys)
    found = read_file(settings, role)
    assert (found.pop("read_only"), found.pop("super_read_only")) == ("ON", "ON")
    loaded = found.pop("plugin_load_add", None)
    assert loaded == ("semisync_replica.so" if settings.semi_sync != "off" else None)
    values = wanted(manner(settings, role))
    assert found.items() <= values.items()
    assert {value for name, value in values.items() if name not in found} <= {"OFF"}, "what is on is not in the file"


def test_skipped_errors_stand_in_the_file_only_when_wanted(
    settings: Settings, settings_of: Callable[..., Settings]
) -> None:
    assert "replica_skip_errors" not in read_file(settings, "slave")
    assert read_file(settings_of(SLAVE_SKIP_ERRORS="all"), "slave")["replica_skip_errors"] == "ALL"


def test_the_file_says_whose_it_is_and_is_read_last(pair: Pair) -> None:
    assert OURS in option_file(manner_of(pair.master)).splitlines()[0]
    assert configure_mycnf.FILE_NAME > "mysqld.cnf"


def test_the_file_holds_no_password(pair: Pair) -> None:
    assert "sesame" not in option_file(manner_of(pair.master)) + option_file(manner_of(pair.slave))


# ---- in force ----


@pytest.mark.parametrize("role", ["master", "slave"])
def test_a_converged_server_is_left_alone(pair: Pair, role: Role) -> None:
    side = pair.sides[role]
    mysqld = mysqld_of(side, captured_server(role))
    assert ensure(side.host, in_force(side)).status == "ok"
    assert mysqld.changed == []


@pytest.mark.parametrize(
    ("variable", "now", "statement"),
    [
        ("sync_binlog", "0", "SET GLOBAL sync_binlog = 1"),
        ("innodb_flush_log_at_trx_commit", "2", "SET GLOBAL innodb_flush_log_at_trx_commit = 1"),
        ("server_id", "7", "SET GLOBAL server_id = 1"),
        ("binlog_format", "MIXED", "SET GLOBAL binlog_format = 'ROW'"),
        ("character_set_server", "latin1", "SET GLOBAL character_set_server = 'utf8mb4'"),
        ("rpl_semi_sync_source_enabled", "OFF", "SET GLOBAL rpl_semi_sync_source_enabled = 'ON'"),
        ("rpl_semi_sync_source_timeout", "1", "SET GLOBAL rpl_semi_sync_source_timeout = 10000"),
    ],
)
def test_what_can_be_set_is_set_without_a_restart(pair: Pair, variable: str, now: str, statement: str) -> None:
    mysqld = captured_server("master")
    mysqld.values[variable] = now
    mysqld_of(pair.master, mysqld)
    outcome = ensure(pair.master.host, in_force(pair.master))
    assert [(change.fact, change.now) for change in outcome.gap] == [(variable, now)]
    assert mysqld.changed == [statement]


def test_every_wanted_variable_is_either_dynamic_or_needs_a_restart(settings_of: Callable[..., Settings]) -> None:
    settings = settings_of(**ARTICLE | {"SEMI_SYNC": "on"})
    for role in ROLES:
        names = set(wanted(manner(settings, role)))
        assert names - NEEDS_RESTART <= DYNAMIC_NUMBERS | DYNAMIC_WORDS
        assert not names & NEEDS_RESTART & (DYNAMIC_NUMBERS | DYNAMIC_WORDS)


@pytest.mark.parametrize(
    ("variable", "now"),
    [
        ("gtid_mode", "OFF"),
        ("enforce_gtid_consistency", "OFF"),
        ("bind_address", "127.0.0.1"),
        ("port", "3307"),
        ("log_replica_updates", "OFF"),
        ("relay_log_recovery", "OFF"),
        ("replica_skip_errors", "ALL"),
        ("skip_name_resolve", "OFF"),
    ],
)
def test_what_cannot_be_set_takes_one_restart_that_names_the_reason(pair: Pair, variable: str, now: str) -> None:
    mysqld = captured_server("slave")
    right = dict(mysqld.values)
    mysqld.values |= {variable: now, "sync_binlog": "0"}
    mysqld_of(pair.slave, mysqld)
    reasons: list[str] = []

    def restart(why: str) -> None:
        reasons.append(why)
        mysqld.values = right

    assert ensure(pair.slave.host, in_force(pair.slave, restart)).status == "changed"
    assert len(reasons) == 1
    assert {variable, "sync_binlog"} == set(reasons[0].split(", "))
    assert mysqld.changed == []


def test_a_plugin_that_is_not_loaded_takes_a_restart(pair: Pair) -> None:
    mysqld = captured_server("master")
    right = dict(mysqld.values)
    mysqld.plugins.remove("semisync_source")
    mysqld.values = {name: value for name, value in right.items() if not name.startswith("rpl_semi_sync")}
    mysqld_of(pair.master, mysqld)

    def restart(why: str) -> None:
        assert "plugins" in why
        mysqld.plugins.add("semisync_source")
        mysqld.values = right

    outcome = ensure(pair.master.host, in_force(pair.master, restart))
    assert Change("plugins", "semisync_replica", "semisync_source, semisync_replica") in outcome.gap


def test_a_file_that_wins_over_ours_is_noticed_and_named(pair: Pair) -> None:
    mysqld = captured_server("slave")
    mysqld.values["gtid_mode"] = "OFF"
    mysqld_of(pair.slave, mysqld)
    with pytest.raises(NotConverged, match="gtid_mode: is 'OFF', wanted 'ON'"):
        ensure(pair.slave.host, in_force(pair.slave, lambda why: None))


@pytest.mark.parametrize(
    ("role", "variable"), [("master", "rpl_semi_sync_source_enabled"), ("slave", "rpl_semi_sync_replica_enabled")]
)
def test_semi_sync_that_is_no_longer_wanted_does_not_stay_in_force(
    settings_of: Callable[..., Settings], role: Role, variable: str
) -> None:
    pair = pair_of(settings_of(SEMI_SYNC="off"), dry=True)
    side = pair.sides[role]
    mysqld_of(side, captured_server(role))
    for each in pair.sides.values():
        link_of(each).says_where("/etc/os-release", captured_json("preflight_master.json")["os"])
        link_of(each).says(UNITS_QUESTION, captured_json("units.json")["mysql"])
    (phase,) = (each for each in configure_mycnf.phases(pair, lambda side, why: None) if role in each.roles)
    *_, step = phase.items(side)
    assert isinstance(step, InForce)
    assert ensure(side.host, step).status == "would change"


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ({"read_only": "OFF"}, "read_only = OFF"),
        ({"gtid_mode": "ON", "super_read_only": "OFF"}, "gtid_mode = ON, super_read_only = OFF"),
        # By its older name, which newer servers keep, too.
        ({"slave_net_timeout": "60"}, "slave_net_timeout = 60"),
    ],
)
def test_what_set_persist_keeps_of_ours_is_reset(settings: Settings, kept: dict[str, str], shown: str) -> None:
    side = pair_of(settings).master
    mysqld = captured_server("master")
    mysqld.persisted = kept | {"max_connections": "999"}
    mysqld_of(side, mysqld)
    assert ensure(side.host, in_force(side)).gap == [Change("what SET PERSIST keeps of ours", shown, "nothing")]
    assert mysqld.changed == [f"RESET PERSIST IF EXISTS {name}" for name in kept]
    assert mysqld.persisted == {"max_connections": "999"}


def test_what_set_persist_brought_into_force_is_reset_before_the_restart(settings: Settings) -> None:
    side = pair_of(settings).master
    mysqld = captured_server("master")
    mysqld.persisted = {"relay_log_recovery": "OFF", "sync_binlog": "0"}
    mysqld.values |= mysqld.persisted
    mysqld_of(side, mysqld)

    def restart(why: str) -> None:
        assert mysqld.persisted == {}
        mysqld.values |= {"relay_log_recovery": "ON", "sync_binlog": "1"}

    assert ensure(side.host, in_force(side, restart)).status == "changed"


def test_what_set_persist_keeps_is_asked_with_the_plugins(settings: Settings) -> None:
    side = pair_of(settings).master
    mysqld = captured_server("master")
    asked: list[str] = []
    usual = mysqld.run
    mysqld.run = lambda statement: (asked.append(statement), usual(statement))[1]  # type: ignore[method-assign]
    mysqld_of(side, mysqld)
    step = in_force(side)
    assert ensure(side.host, step).status == "ok"
    assert len([each for each in asked if "VERSION()" not in each]) == 2


def test_nothing_is_set_in_a_dry_run(settings: Settings) -> None:
    side = pair_of(settings, dry=True).master
    mysqld = captured_server("master")
    mysqld.values |= {"sync_binlog": "0"}
    mysqld.persisted = {"read_only": "OFF"}
    mysqld_of(side, mysqld)
    assert ensure(side.host, in_force(side)).status == "would change"
    with pytest.raises(ChangedInDryRun):
        in_force(side).fix(side.host, [Change(PERSISTED, "read_only = OFF", "nothing")])
    with pytest.raises(ChangedInDryRun):
        in_force(side).fix(side.host, [Change("sync_binlog", "0", "1")])
    assert mysqld.changed == []
