"""drill.switchover: whether two servers took writes at one time, by looks at one and at the other."""

import pytest

from runbook.drill.scenes.stage import both_open
from runbook.observe.writes_watch import Look


def looks(text: str, first: float = 0.0) -> list[Look]:
    """A look each 50 ms: o for open, . for closed."""
    return [Look(first + number * 0.05, sign == "o") for number, sign in enumerate(text)]


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("ooooo....", ".....oooo", False),
        ("oooo......ooo", ".....oooo....", False),
        # Nobody looked while it closed and the other opened: they may have been one after the other.
        ("oooo.", "....o", False),
        ("ooooo....", "...oooooo", True),
        ("o.........", "...oooo...", False),
        ("oooooooooo", "....o.....", True),
        ("", "ooo", False),
    ],
)
def test_two_writers_are_told_from_one_after_the_other(one: str, other: str, both: bool) -> None:
    assert both_open(looks(one), looks(other, 0.01)) is both
    assert both_open(looks(other, 0.01), looks(one)) is both
