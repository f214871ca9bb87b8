"""Settings: what hosts.env says, typed and frozen; its keys are the rows of the groups that it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Literal

from runbook.settings.key import Key
from runbook.settings.keys.accounts import Accounts
from runbook.settings.keys.addresses import Addresses
from runbook.settings.keys.alerts import Alerts
from runbook.settings.keys.check import Check
from runbook.settings.keys.keepalived import Keepalived
from runbook.settings.keys.mycnf import MyCnf
from runbook.settings.keys.replication import Replication
from runbook.settings.keys.server import Server, WantedEngine
from runbook.settings.keys.ssh import Ssh
from runbook.settings.keys.system import System
from runbook.settings.values import Secret, SecretUrl

__all__ = ["BY_NAME", "KEYS", "Node", "Role", "Secret", "SecretUrl", "Settings", "WantedEngine"]

Role = Literal["master", "slave"]
OF_HOSTS = ("HOST", "SSH", "INTERFACE", "SERVER_ID", "AUTO_INCREMENT_OFFSET")
"""Of the keys that are there for each side, those that describe its host: they go with it when roles change."""


@dataclass(frozen=True)
class Node:
    """One host of the pair; `role` is what hosts.env makes it, whoever holds the VIP now."""

    role: Role
    address: IPv4Address
    ssh_host: str
    interface: str | None
    server_id: int
    priority: int
    auto_increment_offset: int


class Settings(
    Addresses,
    Ssh,
    System,
    Server,
    Accounts,
    MyCnf,
    Replication,
    Keepalived,
    Check,
    Alerts,
):
    """What hosts.env says, its defaults filled in: `settings.check_timeout` is the value of CHECK_TIMEOUT.

    hosts.env has the groups in the order of these classes, and the keys of a group in the order of its rows.
    """

    def __init__(self, source: Path, values: Mapping[str, Any]) -> None:
        super().__init__(source, values)
        self._nodes: dict[Role, Node] = {
            "master": Node(
                role="master",
                address=self.master_host,
                ssh_host=self.master_ssh or str(self.master_host),
                interface=self.master_interface,
                server_id=self.master_server_id,
                priority=self.master_priority,
                auto_increment_offset=self.master_auto_increment_offset,
            ),
            "slave": Node(
                role="slave",
                address=self.slave_host,
                ssh_host=self.slave_ssh or str(self.slave_host),
                interface=self.slave_interface,
                server_id=self.slave_server_id,
                priority=self.slave_priority,
                auto_increment_offset=self.slave_auto_increment_offset,
            ),
        }

    @property
    def master(self) -> Node:
        return self._nodes["master"]

    @property
    def slave(self) -> Node:
        return self._nodes["slave"]

    def node(self, role: Role) -> Node:
        return self._nodes[role]

    def turned(self) -> "Settings":
        """The same with the two hosts exchanged: what belongs to a role stays with it."""
        exchanged = dict(self._values)
        for each in OF_HOSTS:
            exchanged[f"MASTER_{each}"], exchanged[f"SLAVE_{each}"] = (
                self._values[f"SLAVE_{each}"],
                self._values[f"MASTER_{each}"],
            )
        return Settings(self.source, exchanged)

    def peer_of(self, role: Role) -> Node:
        return self._nodes["slave" if role == "master" else "master"]


BY_NAME: dict[str, Key[object]] = Settings.by_name()
KEYS: tuple[Key[object], ...] = tuple(BY_NAME.values())
