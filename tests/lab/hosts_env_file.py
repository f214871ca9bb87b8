"""hosts.env as these tests read and write it: not by the tool's own code, but by what the file says of itself."""

from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values


def awkward(core: str) -> str:
    """A password with what shells, SQL, option files and people trip over; however it is spelled, `core` stays."""
    return f"a'b\"c $d#\\ü {core}"


def single_quoted(value: str) -> str:
    """A value as hosts.env wants it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def settings(hosts_env: Path) -> Mapping[str, str]:
    """What hosts.env says, defaults left out."""
    return {key: value or "" for key, value in dotenv_values(hosts_env, interpolate=False).items()}
