"""Where and with what a drill ran, as its report tells it."""

import subprocess
from pathlib import Path

import pytest
from fake import link_of, mysqld_of, pair_of

from runbook.observe import environment as module
from runbook.observe.environment import SERVER, VERSIONS, commit, operator, settings_that_matter, versions
from runbook.settings.settings import Settings


def test_a_setting_is_told_as_hosts_env_writes_it(settings: Settings) -> None:
    told = settings_that_matter(settings)
    assert list(told) == list(module.MATTERS)
    assert (told["SEMI_SYNC"], told["MASTER_PRIORITY"], told["SLAVE_PRIORITY"]) == ("auto", "250", "240")
    assert not [secret for secret in settings.secrets if secret.reveal() in told.values()]


def test_nothing_is_told_of_a_commit_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit(tmp_path) == ""

    def no_git(*_: object, **__: object) -> None:
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    assert commit(Path(__file__).parents[1]) == ""


def test_the_operator_is_the_login_behind_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "anna")
    assert operator().startswith("anna@")


def test_a_host_tells_its_versions_and_its_servers(settings: Settings, fake_mysql: None) -> None:
    side = pair_of(settings).master
    link_of(side).says(VERSIONS, "Debian GNU/Linux 12\n6.1.0\nKeepalived v2.2.7 (01/16,2022), git commit x\n")
    mysqld_of(side).says(SERVER, {"version": "9.7.4, (Debian)"})
    assert versions(side) == {
        "system": "Debian GNU/Linux 12",
        "kernel": "6.1.0",
        "keepalived": "Keepalived v2.2.7",
        "server": "9.7.4, (Debian)",
    }
