"""The lab of these tests: its own pair of hosts, in the state that a test asks for by a fixture's name.

A state that is there already costs nothing, so tests that share one come one after the other, whatever their files are
called (order.py). After a test that failed the hosts are trusted no longer and made anew.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from changes import but_for_the_lock, changes
from commandline import until
from order import in_order
from outside import OutsidePair, reset
from row import ENGINE, IS_FIRST_ROW, NAME, OS, SUBNET

from runbook.lab.command import locked
from runbook.lab.pair import Lab

OTHERS_SECONDS = 300
SETTLED_SECONDS = 15
MADE = pytest.StashKey[dict[str, int]]()


class States:
    """Brings the lab's hosts to a state, by the shortest way."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._pair: OutsidePair | None = None
        self._blank: dict[str, object] = {}
        self._trusted = False
        self._in_vain = False
        self.made = {"blank": 0, "healthy": 0, "failed over": 0}

    def distrust(self) -> None:
        """Nobody knows what a test that failed has left behind."""
        self._trusted = False

    def blank(self) -> OutsidePair:
        """Hosts that nobody has touched."""
        if self._pair is None or not self._trusted or but_for_the_lock(changes(self._blank, self._pair.state())):
            self.made["blank"] += 1
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
        self.made["healthy"] += 1
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
        self.made["failed over"] += 1
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
def states(pytestconfig: pytest.Config) -> Iterator[States]:
    """The lab, up from nothing at the start and gone at the end, whatever happened between."""
    others = "another run of the lab tests on this machine"
    lab = Lab(NAME, SUBNET)
    with locked(Path(f"/run/mysql-runbook-lab-tests-{NAME}.lock"), others, OTHERS_SECONDS, print):
        lab.down()
        try:
            lab.up(print, ENGINE, OS)
            states = States(lab)
            pytestconfig.stash[MADE] = states.made
            yield states
        finally:
            lab.down()


@pytest.fixture
def blank_pair(states: States) -> OutsidePair:
    """Two blank hosts, which their test leaves blank."""
    return states.blank()


@pytest.fixture
def new_pair(states: States) -> OutsidePair:
    """Two blank hosts, of which their test makes a pair that serves."""
    return states.blank()


@pytest.fixture
def healthy_pair(states: States) -> OutsidePair:
    """A pair that serves, the VIP on the master; its test leaves it so."""
    return states.healthy()


@pytest.fixture
def failed_over_pair(states: States) -> OutsidePair:
    """A pair after drill.kill-master: the slave serves reads, the master's mysqld is down. Tests may bring it home."""
    return states.failed_over()


@pytest.fixture
def seasoned_pair(states: States) -> OutsidePair:
    """A pair that serves and has the drills and accidents of other tests behind it; its test leaves it so."""
    return states.healthy()


@pytest.fixture
def renewed_pair(states: States) -> OutsidePair:
    """Two blank hosts once more, when the first pair is needed no longer; their test makes a pair its own way."""
    return states.blank()


@pytest.fixture
def doomed_pair(states: States) -> Iterator[OutsidePair]:
    """A pair that serves, and that its test leaves broken for good."""
    yield states.healthy()
    states.distrust()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The lab's tests by the state they need; on another engine or system than the first the story alone is told."""
    of_lab = [item for item in items if Path(__file__).parent in item.path.parents]
    told = [item for item in of_lab if IS_FIRST_ROW or item.get_closest_marker("story")]
    left_out = [item for item in of_lab if item not in told]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in of_lab] + in_order(told, fixtures_of)


def fixtures_of(item: pytest.Item) -> list[str]:
    """The names of all fixtures that a test has, those of its fixtures included."""
    assert isinstance(item, pytest.Function)
    return item.fixturenames


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How often the hosts had to be brought to a state, apart from what the tests themselves did."""
    if made := config.stash.get(MADE, None):
        terminalreporter.write_line(f"made for the tests: {', '.join(f'{state} {n}' for state, n in made.items())}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """After a failure nobody knows what the hosts are."""
    report = yield
    if report.failed and "states" in item.funcargs:
        item.funcargs["states"].distrust()
    return report
