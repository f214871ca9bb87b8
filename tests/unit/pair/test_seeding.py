"""The record of a seeding, as it stands on a host."""

from dataclasses import replace

import pytest

from runbook.pair.seeding import ALIVE, Seeding, parse

RECORD = Seeding(
    "10.0.0.2", "10.0.0.1", "2026-11-27T19:26:00Z", "anna@desk", "backup", "following", ".old-x", "b.000002", 4, "0-1-9"
)


def test_the_record_is_read_as_it_was_written() -> None:
    assert parse(RECORD.text()) == RECORD
    assert parse(RECORD.text() + f"{ALIVE}\n") == replace(RECORD, alive=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "recipient=10.0.0.2\n",
        RECORD.text().replace("following", "sleeping"),
        RECORD.text().partition("position")[0],
    ],
)
def test_what_is_not_whole_is_no_record(text: str) -> None:
    assert parse(text) is None


def test_a_position_that_is_none_is_the_beginning() -> None:
    found = parse(RECORD.text().replace("position=4", "position=four"))
    assert found is not None and found.position == 0
