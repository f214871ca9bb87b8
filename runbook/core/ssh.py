"""One SSH connection to one host: commands, processes and sockets through it. Fabric underneath."""

import io
import logging
import re
import shlex
import socket
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, BinaryIO

import fabric
import fabric.runners
import paramiko
from invoke.exceptions import CommandTimedOut
from paramiko.config import SSHConfig

from runbook.core.streamlocal import open_unix_channel
from runbook.errors import BadInput, HostError
from runbook.settings.settings import Node, Settings

CONNECT_SECONDS = 5
KEEPALIVE_SECONDS = 5
GRACE_SECONDS = 10
STALL_SECONDS = 60
PIECE_BYTES = 1 << 16
LOOK_SECONDS = 0.1


# What it would print beside our own sentences, a refused channel for instance, we report ourselves.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class Unreachable(HostError):
    """The host does not answer by SSH, or the connection was lost while a command ran."""


class SshLoginRefused(BadInput):
    """The host's key is known and it answers, but it does not let us in."""


class _Runner(fabric.runners.Remote):  # type: ignore[misc]
    """Fabric's remote runner, without its naps of 10 ms and its stdin of one byte at a time."""

    input_sleep = 0.002

    def wait(self) -> None:
        while not (self.process_is_finished or self.has_dead_threads):
            self.channel.status_event.wait(LOOK_SECONDS)

    def read_our_stdin(self, input_: io.StringIO) -> str:
        return input_.read()


@dataclass(frozen=True)
class Ran:
    """What a command left behind: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


class Link:
    """The one SSH connection of a run to a host; opened on first use, closed by `close`."""

    def __init__(
        self, node: Node, settings: Settings, unknown_key: paramiko.MissingHostKeyPolicy | None = None
    ) -> None:
        self.label = f"{node.role} {node.ssh_host}"
        self._settings = settings
        self._connection = _connection(node.ssh_host, settings, unknown_key or paramiko.RejectPolicy())
        self._opening = threading.Lock()
        self._ahead: Future[None] | None = None

    def open_ahead(self) -> None:
        """Begin to connect, while something else is done: the next `open` waits for it and raises what it raised."""
        ahead = self._ahead = Future[None]()

        def connect() -> None:
            try:
                self._open()
                ahead.set_result(None)
            except Exception as error:
                ahead.set_exception(error)

        threading.Thread(target=connect, daemon=True).start()

    def open(self) -> None:
        """Connect and log in; raise BadInput for a refused key or login, Unreachable for a dead host."""
        ahead, self._ahead = self._ahead, None
        if ahead:
            ahead.result()
        self._open()

    def _open(self) -> None:
        with self._opening:
            if self._connection.is_connected:
                return
            try:
                self._connection.open()
            except (paramiko.SSHException, OSError, EOFError) as error:
                raise self._explained(error) from error
            self._connection.transport.set_keepalive(KEEPALIVE_SECONDS)

    def run(self, script: str, *, timeout: float, stdin: str | None = None) -> Ran:
        """Run a shell script as root, bounded on the host by `timeout` seconds and here by a little more."""
        self.open()
        bounded = f"LC_ALL=C timeout -k 5 {timeout:g} sh -c {shlex.quote(script)}"
        command = bounded if self._connection.user == "root" else f"sudo -n -- sh -c {shlex.quote(bounded)}"
        try:
            result = self._connection.run(
                command,
                hide=True,
                warn=True,
                pty=False,
                encoding="utf-8",
                in_stream=io.StringIO(stdin) if stdin is not None else False,
                timeout=timeout + GRACE_SECONDS,
            )
        except CommandTimedOut as error:
            raise Unreachable(
                self.label,
                f"no answer for {timeout + GRACE_SECONDS:g} s while running: {script.strip().splitlines()[0][:120]}\n"
                "Is the host overloaded or gone? When it answers again, run the same command again.",
            ) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self._lost(error) from error
        if result.exited == -1:
            raise self._lost(EOFError("the channel closed without an exit status"))
        return Ran(result.exited, result.stdout, result.stderr)

    def channel(self, address: str, port: int) -> paramiko.Channel:
        """A socket from the host to `address`:`port`, through this connection; ConnectionRefusedError if none."""
        self.open()
        try:
            return self._connection.transport.open_channel(
                "direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=CONNECT_SECONDS
            )
        except paramiko.ChannelException as error:
            if error.code == paramiko.common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED:
                raise BadInput(
                    f"{self.label}: sshd forbids forwarding, which the SQL session needs\n"
                    "Set `AllowTcpForwarding local` in sshd_config on that host and reload sshd."
                ) from error
            raise ConnectionRefusedError(f"{address}:{port} does not accept a connection") from error
        except paramiko.SSHException as error:
            if self._connection.is_connected:
                raise ConnectionRefusedError(f"{address}:{port} does not answer") from error
            raise self._lost(error) from error
        except (OSError, EOFError) as error:
            raise self._lost(error) from error

    def unix_channel(self, path: str) -> paramiko.Channel:
        """A socket to the host's UNIX socket at `path`; ConnectionRefusedError if none, or if sshd forbids it."""
        self.open()
        try:
            return open_unix_channel(self._connection.transport, path, CONNECT_SECONDS)
        except paramiko.SSHException as error:
            if self._connection.is_connected:
                raise ConnectionRefusedError(f"{path} cannot be connected to") from error
            raise self._lost(error) from error
        except (OSError, EOFError) as error:
            raise self._lost(error) from error

    def process(self, script: str) -> paramiko.Channel:
        """Start a long-lived root process on the host and return its channel; it ends when the channel closes."""
        self.open()
        command = f"sh -c {shlex.quote(script)}"
        if self._connection.user != "root":
            command = f"sudo -n -- {command}"
        try:
            channel = self._connection.transport.open_session(timeout=CONNECT_SECONDS)
            channel.exec_command(command)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self._lost(error) from error
        return channel

    def feed(self, script: str, file: BinaryIO) -> Ran:
        """Run a root script with a file as its standard input; Unreachable when it takes nothing for STALL_SECONDS."""
        channel = self.process(script)
        channel.settimeout(STALL_SECONDS)
        try:
            try:
                while piece := file.read(PIECE_BYTES):
                    channel.sendall(piece)
                channel.shutdown_write()
            except OSError:
                # A script that ended before it had read all says why.
                if not channel.exit_status_ready():
                    raise
            said = b"".join(iter(lambda: channel.recv_stderr(PIECE_BYTES), b""))
            return Ran(channel.recv_exit_status(), "", said.decode(errors="replace"))
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self._lost(error) from error
        finally:
            channel.close()

    def close(self) -> None:
        """Close the connection; a later `run` opens it again."""
        self._connection.close()

    def _lost(self, error: BaseException) -> Unreachable:
        self._connection.close()
        reason = str(error) or type(error).__name__
        return Unreachable(
            self.label,
            f"the SSH connection was lost ({reason})\nWhen the host answers, run the same command again.",
        )

    def _explained(self, error: Exception) -> Exception:
        """The operator's sentence for a connection that did not come about."""
        known = self._settings.ssh_known_hosts
        way_in = f"ssh {self._connection.user}@{self._connection.host} -p {self._connection.port}"
        match error:
            case paramiko.BadHostKeyException():
                return BadInput(
                    f"{self.label}: its SSH host key CHANGED: it is not the one in {known}\n"
                    "Was the host rebuilt, or is somebody in between? When you know that it was rebuilt: "
                    f"ssh-keygen -f {known} -R '{_known_as(self._connection)}', then `inv trust-hosts`."
                )
            case paramiko.SSHException() if "encrypted" in str(error):
                return BadInput(f"{self.label}: the SSH key has a passphrase\nAdd it to the agent first: ssh-add")
            case paramiko.AuthenticationException():
                key = f" with key {self._settings.ssh_key}" if self._settings.ssh_key else ""
                return SshLoginRefused(
                    f"{self.label}: login as {self._connection.user}{key} was refused\n"
                    f"Check SSH_USER and SSH_KEY: does `{way_in}` log in without a question?"
                )
            case paramiko.SSHException() if "not found in known_hosts" in str(error):
                return BadInput(
                    f"{self.label}: its SSH host key is not in {known}\n"
                    "Run `inv trust-hosts`: it shows the fingerprints and asks before it adds them."
                )
            case socket.gaierror():
                return BadInput(f"{self.label}: the name does not resolve\nCheck MASTER_SSH / SLAVE_SSH and DNS.")
        reason = re.sub(r"^\[Errno [^]]*\] ", "", str(error)) or type(error).__name__
        return Unreachable(
            self.label,
            f"does not answer by SSH on port {self._connection.port}: {reason}\n"
            f"Is the host up, and is the address right? Try: {way_in}",
        )


