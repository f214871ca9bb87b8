"""Addresses and interfaces of a host."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from runbook.core.host import Host
from runbook.errors import BadInput
from runbook.settings.settings import Node

ADDRESSES_QUESTION = "ip -o -4 address show"


@dataclass(frozen=True)
class Address:
    """An address on an interface."""

    interface: str
    address: IPv4Interface


def addresses(host: Host) -> list[Address]:
    """All IPv4 addresses of the host, in the order of `ip`."""
    return host.read(ADDRESSES_QUESTION, parse_addresses)


def parse_addresses(text: str) -> list[Address]:
    """`ip -o -4 address show`: number, interface, `inet`, address/prefix, and more."""
    fields = (line.split() for line in text.splitlines())
    return [Address(f[1], IPv4Interface(f[3])) for f in fields if len(f) > 3 and f[2] == "inet"]


def holds(host: Host, address: IPv4Address) -> bool:
    """Whether the address is on one of the host's interfaces now."""
    return among(addresses(host), address)


def among(there: Iterable[Address], address: IPv4Address) -> bool:
    """Whether the address is among those of a host."""
    return any(found.address.ip == address for found in there)


def carrier_of(host: Host, node: Node, there: Sequence[Address]) -> Address:
    """The interface of a host's that carries the node's address; BadInput when none does, or not the one given."""
    key = f"{node.role.upper()}_HOST = {node.address}"
    found = [a for a in there if a.address.ip == node.address]
    if not found:
        has = ", ".join(f"{a.address} on {a.interface}" for a in there)
        raise BadInput(f"{host}: {key}: no interface of this host has that address", f"It has {has or 'none'}.")
    if node.interface and node.interface != found[0].interface:
        raise BadInput(
            f"{host}: {node.role.upper()}_INTERFACE = {node.interface}: "
            f"the address {node.address} is on {found[0].interface}",
            f"Set it to {found[0].interface}, or leave it empty: it is then found from the address.",
        )
    return found[0]
