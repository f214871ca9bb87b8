"""Whether a host has an address, watched from the host itself without a pause and told here as it changes."""

import shlex
import threading
import time
from contextlib import suppress
from ipaddress import IPv4Address
from types import TracebackType
from typing import Self

import paramiko

from runbook.core.host import Host
from runbook.core.wait import until
from runbook.errors import RunbookError

LIFETIME_SECONDS = 600
START_SECONDS = 10
AGAIN_SECONDS = 1
LATE_SECONDS = 2.5  # the host counts whole seconds

# The kernel's own table, read by bash alone: an `ip` every 10 ms would take a part of the core that mysqld needs.
# The read from stdin is the pause, and ends the loop when the connection ends. What is so is told again each second,
# as a host that is gone does not say so. The seconds are the host's own since the start: words of a host that was cut
# off arrive when the cut is over.
_SCRIPT = """
was= told=
while (( SECONDS < {lifetime} )); do
    IFS= read -r -d '' table < /proc/net/fib_trie
    if [[ $table =~ '-- '{address}$'\\n '[[:space:]]*'/32 host LOCAL' ]]; then now=here; else now=gone; fi
    if [[ $now$SECONDS != "$was$told" ]]; then echo "$now $SECONDS"; was=$now told=$SECONDS; fi
    IFS= read -r -t 0.01 _
    (( $? > 128 )) || exit 0
done
"""


class AddressWatch:
    """Used as a context. Times are this machine's time.monotonic() at which the host's word was here."""

    def __init__(self, host: Host, address: IPv4Address) -> None:
        self.host = host
        self.address = address
        self.heard_at = float("-inf")
        """The last word of the host that came in time; one comes each second."""
        self._changes: list[tuple[float, bool]] = []
        self.silences: list[tuple[float, float]] = []
        """From the last word before until the first one after; what changed meanwhile changed nobody knows when."""
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        self._channel = self._started()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        try:
            until(f"{self.host}: its word on {self.address}", START_SECONDS, lambda: bool(self._changes), pause=0.01)
        except BaseException:
            self._stopping.set()
            self._channel.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._channel.close()
        self._listener.join()

    def came(self, since: float) -> float | None:
        """When the host had the address, having been without it; None when that was not seen since then."""
        return self._first(since, here=True)

    def went(self, since: float) -> float | None:
        """When the host no longer had the address; None when that was not seen since then."""
        return self._first(since, here=False)

    @property
    def changes(self) -> list[tuple[float, bool]]:
        """When the host was first heard, and whenever it changed: whether it had the address from then on."""
        return list(self._changes)

    def _first(self, since: float, *, here: bool) -> float | None:
        silences = [*self.silences, (self.heard_at, float("inf"))]
        seen = [
            at for at, now in self.changes if now is here and not any(last < at <= again for last, again in silences)
        ]
        return next((at for at in seen if at >= since), None)

    def _started(self) -> paramiko.Channel:
        script = _SCRIPT.format(lifetime=LIFETIME_SECONDS, address=shlex.quote(str(self.address)))
        return self.host.link.process(f"exec bash -c {shlex.quote(script)}")

    def _listen(self) -> None:
        """To the host's words; one that was away is asked again."""
        while True:
            self._hear()
            if self._stopping.wait(AGAIN_SECONDS):
                return
            with suppress(RunbookError):
                self._channel = self._started()
                if self._stopping.is_set():
                    self._channel.close()

    def _hear(self) -> None:
        rest, started = b"", float("inf")
        while data := self._received():
            at = time.monotonic()
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                word, _, seconds = line.partition(b" ")
                started = min(started, at - int(seconds))
                self._note(word == b"here", at, late=at - int(seconds) - started > LATE_SECONDS)

    def _note(self, here: bool, at: float, *, late: bool) -> None:
        if not late:
            if 0 < self.heard_at < at - LATE_SECONDS:
                self.silences.append((self.heard_at, at))
            self.heard_at = at
        if not self._changes or self._changes[-1][1] is not here:
            self._changes.append((at, here))

    def _received(self) -> bytes:
        try:
            return bytes(self._channel.recv(4096))
        except OSError:
            return b""
