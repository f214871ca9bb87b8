"""The [client] section of an option file."""

from runbook.settings import Secret

CONNECT_SECONDS = 1
# From 11.4 on MariaDB's client turns away from a server without TLS, by the socket too [M on 11.8]; so it takes what
# there is, as before. The password goes hashed. No other client reads this group.
TLS_IF_ANY = "[client-mariadb]\nssl-verify-server-cert=0\n"


def client_section(user: str, password: Secret, address: str = "", port: int = 3306) -> str:
    """Login as `user` to the server at `address`, or by the default socket to the one on this host."""
    section = f"{TLS_IF_ANY}[client]\nuser={quoted(user)}\npassword={quoted(password.reveal())}\n"
    if address:
        section += f"protocol=tcp\nhost={address}\nport={port}\nconnect-timeout={CONNECT_SECONDS}\n"
    return section


def quoted(value: str) -> str:
    """A value in double quotes; in them MySQL reads backslash escapes (manual: Using Option Files)."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
