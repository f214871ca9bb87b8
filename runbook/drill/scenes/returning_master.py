"""drill.returning-master: a promoted master is off when the old one comes back, which must stay closed."""

import time
from collections.abc import Callable

from runbook.core.report import Report
from runbook.drill.frame.no_takeover import raised
from runbook.drill.scenes import lost_master
from runbook.drill.scenes.lost_master import Scene
from runbook.errors import BadInput
from runbook.observe.recorder import Recorder
from runbook.observe.scorecard import Score, kept
from runbook.pair.lab_host import Power, reason_without_lab
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings

NAME = "returning-master"
RETURN_SECONDS = 120
"""A master that boots lets its slave have the VIP first for a minute."""
CLOSED_SECONDS = 10
BY_HAND = (
    "By hand, on a quiet day: inv verify; cut the master's power, inv promote, cut the new master's power, and boot "
    "the old one: it must refuse writes. Then boot the new master; then: inv rejoin --switchover"
)


def reason_against(settings: Settings) -> tuple[str, ...]:
    """Why this pair cannot have it from here, and what can be done instead; or nothing."""
    return reason_without_lab(settings, "power", (BY_HAND,))


def rehearse(pair: Pair, report: Report, confirm: Callable[[], bool], recorder: Recorder) -> str | None:
    """Play it, and exchange the roles back; what came of it in a sentence, None in a dry run.

    Raises BadInput where it is not to be had or the operator does not confirm, RunbookError before anything is done
    when the pair is not healthy, and afterwards when a promise was broken.
    """
    lost_master.refuse(pair, reason_against(pair.settings))
    report.say(
        f"This cuts the power of {pair.master.host}, promotes {pair.slave.host}, cuts that one's power too, and boots "
        "the first alone. Writes fail for two minutes or more; then both are there again, in the old order."
    )
    if pair.dry:
        return None
    if not confirm():
        raise BadInput("Not confirmed: nothing was done.")
    with lost_master.playing(pair, report, recorder) as scene:
        lost_master.lose(scene)
        turned = lost_master.promote(scene)
        score = _return(scene, turned)
        lost_master.rejoin(scene, turned)
    home = lost_master.come_home(scene, turned)
    return lost_master.told(
        home, scene, (score,), lambda took: f"The old master came back alone and stayed closed; promoted in {took}"
    )


def _return(scene: Scene, turned: Pair) -> Score:
    """The old master alone, until it has the VIP and for a while beyond; then the promoted one is back."""
    promoted = Power(turned.master)
    promoted.cut()
    turned.master.close()
    off_at = time.monotonic()
    scene.recorder.mark("note", "the promoted master's power is cut", off_at)
    try:
        scene.power.back()
        turned.slave.server.close()
        old = scene.pair.settings.master.server_id

        def served() -> bool:
            return any(scene.clients.seen("read", ok=True, server_id=old, since=off_at))

        scene.clients.wait("reads from the old master through the VIP", RETURN_SECONDS, served)
        time.sleep(CLOSED_SECONDS)
        alerted = raised(turned, "slave", "peer-unseen")
        opened = [look for look in scene.old_writes.looks(off_at) if look.takes_writes]
        looks = len(scene.old_writes.looks(off_at))
    finally:
        promoted.back()
        turned.master.server.close()
    scene.clients.wait("writes again", RETURN_SECONDS, lambda: scene.clients.seen_since("write", time.monotonic() - 1))
    breach = f"the old master took writes at {len(opened)} of {looks} looks" if opened else ""
    if not breach and not alerted:
        breach = "the old master stayed closed, and nobody was told (alert peer-unseen)"
    return kept(
        "An old master that comes back alone stays closed",
        "closed, and said so",
        breach or f"closed at {looks} looks, and said so",
        breach,
        unknown="" if looks else "it never answered",
    )
