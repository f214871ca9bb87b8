"""What client and watches observed, reduced to what a picture needs: rates, spans of a state, lag; pure.

Times go in as time.monotonic() and come out as seconds from `zero`, to the millisecond.
"""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from runbook.observe.probe import KINDS, Kind, Observation
from runbook.observe.recorder import Period
from runbook.settings.settings import Role

OUTCOMES = ("master", "slave", "refused", "failed")
"""What can come of an attempt: answered by either, refused by a read-only server, or neither answered nor refused."""

BINS = 160
STEPS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
WORD_SECONDS = 1.0  # a host's next word is due after that
STALE_SECONDS = 2.5  # and it is missed after that
SILENT_SECONDS = 0.6  # a server is asked each 0.05 s and answers within a second, or not

Span = list[float | str]
"""From, to, and what was so meanwhile."""


def outcome(seen: Observation, roles: Mapping[int, Role]) -> str:
    """One of OUTCOMES; `roles` by server_id. What a server of no such role answers has failed."""
    if seen.ok:
        return roles.get(seen.server_id or 0, "failed")
    return "refused" if seen.refused else "failed"


def step_for(seconds: float) -> float:
    """The width of a bin, such that there are about BINS."""
    return next((step for step in STEPS if seconds <= step * BINS), STEPS[-1])


def rates(
    observations: Iterable[Observation],
    roles: Mapping[int, Role],
    windows: Sequence[tuple[float, float]],
    zero: float,
) -> dict[str, object]:
    """Attempts a second by kind and outcome in bins of `step` seconds; None where less than half of a bin was seen."""
    begin, end = windows[0][0], windows[-1][1]
    step = step_for(end - begin)
    count = max(1, int((end - begin) / step + 0.999))
    seen = [sum(_overlap(begin + i * step, step, window) for window in windows) for i in range(count)]
    hits: Counter[tuple[Kind, str, int]] = Counter()
    for each in observations:
        if any(since <= each.at < until for since, until in windows):
            hits[each.kind, outcome(each, roles), min(count - 1, int((each.at - begin) / step))] += 1
    return {"from": rounded(begin - zero), "step": step} | {
        f"{kind}s": {
            name: [round(hits[kind, name, i] / seen[i], 1) if seen[i] >= step / 2 else None for i in range(count)]
            for name in OUTCOMES
        }
        for kind in KINDS
    }


def _overlap(begin: float, step: float, window: tuple[float, float]) -> float:
    return max(0.0, min(begin + step, window[1]) - max(begin, window[0]))


def vip_spans(period: Period, role: Role, until: float, zero: float) -> list[Span]:
    """Whether the host had the VIP: here, gone, or unknown when it was no longer heard."""
    watch = period.vip.get(role)
    if watch is None:
        return []
    points = [(at, "here" if here else "gone") for at, here in watch.changes]
    for last_word, first_word in watch.silences:
        known = [state for at, state in points if at <= first_word]
        points += [(last_word + WORD_SECONDS, "unknown"), (first_word, known[-1])]
    if until - watch.heard_at > STALE_SECONDS:
        points.append((max(watch.heard_at + WORD_SECONDS, period.since), "unknown"))
    return spans(sorted(points, key=lambda point: point[0]), period.since, until, zero)


def write_spans(period: Period, role: Role, until: float, zero: float) -> list[Span]:
    """Whether the server took writes: open, closed, or silent when it did not answer."""
    watch = period.writes.get(role)
    if watch is None:
        return []
    points: list[tuple[float, str]] = []
    last = period.since
    for look in watch.looks():
        if look.at - last > SILENT_SECONDS:
            points.append((last, "silent"))
        points.append((look.at, "open" if look.takes_writes else "closed"))
        last = look.at
    if until - last > SILENT_SECONDS:
        points.append((last, "silent"))
    return spans(points, period.since, until, zero)


def spans(points: Sequence[tuple[float, str]], since: float, until: float, zero: float) -> list[Span]:
    """Runs of the same state between two moments; the first state is taken to have been there from the start."""
    merged: list[tuple[float, str]] = []
    for at, state in points:
        if not merged or merged[-1][1] != state:
            merged.append((max(since, min(at, until)), state))
    if not merged:
        return []
    merged[0] = (since, merged[0][1])
    ends = [at for at, _ in merged[1:]] + [until]
    return [
        [rounded(at - zero), rounded(end - zero), state]
        for (at, state), end in zip(merged, ends, strict=True)
        if end > at
    ]


def lags(period: Period, zero: float) -> list[list[float]]:
    """Moment, seconds and rows that the slave was behind: the age of the oldest acknowledged row that it lacks."""
    if period.lag is None:
        return []
    acknowledged = [each.at for each in period.probe.seen("write", ok=True)]
    found = []
    for at, rows in list(period.lag.counts):
        behind = max(0, bisect_right(acknowledged, at) - rows)
        age = at - acknowledged[rows] if behind else 0.0
        found.append([rounded(at - zero), rounded(age), behind])
    return found


def lag_now(period: Period) -> float | None:
    """The last of `lags`, in seconds; None when nobody looks, or nobody answers any more."""
    found = lags(period, 0.0)
    return found[-1][1] if found and time.monotonic() - found[-1][0] < STALE_SECONDS else None


def attempts(
    observations: Iterable[Observation], roles: Mapping[int, Role], since: float, until: float, zero: float
) -> dict[str, dict[str, list[float]]]:
    """The moments of all attempts between two moments, by kind and outcome."""
    found: dict[str, dict[str, list[float]]] = {f"{kind}s": {name: [] for name in OUTCOMES} for kind in KINDS}
    for each in observations:
        if since <= each.at <= until:
            found[f"{each.kind}s"][outcome(each, roles)].append(rounded(each.at - zero))
    return found


def rounded(seconds: float) -> float:
    """To the millisecond."""
    return round(seconds, 3)
