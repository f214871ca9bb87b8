"""The lab's bridge and addresses on this machine."""

import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

from runbook.errors import BadInput
from runbook.lab.command import LabError, run

FALLBACK_METRIC = 4096


def conflicting_device(routes: str, subnet: str, bridge: str) -> str | None:
    """The device other than `bridge` through which `ip -json route` already reaches part of the subnet."""
    ours = ipaddress.IPv4Network(f"{subnet}.0/24")
    for route in json.loads(routes):
        if route["dst"] == "default" or route.get("type") == "unreachable" or route.get("dev") == bridge:
            continue
        if ipaddress.IPv4Network(route["dst"]).subnet_of(ours):
            return str(route.get("dev", "a route without a device"))
    return None


@dataclass(frozen=True)
class Network:
    """A /24 by its first three numbers, on a bridge on which this machine is `.1`."""

    bridge: str
    subnet: str

    def __post_init__(self) -> None:
        try:
            private = ipaddress.IPv4Network(f"{self.subnet}.0/24").is_private
        except ValueError:
            private = False
        if not private:
            raise BadInput(f"lab subnet {self.subnet!r}: not the first three numbers of a private IPv4 network")

    def address(self, number: int) -> str:
        """The address of this number in the subnet."""
        return f"{self.subnet}.{number}"

    @property
    def exists(self) -> bool:
        """Whether the bridge is there."""
        return Path("/sys/class/net", self.bridge).exists()

    def create(self) -> None:
        """Make the bridge with its address, and the route that keeps the subnet's packets here without it."""
        routes = run(["ip", "-json", "-4", "route", "show"])
        if device := conflicting_device(routes, self.subnet, self.bridge):
            raise LabError(
                f"{self.subnet}.0/24 is in use on this machine already ({device})",
                "give the lab another subnet (--subnet A.B.C), or take that one down",
            )
        # Behind the bridge's own route: with the bridge gone, the lab's packets still stay on this machine.
        nowhere = ["unreachable", f"{self.subnet}.0/24", "metric", str(FALLBACK_METRIC)]
        run(["ip", "route", "replace", *nowhere])
        if not self.exists:
            # Without a fixed address the bridge takes the lowest of its ports', and changes it in a drill.
            numbers = [int(number) for number in self.subnet.split(".")]
            mac = "02:6c:" + ":".join(f"{number:02x}" for number in [*numbers, 1])
            run(["ip", "link", "add", "name", self.bridge, "address", mac, "type", "bridge"])
        run(["ip", "address", "replace", f"{self.address(1)}/24", "dev", self.bridge])
        run(["ip", "link", "set", "dev", self.bridge, "up"])

    def remove(self) -> None:
        """Remove the bridge; the unreachable route stays."""
        if self.exists:
            run(["ip", "link", "delete", "dev", self.bridge])
