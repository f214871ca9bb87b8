"""promote: the master is lost, and the slave becomes the master; or a master is told that it need not see its slave.

What may be missing is said first, with its proof. The old host is fenced where it is reached. Until the new role is
written nothing has happened; from then on the same command goes on from wherever it was cut off.
"""

import time
from collections.abc import Callable

from runbook.core.host_paths import ALONE, TAKEOVER
from runbook.core.lock import operator
from runbook.core.moment import utc
from runbook.core.report import Report
from runbook.core.step import ensure, foresee
from runbook.core.wait import until
from runbook.diagnosis.facts import Facts, gather
from runbook.diagnosis.of_host import AHEAD_SECONDS
from runbook.diagnosis.rules import diagnose
from runbook.diagnosis.verdict import Kind
from runbook.errors import BadInput, Drift, HostError, NotSo, RunbookError
from runbook.keepalived.configuration import CONFIG as KEEPALIVED
from runbook.keepalived.configuration import UNIT, Configuration, ConfigurationRead, Keepalived, configuration
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.replication.source import copy_nobody
from runbook.mysql.work.events import enable, waiting
from runbook.operations.failback import refuse
from runbook.operations.roles import cut_off, handover, lost_logs, promotion_proof
from runbook.operations.roles.lost_logs import LostLogs
from runbook.operations.roles.promotion_proof import Proof
from runbook.operations.roles.stale_hosts_env import exchange_hosts_env, refuse_unwritable
from runbook.operations.roles.unseen_slave import let_open
from runbook.operations.run import Run, answer
from runbook.operations.target import Target
from runbook.pair import roles
from runbook.pair.alone import QUESTION, Alone, parse
from runbook.pair.held_scripts import HeldScripts
from runbook.pair.pair import Pair
from runbook.pair.role_record import RolesInSchema
from runbook.pair.roles import FIRST_EPOCH, PROMOTE, Record
from runbook.steps import deploy_scripts

VIP_SECONDS = 90
"""After a boot of both hosts the slave waits a minute for the other."""
APPLIED_SECONDS = 60
OPEN_SECONDS = 30
UNPROVEN = "UNPROVEN"


def promote(run: Run, *, host: str = "slave", unproven: bool = False) -> None:
    """Make the slave the master; with `host="master"` let the master take writes although it cannot see its slave.

    `unproven` is the operator's word that it is done although nobody can prove that nothing is missing.
    Raises BadInput when it is not confirmed, Refused with the reason before anything has changed.
    """
    if host not in ("master", "slave"):
        raise BadInput(
            "Which host? inv promote makes the slave the master; inv promote --host=master lets it open alone"
        )
    with run.on_pair("promote", by_stale=True, patience=AHEAD_SECONDS) as (pair, report, target):
        if host == "master":
            let_open(pair, report, run.typed_vip(target))
            tell(pair, report)
            return
        # Once hosts.env knows of it, nothing is left that bootstrap's steps would not do.
        unfinished = cut_off.unfinished(pair.records(), cut_off.left(pair), PROMOTE)
        if unfinished and roles.contradiction(pair.settings, pair.records()):
            report.say("A promotion is written down that hosts.env does not know of: it is brought to its end.")
            turned = _finished(pair, unfinished, report)
        else:
            pair.refuse_stale()
            turned = make_master(pair, report, lambda proof: _agreed(run, target, pair, proof, unproven=unproven))
        tell(turned, report)


