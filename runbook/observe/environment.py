"""What a drill ran on: versions on the hosts, the settings that its figures depend on, this runbook's commit."""

import getpass
import os
import platform
import socket
import subprocess
from pathlib import Path

from runbook.core.templates import ROOT
from runbook.errors import RunbookError
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings

GIT_SECONDS = 2
MATTERS = (
    "VRRP_VERSION",
    "ADVERT_INT",
    "MASTER_PRIORITY",
    "SLAVE_PRIORITY",
    "CHECK_INTERVAL",
    "CHECK_TIMEOUT",
    "CHECK_FALL",
    "SEMI_SYNC",
    "SEMI_SYNC_TIMEOUT_MS",
    "SYNC_BINLOG",
    "INNODB_FLUSH_LOG_AT_TRX_COMMIT",
)
"""The keys of hosts.env on which a takeover's time and safety depend."""

VERSIONS = (
    '( . /etc/os-release && echo "$PRETTY_NAME" ) 2>/dev/null || echo unknown; uname -r; '
    "keepalived --version 2>&1 | head -n 1"
)
SERVER = "SELECT CONCAT(@@version, ', ', @@version_comment)"


def environment(pair: Pair) -> dict[str, object]:
    """All of it; what a host does not tell is left out."""
    found, _ = pair.attempt(versions)
    return {
        "hosts": dict(found),
        "settings": settings_that_matter(pair.settings),
        "client": f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} before the fault",
        "runbook": commit(ROOT),
    }


def versions(side: Side) -> dict[str, str]:
    """The host's system, kernel, keepalived and server."""
    system, kernel, keepalived, *_ = [*side.host.ask(VERSIONS).splitlines(), "", "", ""]
    found = {"system": system, "kernel": kernel, "keepalived": keepalived.partition(" (")[0]}
    try:
        found["server"] = str(side.server.value(SERVER))
    except RunbookError:
        found["server"] = "does not answer"
    return found


def settings_that_matter(settings: Settings) -> dict[str, str]:
    """MATTERS as hosts.env writes them, defaults included."""
    return {key: _written(_value(settings, key)) for key in MATTERS}


def _value(settings: Settings, key: str) -> object:
    role, _, name = key.lower().partition("_")
    if role in ("master", "slave"):
        return getattr(settings.master if role == "master" else settings.slave, name)
    return getattr(settings, key.lower())


def _written(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def commit(folder: Path) -> str:
    """The runbook's commit and whether it was changed since; nothing where git does not tell."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def operator() -> str:
    """Who runs this, and where: the login behind sudo."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"
