"""Clients outside the pair: four write and four read through the VIP at a steady pace; what each came to is noted."""

import itertools
import secrets
import threading
import time
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from runbook.core.wait import DeadlinePassed, until
from runbook.mysql.login import Connect, code_and_reason
from runbook.observe.client import BROKEN, REFUSALS, Session, through_vip
from runbook.observe.ledger import Ledger
from runbook.pair.pair import Pair

PACE_SECONDS = 0.05
FLOW_SECONDS = 10
FLOWING = 20
PATIENCE_SECONDS = 100  # longer than mysqld, which looks once a minute whether a full disk has room again
CONNECTING, CONNECTED = (0, 1), (2, 3)
"""Numbers of the clients of each kind: those that log in for every attempt, and those whose connection lasts."""
AT_ONCE = 64  # attempts under way: more than PACE_SECONDS lets wait while a login hangs for its longest, some seconds

Kind = Literal["read", "write"]
KINDS: tuple[Kind, Kind] = ("read", "write")


@dataclass(frozen=True)
class Observation:
    """What one attempt came to."""

    at: float
    """When its answer, or its failure, was there: time.monotonic() seconds of this machine."""
    kind: Kind
    lasting: bool
    """On a connection that lasts until it breaks; else on one of its own."""
    ok: bool
    server_id: int | None = None
    """The server that answered, if only to refuse; None when none was reached."""
    code: int = 0
    """The error number of the server or of the client's library; 0 when there is none."""
    error: str = ""

    @property
    def refused(self) -> bool:
        """Whether a server said that it is read-only."""
        return self.code in REFUSALS


