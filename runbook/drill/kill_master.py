"""drill.kill-master: the master's mysqld dies and stays down; the slave takes the VIP over and serves reads only."""

from collections.abc import Callable, Iterator

from runbook.drill import summary
from runbook.drill.client import refuse_without_client
from runbook.drill.faults.killed_mysqld import KilledMysqld
from runbook.drill.rehearsal import rehearse
from runbook.drill.result import Result
from runbook.drill.stage import ends_with_the_state, refuse_unless_healthy
from runbook.errors import BadInput, RunbookError
from runbook.facts import Facts
from runbook.mysql.accounts import SCHEMA
from runbook.pair import Pair
from runbook.report import Report


class PromiseBroken(RunbookError):
    """The pair did what it must not do; `result` has the figures."""

    def __init__(self, result: Result) -> None:
        super().__init__(
            "The drill FAILED:",
            *(f"  {promise}" for promise in result.broken_promises),
            f"The pair: {result.verdict.sentence}",
            f"Next: {result.verdict.next_step}",
            "First find out why: journalctl -t mysql-runbook on both hosts, and mysqlbinlog.",
        )
        self.result = result


def run(pair: Pair, report: Report, confirm: Callable[[], bool]) -> Result | None:
    """Kill mysqld on the master of a healthy pair and watch; the pair is failed over afterwards.

    None in a dry run. Raises RunbookError before anything is done when the pair is not healthy or no client gets in
    from here, BadInput when the operator does not confirm, DeadlinePassed when there is no takeover, PromiseBroken.
    """
    facts = refuse_unless_healthy(pair)
    refuse_without_client(pair)
    for line in announcement(pair, facts):
        report.say(line)
    if pair.dry:
        return None
    if not confirm():
        raise BadInput("Not confirmed: nothing was done.")
    fault = KilledMysqld()
    with ends_with_the_state(pair, report):
        result = rehearse(pair, fault, report)
    for line in summary.lines(f"{fault.name} on the master", result):
        report.say(line)
    if result.broken_promises:
        raise PromiseBroken(result)
    report.say(result.verdict.sentence, "bold")
    report.say("Next: inv failback", "bold")
    return result


def announcement(pair: Pair, facts: Facts) -> Iterator[str]:
    """What will be done, and what the operator loses by it."""
    vip = pair.settings.vip.ip
    yield f"This kills mysqld on {pair.master.host} with SIGKILL and keeps it down; the slave takes {vip} over."
    yield "From then on the pair serves reads only, and connections through the VIP break once: writes are refused"
    yield "until inv failback, with error 1290. Replication stands still meanwhile."
    yield f"A client on this machine reads and writes through {vip} (schema {SCHEMA}) and keeps account."
    if False in (facts["master"].semi_sync, facts["slave"].semi_sync):
        yield "Warning: semi-synchronous replication is not in force now: the slave may lack the last writes."
