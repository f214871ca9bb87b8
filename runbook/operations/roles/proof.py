"""Whether the roles may change: from what is so to the reason against it, or None. Pure.

A reason's first line says what was found; the others what was left alone and what to do.
"""

from collections.abc import Sequence

from runbook.diagnosis.facts import Facts
from runbook.diagnosis.verdict import Verdict
from runbook.mysql.work.sessions import AtWork
from runbook.pair.roles import Record, Records, newest

WHY = "switchover"
LONG_SECONDS = 2
"""A transaction or a statement that lasts so long may hold the closing up; what is shorter has ended by then."""
NOT_CHANGED = "The roles were not changed"


def why_not_begin(verdict: Verdict, facts: Facts) -> str | None:
    """Only a healthy pair changes its roles."""
    if not verdict.healthy:
        return f"{verdict.sentence}\n{NOT_CHANGED}. {verdict.next_step}, then: inv switchover"
    master = facts["master"]
    if master.chosen.get("SEMI_SYNC", "").startswith("on") and master.semi_sync is not True:
        return (
            f"{master}: semi-synchronous replication is not in force: what it acknowledges may be on it alone\n"
            f"{NOT_CHANGED}. Look at the slave: inv verify"
        )
    return None


def why_not_now(master: str, at_work: Sequence[AtWork], prepared: int) -> str | None:
    """What would be cut off: long transactions and statements, or transactions that wait for a second phase (XA)."""
    if at_work:
        lines = [f"{master}: at work for more than {LONG_SECONDS} s, and it would be cut off:", *map(str, at_work)]
        return "\n".join((*lines, f"{NOT_CHANGED}. Wait for them, or end them: KILL ID; then: inv switchover"))
    if prepared:
        return (
            f"{master}: {prepared} prepared transactions (XA RECOVER) wait for their commit or rollback\n"
            f"{NOT_CHANGED}. Have their owner end them, then: inv switchover"
        )
    return None


def came_about(records: Records, left: Record | None) -> bool:
    """Whether what a switchover that was cut off has left behind is of a change that every host remembers."""
    last = newest(records)
    return left is not None and last is not None and last.epoch >= left.epoch


def why_not_once_more(records: Records, left: Record | None) -> str | None:
    """Why the roles are not changed for something else: they have been, by a run that was cut off after it."""
    if not came_about(records, left):
        return None
    return (
        f"The roles have changed already, {newest(records)}, and that was not brought to its end\n"
        "Nothing was changed. First: inv switchover; then look at who is master and who is slave now: inv verify"
    )


def is_cut_off(records: Records) -> bool:
    """Whether the last change of roles that a host knows of was a switchover."""
    last = newest(records)
    return last is not None and last.why == WHY
