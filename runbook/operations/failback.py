"""failback: bring the VIP home to the master, by an operator's hand and only when nothing can be lost by it.

Every act is level: it looks, does what is missing and waits until it is so. A run that was cut off anywhere is
finished by the next one.
"""

import time
from dataclasses import dataclass, replace

from runbook.core.host_paths import DEFERRED
from runbook.core.report import Report
from runbook.core.step import ensure
from runbook.core.wait import DeadlinePassed, until
from runbook.diagnosis.facts import Facts, gather
from runbook.diagnosis.rules import Kind, diagnose
from runbook.errors import Drift, NotSo, RunbookError
from runbook.keepalived.configuration import UNIT, Keepalived, vrrp_state
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.socket_login import logs_in
from runbook.mysql.tracking.tracking import listed
from runbook.observe.intruder import drop_account
from runbook.observe.observers import observed
from runbook.observe.probe import Probe
from runbook.observe.recorder import Recorder
from runbook.observe.scorecard import Score, kept, within
from runbook.operations import failback_proof as proof
from runbook.operations import verify
from runbook.operations.leftovers import intended as leftovers_intended
from runbook.operations.leftovers import undo_leftovers
from runbook.operations.run import Run
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.steps.mysqld import Mysqld
from runbook.steps.start import Serves
from runbook.steps.start_slave import known_source, replication

RECOVERY_SECONDS = 600
THREADS_SECONDS = 30
CATCH_UP_SECONDS = 600
BACKUP_SECONDS = 30
HOME_SECONDS = 30
VIP_SECONDS = 90  # both that wait for the other after a boot do so for a minute
WRITES_TARGET = 1.0  # seconds that writes may stand still for the hand-over


@dataclass(frozen=True)
class Handover:
    """Seconds from telling the slave to let go until the VIP was on the master, and until a write was acknowledged.

    None where the slave did not have the VIP, or no client of ours came through.
    """

    vip_seconds: float | None
    writes_seconds: float | None
    slave_follows: bool = True


class Refused(RunbookError):
    """Something does not add up; the VIP was not moved, and nothing given up."""


def bring_home(run: Run, *, without_slave: bool = False) -> None:
    """Bring the VIP home, and prove it; raises NotSo when the pair is not healthy then, Drift in a dry run.

    `without_slave` is the operator's word that a slave which cannot follow is left behind.
    """
    with run.on_pair("failback", restore_lab=True) as (pair, report, _):
        good = bring_home_and_verify(pair, report, without_slave=without_slave)
    if not good:
        raise NotSo


def bring_home_and_verify(
    pair: Pair, report: Report, recorder: Recorder | None = None, *, without_slave: bool = False
) -> bool:
    """Returns whether the pair is healthy afterwards, or as good as it can be without a slave that was left behind.

    With a recorder the failback is the end of a drill, and part of its report. Raises Drift in a dry run.
    """
    if pair.dry:
        acts = [*leftovers_intended(pair), *intended(pair)]
        report.say("\n".join(f"would {act}" for act in acts) or "nothing to do")
        if acts:
            raise Drift
        return True
    undo_leftovers(pair, report, again=True)
    handover = run(pair, report, recorder, without_slave=without_slave)
    good = not handover or _seen_home(pair, report, handover)
    if recorder:
        recorder.score(verified(good))
    return good


def _seen_home(pair: Pair, report: Report, handover: Handover) -> bool:
    """The last line that an operator reads is proof."""
    found = verify.seen(pair, report, quiet=report.as_json)
    return found.good or (not handover.slave_follows and found.verdict.kind is Kind.REPLICATION_BROKEN)


