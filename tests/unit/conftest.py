"""What the unit tests share: settings from a hosts.env of their own, and a PyMySQL that reaches fake servers only."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake import FakeConnection
from hosts_env_text import lines, write

from runbook.settings import Settings, load


@pytest.fixture
def settings_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Settings of a hosts.env with these keys, beside the addresses and passwords of every test."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))

    def make(**keys: str | None) -> Settings:
        return load(write(home, lines(**keys)))

    return make


@pytest.fixture
def settings(settings_of: Callable[..., Settings]) -> Settings:
    return settings_of()


@pytest.fixture
def fake_mysql(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logins go to the servers that a FakeLink has."""
    monkeypatch.setattr("pymysql.Connection", FakeConnection)
