"""What makes a host of the lab itself: names, addresses, keys; written to its blank disk before it boots."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from runbook.lab.command import run
from runbook.lab.machine import Machine

PREFIX_LENGTH = 24
HOST_KEY = "etc/ssh/ssh_host_ed25519_key"


def make_key(path: Path, comment: str) -> None:
    """Make an ed25519 key pair without a passphrase, unless it is there."""
    if not path.with_name(f"{path.name}.pub").exists():
        path.unlink(missing_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])


def network_file(address: str) -> str:
    """systemd-networkd's file for the host's only interface: no gateway, so nothing leaves the lab."""
    return (
        "[Match]\nName=host0\n\n"
        f"[Network]\nAddress={address}/{PREFIX_LENGTH}\n"
        "LinkLocalAddressing=no\nIPv6AcceptRA=no\nKeepConfiguration=static\n"
    )


def hosts_file(addresses: Mapping[str, str]) -> str:
    """/etc/hosts for both: without it sudo asks a name server for its own host's name."""
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in addresses.items())]
    return "\n".join(lines) + "\n"


def ssh_config(lab: Path, addresses: Mapping[str, str]) -> str:
    """An ssh_config by which both hosts are reached by name, whatever this machine's own one says."""
    named = "".join(f"Host {name}\n    HostName {address}\n    User root\n" for name, address in addresses.items())
    options = {
        "IdentityFile": lab / "id_ed25519",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "BatchMode": "yes",
        "UserKnownHostsFile": lab / "known_hosts",
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "ConnectTimeout": 2,
        "LogLevel": "ERROR",
    }
    return named + "Host *\n" + "".join(f"    {name} {value}\n" for name, value in options.items())


def write_identity(machine: Machine, addresses: Mapping[str, str], public_key: str) -> None:
    """Give a mounted blank disk its name, addresses, machine ID and keys; the last file marks it done."""
    root = machine.root
    texts = {
        "etc/hostname": f"{machine.hostname}\n",
        "etc/hosts": hosts_file(addresses),
        "etc/machine-id": f"{secrets.token_hex(16)}\n",
        "etc/systemd/network/10-lab.network": network_file(machine.address),
    }
    for name, text in texts.items():
        (root / name).write_text(text)
    make_key(root / HOST_KEY, machine.hostname)
    (root / "etc/ssh/lab_authorized_keys").write_text(public_key)


def has_identity(machine: Machine) -> bool:
    """Whether `write_identity` came to its end on this disk."""
    return (machine.root / "etc/ssh/lab_authorized_keys").exists()


def known_host(machine: Machine) -> str:
    """The host's line in known_hosts, read from its disk."""
    kind, key, *_ = (machine.root / f"{HOST_KEY}.pub").read_text().split()
    return f"{machine.address} {kind} {key}\n"


def write_for_operator(path: Path, text: str, mode: int) -> None:
    """Replace a file at once, owned by the user behind sudo if there is one."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text)
    new.chmod(mode)
    give_to_operator(new)
    new.rename(path)


def give_to_operator(path: Path) -> None:
    """Give a file to the user who ran sudo, who is to use it without sudo."""
    owner, group = os.environ.get("SUDO_UID"), os.environ.get("SUDO_GID")
    if owner and group:
        os.chown(path, int(owner), int(group))
