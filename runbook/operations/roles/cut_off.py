"""A change of roles that was cut off, as the files that it had laid ready on the hosts tell of it."""

from runbook.core.host_paths import CONFIG, ROLE
from runbook.pair.pair import Pair
from runbook.pair.roles import Record, Records, newest, parse

NEXT = ".next"
"""Behind the name of a file that lies ready to take its place."""
QUESTION = f"cat {ROLE}{NEXT} 2>/dev/null || true"


def left(pair: Pair) -> Record | None:
    """What a change of roles that was cut off had in mind, before or after it came about; None where none was."""
    return newest(pair.told(lambda side: parse(side.host.ask(QUESTION))))


def forget(pair: Pair) -> None:
    """All of it is done: no file lies ready any more."""
    pair.side_by_side(lambda side: side.host.do(f"rm -f {CONFIG}{NEXT} {ROLE}{NEXT}"), pair.reached)


def came_about(records: Records, left: Record | None) -> Record | None:
    """The last change of roles, where it was cut off once its first role was written; None else. Pure."""
    last = newest(records)
    return last if left and last and last.epoch == left.epoch else None


def unfinished(records: Records, left: Record | None, command: str) -> Record | None:
    """The last change of roles, where it was this command's and was cut off once its first role was written. Pure."""
    found = came_about(records, left)
    return found if found and found.why == command else None


def was_only_prepared(records: Records, left: Record | None) -> bool:
    """Whether what lies ready is of a change that never came about. Pure."""
    return left is not None and came_about(records, left) is None


def why_not_first(unfinished: Record | None) -> str | None:
    """Why something else that goes by the roles is not done; None where no change of them is unfinished. Pure."""
    if unfinished is None:
        return None
    return (
        f"The roles have changed already, {unfinished}, and that was not brought to its end\n"
        f"Nothing was changed. First: inv {unfinished.why}; then look at who is master and who is slave now: inv verify"
    )
