"""How far a server is: MySQL's GTID sets, MariaDB's GTIDs, or file and position. Pure.

What one server has and another lacks (`minus`) decides whether anything is lost by handing over.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Self

from runbook.errors import RunbookError

Span = tuple[int, int]  # first and last, both included
MOST_DIGITS = 19  # of a sequence number, which is below 2**63 (manual: GTID Format)

MARIADB_GTID = re.compile(r"(\d{1,10})-(\d{1,10})-(\d{1,20})")
POSITION = re.compile(r"(\S+?)\.(\d{1,20}):(\d{1,20})")


class Progress(ABC):
    """What a server has; falsy when that is nothing. Its text is what its own parse() reads."""

    @abstractmethod
    def minus(self, other: Self) -> "Progress":
        """What is here and not there."""

    @abstractmethod
    def plus(self, other: Self) -> "Progress":
        """What is here or there."""

    @abstractmethod
    def names(self) -> Iterator[str]:
        """What an operator looks for in the binary log, one by one."""

    @abstractmethod
    def amount(self) -> str:
        """How much it is, in words."""

    @abstractmethod
    def __str__(self) -> str: ...

    @abstractmethod
    def __bool__(self) -> bool: ...

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and str(other) == str(self)

    def __hash__(self) -> int:
        return hash(str(self))


class GtidSet(Progress):
    """MySQL's: UUID[:TAG]:FIRST[-LAST]..., joined by commas (manual: GTID Sets; tags since 8.3)."""

    def __init__(self, spans: Mapping[str, Iterable[Span]]) -> None:
        joined = {source: _joined(of_source) for source, of_source in spans.items()}
        self._spans = {source: of_source for source, of_source in sorted(joined.items()) if of_source}

    @classmethod
    def parse(cls, text: str) -> Self:
        """As the server prints it, line breaks and all."""
        spans: dict[str, list[Span]] = {}
        for of_uuid in "".join(text.split()).split(","):
            uuid, *parts = of_uuid.split(":")
            source = uuid
            for part in parts:
                first, dash, last = part.partition("-")
                if not first.isdecimal():
                    source = f"{uuid}:{part}"
                elif max(len(first), len(last)) > MOST_DIGITS or (dash and not last.isdecimal()):
                    raise RunbookError(
                        f"this is no GTID set: {text[:200]!r}", "Where it stands it was cut off, or edited."
                    )
                else:
                    spans.setdefault(source, []).append((int(first), int(last or first)))
        return cls(spans)

    def minus(self, other: "GtidSet") -> "GtidSet":
        return GtidSet({source: _without(mine, other._spans.get(source, [])) for source, mine in self._spans.items()})

    def plus(self, other: "GtidSet") -> "GtidSet":
        sources = self._spans.keys() | other._spans.keys()
        return GtidSet({each: [*self._spans.get(each, []), *other._spans.get(each, [])] for each in sources})

    def made_by(self, uuid: str) -> "GtidSet":
        """Those that the server with this UUID made."""
        return GtidSet({source: spans for source, spans in self._spans.items() if source.split(":")[0] == uuid})

    @property
    def count(self) -> int:
        return sum(last - first + 1 for spans in self._spans.values() for first, last in spans)

    def amount(self) -> str:
        return _transactions(self.count)

    def names(self) -> Iterator[str]:
        for source, spans in self._spans.items():
            yield from (f"{source}:{number}" for first, last in spans for number in range(first, last + 1))

    def __str__(self) -> str:
        return ",".join(":".join((source, *map(_span, spans))) for source, spans in self._spans.items())

    def __bool__(self) -> bool:
        return bool(self._spans)


