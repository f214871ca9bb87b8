"""A drill whose fault makes the slave take over: ask, break the master under a client's eyes, tell what came of it."""

from collections.abc import Callable, Iterator

from runbook.drill import summary
from runbook.drill.account import account
from runbook.drill.client import refuse_without_client
from runbook.drill.faults import Fault
from runbook.drill.recorder import Recorder
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


def run(
    pair: Pair, fault: Fault, report: Report, confirm: Callable[[], bool], recorder: Recorder | None = None
) -> Result | None:
    """Bring the fault about on the master of a healthy pair and watch; the pair waits for failback afterwards.

    None in a dry run. Raises BadInput when the fault is not to be had there or the operator does not confirm,
    RunbookError before anything is done when the pair is not healthy or no client gets in from here, DeadlinePassed
    when there is no takeover, PromiseBroken.
    """
    against = fault.reason_against(pair.settings)
    if against:
        raise BadInput(*against)
    facts = refuse_unless_healthy(pair)
    refuse_without_client(pair)
    for line in announcement(pair, fault, facts):
        report.say(line)
    if pair.dry:
        return None
    if not confirm():
        raise BadInput("Not confirmed: nothing was done.")
    recorder = recorder or Recorder()
    recorder.look_around(pair)
    with ends_with_the_state(pair, report):
        result = rehearse(pair, fault, report, recorder)
    recorder.conclude(account(fault.name, result, fault.vip_target_seconds, fault.reads_target_seconds))
    for line in summary.lines(f"{fault.name} on the master", result):
        report.say(line)
    if result.broken_promises:
        raise PromiseBroken(result)
    report.say(result.verdict.sentence, "bold")
    report.say("Next: inv failback", "bold")
    return result


def announcement(pair: Pair, fault: Fault, facts: Facts) -> Iterator[str]:
    """What will be done, and what the operator loses by it."""
    vip = pair.settings.vip.ip
    yield f"This {fault.deed.format(host=pair.master.host)}; the slave takes {vip} over."
    yield "From then on the pair serves reads only, and connections through the VIP break once: writes are refused"
    yield "until inv failback, with error 1290. Replication stands still meanwhile."
    yield f"A client on this machine reads and writes through {vip} (schema {SCHEMA}) and keeps account."
    if False in (facts["master"].semi_sync, facts["slave"].semi_sync):
        yield "Warning: semi-synchronous replication is not in force now: the slave may lack the last writes."