def make_master(pair: Pair, report: Report, agreed: Callable[[Proof], bool]) -> Pair:
    """Make the slave of a lost master the master, once that is agreed to; the pair as it is then.

    Raises Drift in a dry run, Refused and BadInput before anything has changed.
    """
    facts = gather(pair)
    report.say(diagnose(facts).sentence)
    refuse(promotion_proof.why_not_promote(facts))
    refuse_unwritable(pair.settings.source)
    logs = _lost_logs(pair, facts, report)
    proof = promotion_proof.proof_of(
        facts["slave"],
        semi_sync=pair.slave.semi_sync.value == "on",
        # What is not synced at each commit may be missing from them, too.
        from_logs=logs is not None and logs.whole and pair.settings.sync_binlog == 1,
        unapplied=_unapplied(pair),
    )
    report.say(str(proof), "bold green" if proof.proven else "bold yellow")
    report.say(_will_be(pair))
    if pair.dry:
        raise Drift
    if not agreed(proof):
        raise BadInput("Not confirmed: nothing was changed.")
    return _act(pair, report, logs)


def _will_be(pair: Pair) -> str:
    old, new = pair.master.node.address, pair.slave.node.address
    return (
        f"before: master {old}, slave {new}\nafter:  master {new}, alone\n"
        f"{old} must be off, or cut off from clients, until inv rejoin makes it the slave."
    )


def _agreed(run: Run, target: Target, pair: Pair, proof: Proof, *, unproven: bool) -> bool:
    question = f"Is {pair.master.node.address} off or cut off, and shall {pair.slave.node.address} become the master?"
    if proof.proven or unproven or target.lab is not None:
        return run.consent(target)(question)
    return answer(f"{question}\nWrites may be missing. Type {UNPROVEN} to go on: ").upper() == UNPROVEN


def _unapplied(pair: Pair) -> str:
    """What the slave has received and does not apply within some time; nothing where it has all."""
    server, tracking = pair.slave.server, pair.slave.tracking
    status = replica_status(server)
    if tracking.applied(server, status):
        return ""
    if not pair.dry and status and status.applier == "No":
        server.execute(f"START {server.dialect.replica} SQL_THREAD")
    end = time.monotonic() + APPLIED_SECONDS
    while time.monotonic() < end:
        status = replica_status(server)
        if tracking.applied(server, status):
            return ""
        if status is None or status.applier == "No":
            break
        time.sleep(0.1)
    return str(tracking.received(status).minus(tracking.of_slave(server, status)))


def _lost_logs(pair: Pair, facts: Facts, report: Report) -> LostLogs | None:
    """None where the old host is not reached, or its server is there."""
    if facts["master"].unreachable or facts["master"].answers:
        return None
    try:
        logs = lost_logs.read(pair)
    except HostError as error:
        report.say(str(error), "yellow")
        return None
    report.say(f"{pair.master.host}: its binary logs hold {len(logs.logged)} transactions that the slave lacks")
    for each in logs.logged[:20]:
        report.say(f"  {each.name or 'a transaction'}: {each}")
    if not logs.whole:
        report.say(f"{pair.master.host}: the rest of its binary logs cannot be read", "yellow")
    return logs


def _act(pair: Pair, report: Report, logs: LostLogs | None) -> Pair:
    record, turned = handover.next_record(pair, PROMOTE), pair.turned()
    # Before any role is written: one that is written and has no files that lie ready would be no master.
    handover.lay_ready(turned.master, record)
    _fence(turned, record, report)
    _take_over(turned, report, logs)
    return turned


def _fence(turned: Pair, record: Record, report: Report) -> None:
    """Where it is reached: it is a slave from now on, and its scripts close it, again at each boot."""
    old, silent = turned.slave, turned.left_out.get("slave")
    if silent:
        report.say(f"{old.host}: not reached, so not fenced: {silent}", "yellow")
        return
    try:
        old.host.do(f"systemctl stop {UNIT} 2>/dev/null || true")
        handover.lay_ready(old, record)
        handover.take(old)
        report.say(f"{old.host}: fenced: it is no master any more, and its keepalived is stopped")
    except RunbookError as error:
        report.say(f"{old.host}: could not be fenced ({str(error).splitlines()[0]}): switch it off", "bold yellow")


