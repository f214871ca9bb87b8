"""One operator at a time: a lock on each host, held by a process at the end of our SSH connection.

The holder's word renews it; a holder that fell silent (a crashed laptop, a cut network) loses it by itself.
"""

import getpass
import os
import shlex
import socket
import threading
import time

import paramiko

from runbook.core.host import Host
from runbook.core.host_paths import OPERATOR_LOCK, RUN
from runbook.errors import BadInput, HostError, RunbookError

SILENCE_SECONDS = 20
RENEW_SECONDS = 5
ANSWER_SECONDS = 10

# In a folder of root's own: in one that is everybody's, anybody could hold it.
# fd 9 carries the flock: the kernel lets go of it when this shell ends, however it ends.
_HOLDER = """
umask 077
[ -d {folder} ] || mkdir {folder} || exit 3
exec 9<>{file} || exit 3
if ! flock -n 9; then echo "held $(cat {file})"; exit 1; fi
old=$(cat {file})
printf '%s\\n' {owner} > {file}
echo "mine $old"
while IFS= read -r -t {silence} _; do :; done
: > {file}
"""


def operator() -> str:
    """Who runs this, as others are told: NAME@MACHINE."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


class Locked(RunbookError):
    """Somebody else works on this pair now."""


class HostLock:
    """The lock on one host; `take` says what a dead run left behind, or None."""

    def __init__(self, host: Host, purpose: str) -> None:
        self._host = host
        self._purpose = purpose
        self._channel: paramiko.Channel | None = None
        self._released = threading.Event()
        self._renewed = 0.0

    def take(self) -> str | None:
        """Take the lock; Locked says who holds it and since when."""
        self._host.guard = lambda: None
        self._released = threading.Event()
        self._host.changing(f"lock {OPERATOR_LOCK}")
        since = time.strftime("%Y-%m-%d %H:%M:%S %Z")
        owner = f"{operator()} (pid {os.getpid()}) runs {self._purpose} since {since}"
        script = _HOLDER.format(folder=RUN, file=OPERATOR_LOCK, owner=shlex.quote(owner), silence=SILENCE_SECONDS)
        channel = self._host.link.process(f"exec bash -c {shlex.quote(script)}")
        channel.settimeout(ANSWER_SECONDS)
        answer = _first_line(channel)
        word, _, rest = answer.partition(" ")
        if word == "held":
            channel.close()
            raise Locked(
                f"{self._host}: another run holds the pair: {rest or 'it has not said who it is yet'}",
                f"Wait for it to end. If it died, its lock ends by itself within {SILENCE_SECONDS} s: run again then.",
            )
        if word != "mine":
            channel.close()
            reason = self._host.unfit()
            if reason:
                raise BadInput(reason)
            raise HostError(str(self._host), f"the lock {OPERATOR_LOCK} could not be taken: {answer or 'no answer'}")
        self._channel = channel
        self._renewed = time.monotonic()
        self._host.guard = self._refuse_when_lost
        threading.Thread(target=self._renew, args=(channel, self._released), daemon=True).start()
        return rest or None

    def release(self) -> None:
        """Give the lock back."""
        self._released.set()
        self._host.guard = lambda: None
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _refuse_when_lost(self) -> None:
        """Before every change: a run that was frozen for long may have lost the pair to another."""
        channel = self._channel
        if channel and (channel.closed or time.monotonic() - self._renewed > SILENCE_SECONDS):
            raise Locked(
                f"{self._host}: this run lost the pair: it was silent for more than {SILENCE_SECONDS} s",
                "Nothing more was changed. Run the same command again.",
            )

    def _renew(self, channel: paramiko.Channel, released: threading.Event) -> None:
        while not released.wait(RENEW_SECONDS):
            if time.monotonic() - self._renewed > SILENCE_SECONDS:
                return
            try:
                channel.sendall(b"\n")
            except OSError:
                return
            self._renewed = time.monotonic()


def _first_line(channel: paramiko.Channel) -> str:
    line = b""
    try:
        while not line.endswith(b"\n"):
            byte = channel.recv(1)
            if not byte:
                break
            line += byte
    except TimeoutError:
        return ""
    return line.decode(errors="replace").strip()