def run(
    pair: Pair, report: Report, recorder: Recorder | None = None, *, without_slave: bool = False
) -> Handover | None:
    """Bring the VIP home; None when all is well already. Raises Refused before the VIP moves.

    With a recorder the failback is the end of a drill, and part of its report.
    """
    facts = gather(pair)
    verdict = diagnose(facts)
    report.say(verdict.sentence)
    if verdict.kind is Kind.HEALTHY:
        undo_leftovers(pair, report)
        drop_account(pair)
        report.say("Nothing to bring home.")
        return None
    refuse(proof.why_not_begin(facts, verdict))
    start_servers(pair, report)
    refuse_without_scripts(pair, facts)
    prove_nothing_is_lost(pair, facts, report)
    follows = slave_follows(pair, report, without_slave=without_slave)
    pair.master.host.do(f"rm -f {DEFERRED}")
    report.outcome(ensure(pair.master.host, Keepalived(UNIT)))
    handover = vip_on_master(pair, report, recorder or Recorder())
    since = facts["slave"].takeover.get("at")
    if since:
        report.say(f"writes had stood still since the takeover at {since}")
    report.outcome(ensure(pair.slave.host, Keepalived(UNIT)))
    report.outcome(ensure(pair.master.host, Serves(pair)))
    if follows:
        replicate(pair, report)
    drop_account(pair)
    return replace(handover, slave_follows=follows)


def verified(good: bool) -> Score:
    """What verify found afterwards, as a drill's scorecard has it."""
    wrong = "" if good else "the pair is not healthy after the failback"
    return kept("After the failback the pair is healthy", "so, by inv verify", wrong or "so", wrong)


def intended(pair: Pair) -> list[str]:
    """What a failback would do now, for a dry run; raises Refused where it would be refused."""
    facts = gather(pair)
    verdict = diagnose(facts)
    if verdict.kind is Kind.HEALTHY:
        return []
    refuse(proof.why_not_begin(facts, verdict))
    return list(proof.intended(facts))


def refuse(reason: str | None) -> None:
    """Raise Refused when there is a reason."""
    if reason:
        raise Refused(reason)


def refuse_without_scripts(pair: Pair, facts: Facts) -> None:
    """The scripts on both hosts can do their part."""
    s = pair.settings
    for role, side in pair.sides.items():
        lets_in = logs_in(side.host, s.check_user, s.check_password)
        refuse(proof.why_scripts_cannot(facts[role], account=s.check_user, lets_in=lets_in))


def start_servers(pair: Pair, report: Report) -> None:
    """mysqld on both hosts, crash recovery included."""

    def start(side: Side) -> None:
        report.outcome(ensure(side.host, Mysqld.of(side, RECOVERY_SECONDS)))
        side.server.close()
        took = until(f"{side.host}: root's login after recovery", RECOVERY_SECONDS, side.server.answers)
        if took > 1:
            report.say(f"{side.host}: mysqld answers after {took:.1f} s of recovery")

    pair.side_by_side(start)
    undo_leftovers(pair, report)


def prove_nothing_is_lost(pair: Pair, facts: Facts, report: Report) -> None:
    """Every transaction that the slave has, or received before it took over, is on the master; raises Refused."""
    slave, tracking, record = pair.slave.server, pair.slave.tracking, facts["slave"].takeover
    status = replica_status(slave)
    found = proof.Evidence(
        slave=tracking.of_slave(slave, status),
        received=tracking.received(status),
        recorded=tracking.parse(record.get("received", "")),
        master=tracking.of_master(pair.master.server),
    )
    errant = listed(tracking.each(slave, found.errant))
    # A position tells nothing of what the slave wrote itself; since the takeover that must be nothing.
    own = [] if tracking.by_gtid else listed(tracking.own_since(slave, record.get("own", "")))
    refuse(proof.why_something_is_lost(str(pair.master.host), errant, own))
    has = found.slave or "none yet"
    report.say(f"proved: the master has every transaction of the slave, by {tracking.name} ({has})")


def slave_follows(pair: Pair, report: Report, *, without_slave: bool) -> bool:
    """Whether the slave has caught up; raises its reason where it cannot, and may not be left behind."""
    try:
        catch_up(pair, report)
    except (Refused, DeadlinePassed) as error:
        if not without_slave:
            raise
        reason = str(error).splitlines()[0]
        report.say(f"{reason}\nThe master has all that the slave has: goes on without it, as you said.", "yellow")
        return False
    return True


