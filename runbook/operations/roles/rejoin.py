"""rejoin: the old master, or a new host in its place, becomes the slave of the master that stands alone.

What only the old master has is shown and kept as a file first. Where there is nothing of that kind it just follows;
else, and where the master's binary logs do not reach back far enough, its data are replaced by the master's.
"""

from collections.abc import Callable
from dataclasses import replace

from runbook.core.host_paths import ROLE
from runbook.core.report import Report
from runbook.core.step import NotReady, ensure
from runbook.diagnosis.facts import Facts, gather
from runbook.diagnosis.rules import diagnose
from runbook.diagnosis.verdict import Kind
from runbook.errors import BadInput, Drift, NotSo, RunbookError
from runbook.mysql.replication.source import copies_from
from runbook.mysql.tracking.progress import Position
from runbook.mysql.tracking.tracking import listed
from runbook.operations import verify
from runbook.operations.failback import refuse, start_servers
from runbook.operations.reconcile import Errant, give_up, read, shown
from runbook.operations.reseed.replace import replace_data
from runbook.operations.roles import cut_off, handover
from runbook.operations.roles import switchover as change
from runbook.operations.run import Run
from runbook.pair import seeding
from runbook.pair.alone import QUESTION, Alone, parse
from runbook.pair.pair import Pair
from runbook.pair.roles import newest
from runbook.pair.side import Side
from runbook.steps.start_slave import known_source, replication

NOTHING_DONE = "Nothing was changed"


def rejoin(run: Run, *, gtids: str = "", switchover: bool = False) -> None:
    """Give the master a slave again; with `switchover` that one becomes the master afterwards.

    `gtids` is what the operator would else be asked to type. Raises Refused before anything has changed, BadInput when
    it is not confirmed that what only the old master has is given up, NotSo when the pair is not healthy afterwards.
    """
    with run.on_pair("rejoin") as (pair, report, target):
        facts = gather(pair)
        verdict = diagnose(facts)
        report.say(verdict.sentence)
        if verdict.kind is Kind.HEALTHY:
            report.say("Nothing to rejoin.")
        else:
            refuse(why_not(facts))
            if pair.dry:
                report.say(f"would make {pair.slave.node.address} the slave of {pair.master.node.address}")
                raise Drift
            join(pair, report, run.consent(target), gtids)
            if not verify.seen_healthy(pair, report):
                raise NotSo
        if switchover:
            change.exchange(pair, report, run.consent(target))


def why_not(facts: Facts) -> str | None:
    """Why nobody can become the slave now; None where the master serves, and the other host can be reached. Pure."""
    master, slave = facts["master"], facts["slave"]
    if not (master.answers and master.holds_vip and master.open):
        verdict = diagnose(facts)
        return (
            f"{master} does not serve: only of one that does there can be a slave\n{NOTHING_DONE}. {verdict.next_step}"
        )
    if slave.unreachable:
        return (
            f"{slave} is not reached: {slave.unreachable}\n{NOTHING_DONE}. Bring it back, or put a new host in its "
            "place (SLAVE_HOST in hosts.env, inv trust-hosts); then: inv rejoin"
        )
    return None


def join(pair: Pair, report: Report, consent: Callable[[str], bool], gtids: str = "") -> None:
    """Have the slave's host follow the master that serves, with its own data or with the master's."""
    if _keeps_its_data(pair, report, consent, gtids):
        change.converge(pair, report)
    else:
        replace_data(pair, report, pair.slave)


def _keeps_its_data(pair: Pair, report: Report, consent: Callable[[str], bool], gtids: str) -> bool:
    if seeding.parse(pair.slave.host.ask(seeding.QUESTION)):
        report.say("Its data were being replaced when that was broken off: it goes on.")
        return False
    if not _has_data(pair.slave):
        return False
    _demote(pair)
    _start(pair, report)
    return _follows(pair, report, consent, gtids)


def _start(pair: Pair, report: Report) -> None:
    try:
        start_servers(pair, report)
    except RunbookError as error:
        way_out = "If its data are lost: inv reseed --host=slave; then: inv rejoin"
        raise RunbookError(str(error), way_out) from error


def _has_data(slave: Side) -> bool:
    """A host with a server may have them; a new one gets the master's."""
    try:
        return slave.is_installed
    except NotReady:
        return False


def _demote(pair: Pair) -> None:
    """By its own scripts it is a slave from now on."""
    last, own = newest(pair.records()), pair.slave.record
    if last and (own is None or (own.role, own.epoch) != ("slave", last.epoch)):
        handover.lay_ready(pair.slave, last)
        handover.take(pair.slave)
        cut_off.forget(pair)


def _follows(pair: Pair, report: Report, consent: Callable[[str], bool], gtids: str) -> bool:
    """Whether it follows with its own data, as nothing speaks against that."""
    slave, alone = pair.slave, parse(pair.master.host.ask(QUESTION))
    facts = _with_its_own(pair, gather(pair), alone)
    has = facts["slave"]
    if token := str(has.errant or "") or (has.own_since if has.own else ""):
        found = read(pair, facts, token)
        if not shown(pair, found, report):
            if not typed(found, gtids, consent, report):
                raise BadInput(
                    "Not confirmed: the data of both hosts are as they were.",
                    f"To give them up: inv rejoin --gtids='{token}'",
                )
            return False
        give_up(pair, facts, report)
    if copies_from(slave.server, str(pair.master.node.address)):
        return True
    if why := why_not_by_itself(facts, by_gtid=slave.tracking.by_gtid, alone=alone):
        report.say(f"{slave.host}: {why}: its data are replaced by the master's")
        return False
    _remember_where_it_ended(slave)
    slave.switch_semi_sync("replica", "ON")
    report.outcome(ensure(slave.host, known_source(pair)))
    begins = Position.parse(alone.own if alone else "")
    report.outcome(ensure(slave.host, replication(pair, by_authority=True, begins=begins)))
    return True


def _remember_where_it_ended(slave: Side) -> None:
    """By position: until there it wrote as the master, and that is nothing of its own."""
    if not slave.tracking.by_gtid:
        slave.host.do(f"echo own={slave.tracking.own(slave.server)} >> {ROLE}")
        slave.forget_record()


def _with_its_own(pair: Pair, facts: Facts, alone: Alone | None) -> Facts:
    """By position: what stands in the old master's binary log behind what the new one has of it."""
    slave = pair.slave
    if slave.tracking.by_gtid or not (alone and alone.lost):
        return facts
    own = tuple(listed(slave.tracking.own_since(slave.server, alone.lost)))
    return {**facts, "slave": replace(facts["slave"], own=own, own_since=alone.lost)}


def why_not_by_itself(facts: Facts, *, by_gtid: bool, alone: Alone | None) -> str | None:
    """Why it cannot go on with the data that it has; None where it can. Pure."""
    gone = facts["slave"].gone
    if gone:
        return f"the master's binary logs no longer hold {gone.amount()} that it lacks"
    if not by_gtid and not (alone and alone.own):
        return "by position nothing tells what it and the master have in common"
    return None


def typed(found: Errant, gtids: str, consent: Callable[[str], bool], report: Report) -> bool:
    """Whether the operator gives up what only this host has; with --yes and on a lab he does."""
    report.say(
        "The master serves without these. To become its slave the host gets the master's data; these stay in that "
        "file, and in the data that are kept aside.",
        "yellow",
    )
    return gtids.replace(" ", "") == found.token or consent(
        f"Replace the data of this host, and so give up {found.token}?"
    )
