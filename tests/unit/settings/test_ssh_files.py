"""The files that the SSH keys name, to the letter: looked for beside hosts.env, and what is said of a wrong one."""

import os
from pathlib import Path

import pytest
from hosts_env_text import complaint, lines, write

from runbook.settings.load import load

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of hosts.env with key files that should be used, and some that should not."""
    for name, mode in {"key": 0o600, "read-only": 0o400, "key.pub": 0o600, "group": 0o640, "others": 0o601}.items():
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    (tmp_path / "my key.ppk").write_bytes(b"PuTTY-User-Key-File-3: ssh-ed25519\n")
    (tmp_path / "my key.ppk").chmod(0o600)
    (tmp_path / "folder").mkdir()
    return tmp_path


NO_KEY = "no such file; correct the path, or make a key with ssh-keygen"
NO_CONFIG = "no file that you can read; correct the path or delete the line"


@pytest.mark.parametrize(
    ("name", "file", "told"),
    [
        ("SSH_KEY", "none", NO_KEY),
        ("SSH_KEY", "folder", NO_KEY),
        ("SSH_KEY", "key.pub", "is the public half; name the private key, the file without .pub"),
        ("SSH_KEY", "group", "others can read this private key (mode 0640); run: chmod 600 {folder}/group"),
        ("SSH_KEY", "others", "others can read this private key (mode 0601); run: chmod 600 {folder}/others"),
        (
            "SSH_KEY",
            "my key.ppk",
            "is in PuTTY's format; run: puttygen '{folder}/my key.ppk' -O private-openssh -o '{folder}/my key', "
            "and name that",
        ),
        ("SSH_CONFIG", "none", NO_CONFIG),
        ("SSH_CONFIG", "folder", NO_CONFIG),
        ("SSH_CONFIG", "~/.ssh/config", NO_CONFIG),
        ("SSH_KNOWN_HOSTS", "folder", "is a folder; name the file in it"),
    ],
)
def test_a_file_that_cannot_be_used(folder: Path, name: str, file: str, told: str) -> None:
    found = complaint(write(folder, lines(**{name: f"'{file}'"}))).splitlines()[1:]
    assert found == [f"  {name} = {file}: {told.format(folder=folder)}"]


def test_a_file_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).parent != folder or mode != os.R_OK)
    assert complaint(write(folder, lines(SSH_KEY="key", SSH_CONFIG="others"))).splitlines()[1:] == [
        "  SSH_KEY = key: you may not read it; run as the user it belongs to, or name another key",
        f"  SSH_CONFIG = others: {NO_CONFIG}",
    ]


def test_files_are_looked_for_beside_hosts_env(folder: Path) -> None:
    settings = load(write(folder, lines(SSH_KEY="read-only", SSH_CONFIG="others", SSH_KNOWN_HOSTS="none")))
    assert settings.ssh_key == folder / "read-only"
    assert settings.ssh_config == folder / "others"
    assert settings.ssh_known_hosts == folder / "none"


def test_the_default_of_ssh_config_may_be_a_folder(folder: Path, own_home: Path) -> None:
    (own_home / ".ssh" / "config").mkdir(parents=True)
    assert load(write(folder, lines())).ssh_config is None
