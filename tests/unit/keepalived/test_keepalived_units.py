"""What stands around keepalived: its unit, mysqld's, the scripts it calls and their one secret file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake import FakeLink, LocalLink, captured_pair, host_of

from runbook.core.host_paths import SCRIPTS
from runbook.core.templates import ROOT
from runbook.keepalived.configuration import CONFIG, Configuration, vrrp_state
from runbook.pair.pair import Pair
from runbook.settings.settings import Role, Settings
from runbook.steps import deploy_scripts, install_keepalived
from runbook.system.resources import File


@pytest.fixture
def pair(settings: Settings) -> Pair:
    return captured_pair(settings)


def files_of(steps: list[object]) -> dict[str, File]:
    return {each.path: each for each in steps if isinstance(each, File)}


def test_keepalived_ends_with_mysqld_and_comes_back_with_it(pair: Pair) -> None:
    *_, phase = install_keepalived.phases(pair, lambda side, why: None)
    files = files_of(list(phase.items(pair.master)))
    unit = files["/etc/systemd/system/keepalived.service.d/runbook.conf"].content.splitlines()
    assert {"BindsTo=mysql.service", "After=mysql.service", "Restart=on-failure"} <= set(unit)
    assert any(line.startswith("ExecStartPre=") and f"sha256sum < {CONFIG}" in line for line in unit)
    assert any(line.startswith("ExecReload=") and f"sha256sum < {CONFIG}" in line for line in unit)
    assert "Wants=keepalived.service" in files["/etc/systemd/system/mysql.service.d/runbook.conf"].content


def test_the_configuration_is_for_root_alone(pair: Pair) -> None:
    *_, phase = install_keepalived.phases(pair, lambda side, why: None)
    found = files_of(list(phase.items(pair.slave)))[CONFIG]
    assert isinstance(found, Configuration)
    assert (found.mode, found.owner) == (0o600, "root:root")


@pytest.mark.parametrize("role", ["master", "slave"])
def test_the_four_scripts_and_the_one_secret_file(pair: Pair, role: Role) -> None:
    (phase,) = deploy_scripts.phases(pair, lambda side, why: None)
    files = files_of(list(phase.items(pair.sides[role])))
    for name in ("mysql_check.sh", "master.sh", "backup.sh", "stop.sh"):
        assert files[f"{SCRIPTS}/{name}"].mode == 0o764
        assert "sesame" not in files[f"{SCRIPTS}/{name}"].content
    config = files["/etc/mysql-runbook.conf"]
    assert (config.mode, config.owner, config.secret) == (0o600, "root:root", True)


def test_the_scripts_configuration_survives_any_password(settings_of: Callable[..., Settings], tmp_path: Path) -> None:
    pair = captured_pair(settings_of(CHECK_PASSWORD="'it\\'s \"a\" $(id) `b` \\\\ #c'"))
    side = pair.slave
    (tmp_path / "conf").write_text(deploy_scripts.script_configuration(side))
    ran = LocalLink().run(f'. {tmp_path}/conf; printf "%s|%s|%s|%s" "$ROLE" "$VIP" "$INTERFACE" "$PEER"', timeout=5)
    assert ran.out == "slave|192.168.152.130|host0|192.168.152.128"
    options = LocalLink().run(f'. {tmp_path}/conf; printf "%s" "$CLIENT_OPTIONS"', timeout=5).out
    password = side.settings.check_password.reveal()
    escaped = password.replace("\\", "\\\\").replace('"', '\\"')
    assert options.splitlines()[-3:] == ["[client]", 'user="runbook_check"', f'password="{escaped}"']


@pytest.mark.parametrize("said", ["MASTER\n", "BACKUP\n", ""])
def test_the_vrrp_state_is_the_word_that_the_scripts_left(settings: Settings, said: str) -> None:
    link = FakeLink()
    link.says("cat /run/mysql-runbook/vrrp 2>/dev/null || true", said)
    assert vrrp_state(host_of(settings, link)) == said.strip()


# systemd 219 (EL7), src/core/load-fragment-gperf.gperf.m4: what of it our units use. A directive that is younger would
# be a warning in the journal there, and nothing else.
KNOWN_TO_219 = {
    "Unit": {"After", "BindsTo", "Description", "Wants"},
    "Service": {
        "ExecReload",
        "ExecStart",
        "ExecStartPost",
        "ExecStartPre",
        "ExecStopPost",
        "Group",
        "KillMode",
        "LimitNOFILE",
        "Nice",
        "OOMScoreAdjust",
        "Restart",
        "RestartSec",
        "RuntimeDirectory",
        "RuntimeDirectoryMode",
        "StartLimitInterval",
        "TimeoutSec",
        "TimeoutStartSec",
        "TimeoutStopSec",
        "User",
    },
    "Path": {"DirectoryMode", "DirectoryNotEmpty", "MakeDirectory"},
    "Install": {"WantedBy"},
}
UNITS = sorted(path for kind in ("service", "service.conf", "path") for path in ROOT.glob(f"templates/*.{kind}.j2"))


@pytest.mark.parametrize("template", UNITS, ids=lambda path: path.name)
def test_a_unit_says_nothing_that_el7_does_not_know(template: Path) -> None:
    section, found = "", 0
    for line in template.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            found += 1
            assert line.partition("=")[0] in KNOWN_TO_219[section], f"[{section}] {line}"
    assert found
