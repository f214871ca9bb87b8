"""Whether the pair kept its laws, by what was seen from outside. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chaos.watch import Sample

# Longer than one look takes: a server that is stopped answers late, and what it says is of before.
BLINK_SECONDS = 0.6
ALONE_SECONDS = 1.0

Span = tuple[float, float]


@dataclass(frozen=True)
class Excuses:
    """Stretches of time in which something is so by the fault itself, or by the operator's own hand."""

    opened: tuple[Span, ...] = ()
    """Root opened a server that must be closed."""
    slave_ill: tuple[Span, ...] = ()
    """The slave's host, mysqld or keepalived was broken: the VIP may leave it."""
    failback: tuple[Span, ...] = ()
    """An operator brought the VIP home."""


def broken(samples: Sequence[Sample], excuses: Excuses, closed_within: float) -> list[str]:
    """A sentence for each law that was broken."""
    master = [each for each in samples if each.role == "master"]
    slave = [each for each in samples if each.role == "slave"]
    return [
        *_slave_open(slave, excuses),
        *_open_without_vip(master, excuses, closed_within),
        *_home_unasked(master, slave, excuses),
    ]


def _slave_open(slave: Sequence[Sample], excuses: Excuses) -> Iterator[str]:
    found = [s for s in slave if s.flags and s.flags.open and not _within(s.at, excuses.opened)]
    if found:
        yield f"the slave was open for writes in {len(found)} looks, first at {found[0].at:.1f}"


def _open_without_vip(master: Sequence[Sample], excuses: Excuses, closed_within: float) -> Iterator[str]:
    for since, until in _stretches(master):
        if until - since > closed_within and not _within(since, excuses.opened):
            yield f"the master was open without the VIP for {until - since:.1f} s, from {since:.1f} on"


def _stretches(master: Sequence[Sample]) -> Iterator[Span]:
    """From the first to the last look of each stretch in which the master was open without the VIP."""
    since = last = None
    for sample in master:
        if sample.flags is None or sample.vip is None:
            continue
        if sample.flags.open and not sample.vip:
            since, last = since or sample.at, sample.at
        elif since and last:
            yield since, last
            since = None
    if since and last:
        yield since, last


def _home_unasked(master: Sequence[Sample], slave: Sequence[Sample], excuses: Excuses) -> Iterator[str]:
    """From the slave alone to the master, while nobody asked for it and the slave was well."""
    merged = sorted((*master, *slave), key=lambda sample: sample.at)
    on: dict[str, bool] = {}
    changes: list[tuple[float, frozenset[str]]] = []
    for sample in merged:
        on[sample.role] = bool(sample.vip)
        holders = frozenset(role for role, holds in on.items() if holds)
        if not changes or changes[-1][1] != holders:
            changes.append((sample.at, holders))
    slave_since = None
    for (at, holders), (until, _) in pairwise([*changes, (merged[-1].at if merged else 0.0, frozenset())]):
        if holders == {"slave"} and until - at > ALONE_SECONDS:
            slave_since = at
        elif holders == {"master"} and slave_since is not None:
            excused = _touches((slave_since, at), excuses.failback) or _touches((at - 10, at), excuses.slave_ill)
            if not excused:
                yield f"the VIP came home unasked at {at:.1f}, the slave had it since {slave_since:.1f}"
            slave_since = None


def _within(at: float, spans: Iterable[Span]) -> bool:
    return any(since <= at <= until for since, until in spans)


def _touches(span: Span, others: Iterable[Span]) -> bool:
    return any(since <= span[1] and until >= span[0] for since, until in others)


def lost(acknowledged: Collection[str], counted: dict[str, dict[str, int]]) -> list[str]:
    """What became of acknowledged rows, by how often each server has each row."""
    said = []
    for role, rows in counted.items():
        missing = [each for each in acknowledged if each not in rows]
        twice = [each for each, times in rows.items() if times > 1]
        if missing:
            said.append(f"the {role} lacks {len(missing)} acknowledged rows: {', '.join(sorted(missing)[:5])}")
        if twice:
            said.append(f"the {role} has {len(twice)} rows twice: {', '.join(sorted(twice)[:5])}")
    master, slave = counted["master"].keys(), counted["slave"].keys()
    if master != slave:
        said.append(f"the servers' rows differ: {', '.join(sorted(master ^ slave)[:5])}")
    return said
