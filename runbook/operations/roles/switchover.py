"""switchover: the two hosts of a healthy pair exchange their roles, and clients see writes stand still for a moment.

What takes long comes before or after: the old master copies from the new one already, and both hosts' new files lie
ready. In between the old one closes, the new one gets all it has, both learn their roles, the VIP moves, the new one
opens. Until the first role is written the old master may open again, and does; from then on there is no way but
forward, and the same command goes on from wherever it was cut off.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from runbook.core.report import Report
from runbook.core.wait import DeadlinePassed
from runbook.diagnosis.facts import gather
from runbook.diagnosis.rules import diagnose
from runbook.errors import BadInput, Drift, NotSo
from runbook.mysql.work.sessions import at_work, prepared
from runbook.observe import comparison
from runbook.observe.probe import Probe
from runbook.operations import verify
from runbook.operations.bootstrap import quietly
from runbook.operations.failback import refuse
from runbook.operations.roles import cut_off, handover, proof
from runbook.operations.roles.stale_hosts_env import exchange_hosts_env, refuse_unwritable
from runbook.operations.run import Run
from runbook.pair import roles
from runbook.pair.pair import Pair
from runbook.pair.roles import SWITCHOVER, Record

SEEN_SECONDS = 5


@dataclass(frozen=True)
class Changed:
    """A change of roles that came about."""

    pair: Pair
    """As it is now."""
    stood_still: float
    """Seconds in which no client's write was acknowledged, at the longest."""
    events: tuple[str, ...]
    """The scheduled events that the new master runs now."""


def switchover(run: Run) -> None:
    """Change the roles and prove the pair.

    Raises Refused with the reason before anything has changed, and whatever went wrong before the first role was
    written once the old master is open again; NotSo when the pair is not healthy afterwards.
    """
    with run.on_pair("switchover", by_stale=True) as (pair, report, target):
        left = cut_off.left(pair)
        unfinished = cut_off.unfinished(pair.records(), left, SWITCHOVER)
        if unfinished is None:
            pair.refuse_stale()
            turned, clients = _changed(pair, report, run.consent(target), left)
            good = _completed(turned, report) and _accounted(turned, clients, report)
        elif roles.contradiction(pair.settings, pair.records()):
            report.say("A switchover is written down that hosts.env does not know of: it is brought to its end.")
            good = _finished(pair, unfinished, report)
        else:
            report.say(f"The roles have changed already, {unfinished}: what was left of that is done now.")
            good = _proved(pair, report)
        if not good:
            raise NotSo


def _finished(pair: Pair, unfinished: Record, report: Report) -> bool:
    turned = pair.turned()
    if pair.dry:
        raise Drift
    handover.finish(turned, unfinished)
    handover.tell_of_events(turned, handover.take_events(turned), report)
    return _completed(turned, report)


def _changed(pair: Pair, report: Report, consent: Callable[[str], bool], left: Record | None) -> tuple[Pair, Probe]:
    """Returns the pair as it is then, and the clients that wrote through the VIP meanwhile. `left` lay ready before."""
    if pair.dry:
        facts = gather(pair)
        refuse(proof.why_not_begin(diagnose(facts), facts))
    else:
        if cut_off.was_only_prepared(pair.records(), left):
            report.say("A switchover was cut off before the roles changed: what it had prepared is taken back.")
            converge(pair, report)
        found = verify.examine(pair)
        report.say(found.verdict.sentence)
        refuse(proof.why_not_begin(found.verdict, found.facts))
    refuse_unwritable(pair.settings.source)
    refuse_what_is_at_work(pair)
    old, new = pair.master.node.address, pair.slave.node.address
    report.say(f"before: master {old}, slave {new}\nafter:  master {new}, slave {old}")
    if pair.dry:
        raise Drift
    if not consent("Change the roles?"):
        raise BadInput("Not confirmed: nothing was changed.")
    with Probe.of(pair) as probe:
        changed = change(pair, probe)
    report.say(f"the roles are changed: clients' writes stood still for {changed.stood_still:.2f} s")
    handover.tell_of_events(changed.pair, changed.events, report)
    return changed.pair, probe


def exchange(pair: Pair, report: Report, consent: Callable[[str], bool]) -> Pair:
    """A switchover as the first part of something else: the pair as it is then; raises NotSo when it is not healthy."""
    left = cut_off.left(pair)
    refuse(cut_off.why_not_first(cut_off.unfinished(pair.records(), left, SWITCHOVER)))
    turned, clients = _changed(pair, report, consent, left)
    if not (_completed(turned, report) and _accounted(turned, clients, report)):
        raise NotSo
    return turned


def refuse_what_is_at_work(pair: Pair) -> None:
    """Raise Refused where somebody would be cut off."""
    master = pair.master.server
    refuse(proof.why_not_now(str(pair.master.host), at_work(master, proof.LONG_SECONDS), prepared(master)))


def change(pair: Pair, clients: Probe, begins: Callable[[], None] = lambda: None) -> Changed:
    """Prepare and do it, under the eyes of clients that read and write through the VIP; `begins` is told when."""
    record, turned = handover.next_record(pair, SWITCHOVER), pair.turned()
    handover.prepare(turned, record)
    clients.wait_for_flow()
    begins()
    begun = time.monotonic()
    handover.hand_over(turned)
    after = time.monotonic()
    with suppress(DeadlinePassed):
        clients.wait("writes again", SEEN_SECONDS, lambda: clients.seen_since("write", after))
    stood_still = clients.write_standstill(begun, time.monotonic())
    return Changed(turned, stood_still, tuple(handover.take_events(turned)))


def _completed(turned: Pair, report: Report) -> bool:
    """hosts.env, then all that can be made right while the new master serves; whether the pair is healthy then."""
    kept = exchange_hosts_env(turned)
    report.say(f"{turned.settings.source}: the two hosts are exchanged. As it was: {kept}")
    return _proved(turned, report)


def _proved(pair: Pair, report: Report) -> bool:
    if pair.dry:
        raise Drift
    converge(pair, report)
    return verify.seen_healthy(pair, report)


def _accounted(pair: Pair, clients: Probe, report: Report) -> bool:
    """Whether both servers have every write that was acknowledged while the roles changed."""
    found = comparison.compare(pair, clients.run, clients.ledger)
    for broken in found.broken_promises:
        report.say(broken, "bold red")
    kept = {audit.kept for audit in found.audits.values()}
    if not found.broken_promises:
        report.say(f"Both servers have every one of the {min(kept)} writes that were acknowledged meanwhile.")
    return not found.broken_promises


def converge(pair: Pair, report: Report) -> None:
    """All that bootstrap wants, without a word: nothing of it takes a restart."""
    quietly(pair, report)
    cut_off.forget(pair)
