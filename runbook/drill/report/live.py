"""What happens now, while a drill runs: a small picture on a terminal, else a line when something changed."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Group
from rich.table import Table
from rich.text import Text

from runbook.core.report import Report
from runbook.drill.report.reduction import OUTCOMES, STALE_SECONDS, lag_now, outcome
from runbook.observe.probe import KINDS, Kind
from runbook.observe.recorder import Period, Recorder, View
from runbook.pair.pair import ROLES
from runbook.settings.settings import Role, Settings

SECOND = 1.0
LOOK_SECONDS = 0.5
LINE_SECONDS, QUIET_SECONDS = 1.0, 5.0  # between two lines: at least when much changes, at most when nothing does
BAR = 40
STYLES = {"master": "blue", "slave": "cyan", "refused": "yellow", "failed": "red"}
WORDS = {"master": "by the master", "slave": "by the slave", "refused": "refused", "failed": "failed"}


@dataclass(frozen=True)
class Now:
    """The last second of a drill."""

    fault: str
    """Empty before it."""
    seconds: float
    """Since the fault, or since the start of the record."""
    holders: tuple[str, ...]
    """Who has the VIP; a host that is not heard from has a question mark."""
    attempts: dict[Kind, Counter[str]]
    """By what came of them."""
    lag: float | None

    @property
    def state(self) -> object:
        """What a reader of lines wants to be told when it changes."""
        return self.fault, self.holders, [sorted(self.attempts[kind]) for kind in KINDS]


def now(recorder: Recorder, settings: Settings) -> Now:
    """From what client and watches have noted; the recorder has a period."""
    period, moment = recorder.periods[-1], time.monotonic()
    roles: dict[int, Role] = {settings.node(role).server_id: role for role in ROLES}
    fault = [mark for mark in recorder.marks if mark.kind in ("fault", "failback")]
    return Now(
        fault=fault[-1].what if fault else "",
        seconds=moment - (fault[-1].at if fault else period.since),
        holders=tuple(_holders(period, moment)),
        attempts={
            kind: Counter(outcome(each, roles) for each in period.probe.seen(kind, since=moment - SECOND))
            for kind in KINDS
        },
        lag=lag_now(period),
    )


def on(report: Report, settings: Settings) -> View:
    """The view of a recorder for this report: in place on a terminal, lines elsewhere, nothing where JSON is wanted."""

    @contextmanager
    def view(recorder: Recorder) -> Iterator[None]:
        if report.as_json:
            yield
        elif report.in_place:
            with report.live(lambda: _drawn(recorder, settings)):
                yield
        else:
            with _lines(report, recorder, settings):
                yield

    return view


def _drawn(recorder: Recorder, settings: Settings) -> Group:
    try:
        return picture(recorder.drill, now(recorder, settings))
    except Exception as bug:  # a drill goes on without its view
        return Group(f"no live view: {type(bug).__name__}: {bug}")


@contextmanager
def _lines(report: Report, recorder: Recorder, settings: Settings) -> Iterator[None]:
    stopping = threading.Event()

    def tell() -> None:
        told_at, told = float("-inf"), None
        while not stopping.wait(LOOK_SECONDS):
            try:
                seen = now(recorder, settings)
            except Exception as bug:  # a drill goes on without its view
                report.say(f"  no live view: {type(bug).__name__}: {bug}")
                return
            since = time.monotonic() - told_at
            if since >= QUIET_SECONDS or (since >= LINE_SECONDS and seen.state != told):
                report.say(line(seen))
                told_at, told = time.monotonic(), seen.state

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def line(seen: Now) -> str:
    """One line of a log."""
    when = f"{seen.seconds:+6.1f} s" if seen.fault else "  before"
    parts = [f"  {when}  VIP {vip(seen)}", *(f"{kind}s {per_second(seen, kind)}" for kind in KINDS)]
    if seen.lag is not None:
        parts.append(f"lag {seen.lag:.1f} s")
    return "   ".join(parts)


def picture(drill: str, seen: Now) -> Group:
    """The same for a terminal, redrawn in place."""
    head = Text.assemble(
        (f"drill.{drill}  ", "bold"), f"{seen.seconds:.1f} s since: {seen.fault}" if seen.fault else "before the fault"
    )
    grid = Table.grid(padding=(0, 2))
    grid.add_row("VIP", Text(vip(seen), STYLES.get(vip(seen), "bold red")))
    for kind in KINDS:
        grid.add_row(f"{kind}s/s", bar(seen.attempts[kind]))
    if seen.lag is not None:
        grid.add_row("lag", f"{seen.lag:.1f} s")
    return Group(Text(), head, grid)


def bar(counted: Counter[str]) -> Text:
    """What came of a second's attempts, as a coloured bar and in words."""
    drawn, total = Text(), counted.total()
    for name in OUTCOMES:
        drawn.append("█" * round(BAR * counted[name] / total) if total else "", STYLES[name])
    words = [(f"  {counted[name]} {WORDS[name]}", STYLES[name]) for name in OUTCOMES if counted[name]]
    return Text.assemble(drawn, *(words or [("  none", "")]))


def vip(seen: Now) -> str:
    """Who has it, in words."""
    return " and ".join(seen.holders) or "nobody"


def per_second(seen: Now, kind: Kind) -> str:
    """What came of a second's attempts, in words."""
    counted = seen.attempts[kind]
    return ", ".join(f"{counted[name]}/s {WORDS[name]}" for name in OUTCOMES if counted[name]) or "none"


def _holders(period: Period, moment: float) -> Iterator[str]:
    for role, watch in period.vip.items():
        changes = watch.changes
        if moment - watch.heard_at > STALE_SECONDS:
            yield f"{role}?"
        elif changes and changes[-1][1]:
            yield role
