"""A drill's record as one page that needs nothing but itself: for the operator, and for whoever pays for the pair."""

from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup

from runbook.core.templates import render, source
from runbook.drill.report.picture import close_up, overview
from runbook.drill.report.record import Document

MEANINGS = {
    "passed": "Every promise was kept, within its target.",
    "late": "Every promise was kept, but not each as fast as its target asks.",
    "failed": "The pair did not keep its promises: see what follows before anything else is done with it.",
    "cut off": "The drill did not come to its end, so it proves nothing; what was seen until then follows.",
}


class Tile(NamedTuple):
    """A figure to be seen first."""

    figure: str
    what: str
    kind: str


def html(record: Document, name: str) -> str:
    """The page; `name` is the file's, without suffix."""
    drawn = record["rates"] is not None
    return render(
        "drill.html.j2",
        d=record,
        file=name,
        style=style(),
        verdict_class=record["verdict"].partition(" ")[0],
        when=when,
        met=met,
        met_class=met_class,
        meaning=MEANINGS[record["verdict"]],
        tiles=list(tiles(record)),
        overview=overview(record) if drawn else "",
        close_ups=[{"title": each["title"], "picture": close_up(record, each)} for each in record["close_ups"]],
    )


def tiles(record: Document) -> Iterator[Tile]:
    """The scorecard's times, and what became of the acknowledged writes."""
    for score in record["scorecard"]:
        if score["seconds"] is not None:
            goal = "" if score["target_seconds"] is None else f", target {score['target']}"
            yield Tile(f"{score['seconds']:.2f} s", score["promise"] + goal, met_class(score))
    ledger = record["ledger"]
    if ledger:
        lost = len(ledger["lost"])
        yield Tile(str(lost), f"lost of {ledger['acknowledged']} acknowledged writes", "no" if lost else "yes")


def met(score: Document) -> str:
    """Whether a promise was kept, in a word."""
    if score["met"] is None:
        return "no target" if score["seconds"] is not None else "not known"
    if score["met"]:
        return "met"
    return "late" if score["target_seconds"] is not None else "BROKEN"


def met_class(score: Document) -> str:
    """The same for the style sheet."""
    return {"met": "yes", "late": "slow", "BROKEN": "no"}.get(met(score), "none")


def when(started: str) -> str:
    """2026-11-22T19:40:12Z as people read it."""
    return started.replace("T", " ").removesuffix("Z")


def style() -> Markup:
    """The style sheet of all our pages."""
    return Markup(source("report.css"))