class DomainState(Progress):
    """MariaDB's, as gtid_binlog_state has it: of each domain and server the last DOMAIN-SERVER-SEQUENCE.

    Within a domain a server's sequence numbers only grow, so the last of each server says what went before it
    (MariaDB manual: Global Transaction ID).
    """

    def __init__(self, last: Mapping[tuple[int, int], int], since: Mapping[tuple[int, int], int] | None = None) -> None:
        self._last = dict(sorted(last.items()))
        self._since = since or {}

    @classmethod
    def parse(cls, text: str) -> Self:
        """A list of GTIDs joined by commas."""
        last: dict[tuple[int, int], int] = {}
        for domain, server, sequence in MARIADB_GTID.findall(text):
            source = int(domain), int(server)
            last[source] = max(last.get(source, 0), int(sequence))
        return cls(last)

    def minus(self, other: "DomainState") -> "DomainState":
        mine = {source: last for source, last in self._last.items() if last > other._last.get(source, 0)}
        since = {source: max(other._last.get(source, 0), self._since.get(source, 0)) for source in mine}
        return DomainState(mine, since)

    def plus(self, other: "DomainState") -> "DomainState":
        sources = self._last.keys() | other._last.keys()
        return DomainState({each: max(self._last.get(each, 0), other._last.get(each, 0)) for each in sources})

    def made_by(self, server_id: int) -> "DomainState":
        """Those that the server with this server_id made."""
        return DomainState({source: last for source, last in self._last.items() if source[1] == server_id})

    @property
    def position(self) -> str:
        """Of each domain the last alone, as gtid_slave_pos has it."""
        lasts: dict[int, tuple[int, int]] = {}
        for (domain, server), last in self._last.items():
            lasts[domain] = max(lasts.get(domain, (0, 0)), (last, server))
        return ",".join(f"{domain}-{server}-{last}" for domain, (last, server) in lasts.items())

    def begins_after(self, logged: "DomainState") -> bool:
        """Whether what was logged until some moment holds none of this difference."""
        return all(logged._last.get(source, 0) <= self._since.get(source, 0) for source in self._last)

    def __contains__(self, gtid: str) -> bool:
        domain, server, sequence = map(int, gtid.split("-"))
        source = domain, server
        return self._since.get(source, 0) < sequence <= self._last.get(source, 0)

    def lasts_not_in(self, gtids: Collection[str]) -> "DomainState":
        """What remains of a difference without the servers whose last transaction is among these."""
        left = {(d, s): last for (d, s), last in self._last.items() if f"{d}-{s}-{last}" not in gtids}
        return DomainState(left, self._since)

    def amount(self) -> str:
        """The servers of a domain share its numbers, so that the difference of two of them is the most it can be."""
        counts = [last - self._since.get(source, 0) for source, last in self._last.items()]
        if counts == [1]:
            return _transactions(1)
        exact = len(counts) == 1 and bool(self._since.get(next(iter(self._last))))
        return f"{'' if exact else 'at most '}{_transactions(sum(counts))}"

    def names(self) -> Iterator[str]:
        for (domain, server), last in self._last.items():
            since = self._since.get((domain, server), 0)
            after = f", and those of server {server} before it" if not since and last > 1 else ""
            between = f" (after {domain}-{server}-{since})" if since and last > since + 1 else ""
            yield f"{domain}-{server}-{last}{after}{between}"

    def __str__(self) -> str:
        return ",".join(f"{domain}-{server}-{last}" for (domain, server), last in self._last.items())

    def __bool__(self) -> bool:
        return bool(self._last)


class Position(Progress):
    """How far a binary log is written, or was read: FILE:POSITION; what lies between is told as two with dots between.

    It says nothing of transactions that a slave made itself: its own binary log must tell those.
    """

    def __init__(self, file: str = "", number: int = 0, at: int = 0, since: "Position | None" = None) -> None:
        self._file = file
        self._number = number
        self._at = at
        self._since = since

    @classmethod
    def parse(cls, text: str) -> Self:
        """Empty, FILE:POSITION, or two of them with two dots between."""
        found = POSITION.findall(text)
        if not found:
            return cls()
        *since, (file, number, at) = found
        before = Position.parse("{}.{}:{}".format(*since[0])) if since else None
        return cls(f"{file.removeprefix('..')}.{number}", int(number), int(at), before)

    @property
    def file(self) -> str:
        return self._file

    @property
    def at(self) -> int:
        """Bytes from the beginning of the file."""
        return self._at

    def minus(self, other: "Position") -> "Position":
        if (self._number, self._at) <= (other._number, other._at):
            return Position()
        return Position(self._file, self._number, self._at, other)

    def plus(self, other: "Position") -> "Position":
        return self if (self._number, self._at) >= (other._number, other._at) else other

    def amount(self) -> str:
        if self._since and self._since._number == self._number:
            return f"{self._at - self._since._at} bytes of {self._file}"
        return f"the binary log from {self._since} on" if self._since else f"the binary log up to {self}"

    def names(self) -> Iterator[str]:
        if self:
            yield f"{self._since or 'the beginning'} to {self._file}:{self._at}"

    def __str__(self) -> str:
        here = f"{self._file}:{self._at}" if self._file else ""
        return f"{self._since}..{here}" if self._since else here

    def __bool__(self) -> bool:
        return bool(self._file)


def in_words(lacking: Progress, names: Sequence[str]) -> str:
    """How much is lacking, and its names; MariaDB's GTIDs are counted where all of them are known."""
    counted = isinstance(lacking, DomainState) and all(map(MARIADB_GTID.fullmatch, names))
    return f"{_transactions(len(names)) if counted else lacking.amount()}: {', '.join(names)}"


def _transactions(count: int) -> str:
    return "1 transaction" if count == 1 else f"{count} transactions"


def _span(span: Span) -> str:
    first, last = span
    return str(first) if first == last else f"{first}-{last}"


def _joined(spans: Iterable[Span]) -> list[Span]:
    """In order, those that touch or overlap made one."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    left = list(spans)
    for first, last in others:
        left = [
            part
            for one, end in left
            for part in ((one, min(end, first - 1)), (max(one, last + 1), end))
            if part[0] <= part[1]
        ]
    return left
