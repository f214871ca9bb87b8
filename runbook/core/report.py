"""What a run shows: one line an outcome, the difference under it, totals; for people or as JSON."""

import difflib
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markup import escape

from runbook.core.printable import printable
from runbook.core.step import Change, Gap, Outcome

STYLES = {
    "ok": "green",
    "changed": "yellow",
    "would change": "cyan",
    "waits": "cyan",
    "refused": "bold red",
    "failed": "bold red",
}
WIDTH = max(map(len, STYLES))
PAPER_WIDTH = 120
LIVE_PER_SECOND = 4


class Report:
    """Prints outcomes as they come, from both hosts' threads; every text passes `mask` first, and is made printable."""

    def __init__(self, mask: Callable[[str], str], *, as_json: bool = False, console: Console | None = None) -> None:
        self._mask = mask
        self.as_json = as_json
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._printing = threading.Lock()
        self._started = time.monotonic()
        self._task = ""
        self._records: list[dict[str, object]] = []
        self.outcomes: list[Outcome] = []

    def mask(self, text: str) -> str:
        """The text as it may be shown: without secrets, and with no control character at work."""
        return printable(self._mask(text))

    def say(self, text: str, style: str = "") -> None:
        """A sentence to the operator."""
        if not self.as_json:
            with self._printing:
                self._console.print(escape(self.mask(text)), style=style or None)

    def task(self, name: str) -> None:
        """The heading of a step of the article."""
        self._task = name
        self.say(name, "bold")

    def outcome(self, outcome: Outcome) -> None:
        """One line for the outcome and the difference under it."""
        with self._printing:
            self.outcomes.append(outcome)
            self._records.append(self._record(outcome))
        if self.as_json:
            return
        style = STYLES[outcome.status]
        lines = [f"  [{style}]{outcome.status:<{WIDTH}}[/]  {outcome.host:<6}  {escape(self.mask(outcome.step))}"]
        lines += [f"      {self._coloured(line)}" for line in differences(outcome.gap)]
        lines += [f"      {escape(self.mask(line))}" for line in outcome.note.splitlines()]
        with self._printing:
            self._console.print("\n".join(lines))

    def totals(self, run: str) -> None:
        """The last line of a run: how many of each, and how long it took."""
        counted = Counter(outcome.status for outcome in self.outcomes)
        seconds = time.monotonic() - self._started
        if self.as_json:
            document = {
                "run": run,
                "seconds": round(seconds, 2),
                "totals": counted,
                "outcomes": self._records,
            }
            self.document(document)
            return
        drift = counted["would change"] + counted["waits"]
        middle = f"{drift} would change" if drift else f"{counted['changed']} changed"
        refused = f", {counted['refused']} refused" if counted["refused"] else ""
        rest = f"{counted['ok']} ok{refused}, {counted['failed']} failed"
        self.say(f"{run}: {middle}, {rest} in {seconds:.1f} s", "bold")

    def show(self, picture: RenderableType) -> None:
        """A table or the like; on paper, where no terminal sets a width, PAPER_WIDTH columns wide."""
        console = self._console
        paper = console if console.is_terminal else Console(file=console.file, width=PAPER_WIDTH, highlight=False)
        with self._printing:
            paper.print(picture, soft_wrap=False)

    @property
    def in_place(self) -> bool:
        """Whether what changes may be redrawn: on a terminal, unless NO_COLOR or CI say that nobody looks at one."""
        console = self._console
        plain = any(os.environ.get(name) for name in ("NO_COLOR", "CI"))
        return console.is_terminal and not console.is_dumb_terminal and not plain

    def live(self, picture: Callable[[], RenderableType]) -> AbstractContextManager[object]:
        """A picture under the text, drawn again and again while this lasts, and gone afterwards."""
        return Live(get_renderable=picture, console=self._console, refresh_per_second=LIVE_PER_SECOND, transient=True)

    def document(self, document: Mapping[str, object]) -> None:
        """The one JSON document of a run; its texts are masked by whoever makes it."""
        self._console.print_json(json.dumps(document), indent=2)

    def _record(self, outcome: Outcome) -> dict[str, object]:
        gap = [
            {"fact": c.fact, "now": self.mask(_plain(c.now)), "want": self.mask(_plain(c.want))} for c in outcome.gap
        ]
        return {
            "task": self.mask(self._task),
            "host": outcome.host,
            "step": self.mask(outcome.step),
            "status": outcome.status,
            "gap": gap,
            "note": self.mask(outcome.note),
        }

    def _coloured(self, line: str) -> str:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        text = escape(self.mask(line))
        return f"[{style}]{text}[/]" if style else text


def differences(gap: Gap) -> Iterator[str]:
    """The changed facts as lines; what was not there at all is one line."""
    if len(gap) > 1 and all(change.now is None for change in gap):
        yield "absent → " + ", ".join(f"{change.fact}: {_brief(change.want)}" for change in gap)
        return
    for change in gap:
        yield from difference(change)


def difference(change: Change) -> Iterator[str]:
    """A changed fact as lines: a unified diff where a text of lines replaces another, else `fact: old → new`."""
    now, want = _plain(change.now), _plain(change.want)
    if "\n" not in want:
        yield f"{change.fact}: {now} → {want}"
    elif change.now is None:
        yield f"{change.fact}: absent → {_brief(want)}"
    else:
        lines = list(difflib.unified_diff(now.splitlines(), want.splitlines(), lineterm="", n=1))[2:]
        yield from lines or [f"{change.fact}: only line ends differ"]


def _brief(value: object) -> str:
    text = _plain(value)
    return f"{len(text.splitlines())} lines" if "\n" in text else text


def _plain(value: object) -> str:
    return "absent" if value is None else str(value)