def _finished(pair: Pair, last: Record, report: Report) -> Pair:
    """From wherever a promotion was cut off, once the first role was written, which may be the old master's."""
    turned = pair.turned()
    if pair.dry:
        raise Drift
    facts = gather(turned)
    refuse(promotion_proof.why_not_finish(facts))
    handover.lay_ready(turned.master, last)
    _fence(turned, last, report)
    logs = None
    if facts["master"].read_only and not facts["slave"].unreachable and not facts["slave"].answers:
        logs = _lost_logs(pair, {"master": facts["slave"], "slave": facts["master"]}, report)
    _take_over(turned, report, logs)
    return turned


def _take_over(turned: Pair, report: Report, logs: LostLogs | None) -> None:
    """Closed until it has all that it can have; its scripts open nothing before ALONE says that they may."""
    new = turned.master
    ensure(new.host, Keepalived(UNIT))
    until(f"{turned.settings.vip.ip} on {new.host}", VIP_SECONDS, new.holds_vip, pause=0.05)
    with HeldScripts(new.host):
        handover.take(new)
        new.host.do(f"[ ! -e {TAKEOVER} ] || mv -f {TAKEOVER} {TAKEOVER}.last")
        if logs:
            lost_logs.bring(turned.slave, new, logs, report)
        alone = _alone(turned, logs)
        record = new.record
        assert record is not None, "a role was taken that nobody wrote"
        ensure(new.host, RolesInSchema(turned, record))
        new.host.put(ALONE, alone.text())
        if new.holds_vip():
            new.server.execute("SET GLOBAL read_only = OFF")
    _serves(turned)
    report.say(f"{new.host}: takes writes as the master, {record}", "bold")
    _complete(turned, report)


def _alone(turned: Pair, logs: LostLogs | None) -> Alone:
    """It copies nobody from now on; where it stood then is known once only, and kept."""
    new, lost, own = turned.master, "", ""
    status = replica_status(new.server)
    if status:
        copy_nobody(new.server)
        if not new.tracking.by_gtid:
            whole = logs is not None and logs.whole
            lost, own = "" if whole else f"{status.source_file}:{status.source_position}", new.tracking.own(new.server)
    epoch = new.record.epoch if new.record else FIRST_EPOCH
    before = parse(new.host.ask(QUESTION))
    if status is None and before and before.epoch == epoch:
        return before
    return Alone(epoch, utc(), operator(), lost, own)


def _complete(turned: Pair, report: Report) -> None:
    """The scheduled events and hosts.env, then what a bootstrap would do as well: what tells people, keepalived's."""
    new = turned.master
    handover.tell_of_events(turned, enable(new.server, waiting(new.server)), report)
    kept = exchange_hosts_env(turned)
    report.say(f"{turned.settings.source}: the two hosts are exchanged. As it was: {kept}")
    for phase in deploy_scripts.phases(turned, lambda side, why: None):
        items = phase.items(new)
        foresee(new.host, items)
        for item in items:
            ensure(new.host, item)
    # A reload may cost it the VIP for a moment: not before it serves.
    text = configuration(turned.settings, new.node, new.interface, new.keepalived)
    ensure(new.host, Configuration(KEEPALIVED, text, mode=0o600))
    ensure(new.host, ConfigurationRead())
    _serves(turned)
    cut_off.forget(turned)


def _serves(turned: Pair) -> None:
    """Its scripts open it, as they close it, where it holds the VIP."""
    new = turned.master
    until(
        f"{new.host} with the VIP, and open for writes",
        OPEN_SECONDS,
        lambda: new.holds_vip() and not new.server.closed(),
        pause=0.05,
    )


def tell(pair: Pair, report: Report) -> None:
    """How the pair is afterwards; NotSo where its master does not serve."""
    verdict = diagnose(gather(pair))
    report.say(verdict.sentence, "bold")
    report.say(f"Next: {verdict.next_step}", "bold")
    if verdict.kind not in (Kind.MASTER_ALONE, Kind.HEALTHY):
        raise NotSo
