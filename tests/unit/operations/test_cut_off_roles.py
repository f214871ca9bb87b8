"""A change of roles that was cut off: what lies ready on the hosts tells how far it came, and which command ends it."""

from dataclasses import replace

import pytest
from fake import link_of

from runbook.operations.roles import cut_off
from runbook.pair import roles
from runbook.pair.pair import Pair
from runbook.pair.roles import Record, Records

RECORD = Record("master", 4, "2026-11-27T15:00:00Z", "anna@desk", "switchover")
RECORDS: Records = {"master": RECORD, "slave": replace(RECORD, role="slave")}
OLDER, LATER = replace(RECORD, epoch=3), replace(RECORD, epoch=5)


@pytest.mark.parametrize(
    ("left", "came_about", "only_prepared"),
    [(None, False, False), (OLDER, False, True), (RECORD, True, False), (LATER, False, True)],
    ids=["nothing", "of an older one", "of the last one", "of one that never came about"],
)
def test_what_lies_ready_of_the_last_change_says_that_it_is_unfinished(
    left: Record | None, came_about: bool, only_prepared: bool
) -> None:
    unfinished = cut_off.came_about(RECORDS, left)
    assert (unfinished is not None, cut_off.was_only_prepared(RECORDS, left)) == (came_about, only_prepared)
    assert (cut_off.why_not_first(unfinished) is not None) is came_about


@pytest.mark.parametrize("command", ["switchover", "promote"])
def test_only_the_command_that_began_it_ends_it(pair: Pair, command: str) -> None:
    record = replace(RECORD, why=command)
    for side, role in ((pair.master, "slave"), (pair.slave, "slave")):
        link_of(side).says(roles.QUESTION, replace(record, role=role).text())
        link_of(side).says(cut_off.QUESTION, record.text())
    records, left = pair.records(), cut_off.left(pair)
    assert [cut_off.unfinished(records, left, each) is not None for each in ("switchover", "promote")] == [
        command == "switchover",
        command == "promote",
    ]
    assert f"First: inv {command}" in (cut_off.why_not_first(cut_off.unfinished(records, left, command)) or "")


def test_a_host_that_is_not_reached_says_nothing_of_it(pair: Pair) -> None:
    link_of(pair.master).silent = "timed out"
    pair.leave_out_after(2, lambda side: None)
    link_of(pair.slave).says(roles.QUESTION, RECORD.text())
    link_of(pair.slave).says(cut_off.QUESTION, RECORD.text())
    assert cut_off.unfinished(pair.records(), cut_off.left(pair), "switchover") == RECORD
