"""One SSH connection to one host: commands, processes and sockets through it. Fabric underneath."""

import io
import logging
import shlex
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, BinaryIO

import paramiko
from invoke.exceptions import CommandTimedOut

from runbook.core.openssh.connection import CONNECT_SECONDS, Connection
from runbook.core.openssh.errors import SshLoginRefused, Unreachable, explained, no_session
from runbook.core.openssh.login import LoginRefused
from runbook.core.openssh.way import way_to
from runbook.core.streamlocal import open_unix_channel
from runbook.errors import BadInput, RunbookError
from runbook.settings.settings import Node, Settings

__all__ = ["Link", "Ran", "SshLoginRefused", "Unreachable"]

KEEPALIVE_SECONDS = 5
LOGIN_SECONDS = 5
GRACE_SECONDS = 10
STALL_SECONDS = 60
PIECE_BYTES = 1 << 16
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


# What it would print beside our own sentences, a refused channel for instance, we report ourselves.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


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
        self._node = node
        self._settings = settings
        self._unknown_key = unknown_key
        self._opening = threading.Lock()
        self._made: Any = None
        self._ahead: Future[None] | None = None
        self._met = threading.Event()
        self._begun = 0.0

    @property
    def _connection(self) -> Any:
        # Not before it is needed: ssh is asked for the way, for both hosts side by side.
        if self._made is None:
            way = way_to(self._node, self._settings)
            self._made = Connection(way, self.label, self._unknown_key, self._met.set)
        return self._made

    def open_ahead(self) -> None:
        """Begin to connect, while something else is done: the next `open` waits for it and raises what it raised."""
        self._met.clear()
        ahead = self._ahead = Future[None]()
        ahead.add_done_callback(lambda _: self._met.set())
        self._begun = time.monotonic()

        def connect() -> None:
            try:
                self._open()
                ahead.set_result(None)
            except Exception as error:
                ahead.set_exception(error)

        threading.Thread(target=connect, daemon=True).start()

    def why_not_within(self, seconds: float) -> str | None:
        """Why the host does not let us in: it does not answer within that time of our first try; None where it does.

        One that does answer has LOGIN_SECONDS more: it may be busy, and is not gone.
        """
        if self._ahead is None:
            self.open_ahead()
        assert self._ahead is not None
        if not self._met.wait(max(0.0, self._begun + seconds - time.monotonic())):
            return f"it does not answer within {seconds:g} s"
        try:
            self._ahead.result(LOGIN_SECONDS)
        except TimeoutError:
            return f"it answers, and does not let us in within {LOGIN_SECONDS} s"
        except RunbookError as error:
            return str(error).splitlines()[0].removeprefix(f"{self.label}: ")
        return None

    def open(self) -> None:
        """Connect and log in; raise BadInput for a refused key or login, Unreachable for a dead host."""
        ahead, self._ahead = self._ahead, None
        if ahead:
            ahead.result()
        self._open()

    def _open(self) -> None:
        with self._opening:
            connection = self._connection
            if connection.is_connected:
                return
            try:
                connection.open()
            except (paramiko.SSHException, LoginRefused, OSError, EOFError) as error:
                raise explained(connection, error) from error
            finally:
                if not connection.is_connected:
                    connection.abandon()
            connection.transport.set_keepalive(KEEPALIVE_SECONDS)

    def run(self, script: str, *, timeout: float, stdin: str | None = None) -> Ran:
        """Run a shell script as root, bounded on the host by `timeout` seconds and here by a little more."""
        self.open()
        try:
            result = self._connection.run(
                self._as_root(f"timeout -k 5 {timeout:g} sh -c {shlex.quote(script)}"),
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
        except paramiko.ChannelException as error:
            raise no_session(self.label) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self._lost(error) from error
        if result.exited == -1:
            raise self._lost(EOFError("the channel closed without an exit status"))
        return Ran(result.exited, result.stdout, result.stderr)

    def channel(self, address: str, port: int) -> paramiko.Channel:
        """A socket from the host to `address`:`port`, through this connection; ConnectionRefusedError if none."""
        self.open()
        try:
            return self._transport.open_channel(
                "direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=CONNECT_SECONDS
            )
        except paramiko.ChannelException as error:
            if error.code == paramiko.common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED:
                raise BadInput(
                    f"{self.label}: sshd forbids forwarding, which the SQL session needs\n"
                    "Set `AllowTcpForwarding local` in sshd_config on that host and reload sshd; the key's line in "
                    "authorized_keys must have neither restrict, no-port-forwarding nor permitopen."
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
            return open_unix_channel(self._transport, path, CONNECT_SECONDS)
        except paramiko.SSHException as error:
            if self._connection.is_connected:
                raise ConnectionRefusedError(f"{path} cannot be connected to") from error
            raise self._lost(error) from error
        except (OSError, EOFError) as error:
            raise self._lost(error) from error

    def process(self, script: str) -> paramiko.Channel:
        """Start a long-lived root process on the host and return its channel; it ends when the channel closes."""
        self.open()
        try:
            channel = self._transport.open_session(timeout=CONNECT_SECONDS)
            channel.exec_command(self._as_root(f"sh -c {shlex.quote(script)}"))
        except paramiko.ChannelException as error:
            raise no_session(self.label) from error
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
        if self._made is not None:
            self._made.close()

    def know_anew(self) -> None:
        """Close it for another, by the keys that are known then: another host may have come in this one's place."""
        with self._opening:
            self.close()
            self._made = None

    @property
    def _transport(self) -> Any:
        """Of an open connection; a watch may ask for it while another thread has just closed it."""
        transport = self._connection.transport
        if transport is None:
            raise EOFError("it was closed")
        return transport

    def _as_root(self, command: str) -> str:
        # A login without a terminal may come with a PATH that lacks the folders of ip, mysqld and keepalived.
        command = f'LC_ALL=C PATH="$PATH:{PATH}" {command}'
        return command if self._connection.user == "root" else f"sudo -n -- sh -c {shlex.quote(command)}"

    def _lost(self, error: BaseException) -> Unreachable:
        self._connection.close()
        reason = str(error) or type(error).__name__
        return Unreachable(
            self.label,
            f"the SSH connection was lost ({reason})\nWhen the host answers, run the same command again.",
        )
