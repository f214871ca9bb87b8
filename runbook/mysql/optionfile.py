"""The [client] section of an option file."""

from runbook.settings import Secret


def client_section(user: str, password: Secret) -> str:
    """Login as `user` to the server on this host; the socket is the server's default."""
    return f"[client]\nuser={quoted(user)}\npassword={quoted(password.reveal())}\n"


def quoted(value: str) -> str:
    """A value in double quotes; in them MySQL reads backslash escapes (manual: Using Option Files)."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
