"""A way as a connection of Fabric's that knows the host's keys, and nothing of the operator's own ~/.fabric.yaml."""

import io
import os
import shlex
import socket
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import fabric
import fabric.runners
import paramiko
from paramiko.config import SSHConfig

from runbook.core.openssh.known_hosts import AUTHORITY, KnownHosts, read
from runbook.core.openssh.login import KeyLogin
from runbook.core.openssh.way import Way
from runbook.errors import BadInput

CONNECT_SECONDS = 5
LOOK_SECONDS = 0.1
SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")}
"""Under which names a key of this type is offered, where they differ (RFC 8332)."""


class UnknownKey(BadInput):
    """known_hosts has no key of the host."""


class _Runner(fabric.runners.Remote):  # type: ignore[misc]
    """Fabric's remote runner, without its naps of 10 ms and its stdin of one byte at a time."""

    input_sleep = 0.002

    def wait(self) -> None:
        while not (self.process_is_finished or self.has_dead_threads):
            self.channel.status_event.wait(LOOK_SECONDS)

    def read_our_stdin(self, input_: io.StringIO) -> str:
        return input_.read()


class Connection(fabric.Connection):  # type: ignore[misc]
    """A connection along one way, through those before it."""

    def __init__(
        self,
        way: Way,
        label: str,
        unknown_key: paramiko.MissingHostKeyPolicy | None = None,
        met: Callable[[], None] = lambda: None,
    ) -> None:
        """`met` is told once somebody on the way takes the connection: who is there need not be in a hurry."""
        # Lazy: it reads no file. All that it needs, the way has.
        config = fabric.Config(ssh_config=SSHConfig(), lazy=True)
        config.runners.remote = _Runner
        known = read(way.known_hosts)
        super().__init__(
            way.host,
            user=way.user,
            port=way.port,
            config=config,
            gateway=_before(way, label, unknown_key, met),
            forward_agent=False,
            connect_timeout=CONNECT_SECONDS,
            connect_kwargs={
                "banner_timeout": CONNECT_SECONDS,
                "auth_timeout": CONNECT_SECONDS,
                "auth_strategy": KeyLogin(way.user, way.identities, way.agent, only_identities=way.only_identities),
                "transport_factory": _Preferring([line.type for line in known.of(way.known_as)], met),
            },
        )
        self._set(way=way, label=label, proxy=None)
        self.client.set_missing_host_key_policy(HostKeyCheck(way, label, known, unknown_key))

    @property
    def hops(self) -> list["Connection"]:
        """The connection itself and every jump host before it."""
        before = self.gateway.hops if isinstance(self.gateway, Connection) else []
        return [self, *before]

    def abandon(self) -> None:
        """End what an attempt that failed has left open, on the way to the host, too."""
        for hop in self.hops:
            hop.client.close()

    # Not from a text such as user@host:port: the way has the parts, and a host may be an IPv6 address.
    def derive_shorthand(self, host_string: str) -> dict[str, Any]:
        return {"host": host_string, "user": None, "port": None}

    def open_gateway(self) -> Any:
        if not isinstance(self.gateway, str):
            return super().open_gateway()
        self._set(proxy=Proxy(self.gateway))
        return self.proxy.socket


def _before(
    way: Way, label: str, unknown_key: paramiko.MissingHostKeyPolicy | None, met: Callable[[], None]
) -> "Connection | str | bool":
    if way.jump:
        return Connection(way.jump, f"{label}: jump host {way.jump.name}", unknown_key, met)
    return way.proxy_command or False


class Proxy:
    """A ProxyCommand that runs, as ssh runs it: by the operator's shell. Its stdin and stdout are `socket`."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.socket, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the command
        shell = os.environ.get("SHELL") or "/bin/sh"
        try:
            self._process = subprocess.Popen(
                [shell, "-c", f"exec {command}"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._said,
                start_new_session=True,
            )
        finally:
            theirs.close()

    def said(self) -> str:
        """The last line of its standard error."""
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


AUTHENTICATED_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
"""They need no MAC, which paramiko compares byte by byte, in Python, for each packet."""


class _Preferring:
    """Makes a transport that asks for keys of the types that are known first: another would be taken for changed."""

    def __init__(self, types: Sequence[str], met: Callable[[], None]) -> None:
        self.met = met
        self.types = [name for kind in dict.fromkeys(types) for name in SIGNATURES.get(kind, (kind,))]

    def __call__(self, sock: Any, **options: Any) -> paramiko.Transport:
        self.met()
        # Else login and commands wait out the peer's delayed ACK: 50 ms and 44 (measured).
        if isinstance(sock, socket.socket) and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = paramiko.Transport(sock, **options)
        offered = transport.get_security_options()
        known = [name for name in self.types if name in offered.key_types]
        offered.key_types = [*known, *(name for name in offered.key_types if name not in known)]
        fast = [name for name in AUTHENTICATED_CIPHERS if name in offered.ciphers]
        offered.ciphers = [*fast, *(name for name in offered.ciphers if name not in fast)]
        return transport


class HostKeyCheck(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    """Whether a host may show this key. The client itself is told of no keys, so that it asks here always."""

    def __init__(
        self, way: Way, label: str, known: KnownHosts, unknown_key: paramiko.MissingHostKeyPolicy | None
    ) -> None:
        self.way, self.label, self.known, self.unknown_key = way, label, known, unknown_key

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        names, blob = self.way.known_as, key.asbytes()
        if line := self.known.revoked(names, blob):
            raise BadInput(
                f"{self.label}: its SSH host key is revoked: {line.where}",
                "Whoever shows it may not be the host. The host needs a new one: there, rm /etc/ssh/ssh_host_*_key* "
                "&& ssh-keygen -A, and restart sshd; here `inv trust-hosts`.",
            )
        lines = self.known.of(names)
        if any(line.key == blob for line in lines):
            return
        if lines:
            file, _, _ = lines[0].where.rpartition(":")
            raise BadInput(
                f"{self.label}: its SSH host key CHANGED: it is not the one in {lines[0].where}",
                "Was the host rebuilt, or is somebody in between? When you know that it was rebuilt: "
                f"ssh-keygen -f {shlex.quote(file)} -R {shlex.quote(names[0])}, then `inv trust-hosts`.",
            )
        if self.unknown_key is not None:
            self.unknown_key.missing_host_key(client, names[0], key)
            return
        raise UnknownKey(
            f"{self.label}: its SSH host key is not in {self.known.files[0]}",
            *self._hints(names),
            "Run `inv trust-hosts`: it shows the fingerprints and asks before it adds them.",
        )

    def _hints(self, names: Sequence[str]) -> list[str]:
        """What there is that looks as if the key were known."""
        authorities = [line.where for line in self.known.of(names, AUTHORITY)]
        hints = [f"{where} names an authority for it; the runbook goes by the host's own key." for where in authorities]
        if self.known.damaged:
            hints.append(f"Damaged, and passed over: {', '.join(self.known.damaged[:5])}.")
        return hints
