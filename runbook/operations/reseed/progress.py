"""How far the copy is: a bar on a terminal, else a line now and then."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.text import Text

from runbook.core.report import Report
from runbook.mysql.seeding.route import Progress, Told
from runbook.operations.reseed.decisions import megabytes

EVERY_SECONDS = 10
WIDTH = 30


def words(progress: Progress, seconds: float) -> str:
    """How much of how much, at which rate since it began, and how long that makes the rest. Pure."""
    if not progress.done:
        return progress.what
    rate = progress.done / seconds if seconds > 0 else 0
    of = f" of {megabytes(progress.of)}" if progress.of else ""
    said = f"{progress.what}: {megabytes(progress.done)}{of}"
    if rate < 1 or seconds < 1:
        return said
    said += f", {megabytes(int(rate))}/s"
    left = (progress.of - progress.done) / rate
    return f"{said}, {_duration(left)} left" if left > 0 else said


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds) + 1, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def bar(progress: Progress) -> str:
    """As wide as WIDTH; empty where nobody knows how much there is. Pure."""
    if not progress.of:
        return ""
    full = min(WIDTH, WIDTH * progress.done // progress.of)
    return f"{'━' * full}{'╌' * (WIDTH - full)} "


@contextmanager
def shown(report: Report) -> Iterator[Told]:
    """What is told is shown while this lasts."""
    now, since, said_at = Progress("begins"), time.monotonic(), 0.0

    def told(progress: Progress) -> None:
        nonlocal now, since, said_at
        first = progress.what != now.what
        if first or (not now.done and progress.done):
            since = time.monotonic()
        now = progress
        if not report.in_place and (first or time.monotonic() - said_at > EVERY_SECONDS):
            said_at = time.monotonic()
            report.say(f"  {words(now, said_at - since)}")

    def picture() -> Text:
        return Text(f"{bar(now)}{words(now, time.monotonic() - since)}")

    if report.in_place and not report.as_json:
        with report.live(picture):
            yield told
    else:
        yield told
