"""The addresses of the pair and the interfaces that they are on."""

from ipaddress import IPv4Address, IPv4Interface

from runbook.settings import values as read
from runbook.settings.key import Key, KeyTable, Rule

SMALLEST_SUBNET = 29  # prefix length: the least subnet with room for two hosts and the VIP

_interface = read.optional(read.word(r"[A-Za-z0-9_.-]{1,15}", "an interface's name as `ip link` prints it"))


def _is_too_small(vip: IPv4Interface) -> bool:
    return vip.network.prefixlen > SMALLEST_SUBNET


def _is_edge(address: IPv4Address, vip: IPv4Interface) -> bool:
    edges = {vip.network.network_address, vip.network.broadcast_address}
    return not _is_too_small(vip) and address in edges


def _is_outside(address: IPv4Address, vip: IPv4Interface) -> bool:
    return not _is_too_small(vip) and address not in vip.network


def _is_host(name: str) -> Rule:
    return Rule(
        lambda vip, address: vip.ip == address,
        f"is {name} itself; take a free address of the same subnet",
        beside=(name,),
    )


_IN_SUBNET = (
    Rule(
        _is_outside,
        "is outside the VIP's subnet; correct it, or the VIP and its prefix",
        beside=("VIP",),
    ),
    Rule(
        _is_edge,
        "is the network or broadcast address of the VIP's subnet; give the host's own",
        beside=("VIP",),
    ),
)


class Addresses(KeyTable):
    """The two hosts, and the address the clients use"""

    roles_epoch = Key(
        read=read.whole(0, 10**18 - 1, " of changes of roles"),
        default="0",
        help=(
            "The last change of roles that this file knows of; whatever changes the roles writes it.\n"
            "By it a host that was away, and still calls itself the master, is known to be outdated."
        ),
    )

    master_host = Key(
        read=read.address,
        article="192.168.152.128",
        help="IPv4 address of the master, for MySQL and keepalived.",
        rules=_IN_SUBNET,
    )
    slave_host = Key(
        read=read.address,
        article="192.168.152.129",
        help="IPv4 address of the slave, for MySQL and keepalived.",
        rules=(
            Rule(
                lambda slave, master: slave == master,
                "is MASTER_HOST too; a pair is two hosts, give the slave's address",
                beside=("MASTER_HOST",),
            ),
            *_IN_SUBNET,
        ),
    )
    vip = Key(
        read=read.vip,
        article="192.168.152.130/24",
        help=(
            "The virtual IP: the one address the clients use.\n"
            "A free address in the subnet of both hosts; without a prefix it is /24."
        ),
        rules=(
            Rule(
                _is_too_small,
                "a subnet this small has no room for both hosts and the VIP; give the prefix the hosts have",
            ),
            Rule(
                lambda vip: _is_edge(vip.ip, vip),
                "is the network or broadcast address of its subnet; take a free address between",
            ),
            _is_host("MASTER_HOST"),
            _is_host("SLAVE_HOST"),
        ),
    )
    master_interface = Key(
        read=_interface,
        default="",
        article="ens33",
        help="Interface of the master that gets the VIP.\nEmpty: the one that has MASTER_HOST.",
    )
    slave_interface = Key(
        read=_interface,
        default="",
        article="ens33",
        help="Interface of the slave that gets the VIP.\nEmpty: the one that has SLAVE_HOST.",
    )
