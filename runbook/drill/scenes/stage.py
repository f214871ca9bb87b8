"""What each scene of a pair's life has around what it plays: clients and watches before, what came of it after."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from runbook.core.report import Report
from runbook.drill.frame.safeguards import agreed, ends_with_the_state
from runbook.errors import RunbookError
from runbook.observe import comparison
from runbook.observe.address_watch import AddressWatch
from runbook.observe.client import logins_to
from runbook.observe.comparison import Comparison
from runbook.observe.probe import Probe
from runbook.observe.recorder import Findings, Recorder
from runbook.observe.scorecard import Score, kept
from runbook.observe.writes_watch import Look, WritesWatch
from runbook.operations import verify
from runbook.pair.pair import Pair
from runbook.settings.settings import Role, Settings


@dataclass(frozen=True)
class Stage:
    """A scene that is played: its clients, and what is seen of both hosts all the time, by their roles of before."""

    pair: Pair
    clients: Probe
    vip: Mapping[Role, AddressWatch]
    writes: Mapping[Role, WritesWatch]
    report: Report
    recorder: Recorder

    def one_writer(self) -> Score:
        """Whether never both servers took writes."""
        two = "two" if both_open(self.writes["master"].looks(), self.writes["slave"].looks()) else ""
        breach = "both servers took writes at once" if two else ""
        return kept("One writer, ever", "never two", two or "never two", breach)


@dataclass(frozen=True)
class Played:
    """What came of a scene."""

    home: Pair
    """As it is then."""
    clients: Probe
    headline: str
    """One sentence, without its end: what is missing is added."""
    judge: Callable[[Comparison, bool], Iterable[Score]]
    """All that was promised, by both servers' rows and whether the pair is healthy."""
    figures: Mapping[str, float | None]
    result: str
    """For the table of several drills."""


class Scene(Protocol):
    """A drill that is no fault: it leaves the pair healthy by itself."""

    NAME: str

    def reason_against(self, settings: Settings, /) -> tuple[str, ...]:
        """Why this pair cannot have it from here, and what can be done instead; or nothing."""
        ...

    def announced(self, pair: Pair, /) -> str:
        """What will be done; raises RunbookError where it cannot be done now. It only asks."""
        ...

    def play(self, pair: Pair, report: Report, recorder: Recorder, /) -> Played:
        """Do it, to the end at which the pair is whole and in its old order again."""
        ...


def rehearse(scene: Scene, pair: Pair, report: Report, confirm: Callable[[], bool], recorder: Recorder) -> str | None:
    """Play a scene; what came of it in a sentence, None in a dry run.

    Raises BadInput where it is not to be had or the operator does not confirm, RunbookError before anything is done
    when the pair is not fit for it, and afterwards when a promise was broken.
    """
    against = scene.reason_against(pair.settings)
    if not agreed(pair, against, lambda _: [scene.announced(pair)], report, confirm):
        return None
    recorder.read_environment(pair)
    with ends_with_the_state(pair, report):
        played = scene.play(pair, report, recorder)
    _tell(played, report, recorder)
    return played.result


@contextmanager
def staged(pair: Pair, report: Report, recorder: Recorder, *, patient: bool = False) -> Iterator[Stage]:
    """Clients read and write through the VIP; with `patient` those that write wait for their answer."""
    vip = pair.settings.vip.ip
    with (
        Probe.of(pair, patient=patient) as clients,
        AddressWatch(pair.master.host, vip) as on_master,
        AddressWatch(pair.slave.host, vip) as on_slave,
        WritesWatch(logins_to(pair.master)) as master_writes,
        WritesWatch(logins_to(pair.slave)) as slave_writes,
    ):
        addresses: dict[Role, AddressWatch] = {"master": on_master, "slave": on_slave}
        writes: dict[Role, WritesWatch] = {"master": master_writes, "slave": slave_writes}
        with recorder.watching(clients, addresses, writes):
            yield Stage(pair, clients, addresses, writes, report, recorder)


def _tell(played: Played, report: Report, recorder: Recorder) -> None:
    """The scorecard and the report; RunbookError when a promise was broken."""
    compared = comparison.compare(played.home, played.clients.run, played.clients.ledger)
    audit = compared.audits["slave"]
    found = verify.seen(played.home, report, quiet=True)
    scores = list(played.judge(compared, found.good))
    headline = f"{played.headline}; {len(audit.missing)} of {audit.acknowledged} acknowledged writes are missing."
    verdict = found.verdict
    recorder.conclude(Findings(headline, scores, [], audit, afterwards=verdict.sentence, figures=played.figures))
    report.say(headline, "bold")
    report.say(verdict.sentence, "bold")
    if broken := [score.breach for score in scores if score.breach]:
        raise RunbookError("The drill FAILED:", *(f"  {each}" for each in broken), f"Next: {verdict.next_step}")


def both_open(one: Sequence[Look], other: Sequence[Look]) -> bool:
    """Whether the two servers took writes at one time, as far as looks at one and at the other can tell."""
    return any(a <= d and c <= b for a, b in _open(one) for c, d in _open(other))


def _open(looks: Sequence[Look]) -> Iterator[tuple[float, float]]:
    """From the first to the last look of each stretch in which a server took writes at every look."""
    for takes_writes, stretch in groupby(looks, key=lambda look: look.takes_writes):
        moments = [look.at for look in stretch]
        if takes_writes:
            yield moments[0], moments[-1]
