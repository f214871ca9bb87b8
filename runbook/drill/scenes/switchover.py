"""drill.switchover: the roles change there and back under clients' eyes; every acknowledged write is looked up."""

from collections.abc import Callable, Iterator
from functools import partial

from runbook.core.report import Report
from runbook.drill.frame.promises import servers_agree
from runbook.drill.scenes.stage import Played, staged
from runbook.observe.comparison import Comparison
from runbook.observe.probe import Probe
from runbook.observe.recorder import Recorder
from runbook.observe.scorecard import Score, within
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


def announced(pair: Pair) -> str:
    """Raises RunbookError where somebody is at work."""
    refuse_unwritable(pair.settings.source)
    refuse_what_is_at_work(pair)
    return (
        f"This exchanges the roles of {pair.master.host} and {pair.slave.host}, and exchanges them back. Clients' "
        "writes stand still for a moment each time, and connections through the VIP break once."
    )


def play(pair: Pair, report: Report, recorder: Recorder) -> Played:
    """Change the roles there and back."""
    with staged(pair, report, recorder) as stage:
        begins = partial(recorder.mark, "fault", "the roles begin to change")
        there = exchanged(pair, stage.clients, report, begins)
        begins = partial(recorder.mark, "failback", "the roles begin to change back")
        home = exchanged(there.pair, stage.clients, report, begins)
        one_writer = stage.one_writer()

    def judge(compared: Comparison, healthy: bool) -> Iterator[Score]:
        yield within("Writes stand still for clients while the roles change", there.stood_still, STANDSTILL_SECONDS)
        yield within("The same on the way back", home.stood_still, STANDSTILL_SECONDS)
        yield one_writer
        yield servers_agree(compared)
        yield verified(healthy)

    seconds = f"{there.stood_still:.2f} s and {home.stood_still:.2f} s"
    figures = {"standstill_seconds": there.stood_still, "standstill_seconds_back": home.stood_still}
    headline = f"The roles changed there and back: writes stood still for {seconds}"
    return Played(home.pair, stage.clients, headline, judge, figures, f"no writes for {seconds}")


def exchanged(pair: Pair, clients: Probe, report: Report, begins: Callable[[], None] = lambda: None) -> Changed:
    """Change the roles under the eyes of these clients, and bring all else right."""
    changed = change(pair, clients, begins)
    exchange_hosts_env(changed.pair)
    converge(changed.pair, report)
    report.say(
        f"the master is {changed.pair.master.node.address} now: writes stood still for {changed.stood_still:.2f} s"
    )
    return changed
