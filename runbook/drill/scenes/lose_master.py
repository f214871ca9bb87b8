"""drill.lose-master: the master's host is lost with its disk; the slave is promoted, a blank host becomes its slave."""

from runbook.core.report import Report
from runbook.drill.scenes import lost_master
from runbook.drill.scenes.stage import Played, staged
from runbook.lab.pair import Lab
from runbook.observe.recorder import Recorder
from runbook.operations.roles.stale_hosts_env import refuse_unwritable
from runbook.pair.lab_host import Power, machine_of, reason_without_lab
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings

NAME = "lose-master"
BY_HAND = (
    "By hand, on a quiet day: inv verify; then take the master's host away for good, inv promote, put a new host in "
    "its place, inv rejoin"
)


def reason_against(settings: Settings) -> tuple[str, ...]:
    """Only a lab's power and disks are in our hand."""
    return reason_without_lab(settings, "power", (BY_HAND,))


def announced(pair: Pair) -> str:
    """Raises RunbookError where hosts.env cannot change with the roles."""
    refuse_unwritable(pair.settings.source)
    return (
        f"This cuts the power of {pair.master.host} and wipes its disk. The slave is promoted, and a blank host "
        "becomes its slave; then the roles are exchanged back. Writes fail until the promotion."
    )


def play(pair: Pair, report: Report, recorder: Recorder) -> Played:
    """Lose it, promote, rejoin, exchange the roles back."""
    with staged(pair, report, recorder) as stage:
        power = Power(pair.master)
        lost_master.lose(stage, power)
        promoted = lost_master.promote(stage)
        _exchange_the_host(promoted.pair, report)
        power.back()
        lost_master.rejoin(stage, promoted.pair)
    headline = f"The master was lost with its disk; the slave took writes {promoted} after inv promote"
    return lost_master.come_home(stage, promoted, headline)


def _exchange_the_host(turned: Pair, report: Report) -> None:
    lab, machine = Lab.owning(turned.settings.source), machine_of(turned.slave)
    assert lab is not None and machine is not None, "reason_against was not asked"
    lab.blank(machine, report.say)
    turned.slave.host.link.know_anew()
