"""Both hosts of the pair at once: connect, look, lock, work side by side."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

from runbook.core.host import DryHost, Host, Transport
from runbook.core.lock import HostLock
from runbook.core.ssh import Link
from runbook.errors import BadInput, RunbookError
from runbook.pair import roles
from runbook.pair.roles import Records
from runbook.pair.side import Side
from runbook.settings.settings import Node, Role, Settings

ROLES: tuple[Role, Role] = ("master", "slave")
MOST_AT_WORK = 16
"""Two hosts, and what is done on one may ask both again: more than there ever are at once."""

T = TypeVar("T")


class Pair:
    """Master and slave. Used as a context: connections and locks end with it."""

    def __init__(
        self,
        settings: Settings,
        *,
        dry: bool = False,
        link: Callable[[Node, Settings], Transport] = Link,
    ) -> None:
        self.settings = settings
        self.dry = dry
        self._workers = ThreadPoolExecutor(MOST_AT_WORK)
        self.left_out: dict[Role, str] = {}
        """The hosts that this run goes on without, and why: they do not answer."""
        kind = DryHost if dry else Host
        self.sides: dict[Role, Side] = {
            role: Side(kind(settings.node(role), link(settings.node(role), settings)), settings) for role in ROLES
        }

    @property
    def master(self) -> Side:
        return self.sides["master"]

    @property
    def slave(self) -> Side:
        return self.sides["slave"]

    def turned(self) -> "Pair":
        """The same two hosts by the same connections, with their roles exchanged."""
        settings = self.settings.turned()
        links = {side.node.address: side.host.link for side in self.sides.values()}
        pair = Pair(settings, dry=self.dry, link=lambda node, _: links[node.address])
        for side in self.sides.values():
            other = pair.sides["slave" if side.role == "master" else "master"]
            other.lock, other.host.guard = side.lock, side.host.guard
            if side.role in self.left_out:
                pair.left_out[other.role] = self.left_out[side.role]
            other.host.link.label = f"{other.role} {other.node.ssh_host}"
        return pair

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for side in self.sides.values():
            side.close()

    @property
    def reached(self) -> tuple[Role, ...]:
        """The hosts that are not left out."""
        return tuple(role for role in ROLES if role not in self.left_out)

    def leave_out_after(self, seconds: float, ask: Callable[[Side], None]) -> None:
        """Go on without the hosts that do not let us in within that time; who does is asked meanwhile."""

        def reached(side: Side) -> str | None:
            why = side.host.link.why_not_within(seconds)
            if why is None:
                ask(side)
            return why

        whys = self.side_by_side(reached)
        self.left_out = {role: why for role, why in whys.items() if why}

    def records(self, among: tuple[Role, ...] | None = None) -> Records:
        """What each host that can be asked remembers of the last change of roles."""
        return self.told(lambda side: side.record, among)

    def told(self, ask: Callable[[Side], T], among: tuple[Role, ...] | None = None) -> dict[Role, T]:
        """What each host that can be asked answers; who cannot be is not among them."""
        told, errors = self.attempt(ask, self.reached if among is None else among)
        for error in errors.values():
            if not isinstance(error, RunbookError):
                raise error
        return told

    def refuse_stale(self, among: tuple[Role, ...] | None = None) -> None:
        """BadInput when one of these remembers another role than hosts.env gives it."""
        why = roles.contradiction(self.settings, self.records(among))
        if why:
            raise BadInput(why)

    def side_by_side(self, work: Callable[[Side], T], roles: tuple[Role, ...] = ROLES) -> dict[Role, T]:
        """Do the same on both hosts at once; both end before an error of either, or of both, is raised."""
        results, errors = self.attempt(work, roles)
        if errors:
            raise joined(errors)
        return results

    def attempt(
        self, work: Callable[[Side], T], roles: tuple[Role, ...] = ROLES
    ) -> tuple[dict[Role, T], dict[Role, Exception]]:
        """As `side_by_side`, with the errors returned beside the results."""
        results: dict[Role, T] = {}
        errors: dict[Role, Exception] = {}
        futures = {role: self._workers.submit(work, self.sides[role]) for role in roles}
        try:
            for role, future in futures.items():
                try:
                    results[role] = future.result()
                except Exception as error:
                    errors[role] = error
        except KeyboardInterrupt:
            for side in self.sides.values():
                side.host.close()
            wait(futures.values())
            raise
        return results, errors

    @contextmanager
    def locked(self, purpose: str, say: Callable[[str], None]) -> Iterator[None]:
        """Hold the pair for one run, the master's lock first, so that two runs cannot each hold one."""
        # A login takes longer than a lock, and both hosts' take no longer than one's.
        self.side_by_side(lambda side: side.host.link.open(), self.reached)
        try:
            for side in map(self.sides.__getitem__, self.reached):
                lock = HostLock(side.host, purpose)
                left = lock.take()
                side.lock = lock
                if left:
                    say(f"{side.host}: cleared a lock that a dead run left: {left}")
            yield
        finally:
            for side in reversed(self.sides.values()):
                if side.lock:
                    side.lock.release()
                    side.lock = None


def joined(errors: Mapping[Role, Exception]) -> Exception:
    """One error for what went wrong on the hosts; bad input only if all of it is."""
    for error in errors.values():
        if not isinstance(error, RunbookError):
            return error
    if len(errors) == 1:
        return next(iter(errors.values()))
    kind = BadInput if all(isinstance(error, BadInput) for error in errors.values()) else RunbookError
    return kind(*dict.fromkeys(map(str, errors.values())))
