"""drill.returning-master: a promoted master is off when the old one comes back, which must stay closed."""

import time

from runbook.core.report import Report
from runbook.drill.frame.no_takeover import raised
from runbook.drill.scenes import lost_master
from runbook.drill.scenes.stage import Played, Stage, staged
from runbook.observe.recorder import Recorder
from runbook.observe.scorecard import Score, kept
from runbook.operations.roles.stale_hosts_env import refuse_unwritable
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
    """Only a lab's power is in our hand."""
    return reason_without_lab(settings, "power", (BY_HAND,))


def announced(pair: Pair) -> str:
    """Raises RunbookError where hosts.env cannot change with the roles."""
    refuse_unwritable(pair.settings.source)
    return (
        f"This cuts the power of {pair.master.host}, promotes {pair.slave.host}, cuts that one's power too, and boots "
        "the first alone. Writes fail for two minutes or more; then both are there again, in the old order."
    )


def play(pair: Pair, report: Report, recorder: Recorder) -> Played:
    """Lose it, promote, lose that one too, have the first come back alone; then the old order again."""
    with staged(pair, report, recorder) as stage:
        power = Power(pair.master)
        lost_master.lose(stage, power)
        promoted = lost_master.promote(stage)
        score = _return(stage, power, promoted.pair)
        lost_master.rejoin(stage, promoted.pair)
    headline = f"The old master came back alone and stayed closed; promoted in {promoted}"
    return lost_master.come_home(stage, promoted, headline, score)


def _return(stage: Stage, power: Power, turned: Pair) -> Score:
    """The old master alone, until it has the VIP and for a while beyond; then the promoted one is back."""
    promoted = Power(turned.master)
    promoted.cut()
    turned.master.close()
    off_at = time.monotonic()
    stage.recorder.mark("note", "the promoted master's power is cut", off_at)
    try:
        power.back()
        turned.slave.server.close()
        old = stage.pair.settings.master.server_id

        def served() -> bool:
            return any(stage.clients.seen("read", ok=True, server_id=old, since=off_at))

        stage.clients.wait("reads from the old master through the VIP", RETURN_SECONDS, served)
        time.sleep(CLOSED_SECONDS)
        alerted = raised(turned, "slave", "peer-unseen")
        opened = [look for look in stage.writes["master"].looks(off_at) if look.takes_writes]
        looks = len(stage.writes["master"].looks(off_at))
    finally:
        promoted.back()
        turned.master.server.close()
    stage.clients.wait("writes again", RETURN_SECONDS, lambda: stage.clients.seen_since("write", time.monotonic() - 1))
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
