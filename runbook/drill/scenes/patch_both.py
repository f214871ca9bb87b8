"""drill.patch-both: both hosts are rebooted one after the other, each in maintenance, while clients write."""

import time
from collections.abc import Callable
from contextlib import suppress

from runbook.core.report import Report
from runbook.core.wait import until
from runbook.drill.frame.promises import servers_agree
from runbook.drill.frame.safeguards import refuse_unless_healthy
from runbook.drill.scenes.switchover import exchanged
from runbook.errors import BadInput, RunbookError
from runbook.observe import comparison
from runbook.observe.client import refuse_without_client
from runbook.observe.probe import Probe
from runbook.observe.recorder import Findings, Recorder
from runbook.observe.scorecard import kept, within
from runbook.operations import verify
from runbook.operations.failback import verified
from runbook.operations.maintenance import begin_on_slave, bring_back
from runbook.operations.roles.stale_hosts_env import refuse_unwritable
from runbook.operations.roles.switchover import refuse_what_is_at_work
from runbook.pair.lab_host import reason_without_lab
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings

NAME = "patch-both"
STANDSTILL_SECONDS = 1.0
"""Target for the longest stretch without a write."""
REBOOT_SECONDS = 180
BOOTED = "cut -d' ' -f22 /proc/1/stat"
"""When PID 1 was started: another after each boot, in a container, too."""
BY_HAND = "By hand, on a quiet day, as in README: inv maintenance.begin --host=slave, systemctl reboot there, then .end"


def reason_against(settings: Settings) -> tuple[str, ...]:
    """Why this pair cannot have it from here, and what can be done instead; or nothing."""
    return reason_without_lab(settings, "reboot", (BY_HAND,))


def rehearse(pair: Pair, report: Report, confirm: Callable[[], bool], recorder: Recorder) -> str | None:
    """Reboot both, and exchange the roles back; what came of it in a sentence, None in a dry run.

    Raises BadInput where it is not to be had or the operator does not confirm, RunbookError before anything is done
    when the pair is not healthy, and afterwards when a promise was broken.
    """
    if reason := reason_against(pair.settings):
        raise BadInput(*reason)
    refuse_unless_healthy(pair)
    refuse_without_client(pair)
    refuse_unwritable(pair.settings.source)
    refuse_what_is_at_work(pair)
    report.say(
        f"This reboots {pair.slave.host} in maintenance, exchanges the roles, reboots the other host, and exchanges "
        "them back. Connections through the VIP break twice."
    )
    if pair.dry:
        return None
    if not confirm():
        raise BadInput("Not confirmed: nothing was done.")
    recorder.read_environment(pair)
    with Probe.of(pair) as clients, recorder.watching(clients):
        clients.wait_for_flow()
        begun = time.monotonic()
        recorder.mark("fault", "the maintenance of the slave's host begins", begun)
        _in_maintenance(pair, report)
        recorder.mark("note", "the roles begin to change")
        turned = exchanged(pair, clients, report, lambda: None).pair
        _in_maintenance(turned, report)
        recorder.mark("failback", "the roles begin to change back")
        home = exchanged(turned, clients, report, lambda: None).pair
        stood_still = clients.write_standstill(begun, time.monotonic())
    return _told(home, stood_still, clients, report, recorder)


def _in_maintenance(pair: Pair, report: Report) -> None:
    begin_on_slave(pair, report)
    _reboot(pair.slave)
    bring_back(pair, report)


def _reboot(side: Side) -> None:
    before = side.host.ask(BOOTED)
    side.release_lock()
    with suppress(RunbookError):
        side.host.do("systemctl --no-block reboot")

    def is_back() -> bool:
        side.close()
        with suppress(RunbookError):
            return side.host.ask(BOOTED) != before
        return False

    until(f"{side.host} after its reboot", REBOOT_SECONDS, is_back, pause=0.5)
    side.retake_lock()


def _told(home: Pair, stood_still: float, clients: Probe, report: Report, recorder: Recorder) -> str:
    compared = comparison.compare(home, clients.run, clients.ledger)
    audit = compared.audits["slave"]
    found = verify.seen(home, report, quiet=True)
    missing = f"{len(audit.missing)} of {audit.acknowledged} acknowledged writes are missing"
    lost = f"LOST: {missing} (writer, seq): {audit.missing}" if audit.missing else ""
    judged = [
        within("The longest stretch without a write", stood_still, STANDSTILL_SECONDS),
        kept("No acknowledged write is lost", "0", missing, lost),
        servers_agree(compared),
        verified(found.good),
    ]
    headline = f"Both hosts were rebooted; writes stood still for {stood_still:.2f} s at the longest; {missing}."
    figures = {"standstill_seconds": stood_still}
    recorder.conclude(Findings(headline, judged, [], audit, afterwards=found.verdict.sentence, figures=figures))
    report.say(headline, "bold")
    report.say(found.verdict.sentence, "bold")
    if broken := [score.breach for score in judged if score.breach]:
        raise RunbookError("The drill FAILED:", *(f"  {each}" for each in broken), f"Next: {found.verdict.next_step}")
    return f"no writes for {stood_still:.2f} s at the longest"
