"""failback: bring the VIP home to the master, by an operator's hand and only when nothing can be lost by it.

Every act is level: it looks, does what is missing and waits until it is so. A run that was cut off anywhere is
finished by the next one.
"""

import time
from dataclasses import dataclass

from runbook.core.report import Report
from runbook.core.step import ensure
from runbook.core.wait import until
from runbook.diagnosis.facts import Facts, gather
from runbook.diagnosis.rules import Kind, Verdict, diagnose
from runbook.errors import Drift, NotSo, RunbookError
from runbook.keepalived.configuration import GAVE_WAY, UNIT, vrrp_state
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.replication.tracking import listed
from runbook.mysql.socket_login import logs_in
from runbook.observe.intruder import drop_account
from runbook.observe.observers import observed
from runbook.observe.probe import Probe
from runbook.observe.recorder import Recorder
from runbook.observe.scorecard import Score, kept, within
from runbook.operations import verify
from runbook.operations.leftovers import intended as leftovers_intended
from runbook.operations.leftovers import undo_leftovers
from runbook.operations.run import Run
from runbook.pair.pair import Pair, Side
from runbook.steps.deploy_scripts import CONFIG
from runbook.steps.start import Serves
from runbook.system.resources import Service

RECOVERY_SECONDS = 600
THREADS_SECONDS = 30
CATCH_UP_SECONDS = 600
BACKUP_SECONDS = 30
HOME_SECONDS = 30
WRITES_TARGET = 1.0  # seconds that writes may stand still for the hand-over


@dataclass(frozen=True)
class Handover:
    """Seconds from telling the slave to let go until the VIP was on the master, and until a write was acknowledged.

    None where the slave did not have the VIP, or no client of ours came through.
    """

    vip_seconds: float | None
    writes_seconds: float | None


class Refused(RunbookError):
    """Something does not add up; the VIP was not moved."""


def bring_home(run: Run) -> None:
    """Bring the VIP home, and prove it; raises NotSo when the pair is not healthy then, Drift in a dry run."""
    with run.on_pair("failback", restore_lab=True) as (pair, report, _):
        good = bring_home_and_verify(pair, report)
    if not good:
        raise NotSo


def bring_home_and_verify(pair: Pair, report: Report, recorder: Recorder | None = None) -> bool:
    """Returns whether the pair is healthy afterwards: the last line that an operator reads is proof.

    With a recorder the failback is the end of a drill, and part of its report. Raises Drift in a dry run.
    """
    if pair.dry:
        acts = [*leftovers_intended(pair), *intended(pair)]
        report.say("\n".join(f"would {act}" for act in acts) or "nothing to do")
        if acts:
            raise Drift
        return True
    undo_leftovers(pair, report, again=True)
    good = not run(pair, report, recorder) or verify.seen_healthy(pair, report, quiet=report.as_json)
    if recorder:
        recorder.score(verified(good))
    return good


def run(pair: Pair, report: Report, recorder: Recorder | None = None) -> Handover | None:
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
    _refuse_without_servers(facts, verdict)
    start_servers(pair, report)
    refuse_without_scripts(pair, facts)
    prove_nothing_is_lost(pair, facts, report)
    catch_up(pair, report)
    pair.master.host.do(f"rm -f {GAVE_WAY}")
    report.outcome(ensure(pair.master.host, Service(UNIT)))
    handover = hand_over(pair, report, recorder or Recorder()) if pair.slave.holds_vip() else Handover(None, None)
    since = facts["slave"].takeover.get("at")
    if since:
        report.say(f"writes had stood still since the takeover at {since}")
    report.outcome(ensure(pair.slave.host, Service(UNIT)))
    report.outcome(ensure(pair.master.host, Serves(pair)))
    replicate(pair, report)
    drop_account(pair)
    return handover


