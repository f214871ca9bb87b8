"""A drill: ask, break the pair under the clients' eyes, tell what came of it, and prove what failback left."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from runbook.core.report import Report
from runbook.diagnosis.facts import Facts, gather
from runbook.diagnosis.rules import diagnose
from runbook.diagnosis.verdict import Verdict
from runbook.drill import summary
from runbook.drill.faults.fault import Effect, Fault
from runbook.drill.frame.findings import findings
from runbook.drill.frame.promises import broken_promises, servers_agree
from runbook.drill.frame.result import Result
from runbook.drill.frame.safeguards import agreed, ends_with_the_state
from runbook.drill.rehearsal import rehearse
from runbook.errors import RunbookError
from runbook.mysql.accounts import SCHEMA
from runbook.observe import comparison
from runbook.observe.intruder import FROM_HOST, USER
from runbook.observe.recorder import Recorder
from runbook.pair.pair import Pair


class PromiseBroken(RunbookError):
    """The pair did what it must not do; `result` has the figures, `now` is where the pair stands."""

    def __init__(self, result: Result, now: Verdict) -> None:
        super().__init__(
            "The drill FAILED:",
            *(f"  {promise}" for promise in broken_promises(result)),
            f"The pair: {now.sentence}",
            f"Next: {now.next_step}",
            "First find out why: journalctl -t mysql-runbook on both hosts, and mysqlbinlog.",
        )
        self.result = result


def run(
    pair: Pair, fault: Fault, report: Report, confirm: Callable[[], bool], recorder: Recorder | None = None
) -> Result | None:
    """Bring the fault about on a healthy pair and watch; afterwards it is home, or waits for failback.

    None in a dry run. Raises BadInput when the fault is not to be had there or the operator does not confirm,
    RunbookError before anything is done when the pair is not healthy or no client gets in from here, PromiseBroken.
    """
    against = fault.reason_against(pair.settings)
    if not agreed(pair, against, partial(announcement, pair, fault), report, confirm):
        return None
    recorder = recorder or Recorder()
    recorder.read_environment(pair)
    with ends_with_the_state(pair, report):
        result = rehearse(pair, fault, report, recorder)
    recorder.conclude(findings(fault.name, result, fault.vip_target_seconds, fault.reads_target_seconds))
    for line in summary.lines(fault.name, result):
        report.say(line)
    if broken_promises(result):
        raise PromiseBroken(result, result.verdict)
    report.say(result.verdict.sentence, "bold")
    if not result.verdict.healthy:
        report.say("Next: inv failback", "bold")
    return result


def compare_servers(pair: Pair, drilled: Result, report: Report, recorder: Recorder) -> Result:
    """After a failback: both servers have every acknowledged write of the drill, and each what the other has."""
    compared = comparison.compare(pair, drilled.run, drilled.clients)
    result = replace(drilled, comparison=compared)
    recorder.score(servers_agree(compared))
    if compared.broken_promises:
        raise PromiseBroken(result, diagnose(gather(pair)))
    for line in summary.comparison_lines(result):
        report.say(line)
    return result


def announcement(pair: Pair, fault: Fault, facts: Facts) -> Iterator[str]:
    """What will be done, and what the operator loses by it."""
    vip = pair.settings.vip.ip
    action = fault.action.format(master=pair.master.host, slave=pair.slave.host)
    yield f"This {action}; {fault.effect.format(vip=vip)}."
    if fault.effect is Effect.TAKEOVER:
        yield "From then on the pair serves reads only, and connections through the VIP break once: writes are refused"
        yield "until inv failback, with error 1290. Replication stands still meanwhile."
    elif fault.effect is Effect.NO_TAKEOVER:
        yield "Clients may have to wait, or be refused, while it lasts; after the heal the pair is whole by itself."
    else:
        yield "Connections through the VIP break, and writes fail for a while; after the heal the pair is whole again"
        yield "by itself."
    yield f"Clients on this machine read and write through {vip} (schema {SCHEMA}) and keep account."
    yield f"An account {USER}@{FROM_HOST} with ALL PRIVILEGES and a password that nobody is told tries to write on the"
    yield "slave, and is dropped when the VIP is home."
    if False in (facts["master"].semi_sync, facts["slave"].semi_sync):
        yield "Warning: semi-synchronous replication is not in force now: the slave may lack the last writes."
