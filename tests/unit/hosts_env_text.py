"""hosts.env as the tests write it, and what is said about it."""

from pathlib import Path

import pytest

from runbook.errors import BadInput
from runbook.settings.load import load

HOSTS = {"MASTER_HOST": "192.168.152.128", "SLAVE_HOST": "192.168.152.129", "VIP": "192.168.152.130"}
PASSWORDS = {
    "MYSQL_ROOT_PASSWORD": "root-sesame-1",
    "REPLICA_PASSWORD": "replica-sesame-2",
    "CHECK_PASSWORD": "check-sesame-3",
    "PROBE_PASSWORD": "probe-sesame-4",
}
MINIMAL = HOSTS | PASSWORDS


def write(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "hosts.env"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def lines(**changes: str | None) -> str:
    """A whole hosts.env as an operator types it; a value of None leaves its key out."""
    pairs = (MINIMAL | changes).items()
    return "".join(f"{name}={value}\n" for name, value in pairs if value is not None)


def complaint(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        load(path)
    assert caught.value.exit_code == 2
    text = str(caught.value)
    for secret in PASSWORDS.values():
        assert secret not in text
    return text


def complaint_about(path: Path, name: str) -> str:
    """The one line about `name`; each line of a complaint must hold a remedy after its `;`."""
    found = complaint(path).splitlines()[1:]
    assert all(";" in line for line in found)
    [about] = [line for line in found if line.lstrip().startswith((f"{name}:", f"{name} ="))]
    return about
