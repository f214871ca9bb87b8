"""The pictures of a drill's record: all of it as rates and lanes, and close-ups in which every attempt is a tick."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from runbook.drill.report import svg
from runbook.drill.report.record import Document
from runbook.drill.report.reduction import OUTCOMES
from runbook.drill.report.svg import Scale
from runbook.pair.pair import ROLES

WIDTH, LEFT, RIGHT = 1000.0, 92.0, 968.0
ROW = 15.0
PANEL, LAG, LANE, TICK_LANE, GAP = 104.0, 46.0, 13.0, 11.0, 14.0
AXIS = 30.0

NAMES = {"master": "by master", "slave": "by slave", "refused": "refused", "failed": "failed"}
NOT_WATCHED = ("no client here:", "the pair waits for its failback")
STATES = {
    "here": "has the VIP",
    "gone": "without the VIP",
    "unknown": "not heard from",
    "open": "takes writes",
    "closed": "read-only",
    "silent": "does not answer",
}


class Canvas:
    """Parts of a picture from the top down over one time axis."""

    def __init__(self, since: float, until: float) -> None:
        self.x = Scale(since, until, LEFT, RIGHT)
        self.y = 4.0
        self.parts: list[Markup] = []
        self._lines: list[tuple[float, float, str]] = []
        self._texts: list[Markup] = []

    def marks(self, timeline: Sequence[Document], since: float, until: float) -> None:
        """Labels on top; their lines are drawn down to the axis when the picture is finished."""
        there = [(self.x(each["at"]), told(each), each["kind"]) for each in timeline if since <= each["at"] <= until]
        labels = svg.place(there, WIDTH)
        for label in labels:
            y = self.y + label.row * ROW + 11
            self._lines.append((label.line, y - 9, label.kind))
            x, side = (label.line - 4, "leftwards") if label.leftwards else (label.line + 4, "rightwards")
            self._texts.append(svg.text(x, y, label.text, f"label {side} {label.kind}"))
        self.y += (max((label.row for label in labels), default=-1) + 1) * ROW + 6

    def panel(self, title: str, unit: str, height: float, top: float) -> Scale:
        """A frame for values from 0 to `top`; the scale of its height."""
        y = Scale(0, top, self.y + height, self.y)
        self.parts.append(svg.text(LEFT - 10, self.y + 10, title, "title"))
        self.parts.append(svg.text(LEFT - 10, self.y + 23, unit, "unit"))
        for value in dict.fromkeys((0.0, top / 2, top) if height > 60 else (0.0, top)):
            self.parts.append(svg.line(LEFT, y(value), RIGHT, y(value), "grid"))
            if value or height > 60:
                self.parts.append(svg.text(RIGHT + 5, y(value) + 4, f"{value:g}", "value"))
        self.y += height + GAP
        return y

    def lanes(self, title: str, spans_by_role: Document) -> None:
        """A lane for each host, filled while something was so there."""
        self.parts.append(svg.text(LEFT - 10, self.y - 3, title, "title"))
        for role in ROLES:
            self.parts.append(svg.text(LEFT - 10, self.y + 10, role, "unit"))
            self.parts.append(svg.rect(LEFT, self.y, RIGHT - LEFT, LANE, "lane"))
            for begin, end, state in spans_by_role.get(role, []):
                if end < self.x.low or begin > self.x.high:
                    continue
                x, stop = self.x(begin), self.x(end)
                about = f"{role} {STATES[state]}: {begin:+.2f} s to {end:+.2f} s"
                self.parts.append(svg.rect(x, self.y, max(1.0, stop - x), LANE, f"{state} {role}", about))
            self.y += LANE + 3
        self.y += GAP + 6

    def hidden(self, watched: Sequence[Sequence[float]], top: float) -> None:
        """Cover what nobody looked at."""
        edges = [self.x.low, *(edge for window in watched for edge in window), self.x.high]
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            x, stop = self.x(begin), self.x(end)
            if stop - x > 1:
                self.parts.append(svg.rect(x, top, stop - x, self.y - top - GAP, "unseen"))
                for row, words in enumerate(NOT_WATCHED if stop - x > 130 else ()):
                    self.parts.append(svg.text((x + stop) / 2, (top + self.y) / 2 + row * ROW, words, "tick"))

    def finished(self, what: str) -> Markup:
        """With the time axis and the marks' lines."""
        bottom = self.y - GAP + 4
        axis = [svg.line(LEFT, bottom, RIGHT, bottom, "axis")]
        values = svg.ticks(self.x.low, self.x.high, 10)
        for value in values:
            axis.append(svg.line(self.x(value), bottom, self.x(value), bottom + 4, "axis"))
            axis.append(svg.text(self.x(value), bottom + 16, f"{value:+g} s" if value else "0", "tick"))
        lines = [svg.line(x, y, x, bottom, f"mark {kind}") for x, y, kind in self._lines]
        return svg.drawing(WIDTH, bottom + AXIS - 6, what, [*self.parts, *axis, *lines, *self._texts])


