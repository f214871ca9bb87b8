"""All drills over time: one entry for each record, a page with a trend for each drill, and a table for the terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from markupsafe import Markup
from rich.table import Table

from runbook.core.templates import render
from runbook.drill.report import svg
from runbook.drill.report.page import style, when
from runbook.drill.report.record import Document
from runbook.drill.report.svg import Scale

SHOWN = 20
MOST = 1e9  # seconds or writes of one drill; what is not a number is not below it either
TREND_WIDTH, TREND_HEIGHT = 260.0, 64.0
STYLES = {"passed": "green", "late": "yellow", "failed": "bold red", "cut off": ""}


@dataclass(frozen=True)
class Entry:
    """What the index says of one drill; None for what was not seen."""

    name: str
    """Of its files, without suffix."""
    started: str
    drill: str
    pair: str
    verdict: str
    vip_seconds: float | None
    reads_seconds: float | None
    acknowledged: int | None
    lost: int | None
    by: str
    figure: str
    """What its trend shows: the first promise of its scorecard that is a matter of time."""
    seconds: float | None
    target_seconds: float | None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def entries(documents: Mapping[str, Document]) -> list[Entry]:
    """An entry for each document by its file's name, in the order given; one of another shape is left out."""
    found = []
    for name, record in documents.items():
        try:
            found.append(_entry(name, record))
        except (KeyError, TypeError, AttributeError):
            continue
    return [each for each in found if _is_whole(each)]


def _is_whole(entry: Entry) -> bool:
    """Whether each value is of its kind: a file may have been edited, or made by another program."""
    *numbers, texts = (
        (entry.vip_seconds, entry.reads_seconds, entry.seconds, entry.target_seconds),
        (entry.acknowledged, entry.lost),
        (entry.name, entry.started, entry.drill, entry.pair, entry.verdict, entry.by, entry.figure),
    )
    counted = (each for group in numbers for each in group if each is not None)
    return all(isinstance(each, str) for each in texts) and all(
        isinstance(each, int | float) and not isinstance(each, bool) and abs(each) < MOST for each in counted
    )


def _entry(name: str, record: Document) -> Entry:
    first: dict[str, float] = {}
    for mark in record["timeline"]:
        first.setdefault(mark["kind"], mark["at"])
    timed: Document = next((score for score in record["scorecard"] if score["seconds"] is not None), {})
    ledger = record["ledger"]
    return Entry(
        name=name,
        started=record["started"],
        drill=record["drill"],
        pair=record["pair"]["name"],
        verdict=record["verdict"],
        vip_seconds=first.get("takeover"),
        reads_seconds=first.get("reads"),
        acknowledged=ledger["acknowledged"] if ledger else None,
        lost=len(ledger["lost"]) if ledger else None,
        by=record["by"],
        figure=timed.get("promise", ""),
        seconds=timed.get("seconds"),
        target_seconds=timed.get("target_seconds"),
    )


def html(found: Sequence[Entry]) -> str:
    """The page of all drills; they are given in their order."""
    return render(
        "reports.html.j2",
        entries=found,
        trends=list(_trends(found)),
        style=style(),
        when=when,
        first_word=first_word,
        seconds=written,
    )


def table(found: Sequence[Entry]) -> Table:
    """The last drills for the terminal, the latest at the bottom."""
    shown = Table(title=f"The last {min(SHOWN, len(found))} of {len(found)} drills")
    for heading in ("UTC", "drill", "pair", "verdict"):
        shown.add_column(heading, no_wrap=heading != "pair")
    for heading in ("VIP, s", "reads, s", "acknowledged", "lost"):
        shown.add_column(heading, justify="right")
    shown.add_column("run by")
    for each in found[-SHOWN:]:
        verdict = f"[{STYLES[each.verdict]}]{each.verdict}[/]" if STYLES.get(each.verdict) else each.verdict
        counts = ("–" if count is None else str(count) for count in (each.acknowledged, each.lost))
        seconds = (written(each.vip_seconds), written(each.reads_seconds))
        shown.add_row(when(each.started), each.drill, each.pair, verdict, *seconds, *counts, each.by)
    return shown


def _trends(found: Iterable[Entry]) -> Iterator[dict[str, object]]:
    by_drill = sorted(found, key=lambda each: each.drill)
    for drill, group in groupby(by_drill, key=lambda each: each.drill):
        runs = list(group)
        timed = [each for each in runs if each.seconds is not None]
        about = f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}"
        if timed:
            about += f"; {timed[-1].figure}: last {timed[-1].seconds:.2f} s"
        yield {"drill": drill, "about": about, "picture": trend(drill, runs)}


def trend(drill: str, runs: Sequence[Entry]) -> Markup:
    """A dot for each run, coloured by its verdict, as high as its seconds; the target is a dashed line."""
    target = runs[-1].target_seconds or 0.0
    highest = svg.round_up(max([target * 1.2, *(each.seconds or 0.0 for each in runs)]))
    x, y = Scale(0, max(1, len(runs) - 1), 12, TREND_WIDTH - 38), Scale(0, highest, TREND_HEIGHT - 8, 10)
    parts = [
        svg.line(6, y(0), TREND_WIDTH - 32, y(0), "axis"),
        svg.text(TREND_WIDTH - 28, y(highest) + 4, f"{highest:g} s", "value"),
    ]
    if target:
        parts.append(svg.line(6, y(target), TREND_WIDTH - 32, y(target), "goal"))
    timed = [(x(i), y(each.seconds)) for i, each in enumerate(runs) if each.seconds is not None]
    course = "".join(f"{'L' if i else 'M'}{left:g} {top:g}" for i, (left, top) in enumerate(timed))
    if course:
        parts.append(svg.path(course, "course"))
    for i, each in enumerate(runs):
        title = f"{when(each.started)}: {each.verdict}, {written(each.seconds)} s"
        parts.append(svg.dot(x(i), y(each.seconds or 0.0), f"dot {first_word(each.verdict)}", title))
    return svg.drawing(TREND_WIDTH, TREND_HEIGHT, f"{drill} over time", parts, "trend-line")


def first_word(verdict: str) -> str:
    """A verdict as the style sheet names it."""
    return verdict.partition(" ")[0]


def written(seconds: float | None) -> str:
    """Seconds, or a dash for what was not seen."""
    return "–" if seconds is None else f"{seconds:.2f}"
