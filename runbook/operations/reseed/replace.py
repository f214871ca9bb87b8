"""The act: the donor's data come beside the recipient's, take their place, and its server follows the donor.

Each part says what it is about to do in a record on both hosts, looks what is there and does what is missing, so that
the same command goes on where another was cut off. Until the new data are whole nothing of the old ones is touched,
unless there is no room for both.
"""

import time
from dataclasses import replace

from runbook.alerts.quiet import MEANT
from runbook.core.host_paths import MAINTENANCE, SEEDING
from runbook.core.lock import operator
from runbook.core.moment import utc
from runbook.core.report import Report
from runbook.core.step import ensure
from runbook.core.wait import DeadlinePassed, until
from runbook.errors import RunbookError
from runbook.mysql.heartbeat import SeenOnSlave
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.replication.source import copies_from, copy_nobody
from runbook.mysql.seeding import account, clone
from runbook.mysql.session import Server
from runbook.mysql.tracking.progress import Position
from runbook.operations.bootstrap import bring_through, quietly
from runbook.operations.failback import RECOVERY_SECONDS, replicate
from runbook.operations.failback_proof import has_caught_up, why_it_never_catches_up
from runbook.operations.reseed import plan as plans
from runbook.operations.reseed import programs
from runbook.operations.reseed import recipient as on_host
from runbook.operations.reseed.decisions import megabytes
from runbook.operations.reseed.plan import Plan
from runbook.operations.reseed.progress import shown
from runbook.operations.roles import cut_off
from runbook.pair import maintenance
from runbook.pair.maintenance import Maintenance
from runbook.pair.pair import Pair
from runbook.pair.role_record import RoleRecord
from runbook.pair.roles import by_hosts_env
from runbook.pair.seeding import Seeding
from runbook.pair.side import Side
from runbook.steps.article import TASKS
from runbook.steps.mysqld import Mysqld
from runbook.steps.start_slave import known_source, replication

STUCK_SECONDS = 600
"""Without a single transaction more, a slave that catches up is stuck."""
PAUSE_SECONDS = 0.5
SHORTLY_MS = 100
IN_FORCE_SECONDS = 30
WHILE_FAILED_OVER = tuple(task.name for task in TASKS if task.while_failed_over)
MARK = ", by inv reseed"
"""Of a maintenance that keeps alerts silent for a reseed alone: another is its operator's to end."""


def replace_data(pair: Pair, report: Report, recipient: Side) -> None:
    """Replace the recipient's data by the other side's, and have it follow: nothing is asked in here.

    Presupposes that the pair is locked; that the other side is the one that serves (decisions.why_not); that the
    operator has agreed; and that what the recipient has and the other lacks was shown, and kept where there is no room
    for the old data (decisions.why_errant_is_lost). Roles are not changed.

    Raises Refused before anything has changed, and RunbookError where it was broken off: the other side serves on,
    and the same call goes on. A slave follows the master then, and all of bootstrap's steps are so again; a master has
    the data and waits for failback.
    """
    if not recipient.has_server:
        to_a_server = ("prep-os", "install-mysql", "configure-mycnf")
        failed_over, only = recipient.role == "master", (recipient.role,)
        bring_through(pair, to_a_server, report, lambda question: False, while_failed_over=failed_over, roles=only)
    plan = plans.make(pair, recipient)
    donor = plans.donor_of(pair, recipient)
    programs.bring(pair, plan.route, report)
    seed = _begin(pair, recipient, donor, plan, report)
    if seed.phase == "copying":
        seed = _copied(pair, recipient, plan, seed, report)
    if seed.phase == "replacing":
        _let_nobody_wait(donor)
        _exchanged(recipient, plan, seed, report)
        seed = _written(pair, replace(seed, phase="following"))
    _follows(pair, recipient, seed, report)
    cut_off.forget(pair)
    end(pair)


def _begin(pair: Pair, recipient: Side, donor: Side, plan: Plan, report: Report) -> Seeding:
    now = time.time()
    addresses = (str(recipient.node.address), str(donor.node.address))
    old = time.strftime(f"{on_host.OLD}%Y%m%dT%H%M%SZ", time.gmtime(now)) if plan.old == "kept" else ""
    seed = plan.left or Seeding(*addresses, utc(now), operator(), plan.route.name, "copying", old)
    if plan.left:
        report.say(f"a reseed of {plan.left.since} was broken off while {plan.left.phase}: it goes on from there")
    silent = Maintenance(seed.since, f"{operator()}{MARK}", int(now) + pair.settings.maintenance_hours * 3600)

    def silenced(side: Side) -> None:
        if maintenance.parse(side.host.ask(maintenance.QUESTION)) is None:
            side.host.put(MAINTENANCE, silent.text(MEANT["slave" if side is recipient else "master"]))

    _written(pair, seed)
    pair.side_by_side(silenced)
    return seed


def _written(pair: Pair, seed: Seeding) -> Seeding:
    pair.side_by_side(lambda side: side.host.put(SEEDING, seed.text()))
    return seed


