"""A drill's record: one compact JSON document of what was promised, seen and measured; README's `Reports` explains it.

Times are seconds from the fault, in a drill without one from its start; `started` is UTC.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runbook.core.moment import utc
from runbook.drill.report.reduction import attempts, lags, rates, rounded, vip_spans, write_spans
from runbook.observe.recorder import Findings, Mark, Period, Recorder
from runbook.observe.scorecard import Score
from runbook.pair.pair import ROLES
from runbook.settings.settings import Role, Settings

SCHEMA = 1
BEFORE, AFTER = 0.5, 0.8
CLOSE_UP_SECONDS = 12.0
OPENINGS = ("fault", "failback")
"""The marks that a close-up is made of: what follows them goes fast."""

Document = dict[str, Any]


def document(recorder: Recorder, settings: Settings, pair: str, by: str) -> Document:
    """All that the recorder has, reduced; `pair` and `by` are the pair's name and who ran the drill."""
    until = time.monotonic()
    zero = recorder.zero
    findings = recorder.findings
    told = [*(findings.scorecard if findings else ()), *recorder.scorecard]
    scorecard = list({score.promise: score for score in told}.values())
    broken = [score.breach for score in scorecard if score.breach]
    verdict = _verdict(findings, scorecard, recorder.error)
    return {
        "schema": SCHEMA,
        "drill": recorder.drill,
        "started": utc(recorder.started),
        "fault_at": utc(recorder.wall(zero)),
        "seconds": rounded(until - zero + recorder.wall(zero) - recorder.started),
        "by": by,
        "pair": {
            "name": pair,
            "master": str(settings.master.address),
            "slave": str(settings.slave.address),
            "vip": str(settings.vip.ip),
        },
        "verdict": verdict,
        "headline": _headline(findings, recorder.error),
        "afterwards": findings.afterwards if findings else "",
        "broken_promises": broken,
        "error": _told(recorder.error),
        "scorecard": [_score(each) for each in scorecard],
        "timeline": [
            {"at": rounded(at), "kind": kind, "what": what} for at, kind, what in sorted(_moments(recorder, zero))
        ],
        "ledger": _ledger(findings),
        "refusal": findings.refusal if findings else "",
        **_observed(recorder, settings, until, zero),
        "environment": dict(recorder.environment),
        "figures": dict(findings.figures) if findings else {},
    }


def masked(value: Any, mask: Callable[[str], str]) -> Any:
    """The same with every text in it masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: masked(each, mask) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each, mask) for each in value]
    return value


def _verdict(findings: Findings | None, scorecard: list[Score], error: BaseException | None) -> str:
    """passed, late (every promise kept, a target of time missed), failed, or cut off."""
    if any(score.breach for score in scorecard):
        return "failed"
    if isinstance(error, KeyboardInterrupt):
        return "cut off"
    if findings is None or error is not None:
        return "failed"
    return "late" if any(score.met is False for score in scorecard) else "passed"


def _headline(findings: Findings | None, error: BaseException | None) -> str:
    if findings:
        return findings.headline
    if isinstance(error, KeyboardInterrupt):
        return "The drill was interrupted before it came to its end; this is what was seen until then."
    return f"The drill did not come to its end: {_told(error) or 'nobody knows why'}"


def _told(error: BaseException | None) -> str:
    if error is None:
        return ""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) or type(error).__name__


def _score(score: Score) -> Document:
    return {
        "promise": score.promise,
        "target": score.target,
        "measured": score.measured,
        "met": score.met,
        "seconds": None if score.seconds is None else rounded(score.seconds),
        "target_seconds": score.target_seconds,
    }


def _ledger(findings: Findings | None) -> Document | None:
    if findings is None:
        return None
    ledger = findings.ledger
    return {
        "acknowledged": ledger.acknowledged,
        "kept": ledger.kept,
        "lost": [list(row) for row in ledger.missing],
        "unanswered": ledger.unanswered,
        "unanswered_kept": ledger.unanswered_kept,
        "unwanted": [list(row) for row in ledger.unwanted],
    }


def _moments(recorder: Recorder, zero: float) -> Iterator[tuple[float, str, str]]:
    for mark in recorder.marks:
        yield mark.at - zero, mark.kind, mark.what
    if recorder.findings:
        yield from recorder.findings.moments
    elif any(mark.kind == "fault" for mark in recorder.marks):
        yield from _seen_by_itself(recorder.periods[0], zero)


def _seen_by_itself(period: Period, zero: float) -> Iterator[tuple[float, str, str]]:
    """What the observations tell of a drill that came to no end."""
    for role, watch in period.vip.items():
        came = watch.came(zero)
        if came is not None:
            yield came - zero, "takeover", f"the VIP is on the {role}"
        went = watch.went(zero)
        if went is not None and role == "master":
            yield went - zero, "note", "the VIP is gone from the master"
    refused = next(period.probe.seen("write", refused=True, since=zero), None)
    if refused:
        yield refused.at - zero, "refusal", "the first write refused"


def _observed(recorder: Recorder, settings: Settings, until: float, zero: float) -> Document:
    """What client and watches saw; empty when there was neither."""
    periods = recorder.periods
    roles: dict[int, Role] = {settings.node(role).server_id: role for role in ROLES}
    windows = [(period.since, period.until or until) for period in periods]
    observations = [each for period in periods for each in period.probe.observations]
    vip: Document = {role: [] for role in ROLES}
    writable: Document = {role: [] for role in ROLES}
    for period, (_, end) in zip(periods, windows, strict=True):
        for role in ROLES:
            vip[role] += vip_spans(period, role, end, zero)
            writable[role] += write_spans(period, role, end, zero)
    return {
        "watched": [[rounded(since - zero), rounded(end - zero)] for since, end in windows],
        "rates": rates(observations, roles, windows, zero) if windows else None,
        "vip": vip,
        "writable": writable,
        "lag": [each for period in periods for each in lags(period, zero)],
        "close_ups": [
            {
                "title": mark.what,
                "from": rounded(since - zero),
                "to": rounded(end - zero),
                "attempts": attempts(observations, roles, since, end, zero),
            }
            for mark, since, end in _close_ups(recorder, windows, zero)
        ],
    }


def _close_ups(
    recorder: Recorder, windows: list[tuple[float, float]], zero: float
) -> Iterator[tuple[Mark, float, float]]:
    """The stretch around each opening mark, on to the last moment of the quick ones that follow it."""
    moments = sorted((at + zero, kind) for at, kind, _ in _moments(recorder, zero))
    for mark in recorder.marks:
        seen = next(((begin, end) for begin, end in windows if begin <= mark.at < end), None)
        if mark.kind not in OPENINGS or seen is None:
            continue
        slow = [at for at, kind in moments if at > mark.at and kind in ("heal", *OPENINGS)]
        until = min(seen[1], *slow) if slow else seen[1]
        last = max([at for at, _ in moments if mark.at <= at < until], default=mark.at)
        end = min(max(last, mark.at + 1.0) + AFTER, mark.at + CLOSE_UP_SECONDS, until)
        yield mark, max(mark.at - BEFORE, seen[0]), end
