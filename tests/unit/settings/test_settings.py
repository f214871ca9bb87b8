"""The values of hosts.env: what each key takes, and what becomes of it."""

import copy
import itertools
import json
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest
from hosts_env_text import MINIMAL, PASSWORDS, complaint_about, lines, write

from runbook.settings import values
from runbook.settings.load import load
from runbook.settings.settings import BY_NAME, KEYS, Secret

pytestmark = pytest.mark.usefixtures("own_home")


def test_the_three_addresses_and_the_passwords_are_enough(tmp_path: Path) -> None:
    path = write(tmp_path, lines())
    settings = load(path)
    assert settings.source == path
    assert settings.vip == IPv4Interface("192.168.152.130/24")
    assert settings.master.address == IPv4Address("192.168.152.128")
    assert settings.master.ssh_host == "192.168.152.128"
    assert settings.node("slave") is settings.peer_of("master") is settings.slave
    assert settings.node("master") is settings.peer_of("slave") is settings.master
    assert {secret.reveal() for secret in settings.secrets} == set(PASSWORDS.values())


def test_the_defaults_lose_no_acknowledged_row(tmp_path: Path) -> None:
    settings = load(write(tmp_path, lines()))
    assert (settings.sync_binlog, settings.innodb_flush_log_at_trx_commit) == (1, 1)
    assert settings.semi_sync == "auto"
    assert settings.slave_skip_errors == "off"
    assert settings.root_remote is False
    assert settings.sql_mode is settings.auth_pass is settings.ssh_key is settings.ssh_jump is None
    assert settings.advert_int == Decimal("0.15")


def test_each_key_reaches_the_settings(tmp_path: Path, own_home: Path) -> None:
    key, config = own_home / "key", own_home / "config"
    for file in (key, config, own_home / "mysql.tar.gz"):
        file.touch(mode=0o600)
    given = MINIMAL | {
        "ROLES_EPOCH": "4",
        "VIP": "192.168.152.130/22", "MASTER_INTERFACE": "ens33", "SLAVE_INTERFACE": "bond0.7",
        "MASTER_SSH": "db-one", "SLAVE_SSH": "db-two", "SSH_USER": "ops", "SSH_PORT": "2222",
        "SSH_KEY": "~/key", "SSH_CONFIG": "~/config", "SSH_KNOWN_HOSTS": "known", "SSH_JUMP": "me@jump:2200",
        "SELINUX": "disabled", "FIREWALL": "off", "AUTO_UPGRADES": "keep",
        "ENGINE": "mysql", "MYSQL_SOURCE": "~/mysql.tar.gz",
        "MYSQL_VERSION": "5.6.24", "MYSQL_SHA256": "0" * 64, "MYSQL_PORT": "3307", "ROOT_REMOTE": "yes",
        "REPLICA_USER": "copy", "CHECK_USER": "check", "PROBE_USER": "probe", "MASTER_SERVER_ID": "11",
        "SLAVE_SERVER_ID": "12", "BINLOG_FORMAT": "mixed", "SYNC_BINLOG": "0",
        "INNODB_FLUSH_LOG_AT_TRX_COMMIT": "2", "CHARACTER_SET": "utf8",
        "SQL_MODE": "ansi_quotes, STRICT_ALL_TABLES",
        "AUTO_INCREMENT_INCREMENT": "4", "MASTER_AUTO_INCREMENT_OFFSET": "3",
        "SLAVE_AUTO_INCREMENT_OFFSET": "4",
        "SLAVE_SKIP_ERRORS": "1062, 1032", "REPLICATION": "position", "SEMI_SYNC": "off", "SEMI_SYNC_TIMEOUT_MS": "500",
        "SEED": "dump",
        "SKIP_NAME_RESOLVE": "off",
        "ROUTER_ID": "pair",
        "VIRTUAL_ROUTER_ID": "77", "VRRP_VERSION": "2", "AUTH_PASS": "1111", "MASTER_PRIORITY": "150",
        "SLAVE_PRIORITY": "100", "ADVERT_INT": "2", "CHECK_INTERVAL": "10", "CHECK_TIMEOUT": "4",
        "CHECK_FALL": "5", "CHECK_RISE": "6", "CLOSE_KILL_SECONDS": "7", "RELAY_LOCK_SECONDS": "8",
        "ALERT_DINGTALK_URL": "https://ding.example/robot/send?access_token=abc",
        "ALERT_DINGTALK_SECRET": "SEC12", "ALERT_KEYWORD": "告警", "ALERT_WEBHOOK_URL": "http://10.0.0.9:8080/hook",
        "ALERT_LANG": "zh", "MAINTENANCE_HOURS": "12",
        "ALERT_RETRY_SECONDS": "60", "MYSQL_ROOT_PASSWORD_OLD": "root-of-old",
    }  # fmt: skip
    assert set(given) == set(BY_NAME), "a key is not covered by this test"
    settings = load(write(tmp_path, "".join(f"{name}={value}\n" for name, value in given.items())))
    assert (settings.ssh_key, settings.ssh_config) == (key, config)
    assert settings.ssh_known_hosts == tmp_path / "known"
    assert settings.binlog_format == "MIXED"
    assert settings.sql_mode == "ANSI_QUOTES,STRICT_ALL_TABLES"
    assert settings.slave_skip_errors == "1062,1032"
    assert settings.advert_int == 2
    assert settings.auth_pass == Secret("1111")
    assert settings.auth_pass in settings.secrets
    slave = settings.slave
    assert (slave.role, slave.ssh_host, slave.interface) == ("slave", "db-two", "bond0.7")
    assert (slave.server_id, slave.priority, slave.auto_increment_offset) == (12, 100, 4)
    defaults = load(write(tmp_path, lines()))
    kept = {"source", *(name.lower() for name in MINIMAL if name != "VIP")}
    for name in ("source", "master", "slave", *(key.name.lower() for key in KEYS)):
        same = getattr(settings, name) == getattr(defaults, name)
        assert same == (name in kept), f"{name} does not follow its key"


