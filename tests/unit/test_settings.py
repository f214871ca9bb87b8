"""The values of hosts.env: what each key takes, and what is said about each mistake."""

import copy
import dataclasses
import itertools
import json
import os
import re
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest
from hosts_env_text import HOSTS, MINIMAL, PASSWORDS, complaint, complaint_about, lines, write

from runbook import values
from runbook.keys import BY_NAME, KEYS
from runbook.settings import Secret, Settings, load


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


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
        "VIP": "192.168.152.130/22", "MASTER_INTERFACE": "ens33", "SLAVE_INTERFACE": "bond0.7",
        "MASTER_SSH": "db-one", "SLAVE_SSH": "db-two", "SSH_USER": "ops", "SSH_PORT": "2222",
        "SSH_KEY": "~/key", "SSH_CONFIG": "~/config", "SSH_KNOWN_HOSTS": "known", "SSH_JUMP": "me@jump:2200",
        "SELINUX": "disabled", "FIREWALL": "off", "ENGINE": "mysql", "MYSQL_SOURCE": "~/mysql.tar.gz",
        "MYSQL_VERSION": "5.6.24", "MYSQL_SHA256": "0" * 64, "MYSQL_PORT": "3307", "ROOT_REMOTE": "yes",
        "REPLICA_USER": "copy", "CHECK_USER": "check", "PROBE_USER": "probe", "MASTER_SERVER_ID": "11",
        "SLAVE_SERVER_ID": "12", "BINLOG_FORMAT": "mixed", "SYNC_BINLOG": "0",
        "INNODB_FLUSH_LOG_AT_TRX_COMMIT": "2", "CHARACTER_SET": "utf8",
        "SQL_MODE": "ansi_quotes, STRICT_ALL_TABLES",
        "AUTO_INCREMENT_INCREMENT": "4", "MASTER_AUTO_INCREMENT_OFFSET": "3",
        "SLAVE_AUTO_INCREMENT_OFFSET": "4",
        "SLAVE_SKIP_ERRORS": "1062, 1032", "REPLICATION": "position", "SEMI_SYNC": "off", "SEMI_SYNC_TIMEOUT_MS": "500",
        "SKIP_NAME_RESOLVE": "off",
        "ROUTER_ID": "pair",
        "VIRTUAL_ROUTER_ID": "77", "VRRP_VERSION": "2", "AUTH_PASS": "1111", "MASTER_PRIORITY": "150",
        "SLAVE_PRIORITY": "100", "ADVERT_INT": "2", "CHECK_INTERVAL": "10", "CHECK_TIMEOUT": "4",
        "CHECK_FALL": "5", "CHECK_RISE": "6", "ALERT_DINGTALK_URL": "https://ding.example/robot/send?access_token=abc",
        "ALERT_DINGTALK_SECRET": "SEC12", "ALERT_KEYWORD": "告警", "ALERT_WEBHOOK_URL": "http://10.0.0.9:8080/hook",
        "ALERT_LANG": "zh", "ALERT_RETRY_SECONDS": "60",
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
    kept = {"source", "mysql_root_password", "replica_password", "check_password", "probe_password"}
    for each in dataclasses.fields(Settings):
        same = getattr(settings, each.name) == getattr(defaults, each.name)
        assert same == (each.name in kept), f"{each.name} does not follow its key"


