"""The host's firewall as a step: off as in the article, or with the rules that the pair needs."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from runbook.core.host import Host
from runbook.core.step import Gap, State, Step
from runbook.errors import BadInput

ACTIVE_QUESTION = (
    "for f in firewalld ufw; do "
    "if [ $f = ufw ]; then ufw status 2>/dev/null | grep -q '^Status: active' && echo ufw; "
    "elif systemctl is-active -q $f; then echo $f; fi; done; true"
)
UFW_RULES_QUESTION = "ufw show added"
KNOWS_QUESTION = "ufw --dry-run {rule} >/dev/null 2>&1 && echo yes || true"
PORT, VRRP, RUNNING = "MySQL's port", "VRRP from the peer", "running"
ENABLED_QUESTION = "for f in firewalld ufw; do systemctl is-enabled -q $f 2>/dev/null && echo $f; done; true"


@dataclass(frozen=True)
class FirewallOff(Step):
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
            # `disable --now` is younger than EL7's systemd 219 (its NEWS: 220).
            off = f"systemctl disable {name} && systemctl stop {name}"
            host.do(f"ufw disable; {off}" if name == "ufw" else off)


@dataclass(frozen=True)
class FirewallRules(Step):
    """Where a firewall runs, it lets MySQL's port in, and protocol 112 (VRRP) from the peer alone."""

    port: int
    peer: IPv4Address

    name = "firewall rules"

    def questions(self) -> Iterable[str]:
        yield ACTIVE_QUESTION

    def want(self) -> State:
        return {PORT: "open", VRRP: "open"}

    def read(self, host: Host) -> State:
        active = self._active(host)
        found = [firewall.read(host) for firewall in active]
        facts = {fact: "open" if all(each[fact] == "open" for each in found) else "closed" for fact in self.want()}
        return facts if active else {**facts, RUNNING: "none"}

    def caveat(self, found: State) -> str | None:
        if RUNNING not in found:
            return None
        return (
            f"neither firewalld nor ufw runs: unless other rules forbid it, whoever reaches this host gets to mysqld's "
            f"port {self.port}, and can send VRRP (protocol 112) in the peer's name\n"
            "If others share this network: start firewalld or ufw, then: inv prep-os"
        )

    def fix(self, host: Host, gap: Gap) -> None:
        for firewall in self._active(host):
            firewall.open(host)

    def _active(self, host: Host) -> "list[_Firewalld | _Ufw]":
        active = host.ask(ACTIVE_QUESTION).split()
        kinds: dict[str, type[_Firewalld | _Ufw]] = {"firewalld": _Firewalld, "ufw": _Ufw}
        return [kind(self.port, self.peer) for name, kind in kinds.items() if name in active]


@dataclass(frozen=True)
class _Firewalld:
    port: int
    peer: IPv4Address

    def read(self, host: Host) -> dict[str, str]:
        return {
            PORT: self._open(host, f"--query-port={self.port}/tcp"),
            VRRP: self._open(host, f"--query-rich-rule={shlex.quote(self._vrrp)}"),
        }

    def open(self, host: Host) -> None:
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


@dataclass(frozen=True)
class _Ufw:
    """`ufw show added` prints its rules as commands (ufw(8)); vrrp is among its protocols since 0.36.2 (changelog)."""

    port: int
    peer: IPv4Address

    def read(self, host: Host) -> dict[str, str]:
        rules = set(host.ask(UFW_RULES_QUESTION).splitlines())
        by_port = rules & {f"ufw allow {self.port}/tcp", f"ufw allow {self.port}"}
        by_peer = f"ufw {self._vrrp}" in rules
        if not by_peer and not host.ask(KNOWS_QUESTION.format(rule=self._vrrp)).strip():
            raise BadInput(
                f"{host}: FIREWALL = rules: ufw is active, and this one cannot be told of VRRP by a command "
                "(0.36.2 is the first)",
                "Add to /etc/ufw/before.rules, before its COMMIT:",
                f"  -A ufw-before-input -p vrrp -s {self.peer} -j ACCEPT",
                f"then run `ufw allow {self.port}/tcp` and `ufw reload`, and set FIREWALL=keep. Or set FIREWALL=off.",
            )
        return {PORT: "open" if by_port else "closed", VRRP: "open" if by_peer else "closed"}

    def open(self, host: Host) -> None:
        host.do(f"ufw allow {self.port}/tcp && ufw {self._vrrp}")

    @property
    def _vrrp(self) -> str:
        return f"allow from {self.peer} proto vrrp"
