"""Waiting: until it is so, or until the deadline, which names what was waited for."""

import itertools
from collections.abc import Iterator

import pytest
from fake import Clock

from runbook.core import wait
from runbook.core.wait import DeadlinePassed, until


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(wait, "time", clock)
    return clock


def answers(*given: bool) -> Iterator[bool]:
    return itertools.chain(given, itertools.repeat(given[-1]))


def test_what_is_so_is_not_waited_for(clock: Clock) -> None:
    assert until("the VIP", 5, lambda: True) == 0
    assert clock.now == 1000


def test_it_returns_how_long_it_took(clock: Clock) -> None:
    found = answers(False, False, False, True)
    assert until("the VIP", 5, lambda: next(found), pause=0.5) == 1.5


def test_the_deadline_names_what_was_waited_for_and_what_to_look_at(clock: Clock) -> None:
    with pytest.raises(DeadlinePassed) as caught:
        until("the VIP on the master", 5, lambda: False, hint=lambda: "Look at the journal.")
    assert str(caught.value) == "waited 5 s in vain for: the VIP on the master\nLook at the journal."
    assert caught.value.exit_code == 1
    assert 1005 <= clock.now <= 1005.5


def test_without_a_hint_there_is_no_empty_line(clock: Clock) -> None:
    with pytest.raises(DeadlinePassed) as caught:
        until("the VIP", 1, lambda: False)
    assert str(caught.value) == "waited 1 s in vain for: the VIP"


def test_what_comes_true_in_the_last_pause_counts(clock: Clock) -> None:
    assert until("the VIP", 1, lambda: clock.now >= 1001, pause=0.7) == pytest.approx(1.4)
