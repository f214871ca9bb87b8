"""drill.switchover: the roles change there and back under clients' eyes; every acknowledged write is looked up."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby

from runbook.core.report import Report
from runbook.drill.frame.promises import servers_agree
from runbook.drill.frame.safeguards import refuse_unless_healthy
from runbook.errors import BadInput, RunbookError
from runbook.observe import comparison
from runbook.observe.address_watch import AddressWatch
from runbook.observe.client import logins_to, refuse_without_client
from runbook.observe.probe import Probe
from runbook.observe.recorder import Findings, Recorder
from runbook.observe.scorecard import Score, kept, within
from runbook.observe.writes_watch import Look, WritesWatch
from runbook.operations import verify
from runbook.operations.failback import verified
from runbook.operations.roles.stale_hosts_env import exchange_hosts_env, refuse_unwritable
from runbook.operations.roles.switchover import Changed, change, converge, refuse_what_is_at_work
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings

NAME = "switchover"
STANDSTILL_SECONDS = 0.5
"""Target for what a client sees of one change."""


def reason_against(settings: Settings) -> tuple[str, ...]:
    """Nothing: any pair can have it."""
    return ()


def rehearse(pair: Pair, report: Report, confirm: Callable[[], bool], recorder: Recorder) -> str | None:
    """Change the roles there and back; what came of it in a sentence, None in a dry run.

    Raises BadInput when the operator does not confirm, RunbookError before anything is done when the pair is not
    healthy or somebody is at work, and afterwards when a promise was broken.
    """
    refuse_unless_healthy(pair)
    refuse_without_client(pair)
    refuse_unwritable(pair.settings.source)
    refuse_what_is_at_work(pair)
    report.say(
        f"This exchanges the roles of {pair.master.host} and {pair.slave.host}, and exchanges them back. Clients' "
        "writes stand still for a moment each time, and connections through the VIP break once."
    )
    if pair.dry:
        return None
    if not confirm():
        raise BadInput("Not confirmed: nothing was done.")
    recorder.read_environment(pair)
    vip = pair.settings.vip.ip
    with (
        Probe.of(pair) as clients,
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
        begins = partial(recorder.mark, "fault", "the roles begin to change")
        there = exchanged(pair, clients, report, begins)
        begins = partial(recorder.mark, "failback", "the roles begin to change back")
        home = exchanged(there.pair, clients, report, begins)
        at_once = both_open(master_writes.looks(), slave_writes.looks())
    return _told(home.pair, there, home, clients, at_once, report, recorder)


def exchanged(pair: Pair, clients: Probe, report: Report, begins: Callable[[], None]) -> Changed:
    """Change the roles under the eyes of these clients, and bring all else right."""
    changed = change(pair, clients, begins)
    exchange_hosts_env(changed.pair)
    converge(changed.pair, report)
    report.say(
        f"the master is {changed.pair.master.node.address} now: writes stood still for {changed.stood_still:.2f} s"
    )
    return changed


def both_open(one: Sequence[Look], other: Sequence[Look]) -> bool:
    """Whether the two servers took writes at one time, as far as looks at one and at the other can tell."""
    return any(a <= d and c <= b for a, b in _open(one) for c, d in _open(other))


def _open(looks: Sequence[Look]) -> Iterator[tuple[float, float]]:
    """From the first to the last look of each stretch in which a server took writes at every look."""
    for takes_writes, stretch in groupby(looks, key=lambda look: look.takes_writes):
        moments = [look.at for look in stretch]
        if takes_writes:
            yield moments[0], moments[-1]


def _told(
    pair: Pair, there: Changed, home: Changed, clients: Probe, at_once: bool, report: Report, recorder: Recorder
) -> str:
    compared = comparison.compare(pair, clients.run, clients.ledger)
    audit = compared.audits["slave"]
    found = verify.seen(pair, report, quiet=True)
    scores = [
        within("Writes stand still for clients while the roles change", there.stood_still, STANDSTILL_SECONDS),
        within("The same on the way back", home.stood_still, STANDSTILL_SECONDS),
        kept(
            "One writer, ever",
            "never two",
            "two" if at_once else "never two",
            "both servers took writes at once" if at_once else "",
        ),
        servers_agree(compared),
        verified(found.good),
    ]
    headline = (
        f"The roles changed there and back: writes stood still for {there.stood_still:.2f} s and "
        f"{home.stood_still:.2f} s; {len(audit.missing)} of {audit.acknowledged} acknowledged writes are missing."
    )
    recorder.conclude(
        Findings(headline, scores, [], audit, afterwards=found.verdict.sentence, figures=_figures(there, home))
    )
    report.say(headline, "bold")
    report.say(found.verdict.sentence, "bold")
    if broken := list(_broken(scores)):
        raise RunbookError("The drill FAILED:", *(f"  {each}" for each in broken), f"Next: {found.verdict.next_step}")
    return f"no writes for {there.stood_still:.2f} s and {home.stood_still:.2f} s"


def _broken(scores: Sequence[Score]) -> Iterator[str]:
    return (score.breach for score in scores if score.breach)


def _figures(there: Changed, home: Changed) -> dict[str, float]:
    return {"standstill_seconds": there.stood_still, "standstill_seconds_back": home.stood_still}
