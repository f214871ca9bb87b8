"""Waiting with a deadline that names what it waited for."""

import time
from collections.abc import Callable

from runbook.errors import RunbookError


class DeadlinePassed(RunbookError):
    """What was waited for did not come in time."""


def until(
    what: str,
    seconds: float,
    is_so: Callable[[], bool],
    *,
    pause: float = 0.1,
    hint: Callable[[], str] = str,
) -> float:
    """Wait until `is_so()`; return the seconds it took, or raise DeadlinePassed naming `what`, with the hint."""
    started = time.monotonic()
    while not is_so():
        if time.monotonic() - started > seconds:
            raise DeadlinePassed(f"waited {seconds:g} s in vain for: {what}", *filter(None, [hint()]))
        time.sleep(pause)
    return time.monotonic() - started