WRONG = [
    ("MASTER_HOST", "db1", "a.b.c.d"),
    ("MASTER_HOST", "192.168.152.300", "a.b.c.d"),
    ("SLAVE_HOST", "fe80::1", "a.b.c.d"),
    ("SLAVE_HOST", "127.0.0.1", "peer"),
    ("SLAVE_HOST", "224.0.0.18", "peer"),
    ("VIP", "192.168.152.130/33", "a.b.c.d/24"),
    ("VIP", "192.168.152.130/225.255.255.0", "a.b.c.d/24"),
    ("VIP", "192.168.152/24", "a.b.c.d"),
    ("MASTER_INTERFACE", "eth0 eth1", "ip link"),
    ("MASTER_SSH", "-oProxyCommand=x", "alias"),
    ("SSH_USER", "-l", "login"),
    ("SSH_PORT", "0", "65535"),
    ("SSH_PORT", "ssh", "65535"),
    ("SSH_JUMP", "a@b@c", "user@host:port"),
    ("SSH_KEY", "~nobody-of-that-name/key", "whole path"),
    ("SELINUX", "enforcing", "permissive"),
    ("FIREWALL", "on", "rules"),
    ("MYSQL_PORT", "65536", "65535"),
    ("ROOT_REMOTE", "perhaps", "yes or no"),
    ("MASTER_SERVER_ID", "0", "4294967295"),
    ("MASTER_SERVER_ID", "4294967296", "4294967295"),
    ("BINLOG_FORMAT", "rows", "STATEMENT"),
    ("BINLOG_FORMAT", "", "delete the line"),
    ("SYNC_BINLOG", "-1", "whole number"),
    ("INNODB_FLUSH_LOG_AT_TRX_COMMIT", "3", "0 to 2"),
    ("CHARACTER_SET", "utf8;x", "utf8mb4"),
    ("SQL_MODE", "STRICT TABLES", "MODE,MODE"),
    ("AUTO_INCREMENT_INCREMENT", "0", "65535"),
    ("SLAVE_SKIP_ERRORS", "some", "off"),
    ("SEMI_SYNC", "2", "auto"),
    ("SEMI_SYNC_TIMEOUT_MS", "10s", "milliseconds"),
    ("ROUTER_ID", "my pair", "letters"),
    ("VIRTUAL_ROUTER_ID", "256", "255"),
    ("VRRP_VERSION", "4", "2 to 3"),
    ("MASTER_PRIORITY", "255", "254"),
    ("SLAVE_PRIORITY", "0", "254"),
    ("ADVERT_INT", "1e1", "0.2"),
    ("ADVERT_INT", "0.0", "above 0"),
    ("CHECK_INTERVAL", "0.5", "seconds"),
    ("CHECK_FALL", "0", "60"),
    ("ALERT_LANG", "cn", "en or zh"),
    ("ALERT_RETRY_SECONDS", "5", "10"),
    ("ALERT_KEYWORD", "w" * (values.WORDS_MAX + 1), "one line"),
    ("REPLICA_USER", "root", "another name"),
    ("REPLICA_USER", "mysql.session", "another name"),
    ("CHECK_USER", "debian-sys-maint", "another name"),
    ("PROBE_USER", "probe@host", "letters"),
    ("PROBE_USER", "p" * (values.MYSQL_USER_MAX + 1), "shorter"),
]


@pytest.mark.parametrize(("name", "value", "remedy"), WRONG)
def test_a_wrong_value_is_named_with_its_remedy(tmp_path: Path, name: str, value: str, remedy: str) -> None:
    about = complaint_about(write(tmp_path, lines(**{name: value})), name)
    assert value in about
    assert remedy in about


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


