"""The lab of these tests: its own pair of hosts, in the state that a test asks for by a fixture's name.

A state that is there already costs nothing, so tests that share one stand in one module. After a test that failed
the hosts are trusted no longer and made anew.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from changes import but_for_the_lock, changes
from commandline import until
from outside import OutsidePair, reset
from row import ENGINE, IS_FIRST_ROW, NAME, OS, SUBNET

from runbook.lab.command import locked
from runbook.lab.pair import Lab

OTHERS_SECONDS = 300
SETTLED_SECONDS = 15


class States:
    """Brings the lab's hosts to a state, by the shortest way."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._pair: OutsidePair | None = None
        self._blank: dict[str, object] = {}
        self._trusted = False
        self._in_vain = False

    def distrust(self) -> None:
        """Nobody knows what a test that failed has left behind."""
        self._trusted = False

    def blank(self) -> OutsidePair:
        """Hosts that nobody has touched."""
        if self._pair is None or not self._trusted or but_for_the_lock(changes(self._blank, self._pair.state())):
            self._pair = reset(self._lab)
            self._blank = dict(self._pair.state())
            self._trusted = True
        return self._pair

    def healthy(self) -> OutsidePair:
        """A pair that was bootstrapped and serves."""
        pair = self._pair
        if pair is not None and (self._serves(pair) or self._served_once_more(pair)):
            return pair
        assert not self._in_vain, "a bootstrap for an earlier test did not come to a healthy pair"
        self._in_vain = True
        pair = self.blank()
        pair.inv("bootstrap").expect(0)
        until("a healthy pair after bootstrap", SETTLED_SECONDS, pair.is_healthy)
        self._in_vain = False
        return pair

    def failed_over(self) -> OutsidePair:
        """A pair whose master's mysqld was killed and whose slave holds the VIP."""
        if self._pair is not None and self._trusted and self._pair.vip_is_on() == ["slave"]:
            return self._pair
        pair = self.healthy()
        pair.inv("drill.kill-master").expect(0)
        return pair

    def _serves(self, pair: OutsidePair) -> bool:
        return self._trusted and pair.is_healthy()

    def _served_once_more(self, pair: OutsidePair) -> bool:
        """Whether the tool brings it there from what it is, which takes seconds where new hosts take half a minute."""
        if pair.vip_is_on() == ["slave"]:
            pair.inv("failback")
        self._trusted = pair.inv("bootstrap").code == 0 and pair.is_healthy()
        return self._trusted


@pytest.fixture(scope="session")
def states() -> Iterator[States]:
    """The lab, up from nothing at the start and gone at the end, whatever happened between."""
    others = "another run of the lab tests on this machine"
    lab = Lab(NAME, SUBNET)
    with locked(Path(f"/run/mysql-runbook-lab-tests-{NAME}.lock"), others, OTHERS_SECONDS, print):
        lab.down()
        try:
            lab.up(print, ENGINE, OS)
            yield States(lab)
        finally:
            lab.down()


@pytest.fixture
def blank_pair(states: States) -> OutsidePair:
    """Two blank hosts."""
    return states.blank()


@pytest.fixture
def healthy_pair(states: States) -> OutsidePair:
    """A pair that serves, the VIP on the master."""
    return states.healthy()


@pytest.fixture
def failed_over_pair(states: States) -> OutsidePair:
    """A pair after drill.kill-master: the slave serves reads, the master's mysqld is down."""
    return states.failed_over()


@pytest.fixture
def doomed_pair(states: States) -> Iterator[OutsidePair]:
    """A pair that serves, and that its test leaves broken for good."""
    yield states.healthy()
    states.distrust()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On another engine or system than the first the story alone is told."""
    if IS_FIRST_ROW:
        return
    left_out = [
        item for item in items if Path(__file__).parent in item.path.parents and not item.get_closest_marker("story")
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """After a failure nobody knows what the hosts are."""
    report = yield
    if report.failed and "states" in item.funcargs:
        item.funcargs["states"].distrust()
    return report