def verified(good: bool) -> Score:
    """What verify found afterwards, as a drill's scorecard has it."""
    wrong = "" if good else "the pair is not healthy after the failback"
    return kept("After the failback the pair is healthy", "so, by inv verify", wrong or "so", wrong)


def intended(pair: Pair) -> list[str]:
    """What a failback would do now, for a dry run."""
    facts = gather(pair)
    if diagnose(facts).kind is Kind.HEALTHY:
        return []
    master, slave = facts["master"], facts["slave"]
    acts = [f"start mysqld on the {side.role}" for side in (master, slave) if side.mysqld != "active"]
    acts += ["prove that the master has every transaction of the slave", "let the slave catch up with the master"]
    if master.keepalived != "active":
        acts.append("start keepalived on the master")
    if slave.holds_vip:
        acts.append("restart keepalived on the slave, which hands the VIP over")
    return [*acts, "wait for the VIP and for writes on the master, and verify"]


def _refuse_without_servers(facts: Facts, verdict: Verdict) -> None:
    for side in facts.values():
        if side.unreachable:
            raise Refused(
                f"{side.role} {side.address} does not answer: {side.unreachable}",
                f"Nothing was changed. {verdict.next_step}",
            )
        if "mysqld" in side.lacks:
            raise Refused(
                f"{side.role} {side.address} has no MySQL server: there is nothing to bring the VIP home to or from",
                f"Nothing was changed. Next: {verdict.next_step}",
            )


def refuse_without_scripts(pair: Pair, facts: Facts) -> None:
    """The scripts on both hosts can do their part: their configuration is whole, and their account gets in."""
    s = pair.settings
    for role, side in pair.sides.items():
        if CONFIG in facts[role].lacks:
            reason, next_step = f"the scripts have no whole configuration {CONFIG}", "inv deploy-scripts"
        elif not logs_in(side.host, s.check_user, s.check_password):
            reason, next_step = f"mysqld refuses the scripts' account {s.check_user}", "inv create-replica-user"
        else:
            continue
        raise Refused(f"{side.host}: {reason}", f"The VIP was not moved. Run: {next_step}, then: inv failback")


def start_servers(pair: Pair, report: Report) -> None:
    """mysqld on both hosts, crash recovery included."""

    def start(side: Side) -> None:
        report.outcome(ensure(side.host, Service(side.names.unit, seconds=RECOVERY_SECONDS)))
        side.server.close()
        took = until(f"{side.host}: root's login after recovery", RECOVERY_SECONDS, side.server.answers)
        if took > 1:
            report.say(f"{side.host}: mysqld answers after {took:.1f} s of recovery")

    pair.side_by_side(start)
    undo_leftovers(pair, report)


def prove_nothing_is_lost(pair: Pair, facts: Facts, report: Report) -> None:
    """Every transaction that the slave has, or received before it took over, is on the master."""
    slave, tracking, record = pair.slave.server, pair.slave.tracking, facts["slave"].takeover
    on_slave = tracking.of_slave(slave, replica_status(slave))
    errant = on_slave.plus(tracking.parse(record.get("received", ""))).minus(tracking.of_master(pair.master.server))
    names = listed(tracking.each(slave, errant))
    # A position tells nothing of what the slave wrote itself; since the takeover that must be nothing.
    own = [] if tracking.by_gtid else listed(tracking.own_since(slave, record.get("own", "")))
    if names or own:
        raise Refused(
            f"{pair.master.host} lacks transactions that the slave has:",
            *(f"  {name}" for name in (*names, *own)),
            "The VIP was not moved; the slave goes on serving reads.",
            "Was the master rebuilt, or its disk's last writes lost? Look at them on the slave (mysqlbinlog)",
            "and bring them to the master by hand.",
            *([f"Once it has them: {slave.dialect.reset} on the slave, whose binary log nobody reads."] if own else []),
        )
    report.say(f"proved: the master has every transaction of the slave, by {tracking.name} ({on_slave or 'none yet'})")


