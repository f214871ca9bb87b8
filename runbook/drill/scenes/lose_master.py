"""drill.lose-master: the master's host is lost with its disk; the slave is promoted, a blank host becomes its slave."""

from collections.abc import Callable

from runbook.core.report import Report
from runbook.drill.scenes import lost_master
from runbook.errors import BadInput
from runbook.lab.pair import Lab
from runbook.observe.recorder import Recorder
from runbook.pair.lab_host import machine_of, reason_without_lab
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings

NAME = "lose-master"
BY_HAND = (
    "By hand, on a quiet day: inv verify; then take the master's host away for good, inv promote, put a new host in "
    "its place, inv rejoin"
)


def reason_against(settings: Settings) -> tuple[str, ...]:
    """Why this pair cannot have it from here, and what can be done instead; or nothing."""
    return reason_without_lab(settings, "power", (BY_HAND,))


def rehearse(pair: Pair, report: Report, confirm: Callable[[], bool], recorder: Recorder) -> str | None:
    """Lose it, promote, rejoin, exchange the roles back; what came of it in a sentence, None in a dry run.

    Raises BadInput where it is not to be had or the operator does not confirm, RunbookError before anything is done
    when the pair is not healthy, and afterwards when a promise was broken.
    """
    lost_master.refuse(pair, reason_against(pair.settings))
    report.say(
        f"This cuts the power of {pair.master.host} and wipes its disk. The slave is promoted, and a blank host "
        "becomes its slave; then the roles are exchanged back. Writes fail until the promotion."
    )
    if pair.dry:
        return None
    if not confirm():
        raise BadInput("Not confirmed: nothing was done.")
    with lost_master.playing(pair, report, recorder) as scene:
        lost_master.lose(scene)
        turned = lost_master.promote(scene)
        _exchange_the_host(turned, report)
        scene.power.back()
        lost_master.rejoin(scene, turned)
    home = lost_master.come_home(scene, turned)
    return lost_master.told(
        home,
        scene,
        (),
        lambda took: f"The master was lost with its disk; the slave took writes {took} after inv promote",
    )


def _exchange_the_host(turned: Pair, report: Report) -> None:
    lab, machine = Lab.owning(turned.settings.source), machine_of(turned.slave)
    assert lab is not None and machine is not None, "refuse was not asked"
    lab.blank(machine, report.say)
    turned.slave.host.link.know_anew()