@pytest.mark.parametrize(
    ("changes", "name", "remedy"),
    [
        ({"SLAVE_HOST": HOSTS["MASTER_HOST"]}, "SLAVE_HOST", "two hosts"),
        ({"VIP": HOSTS["MASTER_HOST"]}, "VIP", "free address"),
        ({"VIP": HOSTS["SLAVE_HOST"] + "/24"}, "VIP", "free address"),
        ({"VIP": "192.168.152.0"}, "VIP", "network or broadcast"),
        ({"VIP": "192.168.152.255"}, "VIP", "network or broadcast"),
        ({"VIP": "192.168.152.130/32"}, "VIP", "prefix"),
        ({"MASTER_HOST": "192.168.153.128"}, "MASTER_HOST", "outside"),
        ({"SLAVE_HOST": "10.0.0.2"}, "SLAVE_HOST", "outside"),
        ({"MASTER_HOST": "192.168.152.0"}, "MASTER_HOST", "network or broadcast"),
        ({"SLAVE_HOST": "192.168.152.255"}, "SLAVE_HOST", "network or broadcast"),
        ({"MASTER_SSH": HOSTS["SLAVE_HOST"]}, "MASTER_SSH", "leave it empty"),
        ({"SLAVE_SSH": HOSTS["MASTER_HOST"]}, "SLAVE_SSH", "leave it empty"),
        ({"MASTER_SSH": HOSTS["VIP"]}, "MASTER_SSH", "moves"),
        ({"SLAVE_SSH": HOSTS["VIP"]}, "SLAVE_SSH", "moves"),
        ({"MASTER_SSH": "db", "SLAVE_SSH": "db"}, "SLAVE_SSH", "two hosts"),
        ({"SLAVE_SERVER_ID": "1"}, "SLAVE_SERVER_ID", "another number"),
        ({"MASTER_PRIORITY": "240"}, "MASTER_PRIORITY", "raise it"),
        ({"CHECK_USER": "replica"}, "CHECK_USER", "rename"),
        ({"PROBE_USER": "replica"}, "PROBE_USER", "rename"),
        ({"PROBE_USER": "runbook_check"}, "PROBE_USER", "rename"),
        ({"MASTER_AUTO_INCREMENT_OFFSET": "2"}, "MASTER_AUTO_INCREMENT_OFFSET", "lower it"),
        ({"SLAVE_AUTO_INCREMENT_OFFSET": "2"}, "SLAVE_AUTO_INCREMENT_OFFSET", "lower it"),
        ({"ADVERT_INT": "40.96"}, "ADVERT_INT", "VRRP_VERSION"),
        ({"ADVERT_INT": "0.125"}, "ADVERT_INT", "VRRP_VERSION"),
        ({"ADVERT_INT": "0.5", "VRRP_VERSION": "2"}, "ADVERT_INT", "whole seconds"),
        ({"ADVERT_INT": "256", "VRRP_VERSION": "2"}, "ADVERT_INT", "whole seconds"),
        ({"VRRP_VERSION": "2"}, "ADVERT_INT", "whole seconds"),
    ],
)
def test_values_that_contradict_each_other(tmp_path: Path, changes: dict[str, str], name: str, remedy: str) -> None:
    about = complaint_about(write(tmp_path, lines(**changes)), name)
    assert remedy in about


@pytest.mark.parametrize(
    ("written", "version", "remedy"),
    [
        ("hunter22", "3", "VRRP_VERSION=2"),
        ("hunter222", "2", "shorter"),
        ("hun!ter", "2", "letters"),
    ],
)
def test_auth_pass_is_for_vrrp_2_and_short(tmp_path: Path, written: str, version: str, remedy: str) -> None:
    text = lines(AUTH_PASS=written, VRRP_VERSION=version, ADVERT_INT="1")
    about = complaint_about(write(tmp_path, text), "AUTH_PASS")
    assert remedy in about
    assert written not in about


def test_the_articles_own_settings_can_still_be_had(tmp_path: Path) -> None:
    refused = {"MYSQL_ROOT_PASSWORD"}
    said_in_words = {"MYSQL_SOURCE"}
    given = {key.name: key.article.split(" (")[0] for key in KEYS if key.article and key.article != "has none"}
    path = write(tmp_path, lines(**{name: text for name, text in given.items() if name not in refused | said_in_words}))
    settings = load(path)
    assert (settings.sync_binlog, settings.slave_skip_errors, settings.vrrp_version) == (0, "all", 2)


@pytest.mark.parametrize(
    "wrong",
    ["ftp://ding.example/robot", "ding.example/robot", "http://", "http://host:99999/x", "http:///x", "http://a/\\b"],
)
@pytest.mark.parametrize("name", ["ALERT_DINGTALK_URL", "ALERT_WEBHOOK_URL"])
def test_an_address_that_nothing_can_be_sent_to_is_refused_unseen(tmp_path: Path, name: str, wrong: str) -> None:
    quoted = "'" + wrong.replace("\\", "\\\\") + "'"
    about = complaint_about(write(tmp_path, lines(**{name: quoted})), name)
    assert "copy the whole address" in about
    assert wrong not in about


