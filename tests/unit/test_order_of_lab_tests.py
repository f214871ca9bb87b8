"""The lab's tests come state by state, whatever their files are called."""

import random

import pytest
from order import STATES, in_order, place

# A test's name, and the fixtures it has, those of its fixtures included.
TESTS = {
    "alerts: told": ("told", "healthy_pair", "states", "tmp_path"),
    "bootstrap: the story": ("new_pair", "states"),
    "bootstrap: a second run": ("healthy_pair", "states"),
    "dry run": ("blank_pair", "states", "request"),
    "failback: cut off": ("failed_over_pair", "states"),
    "failback: at home": ("healthy_pair", "states"),
    "hosts.env: not there": ("tmp_path",),
    "interrupted: killed": ("renewed_pair", "states"),
    "interrupted: Ctrl-C": ("healthy_pair", "states"),
    "power cut": ("doomed_pair", "states"),
    "secrets": ("seasoned_pair", "states"),
}
IN_ORDER = [
    "hosts.env: not there",
    "dry run",
    "bootstrap: the story",
    "alerts: told",
    "bootstrap: a second run",
    "failback: at home",
    "interrupted: Ctrl-C",
    "failback: cut off",
    "secrets",
    "interrupted: killed",
    "power cut",
]


def test_they_come_state_by_state_and_within_a_state_as_they_were() -> None:
    assert in_order(TESTS, TESTS.__getitem__) == IN_ORDER


def test_a_state_is_needed_in_one_row_wherever_its_tests_were_found() -> None:
    names = list(TESTS)
    random.Random(7).shuffle(names)
    places = [place(TESTS[name]) for name in in_order(names, TESTS.__getitem__)]
    assert places == sorted(places)
    assert set(places) == set(range(len(STATES) + 1))


def test_of_two_states_the_later_counts() -> None:
    assert place(("blank_pair", "doomed_pair", "states")) == place(("doomed_pair", "states"))


def test_hosts_without_a_state_are_refused() -> None:
    with pytest.raises(ValueError, match="no state"):
        place(("states", "tmp_path"))
