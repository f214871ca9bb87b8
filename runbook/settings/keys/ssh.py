"""The way from this machine to the hosts."""

import os
import shlex
import stat
from ipaddress import IPv4Address
from pathlib import Path

from runbook.settings import values as read
from runbook.settings.key import Key, KeyTable, Rule

PUTTY = b"PuTTY-User-Key-File"

_host = read.optional(
    read.word(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", "a host name, an ssh_config alias or an address"),
)
_login = read.word(r"[A-Za-z0-9_][A-Za-z0-9_.\\-]*", "a login name of letters, digits and _ . - \\")
_jump = read.word(r"([A-Za-z0-9_][A-Za-z0-9_.\\-]*@)?[A-Za-z0-9_][A-Za-z0-9_.-]*(:[0-9]{1,5})?", "user@host:port")


def _is_only_peer(name: str | None, own: IPv4Address, peer: IPv4Address) -> bool:
    return name == str(peer) != str(own)


def _leads_home(host: str, peer: str) -> tuple[Rule, ...]:
    """Rules of a name that must lead to `host`, by its key, and never to its peer."""
    return (
        Rule(
            _is_only_peer,
            f"is {peer}; give the way to {host}, or leave it empty",
            beside=(host, peer),
        ),
        Rule(
            lambda name, vip: name == str(vip.ip),
            "is the VIP, which moves; give a name of the host itself",
            beside=("VIP",),
        ),
    )


def _key_file(file: Path | None, folder: Path, _written: bool) -> Path | None:
    if file is None:
        return None
    file = folder / file
    if not file.is_file():
        raise ValueError("no such file; correct the path, or make a key with ssh-keygen")
    if file.suffix == ".pub":
        raise ValueError("is the public half; name the private key, the file without .pub")
    if not os.access(file, os.R_OK):
        raise ValueError("you may not read it; run as the user it belongs to, or name another key")
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        raise ValueError(f"others can read this private key (mode {mode:04o}); run: chmod 600 {shlex.quote(str(file))}")
    with file.open("rb") as opened:
        if opened.read(len(PUTTY)) == PUTTY:
            old, new = (shlex.quote(str(path)) for path in (file, file.with_suffix("")))
            raise ValueError(f"is in PuTTY's format; run: puttygen {old} -O private-openssh -o {new}, and name that")
    return file


def _config_file(file: Path | None, folder: Path, written: bool) -> Path | None:
    """The file, or None where the default is not there."""
    if file is None:
        return None
    file = folder / file
    if file.is_dir() or not os.access(file, os.R_OK):
        if written:
            raise ValueError("no file that you can read; correct the path or delete the line")
        return None
    return file


def _known_hosts_file(file: Path, folder: Path, _written: bool) -> Path:
    file = folder / file
    if file.is_dir():
        raise ValueError("is a folder; name the file in it")
    return file


class Ssh(KeyTable):
    """SSH from this machine to the hosts"""

    master_ssh = Key(
        read=_host,
        default="",
        help="Name to reach the master by SSH, such as an alias of ssh_config.\nEmpty: MASTER_HOST.",
        rules=_leads_home("MASTER_HOST", peer="SLAVE_HOST"),
    )
    slave_ssh = Key(
        read=_host,
        default="",
        help="Name to reach the slave by SSH, such as an alias of ssh_config.\nEmpty: SLAVE_HOST.",
        rules=(
            *_leads_home("SLAVE_HOST", peer="MASTER_HOST"),
            Rule(
                lambda slave, master: slave == master is not None,
                "is MASTER_SSH too; a pair is two hosts, give the slave's name",
                beside=("MASTER_SSH",),
            ),
        ),
    )
    ssh_user = Key(
        read=read.optional(_login),
        default="",
        help=(
            "Login on both hosts; one that is not root needs sudo without a password.\n"
            "Empty: what ssh_config says for the host, else root."
        ),
    )
    ssh_port = Key(
        read=read.optional(read.port),
        default="",
        help="SSH port of both hosts.\nEmpty: what ssh_config says for the host, else 22.",
    )
    ssh_key = Key(
        read=read.optional(read.path),
        default="",
        help=(
            "Private key file, mode 0600; one with a passphrase is used by the agent that holds it.\n"
            "Empty: the SSH agent, and the keys that ssh_config names or ssh has by itself."
        ),
        on_disk=_key_file,
    )
    ssh_config = Key(
        read=read.path,
        default="~/.ssh/config",
        help="ssh_config file, read as ssh reads it; the default may be missing, and brings /etc/ssh/ssh_config, too.",
        on_disk=_config_file,
    )
    ssh_known_hosts = Key(
        read=read.path,
        default="~/.ssh/known_hosts",
        help=(
            "File with the hosts' public keys; a host that is not in it is refused.\n"
            "The default brings the others that ssh reads, too."
        ),
        on_disk=_known_hosts_file,
    )
    ssh_jump = Key(
        read=read.optional(_jump),
        default="",
        help="Jump host to go through, as user@host:port.\nEmpty: none.",
    )
