"""drill.lose-slave: the slave loses its data, and gets the master's by inv reseed while clients write."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from runbook.core.report import Report
from runbook.drill.frame.no_takeover import OVER_SECONDS
from runbook.drill.frame.promises import servers_agree
from runbook.drill.frame.safeguards import refuse_unless_healthy
from runbook.errors import BadInput, RunbookError
from runbook.observe import comparison
from runbook.observe.address_watch import AddressWatch
from runbook.observe.client import logins_to, refuse_without_client
from runbook.observe.comparison import Comparison
from runbook.observe.probe import FLOWING, Probe
from runbook.observe.recorder import Findings, Recorder
from runbook.observe.scorecard import Score, kept, within
from runbook.observe.writes_watch import WritesWatch
from runbook.operations import verify
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


def rehearse(pair: Pair, report: Report, confirm: Callable[[], bool], recorder: Recorder) -> str | None:
    """Lose and bring back; what came of it in a sentence, None in a dry run.

    Raises BadInput when the operator does not confirm, RunbookError before anything is done when the pair is not
    healthy or could not be reseeded, and afterwards when a promise was broken.
    """
    refuse_unless_healthy(pair)
    refuse_without_client(pair)
    plan = plans.make(pair, pair.slave)
    if plan.old == "gone":
        raise RunbookError(f"{pair.slave.host}: there is no room for its data and the master's. Nothing was done.")
    report.say(
        f"This kills mysqld on {pair.slave.host}, moves its data aside, and brings it the master's by {plan.chosen}. "
        "What was moved aside is removed in the end."
    )
    if pair.dry:
        return None
    if not confirm():
        raise BadInput("Not confirmed: nothing was done.")
    recorder.read_environment(pair)
    vip = pair.settings.vip.ip
    with (
        Probe.of(pair, patient=True) as clients,
        AddressWatch(pair.master.host, vip) as on_master,
        AddressWatch(pair.slave.host, vip) as on_slave,
        WritesWatch(logins_to(pair.master)) as master_writes,
        WritesWatch(logins_to(pair.slave)) as slave_writes,
        recorder.watching(
            clients,
            {"master": on_master, "slave": on_slave},
            {"master": master_writes, "slave": slave_writes},
        ),
    ):
        clients.wait_for_flow()
        lost_at = time.monotonic()
        recorder.mark("fault", "the slave loses its data", lost_at)
        aside = _lose(pair, plan.way.datadir)
        clients.wait("writes again", pair.master.commit_wait_seconds + 30, lambda: _flows(clients, lost_at))
        begun = time.monotonic()
        recorder.mark("failback", "inv reseed begins", begun)
        report.say("As it must be: the master goes on alone; now inv reseed --host=slave.")
        replace_data(pair, report, pair.slave)
        done = time.monotonic()
        time.sleep(AFTER_SECONDS)
        moves = [watch.came(lost_at) for watch in (on_master, on_slave)]
        moves += [watch.went(lost_at) for watch in (on_master, on_slave)]
        seen = Lost(
            clients.write_standstill(lost_at, begun),
            pair.master.commit_wait_seconds + OVER_SECONDS,
            clients.write_standstill(begun, time.monotonic()),
            done - begun,
            sum(move is not None for move in moves),
        )
    recipient.remove(pair.slave.host, plan.way.datadir, (aside,))
    return _told(pair, seen, clients, report, recorder)


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


def scores(seen: Lost, compared: Comparison, *, healthy: bool) -> Iterator[Score]:
    """What was promised, kept or not. Pure."""
    missing = [row for audit in compared.audits.values() for row in audit.missing]
    acknowledged = max(audit.acknowledged for audit in compared.audits.values())
    lost = f"LOST: {len(missing)} acknowledged writes (writer, seq): {missing}" if missing else ""
    yield kept(
        "No acknowledged write is lost",
        "0",
        f"{len(missing)} of {acknowledged}",
        lost,
        unknown="" if acknowledged else "no write was acknowledged",
    )
    moved = "the VIP moved" if seen.vip_moves else ""
    yield kept("The VIP stays", "on the master", moved or "it stayed", moved)
    yield within("Writes stand still for a slave that is gone, once", seen.stalled, seen.allowed)
    yield within("Writes stand still while the slave gets its data", seen.stalled_by_reseed, STALL_SECONDS)
    yield servers_agree(compared)
    yield verified(healthy)


def _told(pair: Pair, seen: Lost, clients: Probe, report: Report, recorder: Recorder) -> str:
    compared = comparison.compare(pair, clients.run, clients.ledger)
    audit = compared.audits["slave"]
    found = verify.seen(pair, report, quiet=True)
    judged = list(scores(seen, compared, healthy=found.good))
    headline = (
        f"The slave lost its data and had the master's {seen.reseed:.1f} s after inv reseed began; writes stood still "
        f"for {seen.stalled_by_reseed:.2f} s by it; {len(audit.missing)} of {audit.acknowledged} acknowledged writes "
        "are missing."
    )
    figures = {
        "reseed_seconds": seen.reseed,
        "standstill_seconds": seen.stalled_by_reseed,
        "standstill_seconds_by_the_loss": seen.stalled,
    }
    recorder.conclude(Findings(headline, judged, [], audit, afterwards=found.verdict.sentence, figures=figures))
    report.say(headline, "bold")
    report.say(found.verdict.sentence, "bold")
    if broken := _broken(judged):
        raise RunbookError("The drill FAILED:", *(f"  {each}" for each in broken), f"Next: {found.verdict.next_step}")
    return f"reseeded in {seen.reseed:.1f} s, no writes for {seen.stalled_by_reseed:.2f} s"


def _broken(judged: Sequence[Score]) -> list[str]:
    return [score.breach for score in judged if score.breach]