def test_a_users_name_may_have_all_the_characters_mysql_allows(tmp_path: Path) -> None:
    longest = "p" * values.MYSQL_USER_MAX
    assert load(write(tmp_path, lines(PROBE_USER=longest))).probe_user == longest


def test_the_replica_password_ends_where_mysql_ends_it(tmp_path: Path) -> None:
    longest = "ü" * (values.REPLICA_PASSWORD_MAX // 2)
    assert load(write(tmp_path, lines(REPLICA_PASSWORD=longest))).replica_password.reveal() == longest
    about = complaint_about(write(tmp_path, lines(REPLICA_PASSWORD=longest + "x")), "REPLICA_PASSWORD")
    assert f"{values.REPLICA_PASSWORD_MAX + 1} bytes" in about
    assert "shorter" in about
    assert longest not in about


def test_the_articles_own_settings_can_still_be_had(tmp_path: Path) -> None:
    refused = {"MYSQL_ROOT_PASSWORD"}
    said_in_words = {"MYSQL_SOURCE"}
    given = {key.name: key.article.split(" (")[0] for key in KEYS if key.article and key.article != "has none"}
    path = write(tmp_path, lines(**{name: text for name, text in given.items() if name not in refused | said_in_words}))
    settings = load(path)
    assert (settings.sync_binlog, settings.slave_skip_errors, settings.vrrp_version) == (0, "all", 2)


def test_a_token_alone_is_a_secret_too(tmp_path: Path) -> None:
    urls = {
        "ALERT_DINGTALK_URL": "https://ding.example/robot/send?access_token=t0ken-of-the-robot",
        "ALERT_WEBHOOK_URL": "https://chat.example/hooks/t0ken-of-the-hook",
    }
    settings = load(write(tmp_path, lines(**urls)))
    secrets = {secret.reveal() for secret in settings.secrets}
    assert secrets >= {*urls.values(), "t0ken-of-the-robot", "t0ken-of-the-hook"}
    assert "example" not in secrets
    assert settings.alert_channels == ("dingtalk", "webhook")


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("./mysql.tar.gz", "{folder}/mysql.tar.gz"),
        ("https://vendor.example/a.rpm", "https://vendor.example/a.rpm"),
        ("distribution", ""),
    ],
)
def test_a_source_on_this_machine_is_looked_for_beside_hosts_env(tmp_path: Path, written: str, place: str) -> None:
    (tmp_path / "mysql.tar.gz").touch()
    settings = load(write(tmp_path, lines(MYSQL_SOURCE=written)))
    assert settings.mysql_source.place == place.format(folder=tmp_path)


def test_ssh_config_is_optional_until_it_is_named(tmp_path: Path, own_home: Path) -> None:
    path = write(tmp_path, lines())
    assert load(path).ssh_config is None
    config = own_home / ".ssh" / "config"
    config.parent.mkdir()
    config.touch()
    assert load(path).ssh_config == config
    assert "delete the line" in complaint_about(write(tmp_path, lines(SSH_CONFIG="/no/such")), "SSH_CONFIG")


def test_a_secret_shows_nowhere(tmp_path: Path) -> None:
    secret = Secret("hunter2")
    assert f"{secret}" == f"{secret!r}" == f"{secret:>20}" == "%s" % secret == "***"  # noqa: UP031
    assert (secret.reveal(), secret.encode()) == ("hunter2", b"hunter2")
    assert {secret, Secret("hunter2"), Secret("other")} == {Secret("hunter2"), Secret("other")}
    assert secret != "hunter2"
    settings = load(write(tmp_path, lines()))
    views = repr(settings), repr(vars(settings)), json.dumps(vars(settings), default=str)
    for view, password in itertools.product(views, PASSWORDS.values()):
        assert password not in view
    assert copy.deepcopy(settings) == settings
