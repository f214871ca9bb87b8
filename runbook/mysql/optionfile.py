"""The [client] section of an option file."""

from runbook.settings import Secret

CONNECT_SECONDS = 1


def client_section(user: str, password: Secret, address: str = "", port: int = 3306) -> str:
    """Login as `user` to the server at `address`, or by the default socket to the one on this host."""
    section = f"[client]\nuser={quoted(user)}\npassword={quoted(password.reveal())}\n"
    if address:
        section += f"protocol=tcp\nhost={address}\nport={port}\nconnect-timeout={CONNECT_SECONDS}\n"
    return section


def quoted(value: str) -> str:
    """A value in double quotes; in them MySQL reads backslash escapes (manual: Using Option Files)."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
