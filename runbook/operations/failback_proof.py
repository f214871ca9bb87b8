"""Whether the VIP may come home: from what is so to the reason against it, or None. Pure.

A reason's first line says what was found; the others what was left alone and what to do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runbook.core.host_paths import CONFIG
from runbook.diagnosis.facts import Facts, SideFacts
from runbook.diagnosis.verdict import Kind, Verdict
from runbook.diagnosis.words import end_hung
from runbook.mysql.tracking.progress import Progress
from runbook.mysql.tracking.status import ReplicaStatus

NOT_MOVED = "The VIP was not moved"
LEAVE_IT = "Or bring the VIP home now and mend the slave afterwards: inv failback --without-slave"


@dataclass(frozen=True)
class Evidence:
    """What each server has, asked while mysqld runs on both; the slave is asked first."""

    slave: Progress
    """Applied, and made itself where GTIDs tell."""
    received: Progress
    """What the slave has received by now, applied or not."""
    recorded: Progress
    """What it had received when it took over, as it wrote down then."""
    master: Progress

    @property
    def errant(self) -> Progress:
        """What the slave has, or had, and the master lacks."""
        return self.slave.plus(self.received).plus(self.recorded).minus(self.master)


def why_not_begin(facts: Facts, verdict: Verdict) -> str | None:
    """Why nothing can be begun: a host does not answer, has no server, or a keepalived that does not move."""
    if verdict.kind is Kind.MASTER_ALONE:
        return f"{verdict.sentence}\nThe VIP is home. {verdict.next_step}"
    for side in facts.values():
        if side.unreachable:
            found = f"{side.role} {side.address} does not answer: {side.unreachable}"
            return f"{found}\nNothing was changed. {verdict.next_step}"
        if side.hangs:
            found = f"{side.role} {side.address}: keepalived hangs: {side.hangs}"
            return f"{found}\nNothing was changed. {end_hung(side)}; then: inv failback"
        if "mysqld" in side.lacks:
            return (
                f"{side.role} {side.address} has no MySQL server: there is nothing to bring the VIP home to or from\n"
                f"Nothing was changed. Next: {verdict.next_step}"
            )
    return None


def why_scripts_cannot(side: SideFacts, *, account: str, lets_in: bool) -> str | None:
    """Why the scripts on a host could not open or close it: their configuration, or their account."""
    if CONFIG in side.lacks:
        found, repair = f"the scripts have no whole configuration {CONFIG}", "inv deploy-scripts"
    elif not lets_in:
        found, repair = f"mysqld refuses the scripts' account {account}", "inv create-replica-user"
    else:
        return None
    return f"{side.role} {side.address}: {found}\n{NOT_MOVED}. Run: {repair}, then: inv failback"


def why_something_is_lost(master: str, errant: Sequence[str], own: Sequence[str]) -> str | None:
    """Why the slave's data must not be left behind: transactions that `master` lacks, by their names.

    `own` are those that a slave by position made itself.
    """
    if not errant and not own:
        return None
    lines = [
        f"{master} lacks transactions that the slave has:",
        *(f"  {name}" for name in (*errant, *own)),
        f"{NOT_MOVED}; the slave goes on serving reads.",
        "inv reconcile shows what each of them did, and gives it up or runs it on the master, as you say.",
    ]
    return "\n".join(lines)


def why_it_never_catches_up(slave: str, status: ReplicaStatus | None) -> str | None:
    """Why waiting for the slave is in vain: its applier or its receiver has stopped on an error."""
    if status is None:
        return f"{slave}: replication was never configured\nRun: inv bootstrap"
    if status.applier_error:
        return (
            f"{slave}: the applier stopped: {status.applier_error}\n"
            f"{NOT_MOVED}. Repair the row it names on the slave; nothing is skipped. Then: inv failback\n{LEAVE_IT}"
        )
    if status.login_refused:
        return (
            f"{slave}: the master refuses the receiver's login: {status.receiver_error}\n"
            f"{NOT_MOVED}; the slave goes on serving reads. Run: inv create-replica-user, then: inv failback"
        )
    if status.receiver == "No" and status.receiver_error:
        return (
            f"{slave}: the receiver stopped: {status.receiver_error}\n"
            f"{NOT_MOVED}; the slave goes on serving reads. Remove the reason, then: inv failback\n{LEAVE_IT}"
        )
    return None


def has_caught_up(slave: Progress, target: Progress) -> bool:
    """Whether the slave has applied all that the master had."""
    return not target.beyond(slave)


def intended(facts: Facts) -> Iterable[str]:
    """What a failback of a pair that is not healthy would do, act by act."""
    master, slave = facts["master"], facts["slave"]
    yield from (f"start mysqld on the {side.role}" for side in (master, slave) if side.mysqld != "active")
    yield "prove that the master has every transaction of the slave"
    yield "let the slave catch up with the master"
    if master.keepalived != "active":
        yield "start keepalived on the master"
    if slave.holds_vip:
        yield "restart keepalived on the slave, which hands the VIP over"
    yield "wait for the VIP and for writes on the master, and verify"
