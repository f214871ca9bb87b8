"""The article's steps, one by one or all: from two blank hosts to a pair that serves."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import zip_longest

from runbook.core.report import Report
from runbook.core.step import NotReady, Outcome, ensure, foresee
from runbook.errors import Drift, HostError, NotSo, RunbookError
from runbook.mysql.replication import filters, likeness
from runbook.mysql.replication.filters import FILES_QUESTION
from runbook.mysql.server_socket import SOCKETS_QUESTION
from runbook.operations.preflight import MOST_CLOCK_DIFFERENCE_SECONDS, QUESTIONS, clock_difference, examine
from runbook.operations.restart import Consent, restart_mysqld
from runbook.operations.run import Run
from runbook.pair import seeding
from runbook.pair.pair import ROLES, Pair
from runbook.pair.roles import QUESTION as ROLE_QUESTION
from runbook.pair.seeding import Seeding
from runbook.pair.side import Side
from runbook.settings.settings import Role
from runbook.steps import install_mysql
from runbook.steps.article import TASKS
from runbook.steps.phase import Phase
from runbook.system.family import OS_QUESTION
from runbook.system.selinux import FORCE_QUESTION, reboot_owed

NAMES = tuple(task.name for task in TASKS)


def converge(run: Run, purpose: str, names: Sequence[str] = NAMES) -> None:
    """Run these tasks on the operator's pair, with totals at the end; Drift when a dry run found something to do.

    NotSo when a dry run found something that a real one would refuse.
    """
    with run.on_pair(purpose, ahead=(ROLE_QUESTION, seeding.QUESTION, *QUESTIONS)) as (pair, report, target):
        refuse_when_seeding(pair)
        try:
            bring_through(pair, names, report, run.consent(target))
        finally:
            report.totals(purpose)
        if any(outcome.status == "refused" for outcome in report.outcomes):
            raise NotSo
        if pair.dry and any(outcome.is_drift for outcome in report.outcomes):
            raise Drift


def bring_through(
    pair: Pair,
    names: Sequence[str],
    report: Report,
    consent: Consent,
    *,
    while_failed_over: bool = False,
    roles: tuple[Role, ...] = ROLES,
) -> None:
    """Bring the pair through these tasks; with a dry pair, show what would change and change nothing.

    `while_failed_over` is for a caller who needs them although the slave serves: a master's host that is a new one.
    With `roles` the other host is looked at and left as it is: what a pair wants of a master has its commits wait for a
    slave, which is not there yet.

    Raises BadInput before anything changes, and the first task's error with both hosts' outcomes reported.
    """
    examine(pair, partial(_ahead, pair, names))
    if not while_failed_over and not all(task.while_failed_over for task in TASKS if task.name in names):
        refuse_when_failed_over(pair)
    if "start-slave" in names:
        refuse_when_filtered(pair)
        refuse_when_no_pair(pair)
    report_environment(pair, report)
    if {"install-mysql", "install-keepalived"} <= set(names):
        pair.side_by_side(install_mysql.bring_keepalived_along)
    restart = partial(restart_mysqld, pair, consent)
    for task in TASKS:
        if task.name in names:
            report.task(task.name)
            for phase in task.phases(pair, restart):
                wanted = tuple(role for role in phase.roles if role in roles)
                if wanted:
                    pair.side_by_side(partial(_converge, task.name, phase, report), wanted)


def quietly(pair: Pair, report: Report, names: Sequence[str] = NAMES) -> None:
    """The same without a word, and without a restart."""
    bring_through(pair, names, Report(report.mask, as_json=True), lambda question: False)


def _ahead(pair: Pair, names: Sequence[str], side: Side) -> Iterable[str]:
    """What these tasks will ask of a host, as far as that is known now: all of it where nothing is to be installed."""
    yield from (OS_QUESTION, FORCE_QUESTION, FILES_QUESTION, SOCKETS_QUESTION)
    if not side.is_installed:
        return
    with suppress(RunbookError):  # told by the phase itself
        for task in TASKS:
            for phase in task.phases(pair, _never) if task.name in names else ():
                items = phase.items(side) if side.role in phase.roles else ()
                yield from (question for item in items for question in item.questions())


def _never(side: Side, why: str) -> None:
    raise AssertionError(f"a question wanted to restart mysqld on {side.host} for {why}")


def refuse_when_seeding(pair: Pair) -> None:
    """A reseed that was broken off is brought to its end first: till then a server may have half of its data.

    One whose new data were not whole has changed nothing yet.
    """

    def left(side: Side) -> Seeding | None:
        with suppress(RunbookError):  # told by what comes next
            return seeding.parse(side.host.ask(seeding.QUESTION))
        return None

    for record in pair.side_by_side(left).values():
        if record and record.phase != "copying":
            role = "master" if record.recipient == str(pair.master.node.address) else "slave"
            raise RunbookError(
                f"{record.recipient} was to get its data from {record.donor} since {record.since}: that was broken off",
                f"Nothing was changed. First: inv reseed --host={role}",
            )


def refuse_when_failed_over(pair: Pair) -> None:
    """While the slave serves, the steps have nothing to do here: they would start what must stand still."""
    if pair.slave.holds_vip() and not pair.master.holds_vip():
        raise RunbookError(
            f"{pair.slave.host} holds the VIP {pair.settings.vip.ip}: the pair is failed over",
            "Nothing was changed. Bring the VIP home first: inv failback",
        )


def refuse_when_filtered(pair: Pair) -> None:
    """Rows that a filter keeps from the slave are lost with the master: no pair is made with one."""

    def look(side: Side) -> str | None:
        try:
            dialect, server = side.dialect, side.server if side.server.answers() else None
        except NotReady:
            return None  # a blank host
        return filters.refusal(str(side.host), filters.of(side.host, server), dialect)

    reasons = [reason for reason in pair.side_by_side(look).values() if reason]
    if reasons:
        raise RunbookError(*reasons)


def refuse_when_no_pair(pair: Pair) -> None:
    """Told before anything changes where both servers run; else install-mysql looks once they do."""

    def look(side: Side) -> Mapping[str, str]:
        with suppress(NotReady, HostError):
            return likeness.read(side.server)
        return {}

    found, slave = pair.side_by_side(look), pair.slave
    if all(found.values()):
        address, unit = str(slave.node.address), slave.names.unit
        why = likeness.why_no_pair(address, unit, slave.server.dialect, found["master"], found["slave"])
        if why:
            raise RunbookError(f"{slave.host}: {why}", "Nothing was changed.")


def report_environment(pair: Pair, report: Report) -> None:
    """What an operator should know and no step changes: the clocks, the interfaces, a reboot that is owed."""
    apart = clock_difference(pair)
    if apart > MOST_CLOCK_DIFFERENCE_SECONDS:
        report.say(
            f"warning: the hosts' clocks are {apart:.1f} s apart: lag and times in logs will mislead; set up NTP",
            "yellow",
        )
    systems = {side.role: side.system for side in pair.sides.values()}
    if systems["master"] != systems["slave"]:
        report.say(
            f"warning: the master runs {systems['master']}, the slave {systems['slave']}: it works as long as "
            "both have one MySQL series, but their updates will part them; plan for one system",
            "yellow",
        )
    for side in pair.sides.values():
        report.say(f"{side.host}: {side.interface}, network {side.network}")
        with suppress(NotReady):
            speaks = f"{side.dialect.engine} {side.dialect.series}"
            report.say(f"{side.host}: {speaks}; REPLICATION {side.replication}; SEMI_SYNC {side.semi_sync}")
        if reboot_owed(side.host, side.settings.selinux):
            report.say(f"{side.host}: SELinux is fully off only after a reboot, which is yours to do", "yellow")


def _converge(task: str, phase: Phase, report: Report, side: Side) -> None:
    try:
        items = phase.items(side)
    except NotReady as reason:
        if not side.host.dry:
            raise
        report.outcome(Outcome(side.host.name, task, "waits", note=str(reason)))
        return
    foresee(side.host, items)
    for item, following in zip_longest(items, items[1:]):
        try:
            outcome = ensure(side.host, item, following.questions() if following else ())
            report.outcome(_as_by_then(outcome, report) if side.host.dry else outcome)
        except RunbookError:
            report.outcome(Outcome(side.host.name, item.name, "failed"))
            raise


def _as_by_then(foretold: Outcome, report: Report) -> Outcome:
    """What a dry run foretells a second time, as the option file of a server's first start, is so by then."""
    if foretold.status == "would change" and foretold in report.outcomes:
        return Outcome(foretold.host, foretold.step, "ok")
    return foretold
