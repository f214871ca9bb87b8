"""failback: what it refuses before it touches anything."""

import io

import pytest
from drill_results import HEALTHY
from fake import link_of, pair_of
from rich.console import Console

from runbook.core import undo
from runbook.core.report import Report
from runbook.diagnosis.facts import SideFacts
from runbook.errors import Drift
from runbook.operations import failback
from runbook.operations.failback import Refused
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings


@pytest.mark.parametrize("role", ["master", "slave"])
def test_a_host_without_a_server_is_no_home(settings: Settings, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    pair = pair_of(settings)
    facts = {
        name: SideFacts(name, str(side.node.address), sql="it does not run", lacks=("mysqld",) if name == role else ())
        for name, side in pair.sides.items()
    }
    monkeypatch.setattr(failback, "gather", lambda pair: facts)
    with pytest.raises(Refused, match=f"{role} .* has no MySQL server.*\n.*inv bootstrap"):
        failback.run(pair, Report(str, console=Console(file=io.StringIO())))
    assert [link_of(side).calls for side in pair.sides.values()] == [[], []]


def test_a_dry_failback_names_what_it_would_undo_on_a_pair_that_is_healthy_else(
    settings: Settings, facts: dict[str, SideFacts], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, out = pair_of(settings, dry=True), io.StringIO()
    for side, left in zip(pair.sides.values(), ("drill.full-disk\n", ""), strict=True):
        link_of(side).says(undo._LIST.format(folder=undo.FOLDER), left)
    monkeypatch.setattr(failback, "gather", lambda pair: facts)
    monkeypatch.setattr(failback, "diagnose", lambda facts: HEALTHY)
    with pytest.raises(Drift):
        failback.bring_home_and_verify(pair, Report(str, console=Console(file=out)))
    assert out.getvalue() == "would undo what drill.full-disk left on the master\n"


def test_what_a_drill_left_is_undone_before_anybody_looks_and_once_more_when_mysqld_runs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[str] = []

    def undo_leftovers(pair: Pair, report: Report, *, again: bool = False) -> None:
        acts.append("try to undo" if again else "undo")

    def look(pair: Pair) -> None:
        acts.append("look")
        raise Refused("the test has seen enough")

    monkeypatch.setattr(failback, "undo_leftovers", undo_leftovers)
    monkeypatch.setattr(failback, "gather", look)
    pair, report = pair_of(settings), Report(str, console=Console(file=io.StringIO()))
    with pytest.raises(Refused):
        failback.bring_home_and_verify(pair, report)
    assert acts == ["try to undo", "look"]
    monkeypatch.setattr(Pair, "side_by_side", lambda self, work: acts.append("start"))
    failback.start_servers(pair, report)
    assert acts[2:] == ["start", "undo"]
