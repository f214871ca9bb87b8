"""One operator at a time: who holds the pair is named, and whoever is gone or silent loses it."""

import re
import signal
from collections.abc import Iterator

import pytest
from changes import expect_same
from commandline import Running, until
from outside import MASTER, OutsidePair

SETTLED_SECONDS = 10
LOCK_IS_HELD = rf"^{MASTER}: "  # the first line of bootstrap after the lock was taken


@pytest.fixture
def frozen(healthy_pair: OutsidePair) -> Iterator[Running]:
    """A bootstrap that was stopped in the middle, as a laptop that was closed."""
    running = healthy_pair.operator.start("bootstrap")
    running.wait_for_line(LOCK_IS_HELD)
    running.send(signal.SIGSTOP)
    yield running
    running.kill()


def test_the_second_operator_is_told_who_holds_the_pair_and_since_when(
    healthy_pair: OutsidePair, frozen: Running
) -> None:
    before = healthy_pair.state()
    told = healthy_pair.inv("bootstrap").expect(1, "another run holds the pair", f"(pid {frozen.pid})", "bootstrap")
    assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told.out), told.out
    assert re.search(r"within \d+ s", told.out), told.out
    expect_same(before, healthy_pair.state())
    healthy_pair.inv("plan").expect(0)


def test_a_killed_holder_loses_the_lock_at_once(healthy_pair: OutsidePair, frozen: Running) -> None:
    frozen.kill()
    until("the lock", SETTLED_SECONDS, lambda: healthy_pair.inv("bootstrap").code == 0)


@pytest.mark.long
def test_a_silent_holder_loses_the_lock_in_the_time_that_was_told(healthy_pair: OutsidePair, frozen: Running) -> None:
    told = healthy_pair.inv("bootstrap").expect(1)
    found = re.search(r"within (\d+) s", told.out)
    assert found, told.out
    until("the lock", int(found[1]) + SETTLED_SECONDS, lambda: healthy_pair.inv("bootstrap").code == 0, pause=1)

    healthy_pair.slave.sh("chmod 777 /usr/local/bin/stop.sh")
    frozen.send(signal.SIGCONT)
    frozen.end().expect(1, "lost the pair", "Run the same command again")
    assert healthy_pair.slave.sh("stat -c %a /usr/local/bin/stop.sh") == "777", "it changed what was no longer its own"
    healthy_pair.inv("bootstrap").expect(0, "bootstrap: 1 changed")
