"""What must hold between the values of several keys of hosts.env: a table of rules, each with its remedy."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface
from typing import Any

SMALLEST_SUBNET = 29  # prefix length: the least subnet with room for two hosts and the VIP


@dataclass(frozen=True)
class Rule:
    """`blamed` is at fault when `broken` says True of the values of `needs`."""

    blamed: str
    needs: tuple[str, ...]
    broken: Callable[..., bool]
    why: str


def _is_edge(vip: IPv4Interface, address: IPv4Address) -> bool:
    network = vip.network
    edges = {network.network_address, network.broadcast_address}
    return network.prefixlen <= SMALLEST_SUBNET and address in edges


def _is_outside(vip: IPv4Interface, address: IPv4Address) -> bool:
    return vip.network.prefixlen <= SMALLEST_SUBNET and address not in vip.network


def _advert_does_not_fit(version: int, advert: Decimal) -> bool:
    """RFC 5798 5.2.7: 12 bits of centiseconds; RFC 3768 5.3.7: 8 bits of seconds."""
    if version == 3:
        return advert > Decimal("40.95") or advert * 100 % 1 != 0
    return advert > 255 or advert % 1 != 0


def _same(one: Any, other: Any) -> bool:
    return bool(one == other)


def _without(value: Any, needed: Any) -> bool:
    return value is not None and needed is None


def _host_rules(host: str, peer: str) -> tuple[Rule, ...]:
    address, ssh, peer_address = f"{host}_HOST", f"{host}_SSH", f"{peer}_HOST"
    return (
        Rule("VIP", ("VIP", address), lambda vip, own: vip.ip == own,
             f"is {address} itself; take a free address of the same subnet"),
        Rule(address, ("VIP", address), _is_outside,
             "is outside the VIP's subnet; correct it, or the VIP and its prefix"),
        Rule(address, ("VIP", address), _is_edge,
             "is the network or broadcast address of the VIP's subnet; give the host's own"),
        Rule(ssh, (ssh, address, peer_address), lambda name, own, other: name == str(other) != str(own),
             f"is {peer_address}; give the way to {address}, or leave it empty"),
        Rule(ssh, (ssh, "VIP"), lambda name, vip: name == str(vip.ip),
             "is the VIP, which moves; give a name of the host itself"),
        Rule(f"{host}_AUTO_INCREMENT_OFFSET", (f"{host}_AUTO_INCREMENT_OFFSET", "AUTO_INCREMENT_INCREMENT"),
             lambda offset, increment: offset > increment,
             "MySQL ignores an offset above AUTO_INCREMENT_INCREMENT; lower it, or raise the increment"),
    )  # fmt: skip


def _user_rule(one: str, other: str) -> Rule:
    return Rule(other, (one, other), _same, f"is {one} too, and each has rights of its own; rename one")


RULES: tuple[Rule, ...] = (
    Rule("SLAVE_HOST", ("MASTER_HOST", "SLAVE_HOST"), _same,
         "is MASTER_HOST too; a pair is two hosts, give the slave's address"),
    Rule("VIP", ("VIP",), lambda vip: vip.network.prefixlen > SMALLEST_SUBNET,
         "a subnet this small has no room for both hosts and the VIP; give the prefix the hosts have"),
    Rule("VIP", ("VIP",), lambda vip: _is_edge(vip, vip.ip),
         "is the network or broadcast address of its subnet; take a free address between"),
    Rule("ENGINE", ("ENGINE", "MYSQL_SOURCE"), lambda engine, source: engine == "mariadb" and source.kind == "tarball",
         "a tarball is taken for MySQL's only; give MariaDB's packages, or ENGINE=mysql"),
    Rule("MYSQL_SHA256", ("MYSQL_SHA256", "MYSQL_SOURCE"),
         lambda sha256, source: sha256 is not None and source.kind not in ("release", "tarball"),
         "is for one file; a folder has a SHA256SUMS in it, the distribution's packages are signed; delete the line"),
    *_host_rules("MASTER", "SLAVE"),
    *_host_rules("SLAVE", "MASTER"),
    Rule("SLAVE_SSH", ("MASTER_SSH", "SLAVE_SSH"), lambda master, slave: master == slave is not None,
         "is MASTER_SSH too; a pair is two hosts, give the slave's name"),
    Rule("SLAVE_SERVER_ID", ("MASTER_SERVER_ID", "SLAVE_SERVER_ID"), _same,
         "is the master's too, and replication stops on that; take another number"),
    _user_rule("REPLICA_USER", "CHECK_USER"),
    _user_rule("REPLICA_USER", "PROBE_USER"),
    _user_rule("CHECK_USER", "PROBE_USER"),
    Rule("AUTH_PASS", ("AUTH_PASS", "VRRP_VERSION"), lambda auth, version: auth is not None and version == 3,
         "VRRP 3 has no authentication; delete the line, or set VRRP_VERSION=2"),
    Rule("MASTER_PRIORITY", ("MASTER_PRIORITY", "SLAVE_PRIORITY"), lambda master, slave: master <= slave,
         "not above SLAVE_PRIORITY, so the slave could take the VIP from a healthy master; raise it"),
    Rule("ALERT_DINGTALK_SECRET", ("ALERT_DINGTALK_SECRET", "ALERT_DINGTALK_URL"), _without,
         "signs what goes to ALERT_DINGTALK_URL, and there is none; add the robot's address, or delete this line"),
    Rule("ALERT_KEYWORD", ("ALERT_KEYWORD", "ALERT_DINGTALK_URL", "ALERT_WEBHOOK_URL"),
         lambda keyword, dingtalk, webhook: keyword is not None and dingtalk is None and webhook is None,
         "there is no address to send alerts to; add ALERT_DINGTALK_URL, or delete this line"),
    Rule("ADVERT_INT", ("VRRP_VERSION", "ADVERT_INT"), _advert_does_not_fit,
         "VRRP 3 takes 0.01 to 40.95 by 0.01, VRRP 2 whole seconds to 255; fit it to VRRP_VERSION"),
)  # fmt: skip
