"""maintenance: the slave's host may be patched, restarted, rebooted; the VIP stays on the master, nobody is woken.

For the master it is a switchover first: then its host is the slave's. While it lasts no commit waits for the slave:
what is acknowledged may be on the master alone, and verify says so.
"""

import time

from runbook.alerts.quiet import MEANT
from runbook.core.host_paths import MAINTENANCE
from runbook.core.lock import operator
from runbook.core.moment import utc
from runbook.core.report import Report
from runbook.diagnosis.facts import gather
from runbook.diagnosis.rules import diagnose
from runbook.diagnosis.verdict import Kind, Verdict
from runbook.errors import BadInput, Drift, NotSo
from runbook.operations import verify
from runbook.operations.failback import Refused, catch_up, start_servers
from runbook.operations.reconcile import errant_of, give_up, read, shown
from runbook.operations.roles.switchover import converge, exchange
from runbook.operations.run import Run
from runbook.pair.maintenance import QUESTION, Maintenance, parse
from runbook.pair.pair import Pair

MAY_BEGIN = (
    Kind.HEALTHY,
    Kind.MAINTENANCE,
    Kind.SLAVE_UNREACHABLE,
    Kind.SLAVE_DOWN,
    Kind.KEEPALIVED_DOWN,
    Kind.REPLICATION_BROKEN,
    Kind.CHECKS_FAILED,
)
"""What the slave's host may be in when its maintenance begins: the master serves."""


def begin(run: Run, host: str) -> None:
    """Begin the maintenance of a host, after a switchover if it is the master's.

    Raises BadInput for another host than these two, Refused while the master does not serve, Drift in a dry run.
    """
    if host not in ("master", "slave"):
        raise BadInput("Which host? inv maintenance.begin --host=slave, or --host=master (a switchover first)")
    with run.on_pair("maintenance.begin") as (pair, report, target):
        begin_on_slave(exchange(pair, report, run.consent(target)) if host == "master" else pair, report)


def begin_on_slave(pair: Pair, report: Report) -> None:
    """Begin that of the slave's host; raises Refused while the master does not serve, Drift in a dry run."""
    verdict = diagnose(gather(pair))
    why = why_not_begin(verdict)
    if why:
        raise Refused(why)
    hours = pair.settings.maintenance_hours
    since, until = utc(), int(time.time()) + hours * 3600
    record = Maintenance(since, operator(), until)
    if pair.dry:
        report.say(f"would begin the maintenance of {pair.slave.host}")
        raise Drift
    pair.side_by_side(lambda side: side.host.put(MAINTENANCE, record.text(MEANT[side.role])))
    # Else each stop of the slave's server stalls the next commit for 2 s, even by wait_no_replica = OFF [M on 9.7].
    pair.master.switch_semi_sync("source", "OFF")
    report.say(
        f"{pair.slave.host} is in maintenance, for {hours} hours: patch it, restart its services, reboot it. "
        f"The master {pair.master.node.address} serves meanwhile; nothing takes over from it while the slave is away.\n"
        "When it is done: inv maintenance.end",
        "bold",
    )


def end(run: Run) -> None:
    """End it: the slave's services run, it has caught up, and the pair is healthy; NotSo when it is not."""
    with run.on_pair("maintenance.end") as (pair, report, _):
        there = pair.side_by_side(lambda side: parse(side.host.ask(QUESTION)))
        if not any(there.values()):
            report.say("Neither host is in maintenance: nothing to end.")
            return
        if pair.dry:
            raise Drift
        bring_back(pair, report)
        if not verify.seen_healthy(pair, report):
            raise NotSo


def bring_back(pair: Pair, report: Report) -> None:
    """The slave's services run and it has caught up; from then on people are told again."""
    # A commit waits for the slave again as soon as its settings say so: by then it is there.
    start_servers(pair, report)
    catch_up(pair, report)
    converge(pair, report)
    _give_up_what_packages_did(pair, report)
    pair.side_by_side(lambda side: side.host.do(f"rm -f {MAINTENANCE}"))


def _give_up_what_packages_did(pair: Pair, report: Report) -> None:
    """Debian's package alters its own account on a slave, too, in a transaction that the master lacks [M on 9.7].

    What is not so harmless is left to an operator, and named by the verdict.
    """
    facts = gather(pair)
    if not (token := errant_of(facts)):
        return
    found = read(pair, facts, token)
    if shown(pair, found, report):
        give_up(pair, facts, report)


def why_not_begin(verdict: Verdict) -> str | None:
    """Why the slave's host must not be touched now; None where the master serves without it. Pure."""
    if verdict.kind in MAY_BEGIN:
        return None
    return f"{verdict.sentence}\nNothing was changed. {verdict.next_step}, then: inv maintenance.begin"