def _copied(pair: Pair, recipient: Side, plan: Plan, seed: Seeding, report: Report) -> Seeding:
    host, datadir = recipient.host, plan.way.datadir
    report.say(
        f"copying {megabytes(plan.way.kilobytes)} from {plan.way.donor_address} to {plan.way.recipient_address} "
        f"by {plan.chosen}"
    )
    if plan.old == "gone":
        _let_nobody_wait(plans.donor_of(pair, recipient))
        on_host.shut_keepalived(host)
        on_host.stop_server(recipient, datadir)
        on_host.empty(host, datadir)
    began = time.monotonic()
    with shown(report) as told:
        place = plan.route.fill(plan.way, told)
    seconds = time.monotonic() - began
    seed = _written(pair, replace(seed, phase="replacing", file=place.file, position=place.position, gtids=place.gtids))
    rate = megabytes(int(plan.way.kilobytes / seconds))
    report.say(f"copied: {megabytes(plan.way.kilobytes)} in {seconds:.1f} s ({rate}/s)")
    return seed


def _let_nobody_wait(donor: Side) -> None:
    """A commit that waits for a slave which is being stopped waits for SHORTLY_MS, and those after it not at all.

    To switch semi-synchronous replication off holds commits up for a second itself [M on 9.7]. Bootstrap's steps set
    the time right again, and the slave has it in force once it has caught up.
    """
    if donor.role == "master" and donor.semi_sync.value == "on":
        donor.server.execute(f"SET GLOBAL {donor.server.dialect.named('rpl_semi_sync_source_timeout')} = {SHORTLY_MS}")


def _exchanged(recipient: Side, plan: Plan, seed: Seeding, report: Report) -> None:
    host, datadir = recipient.host, plan.way.datadir
    on_host.shut_keepalived(host)
    on_host.stop_server(recipient, datadir)
    on_host.exchange(host, datadir, seed.old)
    on_host.free_server(recipient)
    if seed.old:
        report.say(f"{host}: what it had is in {datadir}/{seed.old}; inv reseed --host={host.name} --discard-old")


def _follows(pair: Pair, recipient: Side, seed: Seeding, report: Report) -> None:
    host, server = recipient.host, recipient.server
    on_host.free_server(recipient)
    report.outcome(ensure(host, Mysqld.of(recipient, RECOVERY_SECONDS)))
    server.close()
    for forgotten in ("authorities", "public_key"):
        vars(server).pop(forgotten, None)
    clone.forget(server)
    account.forget(server)
    if recipient.role == "master":
        # The slave's own, from this very host.
        _forget_the_donors_source(server)
        on_host.free_keepalived(host)
        quietly(pair, report, WHILE_FAILED_OVER)
        # A new host has none; the old one's told the scripts whether it is outdated.
        ensure(host, RoleRecord(pair, recipient, by_hosts_env(pair.settings)))
        return
    if not copies_from(server, str(pair.master.node.address)):
        _forget_the_donors_source(server)
        for name, value in recipient.tracking.seeded(seed.gtids).items():
            server.execute(f"SET GLOBAL {name} = %s", value)
        report.outcome(ensure(host, known_source(pair)))
        begins = Position.parse(f"{seed.file}:{seed.position}")
        report.outcome(ensure(host, replication(pair, by_authority=True, begins=begins)))
    _caught_up(pair, report)
    on_host.free_keepalived(host)
    quietly(pair, report)
    _acknowledged(pair)


def _forget_the_donors_source(server: Server) -> None:
    """What the donor copied once came along with its tables."""
    if replica_status(server):
        copy_nobody(server)


def _caught_up(pair: Pair, report: Report) -> None:
    """Raises RunbookError when its applier stops, DeadlinePassed when it gets nothing more for STUCK_SECONDS."""
    slave, tracking, began = pair.slave, pair.slave.tracking, time.monotonic()
    replicate(pair, report)
    target = tracking.of_master(pair.master.server)
    has, moved = None, time.monotonic()
    while True:
        status = replica_status(slave.server)
        found = tracking.of_slave(slave.server, status)
        if has_caught_up(found, target):
            break
        if why := why_it_never_catches_up(str(slave.host), status):
            raise RunbookError(why)
        if str(found) != str(has):
            has, moved = found, time.monotonic()
        if time.monotonic() - moved > STUCK_SECONDS:
            raise DeadlinePassed(f"{slave.host}: nothing more applied for {STUCK_SECONDS} s: inv verify says why")
        time.sleep(PAUSE_SECONDS)
    report.say(f"caught up: the slave has everything the master has ({time.monotonic() - began:.1f} s)")


def _acknowledged(pair: Pair) -> None:
    """Semi-synchronous replication that a timeout has ended is in force again with the first commit after it."""
    if pair.master.semi_sync.value == "off":
        return
    master, beat = pair.master.server, SeenOnSlave(pair.master.server, pair.slave.server)
    status = master.dialect.named("Rpl_semi_sync_source_status")

    def in_force() -> bool:
        beat.fix(pair.slave.host, ())
        return bool(master.one("SHOW GLOBAL STATUS LIKE %s", status).get("Value") == "ON")

    until(f"{pair.master.host}: a commit that the slave acknowledges", IN_FORCE_SECONDS, in_force, pause=PAUSE_SECONDS)


def end(pair: Pair) -> None:
    """Forget that a reseed is under way, on both hosts, and let alerts be told again."""

    def forget(side: Side) -> None:
        found = maintenance.parse(side.host.ask(maintenance.QUESTION))
        silent = f" {MAINTENANCE}" if found and found.by.endswith(MARK) else ""
        side.host.do(f"rm -f {SEEDING}{silent}")

    pair.side_by_side(forget)