class Probe:
    """Used as a context: the clients' traffic flows while it lasts.

    For each kind two clients take turns with a new connection every PACE_SECONDS, whether or not those before it were
    answered, and two more have a connection that lasts and is opened again when it breaks, an attempt each twice
    PACE_SECONDS: 40 reads and 40 writes a second, which two cores carry beside both servers.
    """

    def __init__(self, connect: Connect, patient: Connect | None = None) -> None:
        """With `patient` logins all four that write have a connection that lasts, and wait on it for their answer.

        Others would leave a session behind in the server each second while commits wait, until no more are given.
        """
        self.run = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
        self.ledger = Ledger()
        self._connects = {"read": connect, "write": patient or connect}
        self._connecting: tuple[Kind, ...] = ("read",) if patient else KINDS
        self._seqs = {number: itertools.count(1) for number in (*CONNECTING, *CONNECTED)}
        self._observations: list[Observation] = []
        self._noting = threading.Lock()
        self._bugs: list[BaseException] = []
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(AT_ONCE, "probe")
        self._threads = [threading.Thread(target=self._guarded, args=(self._connect_each_time,), daemon=True)]
        for kind, number in itertools.product(KINDS, (*CONNECTING, *CONNECTED)):
            if not self._lasts(kind, number):
                continue
            self._threads.append(
                threading.Thread(target=self._guarded, args=(self._keep_connected, kind, number), daemon=True)
            )

    @classmethod
    def of(cls, pair: Pair, *, patient: bool = False) -> Self:
        """The client of this pair, as PROBE_USER through the VIP."""
        return cls(through_vip(pair), through_vip(pair, PATIENCE_SECONDS) if patient else None)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the traffic; attempts under way come to their end first, a few seconds at most."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._pool.shutdown(cancel_futures=True)
        if self._bugs:
            raise self._bugs[0]

    @property
    def observations(self) -> list[Observation]:
        """All so far, in the order in which they came."""
        return self._since(float("-inf"))

    def seen(
        self,
        kind: Kind,
        *,
        ok: bool | None = None,
        lasting: bool | None = None,
        server_id: int | None = None,
        refused: bool | None = None,
        since: float = float("-inf"),
    ) -> Iterator[Observation]:
        """The observations of a kind that are as given, in their order."""
        for each in self._since(since):
            if (
                each.kind == kind
                and ok in (None, each.ok)
                and lasting in (None, each.lasting)
                and server_id in (None, each.server_id)
                and refused in (None, each.refused)
            ):
                yield each

    def wait(self, what: str, seconds: float, is_so: Callable[[], bool]) -> float:
        """Wait for something that the client is to see; DeadlinePassed says what it was and the last failure seen."""
        return until(what, seconds, is_so, pause=PACE_SECONDS, hint=self._last_failure)

    def wait_for_flow(self) -> None:
        """Wait until reads and writes succeed, on new connections and on the lasting ones."""

        def flows() -> bool:
            streams = [self.seen(kind, ok=True, lasting=False) for kind in self._connecting]
            streams += [self.seen(kind, ok=True, lasting=True) for kind in KINDS]
            return all(len(list(stream)) >= FLOWING for stream in streams)

        self.wait("reads and writes flowing through the VIP", FLOW_SECONDS, flows)

    def longest_gap(self, kind: Kind, since: float, to: float, *, lasting: bool | None = None) -> float:
        """Seconds of the longest stretch between `since` and `to` in which none of this kind succeeded."""
        return longest_gap((each.at for each in self.seen(kind, ok=True, lasting=lasting)), since, to)

    def write_standstill(self, since: float, to: float) -> float:
        """Seconds of the longest stretch between `since` and `to` in which no write was acknowledged."""
        return self.longest_gap("write", since, to)

    def first_write_after(self, moment: float, deadline: float) -> float | None:
        """Seconds from `moment` to the first write acknowledged after it; None when `deadline` seconds bring none."""

        def first() -> Observation | None:
            return next(self.seen("write", ok=True, since=moment), None)

        try:
            self.wait("an acknowledged write", deadline, lambda: first() is not None)
        except DeadlinePassed:
            return None
        found = first()
        return found.at - moment if found else None

    def seen_since(self, kind: Kind, moment: float) -> bool:
        """Whether one of this kind has succeeded since then."""
        return next(self.seen(kind, ok=True, since=moment), None) is not None

    def stands_still(self, kind: Kind, seconds: float) -> bool:
        """Whether none of this kind succeeded in the last so many seconds."""
        return next(self.seen(kind, ok=True, since=time.monotonic() - seconds), None) is None

    def _lasts(self, kind: Kind, number: int) -> bool:
        return number in CONNECTED or kind not in self._connecting

    def _since(self, moment: float) -> list[Observation]:
        with self._noting:
            return self._observations[bisect_left(self._observations, moment, key=lambda each: each.at) :]

    def _connect_each_time(self) -> None:
        turns = itertools.cycle(CONNECTING)
        while not self._stopping.wait(PACE_SECONDS):
            number = next(turns)
            for kind in self._connecting:
                self._pool.submit(self._guarded, self._once, kind, number)

    def _once(self, kind: Kind, number: int) -> None:
        session = self._attempt(kind, number, None)
        if session:
            session.close()

    def _keep_connected(self, kind: Kind, number: int) -> None:
        session: Session | None = None
        while not self._stopping.wait(PACE_SECONDS * len(CONNECTED)):
            session = self._attempt(kind, number, session)
        if session:
            session.close()

    def _attempt(self, kind: Kind, number: int, session: Session | None) -> Session | None:
        """One read or write, noted; the session to go on with, or None when it broke."""
        code, reason, ok = 0, "", True
        try:
            session = session or Session(self._connects[kind]())
            if kind == "read":
                session.read(self.run, number)
            else:
                self._write(session, number)
        except BROKEN as error:
            ok = False
            code, reason = code_and_reason(error)
        server_id = session.server_id if session else None
        self._note(Observation(time.monotonic(), kind, self._lasts(kind, number), ok, server_id, code, reason))
        if session and not ok and code not in REFUSALS:
            session.close()
            return None
        return session

    def _note(self, observation: Observation) -> None:
        with self._noting:
            insort(self._observations, observation, key=lambda each: each.at)

    def _write(self, session: Session, number: int) -> None:
        row = (number, next(self._seqs[number]))
        self.ledger.sent(row)
        try:
            session.write(self.run, row)
        except BROKEN as error:
            if code_and_reason(error)[0] in REFUSALS:
                self.ledger.refused(row)
            raise
        self.ledger.acknowledged(row)

    def _guarded(self, work: Callable[..., None], *args: object) -> None:
        """A bug in a thread comes out in `stop`."""
        try:
            work(*args)
        except BaseException as bug:
            self._bugs.append(bug)

    def _last_failure(self) -> str:
        failed = [each for each in self.observations if not each.ok]
        return f"The client's last failure: {failed[-1].kind}: {failed[-1].error}" if failed else ""


def longest_gap(moments: Iterable[float], since: float, to: float) -> float:
    """Seconds of the longest stretch between `since` and `to` without any of the moments."""
    marks = [since, *sorted(moment for moment in moments if since < moment < to), to]
    return max(after - before for before, after in itertools.pairwise(marks))
