"""The host's firewall as a step: off as in the article, or with the rules that the pair needs."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from runbook.errors import BadInput
from runbook.host import Host
from runbook.step import Gap, State

ACTIVE_QUESTION = (
    "for f in firewalld ufw; do "
    "if [ $f = ufw ]; then ufw status 2>/dev/null | grep -q '^Status: active' && echo ufw; "
    "elif systemctl is-active -q $f; then echo $f; fi; done; true"
)
ENABLED_QUESTION = "for f in firewalld ufw; do systemctl is-enabled -q $f 2>/dev/null && echo $f; done; true"


@dataclass(frozen=True)
class FirewallOff:
    """No firewall, as the article: firewalld and ufw stopped and not started at boot."""

    name = "firewall off"

    def questions(self) -> Iterable[str]:
        return (ACTIVE_QUESTION, ENABLED_QUESTION)

    def want(self) -> State:
        return {"active": "none", "at boot": "none"}

    def read(self, host: Host) -> State:
        active, enabled = (" ".join(host.ask(question).split()) or "none" for question in self.questions())
        return {"active": active, "at boot": enabled}

    def fix(self, host: Host, gap: Gap) -> None:
        for name in {word for change in gap for word in str(change.now).split()}:
            host.do(f"{'ufw disable; ' if name == 'ufw' else ''}systemctl disable --now {name}")


@dataclass(frozen=True)
class FirewallRules:
    """Where a firewall runs, it lets MySQL's port in, and protocol 112 (VRRP) from the peer alone."""

    port: int
    peer: IPv4Address

    name = "firewall rules"

    def questions(self) -> Iterable[str]:
        yield ACTIVE_QUESTION

    def want(self) -> State:
        return {"MySQL's port": "open", "VRRP from the peer": "open"}

    def read(self, host: Host) -> State:
        active = host.ask(ACTIVE_QUESTION).split()
        if "ufw" in active:
            raise BadInput(
                f"{host}: FIREWALL = rules: ufw is active, and ufw cannot be told of protocol 112 by a command",
                "Add to /etc/ufw/before.rules:  -A ufw-before-input -p vrrp -s "
                f"{self.peer} -j ACCEPT  and `ufw allow {self.port}/tcp`; then set FIREWALL=keep. Or FIREWALL=off.",
            )
        if "firewalld" not in active:
            return self.want()
        return {
            "MySQL's port": self._open(host, f"--query-port={self.port}/tcp"),
            "VRRP from the peer": self._open(host, f"--query-rich-rule={shlex.quote(self._vrrp)}"),
        }

    def fix(self, host: Host, gap: Gap) -> None:
        for where in ("", "--permanent "):
            host.do(f"firewall-cmd -q {where}--add-port={self.port}/tcp")
            host.do(f"firewall-cmd -q {where}--add-rich-rule={shlex.quote(self._vrrp)}")

    @property
    def _vrrp(self) -> str:
        return f'rule family="ipv4" source address="{self.peer}" protocol value="vrrp" accept'

    def _open(self, host: Host, query: str) -> str:
        return host.ask(
            f"firewall-cmd -q {query} && firewall-cmd -q --permanent {query} && echo open || echo closed"
        ).strip()
