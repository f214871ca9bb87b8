"""The runbook's tasks: names, help, flags, confirmations and exit codes. What they do lives in runbook/.

Imports of runbook/ are inside the tasks: `inv --list` needs none of them and answers at once.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from invoke import Collection, Context, Exit, task

if TYPE_CHECKING:
    from runbook.pair import Pair
    from runbook.report import Report
    from runbook.target import Target

HERE = Path(__file__).parent
INTERRUPTED = 130
DRIFT = 3

JSON = {"json": "print one JSON document instead of text"}
YES = {"yes": "do not ask: do it"}


class Job(NamedTuple):
    """What a task works with: the pair, where to report, which pair was meant."""

    pair: "Pair"
    report: "Report"
    target: "Target"


@contextmanager
def operator_errors(mask: list[Callable[[str], str]]) -> Iterator[None]:
    """The one boundary: an operator's mistake or a host's failure becomes a sentence and an exit code."""
    from runbook.errors import RunbookError

    def shown(text: str) -> str:
        return mask[-1](text) if mask else text

    try:
        yield
    except RunbookError as error:
        raise Exit(shown(f"\n{error}"), error.exit_code) from None
    except KeyboardInterrupt:
        raise Exit("\ninterrupted: run the same command again to finish it", INTERRUPTED) from None


@contextmanager
def on_pair(
    c: Context, run: str, *, json: bool = False, plan: bool = False, lock: bool = True
) -> Iterator[Job]:
    """Find the pair, say which, lock it unless nothing will change, and hand it to a task."""
    masks: list[Callable[[str], str]] = []
    with operator_errors(masks):
        from runbook.pair import Pair
        from runbook.report import Report
        from runbook.target import find_target

        target = find_target(os.environ, HERE)
        masks.append(target.mask)
        report = Report(target.mask, as_json=json)
        report.say(target.describe(), "bold")
        dry = plan or bool(c.config.run.dry)
        with Pair(target.settings, dry=dry) as pair:
            with pair.locked(run, report.say) if lock and not dry else nullcontext():
                yield Job(pair, report, target)


def consent(target: "Target", yes: bool) -> Callable[[str], bool]:
    """A question to the operator; on a lab and with --yes the answer is yes, without a terminal it is no."""

    def ask(question: str) -> bool:
        if yes or target.lab:
            return True
        return sys.stdin.isatty() and input(f"{question} [y/N] ").strip().lower() in ("y", "yes")

    return ask


def converge(c: Context, *names: str, plan: bool = False, yes: bool = False, json: bool = False) -> None:
    """Run steps of the article, or show what they would change (exit 3 when that is anything)."""
    with on_pair(c, names[0] if len(names) == 1 else "bootstrap", json=json, plan=plan) as (
        pair,
        report,
        target,
    ):
        from runbook.bootstrap import TASKS, run

        try:
            run(pair, names if len(names) == 1 else [t.name for t in TASKS], report, consent(target, yes))
        finally:
            report.totals("plan" if pair.dry else "bootstrap" if len(names) > 1 else names[0])
        if pair.dry and any(outcome.is_drift for outcome in report.outcomes):
            raise Exit(code=DRIFT)


@task(help=YES | JSON)
def bootstrap(c: Context, yes: bool = False, json: bool = False) -> None:
    """Take two hosts through all steps below to a serving pair; what is right already stays as it is."""
    converge(c, yes=yes, json=json)


namespace = Collection()
