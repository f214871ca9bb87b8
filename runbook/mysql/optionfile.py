"""The [client] section of an option file."""

from runbook.settings.settings import Secret

CONNECT_SECONDS = 1
# From 11.4 on MariaDB's client turns away from a server without TLS, by the socket too, and with others it speaks TLS
# there: 21 ms for a question instead of 7 [M on 11.8]. Over the network it takes what there is, as before 11.4; the
# password goes hashed: without its plugins it does not answer mysql_clear_password and dialog with the password, nor
# caching_sha2_password, by which MariaDB lets nobody in [M on 10.11]. No other client reads this group.
BY_SOCKET = "[client-mariadb]\nssl=0\n"
BY_NETWORK = "[client-mariadb]\nssl-verify-server-cert=0\nplugin-dir=/nonexistent\n"


def client_section(user: str, password: Secret, address: str = "", port: int = 3306, more: str = "") -> str:
    """Login as `user` to the server at `address`, or by the default socket to the one on this host.

    `more` is an option file that is read as well, if it is there.
    """
    section = (
        f"{BY_NETWORK if address else BY_SOCKET}[client]\nuser={quoted(user)}\npassword={quoted(password.reveal())}\n"
    )
    if address:
        section += f"protocol=tcp\nhost={address}\nport={port}\nconnect-timeout={CONNECT_SECONDS}\n"
    return f"{section}!include {more}\n" if more else section


def quoted(value: str) -> str:
    """A value in double quotes; in them MySQL reads backslash escapes (manual: Using Option Files)."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
