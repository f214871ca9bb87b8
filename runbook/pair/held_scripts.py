"""The scripts of a host stand still while their lock is held: they close what must be closed, and do nothing else."""

import shlex
from types import TracebackType
from typing import Self

import paramiko

from runbook.core.host import Host
from runbook.core.host_paths import LOCK
from runbook.errors import HostError

LOCK_SECONDS = 10
MOST_SECONDS = 120
# The kernel lets go of the lock when this shell ends: when we say so, when our connection ends, or after MOST_SECONDS.
_HOLDER = f"exec 9>{LOCK} && flock -w {LOCK_SECONDS} 9 && echo held && read -r -t {MOST_SECONDS} _"


class HeldScripts:
    """Used as a context; HostError when the lock cannot be had."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._channel: paramiko.Channel | None = None

    def __enter__(self) -> Self:
        self._host.changing(f"hold {LOCK}")
        channel = self._host.link.process(f"exec bash -c {shlex.quote(_HOLDER)}")
        channel.settimeout(LOCK_SECONDS + 5)
        try:
            said = channel.recv(16)
        except TimeoutError:
            said = b""
        if not said.startswith(b"held"):
            channel.close()
            raise HostError(str(self._host), f"its scripts are at work for more than {LOCK_SECONDS} s: {LOCK} is held")
        self._channel = channel
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._channel:
            self._channel.close()
            self._channel = None
