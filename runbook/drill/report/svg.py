"""What our pictures are made of: scales, round ticks, labels that do not overlap, steps, lanes; as SVG text.

Every text is escaped here; colours and fonts are the page's style sheet's.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

LETTER = 6.1  # mean width of a letter in the 11 px of the style sheet, rounded up
LABEL_GAP = 8.0


@dataclass(frozen=True)
class Scale:
    """From values to pixels, linear."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value, to a tenth; values outside are moved to the edge."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.start + min(1.0, max(0.0, share)) * (self.end - self.start), 1)


def round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    factors = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    return next((power * factor for factor in factors if value <= power * factor), 10 * power)


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round values between low and high, some `about` of them."""
    rough = (high - low) / max(1, about)
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    step = next(power * factor for factor in (1, 2, 5, 10) if rough <= power * factor * (1 + 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 6) for number in range(first, last + 1)]


@dataclass(frozen=True)
class Label:
    """A text beside a vertical line at `line`, to its right or to its left; row 0 is the topmost."""

    line: float
    text: str
    kind: str
    leftwards: bool
    row: int = 0

    @property
    def span(self) -> tuple[float, float]:
        """From where to where the text goes, with the gap that it needs."""
        width = len(self.text) * LETTER + LABEL_GAP
        return (self.line - width, self.line) if self.leftwards else (self.line, self.line + width)

    def overlaps(self, other: "Label") -> bool:
        return self.row == other.row and self.span[0] < other.span[1] and other.span[0] < self.span[1]


def place(marks: Sequence[tuple[float, str, str]], right: float) -> list[Label]:
    """Rows for labels (line, text, kind), such that no two texts overlap and no line runs through a text.

    A label stands right of its line, or left where it would leave the picture; below it the line goes down to the axis.
    """
    labels = [Label(line, text, kind, leftwards=False) for line, text, kind in sorted(marks)]
    labels = [replace(each, leftwards=each.span[1] > right) for each in labels]
    placed: list[Label] = []
    rightwards = [each for each in labels if not each.leftwards]
    for label in rightwards + [each for each in reversed(labels) if each.leftwards]:
        alike = [each for each in placed if each.leftwards is label.leftwards]
        crossing = [each.row for each in alike if each.span[0] <= label.line <= each.span[1]]
        lower = replace(label, row=max(crossing, default=-1) + 1)
        while any(lower.overlaps(each) for each in placed):
            lower = replace(lower, row=lower.row + 1)
        placed.append(lower)
    return placed


def steps(x: Sequence[float], low: Sequence[float | None], high: Sequence[float | None]) -> str:
    """The path of a band between two step lines over bins whose edges are `x`; None is a hole."""
    parts = []
    for begin, end in _runs(high):
        up = "".join(f"V{high[i]:g}H{x[i + 1]:g}" for i in range(begin, end))
        down = "".join(f"V{low[i]:g}H{x[i]:g}" for i in reversed(range(begin, end)))
        parts.append(f"M{x[begin]:g} {low[begin]:g}{up}{down}Z")
    return "".join(parts)


def _runs(values: Sequence[float | None]) -> Iterator[tuple[int, int]]:
    begin = None
    for i, value in enumerate([*values, None]):
        if value is not None and begin is None:
            begin = i
        elif value is None and begin is not None:
            yield begin, i
            begin = None


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{:g}" y1="{:g}" x2="{:g}" y2="{:g}"/>').format(kind, x1, y1, x2, y2)


def rect(x: float, y: float, width: float, height: float, kind: str, title: str = "") -> Markup:
    """A rectangle; `title` is shown when the pointer rests on it."""
    box = Markup('<rect class="{}" x="{:g}" y="{:g}" width="{:g}" height="{:g}"').format(
        kind, x, y, round(max(0.0, width), 1), height
    )
    return box + (Markup("><title>{}</title></rect>").format(title) if title else Markup("/>"))


def text(x: float, y: float, words: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{:g}" y="{:g}">{}</text>').format(kind, x, y, words)


def path(d: str, kind: str, title: str = "") -> Markup:
    told = Markup("<title>{}</title>").format(title) if title else Markup("")
    return Markup('<path class="{}" d="{}">{}</path>').format(kind, d, told)


def dot(x: float, y: float, kind: str, title: str) -> Markup:
    return Markup('<circle class="{}" cx="{:g}" cy="{:g}" r="3.5"><title>{}</title></circle>').format(kind, x, y, title)


def drawing(width: float, height: float, what: str, parts: Sequence[Markup], kind: str = "picture") -> Markup:
    """The parts as one picture; `what` is for who cannot see it."""
    head = Markup('<svg class="{}" viewBox="0 0 {:g} {:g}" role="img" aria-label="{}">').format(
        kind, width, height, what
    )
    return head + Markup("").join(parts) + Markup("</svg>")
