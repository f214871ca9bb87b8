"""Whether the roles may change: from what is so to the reason against it, or None. Pure.

A reason's first line says what was found; the others what was left alone and what to do.
"""

from collections.abc import Sequence

from runbook.diagnosis.facts import Facts
from runbook.diagnosis.verdict import Verdict
from runbook.mysql.work.sessions import AtWork

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