def test_a_robots_address_has_its_token(tmp_path: Path) -> None:
    path = write(tmp_path, lines(ALERT_DINGTALK_URL="https://ding.example/robot/send"))
    assert "access_token=" in complaint_about(path, "ALERT_DINGTALK_URL")


@pytest.mark.parametrize(("name", "value"), [("ALERT_DINGTALK_SECRET", "SEC12"), ("ALERT_KEYWORD", "alert")])
def test_what_is_of_no_use_without_an_address(tmp_path: Path, name: str, value: str) -> None:
    assert "ALERT_DINGTALK_URL" in complaint_about(write(tmp_path, lines(**{name: value})), name)


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


@pytest.mark.parametrize("missing", [key.name for key in KEYS if key.default is None])
def test_a_required_key_that_is_missing(tmp_path: Path, missing: str) -> None:
    about = complaint_about(write(tmp_path, lines(**{missing: None})), missing)
    assert f"{missing}=value" in about


@pytest.mark.parametrize(
    ("file", "mode", "remedy"),
    [
        ("absent", None, "ssh-keygen"),
        ("id_rsa.pub", 0o644, "private"),
        ("id_rsa", 0o644, "chmod 600"),
        ("id_rsa", 0o640, "chmod 600"),
    ],
)
def test_an_ssh_key_nobody_should_use(tmp_path: Path, file: str, mode: int | None, remedy: str) -> None:
    if mode is not None:
        (tmp_path / file).touch()
        (tmp_path / file).chmod(mode)
    assert remedy in complaint_about(write(tmp_path, lines(SSH_KEY=file)), "SSH_KEY")


def test_an_ssh_key_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "id").touch(mode=0o600)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "may not read" in complaint_about(write(tmp_path, lines(SSH_KEY="id")), "SSH_KEY")


def test_ssh_config_is_optional_until_it_is_named(tmp_path: Path, own_home: Path) -> None:
    path = write(tmp_path, lines())
    assert load(path).ssh_config is None
    config = own_home / ".ssh" / "config"
    config.parent.mkdir()
    config.touch()
    assert load(path).ssh_config == config
    assert "delete the line" in complaint_about(write(tmp_path, lines(SSH_CONFIG="/no/such")), "SSH_CONFIG")


def test_known_hosts_must_not_be_a_folder(tmp_path: Path) -> None:
    path = write(tmp_path, lines(SSH_KNOWN_HOSTS="."))
    assert "name the file" in complaint_about(path, "SSH_KNOWN_HOSTS")


def test_a_secret_shows_nowhere(tmp_path: Path) -> None:
    secret = Secret("hunter2")
    assert f"{secret}" == f"{secret!r}" == f"{secret:>20}" == "%s" % secret == "***"  # noqa: UP031
    assert (secret.reveal(), secret.encode()) == ("hunter2", b"hunter2")
    assert {secret, Secret("hunter2"), Secret("other")} == {Secret("hunter2"), Secret("other")}
    assert secret != "hunter2"
    settings = load(write(tmp_path, lines()))
    views = repr(settings), repr(dataclasses.asdict(settings)), json.dumps(vars(settings), default=str)
    for view, password in itertools.product(views, PASSWORDS.values()):
        assert password not in view
    assert copy.deepcopy(settings) == settings


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    text = lines(
        MASTER_HOST="here", VIP=None, REPLICA_PASSWORD="short", SSH_PORT="x", SLAVE_SERVER_ID="1",
        CHECK_USER="replica", SELINX="keep", PROBE_PASSWORD="'open",
    )  # fmt: skip
    found = complaint(write(tmp_path, text + "SSH_PORT=23\nnonsense\n", mode=0o640)).splitlines()
    number = int(re.search(r"(\d+) mistakes", found[0])[1])  # type: ignore[index]
    told = "\n".join(found[1:])
    for name in ("MASTER_HOST", "VIP", "REPLICA_PASSWORD", "SSH_PORT =", "SSH_PORT:", "SLAVE_SERVER_ID",
                 "CHECK_USER", "SELINX", "PROBE_PASSWORD", "chmod 600", "not KEY=value"):  # fmt: skip
        assert name in told
    assert number == len(found) - 1 == 11