def catch_up(pair: Pair, report: Report) -> None:
    """The slave replicates again and has everything that the master has."""
    replicate(pair, report)
    slave, tracking = pair.slave.server, pair.slave.tracking
    target = tracking.of_master(pair.master.server)

    def caught_up() -> bool:
        status = replica_status(slave)
        if proof.has_caught_up(tracking.of_slave(slave, status), target):
            return True
        refuse(proof.why_it_never_catches_up(str(pair.slave.host), status))
        if status and status.receiver == "No":
            # A takeover that was late has stopped it since.
            slave.execute(f"START {slave.dialect.replica}")
        return False

    took = until(
        f"{pair.slave.host}: everything the master has", CATCH_UP_SECONDS, caught_up, hint=lambda: _replication(pair)
    )
    report.say(f"caught up: the slave has everything the master has ({took:.1f} s)")


def replicate(pair: Pair, report: Report) -> None:
    """Both replication threads of the slave run."""
    slave = pair.slave.server
    status = replica_status(slave)
    if status is None:
        refuse(proof.why_it_never_catches_up(str(pair.slave.host), None))
    if status and status.runs:
        return
    known = ensure(pair.slave.host, known_source(pair))
    if known.status != "ok":
        report.outcome(known)
    if status and status.relay_log_torn:
        # It is proven that the master has all that stands there: it is fetched anew.
        report.outcome(ensure(pair.slave.host, replication(pair)))
        return
    # An applier that stopped on a row tries it again: it may be repaired by now.
    slave.execute(f"START {slave.dialect.replica}")

    def runs() -> bool:
        status = replica_status(slave)
        refuse(proof.why_it_never_catches_up(str(pair.slave.host), status))
        return bool(status and status.runs)

    until(f"{pair.slave.host}: both replication threads", THREADS_SECONDS, runs, hint=lambda: _replication(pair))
    report.say(f"{pair.slave.host}: replication started")


def vip_on_master(pair: Pair, report: Report, recorder: Recorder) -> Handover:
    """The master has the VIP, before the slave's keepalived is started, which would take it as well as the master."""
    vip = pair.settings.vip.ip
    until(
        f"{vip} on a host, now that keepalived runs on the master",
        VIP_SECONDS,
        lambda: pair.slave.holds_vip() or pair.master.holds_vip(),
        hint=lambda: f"keepalived on the master is {vrrp_state(pair.master.host) or 'in no known state'}.",
    )
    return hand_over(pair, report, recorder) if pair.slave.holds_vip() else Handover(None, None)


def hand_over(pair: Pair, report: Report, recorder: Recorder) -> Handover:
    """Restart keepalived on the slave: its goodbye gives the VIP to the master, which opens for writes."""
    until(
        f"{pair.master.host}: keepalived as BACKUP, ready to take the VIP",
        BACKUP_SECONDS,
        lambda: vrrp_state(pair.master.host) == "BACKUP",
        hint=lambda: f"It is {vrrp_state(pair.master.host) or 'in no known state'}; see journalctl -u {UNIT} there.",
    )
    with Probe.of(pair) as probe, observed(pair, probe, recorder):
        released_at = time.monotonic()
        recorder.mark("failback", "the slave is told to let the VIP go", released_at)
        pair.slave.host.do(f"systemctl restart --no-block {UNIT}")
        until(f"{pair.settings.vip.ip} on the master", HOME_SECONDS, pair.master.holds_vip, pause=0.02)
        vip_seconds = time.monotonic() - released_at
        until("the master open for writes", HOME_SECONDS, lambda: not pair.master.server.closed(), pause=0.02)
        written = probe.first_write_after(released_at, deadline=5)
        if written is not None:
            recorder.mark("writes", "writes again, acknowledged by the master", released_at + written)
        recorder.score(within("Failback: from the slave's letting go to an acknowledged write", written, WRITES_TARGET))
    writes = f", a write was acknowledged after {written:.2f} s" if written is not None else ""
    report.say(f"handed over: the VIP was on the master {vip_seconds:.2f} s after the slave was told to let go{writes}")
    return Handover(vip_seconds, written)


def _replication(pair: Pair) -> str:
    status = replica_status(pair.slave.server)
    if status is None:
        return "Replication is not configured."
    return (
        f"receiver {status.receiver}, applier {status.applier} {status.receiver_error or status.applier_error}".rstrip()
    )