def told(mark: Document) -> str:
    """A mark as its label says it."""
    at = float(mark["at"])
    return str(mark["what"]) if mark["kind"] == "fault" else f"{at:+.2f} s {mark['what']}"


def overview(record: Document) -> Markup:
    """Reads and writes a second by what came of them, lag, who had the VIP and who took writes, from end to end."""
    rates = record["rates"]
    since, until = record["watched"][0][0], record["watched"][-1][1]
    canvas = Canvas(since, until)
    canvas.marks([each for each in record["timeline"] if each["kind"] != "note"], since, until)
    top = canvas.y
    highest = svg.round_up(max(max(_totals(rates[kind]), default=0.0) for kind in ("reads", "writes")))
    for kind in ("reads", "writes"):
        _bands(canvas, kind, rates, highest)
    if record["lag"]:
        _lag(canvas, record["lag"])
    canvas.y += 6
    canvas.lanes("VIP", record["vip"])
    canvas.lanes("Takes writes", record["writable"])
    canvas.hidden(record["watched"], top)
    return canvas.finished(f"Reads and writes a second over {until - since:.0f} seconds, and who had the VIP")


def close_up(record: Document, seen: Document) -> Markup:
    """One quick stretch: a tick for every attempt, and who had the VIP and took writes."""
    since, until = seen["from"], seen["to"]
    canvas = Canvas(since, until)
    canvas.marks(record["timeline"], since, until)
    for kind in ("reads", "writes"):
        canvas.parts.append(svg.text(LEFT - 10, canvas.y + 8, kind.capitalize(), "title"))
        canvas.y += TICK_LANE + 3
        for name in OUTCOMES:
            moments = seen["attempts"][kind][name]
            if kind == "reads" and name == "refused" and not moments:
                continue
            canvas.parts.append(svg.text(LEFT - 10, canvas.y + 9, NAMES[name], "unit"))
            canvas.parts.append(svg.rect(LEFT, canvas.y, RIGHT - LEFT, TICK_LANE, "lane"))
            ticks = "".join(f"M{canvas.x(at):g} {canvas.y:g}v{TICK_LANE:g}" for at in moments)
            if ticks:
                canvas.parts.append(svg.path(ticks, f"attempt {name}", f"{len(moments)} {kind} {NAMES[name]}"))
            canvas.y += TICK_LANE + 3
        canvas.y += 8
    canvas.y += 8
    canvas.lanes("VIP", record["vip"])
    canvas.lanes("Takes writes", record["writable"])
    return canvas.finished(f"Every read and write from {since:+.1f} s to {until:+.1f} s: {seen['title']}")


def _totals(by_outcome: Document) -> Iterator[float]:
    for values in zip(*by_outcome.values(), strict=True):
        yield sum(value or 0.0 for value in values)


def _bands(canvas: Canvas, kind: str, rates: Document, highest: float) -> None:
    y = canvas.panel(kind.capitalize(), "a second", PANEL, highest)
    step, begin, by_outcome = rates["step"], rates["from"], rates[kind]
    count = len(by_outcome[OUTCOMES[0]])
    x = [canvas.x(begin + i * step) for i in range(count + 1)]
    below = [0.0] * count
    for name in OUTCOMES:
        values = by_outcome[name]
        if not any(values):
            continue
        above = [base + (value or 0.0) for base, value in zip(below, values, strict=True)]
        low, high = (
            [None if value is None else y(each) for each, value in zip(edge, values, strict=True)]
            for edge in (below, above)
        )
        canvas.parts.append(svg.path(svg.steps(x, low, high), f"band {name}", f"{kind} {NAMES[name]}"))
        below = above


def _lag(canvas: Canvas, lag: Sequence[Sequence[float]]) -> None:
    top = svg.round_up(max(1.0, *(seconds for _, seconds, _ in lag)))
    y = canvas.panel("Lag", "seconds", LAG, top)
    parts, last = [], None
    for at, seconds, _ in lag:
        joined = last is not None and at - last < 2
        parts.append(f"{'L' if joined else 'M'}{canvas.x(at):g} {y(seconds):g}")
        last = at
    canvas.parts.append(svg.path("".join(parts), "lag", "age of the oldest acknowledged row that the slave lacks"))
