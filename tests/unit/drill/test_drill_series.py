"""Several drills in a row: none is missing from the table, whatever became of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from drill_results import HOME, KEPT, RESULT
from rich.console import Console

from runbook.core.report import Report
from runbook.drill import summary
from runbook.drill.failover import PromiseBroken
from runbook.drill.frame.result import Result
from runbook.drill.series import Series
from runbook.errors import HostError, RunbookError

LOST = replace(RESULT, ledger=replace(KEPT, kept=43, missing=((0, 7),)))


def ending(error: RunbookError) -> Callable[[], Result]:
    def work() -> Result:
        raise error

    return work


def test_a_broken_promise_and_an_error_have_their_rows_beside_what_went_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    series = Series()
    assert series.note("kill-master", lambda: RESULT) is RESULT
    assert not series.broken
    with pytest.raises(PromiseBroken):
        series.note("freeze-master", ending(PromiseBroken(LOST, LOST.verdict)))
    with pytest.raises(HostError):
        series.note("isolate", ending(HostError("master 1.2.3.4", "does not answer by SSH")))
    assert series.broken
    Report(str, console=Console()).show(summary.table(series.results))
    lines = capsys.readouterr().out.splitlines()
    for name, word in (("kill-master", "kept"), ("freeze-master", "LOST:"), ("isolate", "no result:")):
        (row,) = [line for line in lines if f" {name} " in line]
        assert word in row


def test_what_one_server_lacks_after_the_failback_replaces_what_looked_well() -> None:
    series = Series()
    series.note("kill-master", lambda: RESULT)
    assert HOME.comparison
    apart = replace(RESULT, comparison=replace(HOME.comparison, rows_apart=((0, 7),)))
    with pytest.raises(PromiseBroken, match="on one server only"):
        series.note("kill-master", ending(PromiseBroken(apart, apart.verdict)))
    assert series.measured("kill-master") is apart


def test_an_error_after_the_drill_does_not_hide_its_figures() -> None:
    series = Series()
    series.note("kill-master", lambda: RESULT)
    with pytest.raises(HostError):
        series.note("kill-master", ending(HostError("slave 1.2.3.4", "is gone")))
    assert series.measured("kill-master") is RESULT
    assert series.broken


def test_a_dry_run_measured_nothing() -> None:
    series = Series()
    assert series.note("kill-master", lambda: None) is None
    assert series.measured("kill-master") is None
    assert not series.broken
