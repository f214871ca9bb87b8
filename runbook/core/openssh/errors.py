"""What an operator is told when a connection does not come about: a sentence, the host, and the way out."""

import re
import socket
from typing import Any

import paramiko

from runbook.core.openssh.login import LoginRefused
from runbook.errors import BadInput, HostError


class Unreachable(HostError):
    """The host does not answer by SSH, or the connection was lost while a command ran."""


class SshLoginRefused(BadInput):
    """The host's key is known and it answers, but it does not let us in."""


def explained(connection: Any, error: Exception) -> Exception:
    """The operator's error for a connection that was not opened; it names the jump host where that is what failed."""
    failed = next((hop for hop in reversed(connection.hops) if not hop.is_connected), connection)
    label, way = failed.label, failed.way
    also = [f"ssh_config says for it what only ssh can do: {', '.join(way.beyond)}"] if way.beyond else []
    match error:
        case LoginRefused():
            return SshLoginRefused(_refused(label, way, error), *also)
        case paramiko.ChannelException():
            before = failed.gateway.way.name
            return Unreachable(label, f"the jump host {before} does not reach {way.host} port {way.port}", *also)
        case socket.gaierror():
            return BadInput(f"{label}: the name {way.host} does not resolve\nCheck MASTER_SSH / SLAVE_SSH and DNS.")
    reason = re.sub(r"^\[Errno [^]]*\] ", "", str(error)) or type(error).__name__
    if failed.proxy:
        also.append(f"ProxyCommand {failed.proxy.command} says: {failed.proxy.said() or 'nothing'}")
    return Unreachable(
        label,
        f"does not answer by SSH on port {way.port}: {reason}",
        *also,
        f"Is the host up, and is the address right? Try: {way.command}",
    )


def _refused(label: str, way: Any, error: LoginRefused) -> str:
    lines = [f"{label}: login as {way.user} was refused{f' with {_and(error.tried)}' if error.tried else ''}"]
    if error.more:
        lines.append(f"It wants {_and(error.more)}, and the runbook has keys alone.")
    lines += error.unusable
    if not error.tried and not error.unusable:
        lines.append("There is no key to show: no SSH_KEY, none in an agent, no IdentityFile that is there.")
    return "\n".join([*lines, f"Check SSH_USER and SSH_KEY: does `{way.command}` log in without a question?"])


def _and(words: Any) -> str:
    return ", ".join(words)


def no_session(label: str) -> BadInput:
    """The operator's error where sshd refuses a session on a connection that stands."""
    return BadInput(
        f"{label}: sshd opens no further session on this connection",
        "The runbook needs several at once: have `MaxSessions 10`, the default, in sshd_config there, and reload sshd.",
    )
