"""One run on the pair: which pair is said first, it is locked while it may change, and no error tells a secret."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from runbook.core.ssh import Link
from runbook.errors import RunbookError
from runbook.operations.target import Target, find_target
from runbook.settings.settings import Node, Role, Settings

if TYPE_CHECKING:
    from runbook.core.report import Report
    from runbook.pair.pair import Pair


class Job(NamedTuple):
    """What an operation works with: the pair, where to report, and which pair was meant."""

    pair: "Pair"
    report: "Report"
    target: Target


@dataclass(frozen=True)
class Run:
    """How the operator called: from where, and with which flags."""

    environ: Mapping[str, str]
    folder: Path
    dry: bool = False
    yes: bool = False
    json: bool = False
    _reached: dict[Role, Link] = field(default_factory=dict, init=False, repr=False)

    def reach(self) -> None:
        """Begin to connect to both hosts: that takes as long as the import of most of this package.

        BadInput when no pair is meant; why a host is not reached says whoever needs it.
        """
        settings = self.target().settings
        with suppress(RunbookError):
            for node in (settings.master, settings.slave):
                link = self._reached[node.role] = Link(node, settings)
                link.open_ahead()

    def _link(self, node: Node, settings: Settings) -> Link:
        return self._reached.pop(node.role, None) or Link(node, settings)

    def target(self) -> Target:
        """The pair that is meant; BadInput when there is none."""
        return self._target

    @cached_property
    def _target(self) -> Target:
        return find_target(self.environ, self.folder)

    @contextmanager
    def on_pair(
        self,
        purpose: str,
        *,
        lock: bool = True,
        restore_lab: bool = False,
        by_stale: bool = False,
        patience: float | None = None,
        ahead: Iterable[str] = (),
    ) -> Iterator[Job]:
        """Find the pair, say which, and lock it unless nothing will change; `restore_lab` makes a lab whole before.

        With `patience` it goes on without the hosts that do not let us in within so many seconds. What will be asked
        of each host at first, `ahead`, shares a round trip.

        BadInput when it is locked and hosts.env is stale; who only looks, or may go on `by_stale`, compares himself.
        """
        from runbook.core.report import Report
        from runbook.pair.pair import Pair

        target, changes = self.target(), lock and not self.dry
        report = Report(target.mask, as_json=self.json)
        report.say(target.describe(), "bold")
        if restore_lab and target.lab and not self.dry:
            target.lab.restore(report.say)
        try:
            with Pair(target.settings, dry=self.dry, link=self._link) as pair:
                if patience is not None:
                    from runbook.diagnosis.of_host import greet_ahead

                    pair.leave_out_after(patience, greet_ahead)
                with pair.locked(purpose, report.say) if changes else nullcontext():
                    if changes and ahead:
                        pair.side_by_side(lambda side: side.host.foresee(ahead))
                    if changes and not by_stale:
                        pair.refuse_stale()
                    yield Job(pair, report, target)
        except RunbookError as error:
            error.args = (target.mask(str(error)),)
            raise

    def consent(self, target: Target) -> Callable[[str], bool]:
        """A yes-or-no question; on a lab and with --yes the answer is yes, without a terminal it is no."""
        return lambda question: self._unasked(target) or answer(f"{question} [y/N] ") in ("y", "yes")

    def typed_vip(self, target: Target) -> Callable[[], bool]:
        """Whether the operator typed the VIP, as before anything that hurts; not asked on a lab or with --yes."""
        vip = str(target.settings.vip.ip)
        return lambda: self._unasked(target) or answer(f"Type the VIP to go on ({vip}): ") == vip

    def typed(self, target: Target, word: str, what: str) -> Callable[[], bool]:
        """The same by another word, `what` it is."""
        return lambda: self._unasked(target) or answer(f"Type {what} to go on ({word}): ") == word.lower()

    def _unasked(self, target: Target) -> bool:
        return self.yes or target.lab is not None


def answer(question: str) -> str:
    """What the operator typed, or nothing at the end of input or without a terminal."""
    try:
        return input(question).strip().lower() if sys.stdin.isatty() else ""
    except EOFError:
        return ""