def catch_up(pair: Pair, report: Report) -> None:
    """The slave replicates again and has everything that the master has."""
    replicate(pair, report)
    slave, tracking = pair.slave.server, pair.slave.tracking
    target = tracking.of_master(pair.master.server)

    def caught_up() -> bool:
        _raise_on_applier_error(pair)
        status = replica_status(slave)
        if not target.minus(tracking.of_slave(slave, status)):
            return True
        if status and status.receiver == "No" and status.receiver_error:
            raise Refused(
                f"{pair.slave.host}: the receiver stopped: {status.receiver_error}",
                "The VIP was not moved; the slave goes on serving reads. Remove the reason, then: inv failback",
            )
        return False

    took = until(
        f"{pair.slave.host}: everything the master has", CATCH_UP_SECONDS, caught_up, hint=lambda: _replication(pair)
    )
    report.say(f"caught up: the slave has everything the master has ({took:.1f} s)")


def replicate(pair: Pair, report: Report) -> None:
    """Both replication threads of the slave run."""
    status = replica_status(pair.slave.server)
    if status is None:
        raise Refused(f"{pair.slave.host}: replication was never configured", "Run: inv bootstrap")
    if status.runs:
        return
    # An applier that stopped on a row tries it again: it may be repaired by now.
    pair.slave.server.execute(f"START {pair.slave.server.dialect.replica}")

    def runs() -> bool:
        _raise_on_applier_error(pair)
        status = replica_status(pair.slave.server)
        return bool(status and status.runs)

    until(f"{pair.slave.host}: both replication threads", THREADS_SECONDS, runs, hint=lambda: _replication(pair))
    report.say(f"{pair.slave.host}: replication started")


def hand_over(pair: Pair, report: Report, recorder: Recorder) -> Handover:
    """Restart keepalived on the slave: its goodbye gives the VIP to the master, which opens for writes."""
    until(
        f"{pair.master.host}: keepalived as BACKUP, ready to take the VIP",
        BACKUP_SECONDS,
        lambda: vrrp_state(pair.master.host) == "BACKUP",
        hint=lambda: f"It is {vrrp_state(pair.master.host) or 'in no known state'}; see journalctl -u {UNIT} there.",
    )
    with Probe.of(pair.settings) as probe, observed(pair, probe, recorder):
        let_go = time.monotonic()
        recorder.mark("failback", "the slave is told to let the VIP go", let_go)
        pair.slave.host.do(f"systemctl restart --no-block {UNIT}")
        until(f"{pair.settings.vip.ip} on the master", HOME_SECONDS, pair.master.holds_vip, pause=0.02)
        vip_seconds = time.monotonic() - let_go
        until("the master open for writes", HOME_SECONDS, lambda: not pair.master.server.closed(), pause=0.02)
        written = probe.first_write_after(let_go, deadline=5)
        if written is not None:
            recorder.mark("writes", "writes again, acknowledged by the master", let_go + written)
        recorder.score(within("Failback: from the slave's letting go to an acknowledged write", written, WRITES_TARGET))
    writes = f", a write was acknowledged after {written:.2f} s" if written is not None else ""
    report.say(f"handed over: the VIP was on the master {vip_seconds:.2f} s after the slave was told to let go{writes}")
    return Handover(vip_seconds, written)


def _raise_on_applier_error(pair: Pair) -> None:
    status = replica_status(pair.slave.server)
    if status and status.applier_error:
        raise Refused(
            f"{pair.slave.host}: the applier stopped: {status.applier_error}",
            "The VIP was not moved. Repair the row it names on the slave; nothing is skipped.",
        )


def _replication(pair: Pair) -> str:
    status = replica_status(pair.slave.server)
    if status is None:
        return "Replication is not configured."
    return (
        f"receiver {status.receiver}, applier {status.applier} {status.receiver_error or status.applier_error}".rstrip()
    )
