"""drill.patch-both: both hosts are rebooted one after the other, each in maintenance, while clients write."""

import time
from collections.abc import Iterator
from contextlib import suppress

from runbook.core.report import Report
from runbook.core.wait import until
from runbook.drill.frame.promises import nothing_lost, servers_agree
from runbook.drill.scenes.stage import Played
from runbook.drill.scenes.switchover import exchanged
from runbook.errors import RunbookError
from runbook.observe.comparison import Comparison
from runbook.observe.probe import Probe
from runbook.observe.recorder import Recorder
from runbook.observe.scorecard import Score, within
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
    """Only a lab's hosts are rebooted by us."""
    return reason_without_lab(settings, "reboot", (BY_HAND,))


def announced(pair: Pair) -> str:
    """Raises RunbookError where somebody is at work."""
    refuse_unwritable(pair.settings.source)
    refuse_what_is_at_work(pair)
    return (
        f"This reboots {pair.slave.host} in maintenance, exchanges the roles, reboots the other host, and exchanges "
        "them back. Connections through the VIP break twice."
    )


def play(pair: Pair, report: Report, recorder: Recorder) -> Played:
    """Reboot both, and exchange the roles back."""
    with Probe.of(pair) as clients, recorder.watching(clients):
        clients.wait_for_flow()
        begun = time.monotonic()
        recorder.mark("fault", "the maintenance of the slave's host begins", begun)
        _in_maintenance(pair, report)
        recorder.mark("note", "the roles begin to change")
        turned = exchanged(pair, clients, report).pair
        _in_maintenance(turned, report)
        recorder.mark("failback", "the roles begin to change back")
        home = exchanged(turned, clients, report).pair
        stood_still = clients.write_standstill(begun, time.monotonic())

    def judge(compared: Comparison, healthy: bool) -> Iterator[Score]:
        yield within("The longest stretch without a write", stood_still, STANDSTILL_SECONDS)
        yield nothing_lost(*compared.audits.values(), where="on both servers")
        yield servers_agree(compared)
        yield verified(healthy)

    longest = f"{stood_still:.2f} s at the longest"
    headline = f"Both hosts were rebooted; writes stood still for {longest}"
    return Played(home, clients, headline, judge, {"standstill_seconds": stood_still}, f"no writes for {longest}")


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
