"""Mistakes in hosts.env: what is refused, and what is said about it."""

import os
import re
from pathlib import Path

import pytest
from hosts_env_text import HOSTS, complaint, complaint_about, lines, write

from runbook.settings import values
from runbook.settings.settings import KEYS

pytestmark = pytest.mark.usefixtures("own_home")

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


def test_known_hosts_must_not_be_a_folder(tmp_path: Path) -> None:
    path = write(tmp_path, lines(SSH_KNOWN_HOSTS="."))
    assert "name the file" in complaint_about(path, "SSH_KNOWN_HOSTS")


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


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("./none", "no such folder; give one with the server's package files in it"),
        ("./", "has no .rpm and no .deb in it; put the server's packages and what they need there"),
        ("./none.rpm", "no file that you can read; correct the path, or give a URL"),
    ],
)
def test_a_source_that_is_not_there(tmp_path: Path, source: str, told: str) -> None:
    about = complaint_about(write(tmp_path, lines(MYSQL_SOURCE=source)), "MYSQL_SOURCE")
    assert about == f"  MYSQL_SOURCE = {source}: {told}"
