"""reseed: what is asked and shown before one host's data are replaced, and what is proven afterwards."""

from collections.abc import Callable

from runbook.core.report import Report
from runbook.diagnosis.facts import Facts, gather
from runbook.diagnosis.rules import diagnose
from runbook.errors import BadInput, Drift, NotSo
from runbook.mysql.seeding.route import FOLDER
from runbook.mysql.tracking.progress import GtidSet
from runbook.operations import reconcile, verify
from runbook.operations.failback import refuse
from runbook.operations.reseed import decisions, recipient
from runbook.operations.reseed import plan as plans
from runbook.operations.reseed.decisions import megabytes
from runbook.operations.reseed.plan import Plan
from runbook.operations.reseed.replace import end, replace_data
from runbook.operations.run import Run
from runbook.pair import seeding
from runbook.pair.pair import Pair
from runbook.pair.side import Side


def reseed(run: Run, host: str, *, discard_old: bool = False) -> None:
    """Replace a host's data by the other's, or remove what earlier runs kept there.

    Raises BadInput for another host than these two and when it is not confirmed, Refused before anything has changed,
    Drift in a dry run, NotSo when the pair is not as it should be afterwards.
    """
    if host not in ("master", "slave"):
        raise BadInput("Whose data are to be replaced? inv reseed --host=slave, or --host=master")
    with run.on_pair("reseed") as (pair, report, target):
        side = pair.sides["slave" if host == "slave" else "master"]
        typed = run.typed(target, str(side.node.address), "the address of the host whose data are replaced")
        if discard_old:
            _discard(pair, side, report, typed)
            return
        facts = gather(pair)
        report.say(diagnose(facts).sentence)
        refuse(decisions.why_not(facts, side.role))
        if not side.has_server:
            if pair.dry:
                report.say(f"would install a server on {side.host}, and bring it the other's data")
                raise Drift
        else:
            _shown(pair, side, facts, plans.make(pair, side), report)
        if pair.dry:
            raise Drift
        if not typed():
            raise BadInput("Not confirmed: nothing was changed.")
        replace_data(pair, report, side)
        _prove(pair, side, report)


def _shown(pair: Pair, side: Side, facts: Facts, plan: Plan, report: Report) -> None:
    """All that the operator must know before he types."""
    donor, errant = plans.donor_of(pair, side), decisions.errant_of_recipient(facts, side.role)
    room = plan.room
    report.say(
        f"from {donor.host}: {megabytes(room.needed)}; on {side.host}: {megabytes(room.old)} of data, "
        f"{megabytes(room.free)} free in {plan.way.datadir}\nroute: {plan.chosen}"
    )
    if plan.left:
        report.say(f"A reseed of {plan.left.since} was broken off while {plan.left.phase}: it would go on from there.")
        return
    refuse(decisions.why_errant_is_lost(facts[side.role], errant, plan.old, side.role))
    report.say(decisions.what_is_lost(facts[side.role], errant, plan.old), "yellow")
    if side.role == "slave" and isinstance(facts["slave"].errant, GtidSet) and errant:
        reconcile.shown(pair, reconcile.read(pair, facts, errant), report)


def _discard(pair: Pair, side: Side, report: Report, typed: Callable[[], bool]) -> None:
    """What earlier runs have kept, and what a copy that was broken off has left."""
    datadir = recipient.datadir_of(side.host)
    found = recipient.look(side.host, datadir)
    record = seeding.parse(side.host.ask(seeding.QUESTION))
    refuse(decisions.why_not_discarded(record, side.role))
    names = [*found.kept, *([FOLDER] if found.seed_there else [])]
    if not names and not record:
        report.say(f"{side.host}: nothing is kept of earlier data in {datadir}")
        return
    what = ", ".join(names) or "nothing"
    report.say(f"{side.host}: {what} in {datadir} {'would be' if side.host.dry else 'is'} removed")
    if side.host.dry:
        raise Drift
    if not typed():
        raise BadInput("Not confirmed: nothing was changed.")
    recipient.remove(side.host, datadir, names)
    if record:
        end(pair)


def _prove(pair: Pair, side: Side, report: Report) -> None:
    if side.role == "slave":
        if not verify.seen_healthy(pair, report):
            raise NotSo
        return
    verdict = diagnose(gather(pair))
    report.say(f"{side.host} has the slave's data.\n{verdict.sentence}\nNext: inv failback", "bold")
