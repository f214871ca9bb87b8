"""What a run that was cut off left on the hosts to undo it: run before anything else is done to the pair."""

from runbook.core import undo
from runbook.core.report import Report
from runbook.pair.pair import Pair
from runbook.pair.side import Side


def undo_leftovers(pair: Pair, report: Report, *, again: bool = False) -> None:
    """Runs on both hosts what waits there to undo something, and says what was undone, or would be in a dry run.

    Raises UndoFailed when that did not succeed; with `again` it is only said, as it is tried again later.
    """
    if pair.dry:
        for act in intended(pair):
            report.say(f"would {act}")
        return

    def on(side: Side) -> None:
        try:
            undo.run_left_behind(side.host, report.say)
        except undo.UndoFailed as error:
            if not again:
                raise
            report.say(f"{error}\nIt is tried again once mysqld runs.", "yellow")

    pair.side_by_side(on)


def intended(pair: Pair) -> list[str]:
    """Returns what `undo_leftovers` would do now, for a dry run."""
    found = pair.side_by_side(lambda side: undo.left_behind(side.host))
    return [f"undo what {name} left on the {role}" for role, names in found.items() for name in names]
