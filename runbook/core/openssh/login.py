"""Which keys are shown to a host, in which order: as ssh does, those that an agent has first.

An identity that is encrypted is used by the agent that holds it: its public half says which one that is.
"""

import base64
import shlex
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.agent import AgentSSH

from runbook.settings.keys.ssh import PUTTY

AGENT_SECONDS = 5


class LoginRefused(Exception):
    """The host took no key; `tried` are those that it was shown, `unusable` says why others were not."""

    def __init__(self, tried: Sequence[str], unusable: Sequence[str], more: Sequence[str] = ()) -> None:
        self.tried, self.unusable, self.more = tuple(tried), tuple(unusable), tuple(more)
        super().__init__("login refused")


class Unusable(Exception):
    """Why a key file cannot be used, and the way out."""


@dataclass(frozen=True)
class Offer:
    """A key to show: `load` brings it, or raises Unusable."""

    name: str
    load: Callable[[], Any]


class KeyLogin:
    """What paramiko's client asks to log in by (its auth_strategy)."""

    def __init__(self, user: str, identities: Sequence[Path], agent: str, *, only_identities: bool) -> None:
        self.user = user
        self.identities = tuple(identities)
        self.agent = agent
        self.only_identities = only_identities

    def authenticate(self, transport: Any) -> None:
        """Show one key after the other until one is taken; LoginRefused when none is."""
        agent = Agent(self.agent)
        tried: list[str] = []
        unusable: list[str] = []
        try:
            for offer in offers(self.identities, agent.get_keys(), only_identities=self.only_identities):
                try:
                    more = transport.auth_publickey(self.user, offer.load())
                except Unusable as why:
                    unusable.append(str(why))
                except paramiko.BadAuthenticationType as error:
                    raise LoginRefused(tried, unusable, error.allowed_types) from error
                except paramiko.AuthenticationException:
                    tried.append(offer.name)
                else:
                    if more:
                        raise LoginRefused([*tried, offer.name], unusable, more)
                    return
        finally:
            agent.close()
        raise LoginRefused(tried, unusable)


class Agent(AgentSSH):  # type: ignore[misc]
    """The agent behind a socket; one that is not there, or no agent, has no keys."""

    def __init__(self, path: str) -> None:
        super().__init__()
        if not path:
            return
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(AGENT_SECONDS)
            connection.connect(path)
            # Whoever has to confirm the use of a key takes his time.
            connection.settimeout(None)
            self._connect(connection)
        except (OSError, ValueError, paramiko.SSHException):
            connection.close()

    def close(self) -> None:
        """End the connection."""
        self._close()


def offers(identities: Sequence[Path], in_agent: Sequence[Any], *, only_identities: bool) -> Iterator[Offer]:
    """The agent's keys that are identities, then its others, then the identities that it has not."""
    halves = {path: public_half(path) for path in identities}
    held = {half: [key for key in in_agent if half in (key.blob, key.asbytes())] for half in halves.values()}
    ours = [key for keys in held.values() for key in keys]
    others = [] if only_identities else [key for key in in_agent if all(key is not each for each in ours)]
    for key in (*ours, *others):
        yield Offer(f"the agent's {key.comment or key.get_name()}", partial(_itself, key))
    for path, half in halves.items():
        if not held[half]:
            yield Offer(str(path), partial(private_key, path))


def _itself(key: Any) -> Any:
    return key


def public_half(identity: Path) -> bytes | None:
    """An identity's public key, from the .pub beside it or as OpenSSH's format has it in clear; None if neither."""
    beside = identity if identity.suffix == ".pub" else identity.with_name(f"{identity.name}.pub")
    for file in (beside, identity):
        try:
            data = file.read_bytes()
            if file is beside:
                return paramiko.PublicBlob.from_string(data.decode()).key_blob  # type: ignore[no-any-return]
            return _in_clear(data)
        except (OSError, ValueError, IndexError):
            continue
    return None


def _in_clear(data: bytes) -> bytes | None:
    """Source: OpenSSH's PROTOCOL.key: magic, cipher, KDF, its options, number of keys, then the public key."""
    body = b"".join(line for line in data.splitlines() if not line.startswith(b"-----"))
    message = paramiko.Message(base64.b64decode(body))
    if message.get_bytes(15) != b"openssh-key-v1\0":
        return None
    for _ in range(3):
        message.get_binary()
    return message.get_binary() if message.get_int() == 1 else None


def private_key(file: Path) -> Any:
    """The key of a file without a passphrase; Unusable says what else it is."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Unusable(f"{file}: cannot be read ({error.strerror})") from None
    shown = shlex.quote(str(file))
    if data.startswith(PUTTY):
        raise Unusable(f"{file}: is in PuTTY's format; puttygen {shown} -O private-openssh -o NEW makes one of ssh's")
    try:
        return paramiko.PKey.from_path(file)
    except (paramiko.PasswordRequiredException, TypeError):
        raise Unusable(f"{file}: has a passphrase, and no agent holds it; ssh-add {shown}") from None
    except (paramiko.SSHException, UnsupportedAlgorithm, ValueError, OSError, IndexError) as error:
        if b"-----BEGIN" in data and b"PRIVATE KEY-----" in data:
            raise Unusable(f"{file}: is of a kind that only ssh and its agent can use; ssh-add {shown}") from error
        raise Unusable(f"{file}: is no private key") from error