def each_hop(connection: Any) -> list[Any]:
    """The connection itself and every jump host before it."""
    hops = [connection]
    while isinstance(hops[-1].gateway, fabric.Connection):
        hops.append(hops[-1].gateway)
    return hops


def _connection(host: str, settings: Settings, unknown_key: paramiko.MissingHostKeyPolicy) -> Any:
    ssh_config = SSHConfig.from_path(str(settings.ssh_config)) if settings.ssh_config else SSHConfig()
    config = fabric.Config(ssh_config=ssh_config, overrides={"user": "root"})
    config.runners.remote = _Runner
    credentials: dict[str, Any] = {"banner_timeout": CONNECT_SECONDS, "auth_timeout": CONNECT_SECONDS}
    credentials["transport_factory"] = _transport
    if settings.ssh_key:
        credentials |= {"key_filename": str(settings.ssh_key), "look_for_keys": False, "allow_agent": False}

    def connect(target: str, user: str | None, port: int | None, gateway: Any = None) -> Any:
        return fabric.Connection(
            target,
            user=user,
            port=port,
            gateway=gateway,
            config=config,
            connect_timeout=CONNECT_SECONDS,
            connect_kwargs=dict(credentials),
        )

    jump = connect(settings.ssh_jump, None, None) if settings.ssh_jump else None
    connection = connect(host, settings.ssh_user, settings.ssh_port, jump)
    for hop in each_hop(connection):
        if settings.ssh_known_hosts.exists():
            hop.client.load_system_host_keys(str(settings.ssh_known_hosts))
        hop.client.set_missing_host_key_policy(unknown_key)
    return connection


def _transport(sock: Any, **options: Any) -> paramiko.Transport:
    """paramiko's own, which else waits out the peer's delayed ACK: 50 ms of a login, 44 of a command (measured)."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return paramiko.Transport(sock, **options)


def _known_as(connection: Any) -> str:
    return connection.host if connection.port == 22 else f"[{connection.host}]:{connection.port}"
