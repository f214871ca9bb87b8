"""The order of the lab's tests: by the state of the hosts that each asks for, so that few hosts are made anew."""

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

Test = TypeVar("Test")

# The fixtures that give hosts in a state, each before those that its tests would spoil. A state that a test file makes
# of another by a fixture of its own is not among them: that fixture asks for one of these.
STATES = (
    "blank_pair",
    "new_pair",
    "healthy_pair",
    "failed_over_pair",
    "seasoned_pair",
    "renewed_pair",
    "doomed_pair",
)
LAB = "states"


def in_order(tests: Iterable[Test], fixtures_of: Callable[[Test], Collection[str]]) -> list[Test]:
    """Those that need no hosts, then state by state; within a state, and so within a file, as they came."""
    return sorted(tests, key=lambda test: place(fixtures_of(test)))


def place(fixtures: Collection[str]) -> int:
    """Where a test stands that asks for these, directly or by other fixtures."""
    found = max((number for number, state in enumerate(STATES, 1) if state in fixtures), default=0)
    if LAB in fixtures and not found:
        raise ValueError(f"a test has the lab's hosts and no state of them in its fixtures: {sorted(fixtures)}")
    return found
