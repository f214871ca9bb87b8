"""What a run that was cut off left on the hosts is undone without knowing what it was."""

import pytest
from fake import link_of, pair_of

from runbook.core import undo
from runbook.core.host_paths import UNDO
from runbook.core.report import Report
from runbook.core.ssh import Ran
from runbook.core.undo import UndoFailed
from runbook.operations.leftovers import intended, undo_leftovers
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings

LIST = undo._LIST.format(folder=UNDO)
NAME = "drill.of-the-future"


@pytest.fixture
def pair(settings: Settings) -> Pair:
    """The master has a script of a fault that nobody here knows; the slave has none."""
    return taught(pair_of(settings))


def taught(pair: Pair) -> Pair:
    link_of(pair.master).says(LIST, f"{NAME}\n")
    link_of(pair.slave).says(LIST, "")
    return pair


def test_a_script_is_run_and_told_by_who_knows_no_fault(
    pair: Pair, report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    link_of(pair.master).takes(undo._run(NAME), answer="undone\n")
    undo_leftovers(pair, report)
    assert capsys.readouterr().out == f"{pair.master.host}: undone what {NAME} had left there\n"
    assert link_of(pair.master).changed == [undo._run(NAME)]
    assert link_of(pair.slave).changed == []


def test_a_script_that_fails_is_an_error_unless_it_is_tried_again(
    pair: Pair, report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    link_of(pair.master).takes(undo._run(NAME), answer=Ran(1, "ERROR 2002: no mysqld\n", ""))
    undo_leftovers(pair, report, again=True)
    told = capsys.readouterr().out
    assert "did not succeed: ERROR 2002: no mysqld" in told
    assert "It is tried again once mysqld runs." in told
    with pytest.raises(UndoFailed, match="ERROR 2002"):
        undo_leftovers(pair, report)


def test_a_dry_run_says_what_would_be_undone_and_does_not(
    settings: Settings, report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = taught(pair_of(settings, dry=True))
    assert intended(pair) == [f"undo what {NAME} left on the master"]
    undo_leftovers(pair, report)
    assert capsys.readouterr().out == f"would undo what {NAME} left on the master\n"
