"""drill.lose-slave: the slave loses its data, and gets the master's by inv reseed while clients write."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from runbook.core.report import Report
from runbook.drill.frame.no_takeover import OVER_SECONDS
from runbook.drill.frame.promises import nothing_lost, servers_agree
from runbook.drill.scenes.stage import Played, staged
from runbook.errors import RunbookError
from runbook.observe.comparison import Comparison
from runbook.observe.probe import FLOWING, Probe
from runbook.observe.recorder import Recorder
from runbook.observe.scorecard import Score, kept, within
from runbook.operations.failback import verified
from runbook.operations.reseed import plan as plans
from runbook.operations.reseed import recipient
from runbook.operations.reseed.replace import replace_data
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings

NAME = "lose-slave"
STALL_SECONDS = 1.0
"""Target for the longest stretch without a write while the slave gets its data."""
AFTER_SECONDS = 2
"""For which the clients go on when all is as before."""


@dataclass(frozen=True)
class Lost:
    """What was seen, in seconds."""

    stalled: float
    """The longest stretch without an acknowledged write after the loss, until the reseed began."""
    allowed: float
    stalled_by_reseed: float
    reseed: float
    vip_moves: int


def reason_against(settings: Settings) -> tuple[str, ...]:
    """Nothing: any pair can have it."""
    return ()


def announced(pair: Pair) -> str:
    """Raises RunbookError where the slave could not be reseeded."""
    plan = plans.make(pair, pair.slave)
    if plan.old == "gone":
        raise RunbookError(f"{pair.slave.host}: there is no room for its data and the master's. Nothing was done.")
    return (
        f"This kills mysqld on {pair.slave.host}, moves its data aside, and brings it the master's by {plan.chosen}. "
        "What was moved aside is removed in the end."
    )


def play(pair: Pair, report: Report, recorder: Recorder) -> Played:
    """Lose its data, and bring them back."""
    datadir = recipient.datadir_of(pair.slave.host)
    with staged(pair, report, recorder, patient=True) as stage:
        clients = stage.clients
        clients.wait_for_flow()
        lost_at = time.monotonic()
        recorder.mark("fault", "the slave loses its data", lost_at)
        aside = _lose(pair, datadir)
        clients.wait("writes again", pair.master.commit_wait_seconds + 30, lambda: _flows(clients, lost_at))
        begun = time.monotonic()
        recorder.mark("failback", "inv reseed begins", begun)
        report.say("As it must be: the master goes on alone; now inv reseed --host=slave.")
        replace_data(pair, report, pair.slave)
        done = time.monotonic()
        time.sleep(AFTER_SECONDS)
        moves = [move for watch in stage.vip.values() for move in (watch.came(lost_at), watch.went(lost_at))]
        seen = Lost(
            clients.write_standstill(lost_at, begun),
            pair.master.commit_wait_seconds + OVER_SECONDS,
            clients.write_standstill(begun, time.monotonic()),
            done - begun,
            sum(move is not None for move in moves),
        )
    recipient.remove(pair.slave.host, datadir, (aside,))
    headline = (
        f"The slave lost its data and had the master's {seen.reseed:.1f} s after inv reseed began; writes stood still "
        f"for {seen.stalled_by_reseed:.2f} s by it"
    )
    figures = {
        "reseed_seconds": seen.reseed,
        "standstill_seconds": seen.stalled_by_reseed,
        "standstill_seconds_by_the_loss": seen.stalled,
    }
    result = f"reseeded in {seen.reseed:.1f} s, no writes for {seen.stalled_by_reseed:.2f} s"
    return Played(pair, clients, headline, partial(scores, seen), figures, result)


def _flows(clients: Probe, lost_at: float) -> bool:
    """Whether writes are acknowledged again, by the master alone; the slave may have had some of the first second."""
    return len(list(clients.seen("write", ok=True, since=lost_at + 1))) >= FLOWING


def _lose(pair: Pair, datadir: str) -> str:
    """All that the slave has goes where no server looks for it; its name there."""
    slave = pair.slave
    slave.server.close()
    aside = time.strftime(f"{recipient.OLD}drill-%Y%m%dT%H%M%SZ", time.gmtime())
    slave.host.do(
        f"systemctl kill -s KILL {slave.names.unit}; systemctl stop {slave.names.unit}; cd {datadir} && "
        f"install -d -o mysql -g mysql -m 750 {aside} && "
        f"find . -mindepth 1 -maxdepth 1 ! -name '{recipient.OLD}*' ! -name lost+found -exec mv -t {aside} {{}} +",
        timeout=recipient.MOVE_SECONDS,
    )
    return aside


def scores(seen: Lost, compared: Comparison, healthy: bool) -> Iterator[Score]:
    """What was promised, kept or not. Pure."""
    yield nothing_lost(*compared.audits.values(), where="on both servers")
    moved = "the VIP moved" if seen.vip_moves else ""
    yield kept("The VIP stays", "on the master", moved or "it stayed", moved)
    yield within("Writes stand still for a slave that is gone, once", seen.stalled, seen.allowed)
    yield within("Writes stand still while the slave gets its data", seen.stalled_by_reseed, STALL_SECONDS)
    yield servers_agree(compared)
    yield verified(healthy)
