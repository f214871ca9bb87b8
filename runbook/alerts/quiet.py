"""What is not told while the slave's host is in maintenance, by the role of the host that would tell it.

That the slave has the VIP, or that a server takes writes and must not, is told all the same.
"""

from collections.abc import Mapping

from runbook.settings.settings import Role

MEANT: Mapping[Role, tuple[str, ...]] = {
    "slave": (
        "keepalived-stopped",
        "mysqld-silent",
        "cut-off",
        "login-refused",
        "check-undecided",
        "scripts-stuck",
        "connections-used-up",
        "replication-broken",
        "peer-refuses",
    ),
    "master": ("slave-away", "peer-refuses"),
}
