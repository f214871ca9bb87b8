"""promote: what the slave has received and not applied, and when the old master's own logs are asked."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fake import Clock, link_of, mysqld_of, pair_of
from pair_facts import CLOSED, DEAD, GONE, RUNS, STUCK, UUID, Changes, facts

from runbook.core.report import Report
from runbook.errors import HostError
from runbook.mysql.binary_log import Logged
from runbook.mysql.tracking.progress import GtidSet
from runbook.mysql.tracking.status import ReplicaStatus
from runbook.operations.roles import lost_logs
from runbook.operations.roles import promote as module
from runbook.operations.roles.lost_logs import LostLogs
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings

pytestmark = pytest.mark.usefixtures("fake_mysql")

START = "START REPLICA SQL_THREAD"
OFF = replace(RUNS, applier="No")


class Tracking:
    """A slave that has received up to 9 and applied up to 4, until its applier has run for some looks."""

    def __init__(self, status: ReplicaStatus | None, *, looks: int | None) -> None:
        self.status = status
        self._left = looks

    def start(self) -> None:
        assert self.status
        self.status = replace(self.status, applier="Yes")

    def applied(self, server: object, status: ReplicaStatus | None) -> bool:
        if self._left is None or (status and status.applier == "No" and self._left):
            return False
        self._left = max(0, self._left - 1)
        return self._left == 0

    def received(self, status: ReplicaStatus | None) -> GtidSet:
        return GtidSet.parse(f"{UUID}:1-9")

    def of_slave(self, server: object, status: ReplicaStatus | None) -> GtidSet:
        return GtidSet.parse(f"{UUID}:1-4")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module.time, "monotonic", clock.monotonic)
    monkeypatch.setattr(module.time, "sleep", clock.sleep)
    return clock


@pytest.fixture
def slave_with(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Pair]:
    """A pair whose slave is like this."""

    def made(tracking: Tracking, *, dry: bool = False) -> Pair:
        pair = pair_of(settings, dry=dry)
        mysqld_of(pair.slave).takes(START, tracking.start)
        monkeypatch.setattr(Side, "tracking", tracking)
        monkeypatch.setattr(module, "replica_status", lambda _: tracking.status)
        return pair

    return made


def changed(pair: Pair) -> list[str]:
    """What was done to the slave's server."""
    (mysqld,) = link_of(pair.slave).mysqlds.values()
    return mysqld.changed


@pytest.mark.parametrize("status", [RUNS, OFF, None])
def test_a_slave_that_has_applied_all_is_left_as_it_is(
    slave_with: Callable[..., Pair], clock: Clock, status: ReplicaStatus | None
) -> None:
    pair = slave_with(Tracking(status, looks=0))
    assert module._unapplied(pair) == ""
    assert changed(pair) == []


def test_one_whose_applier_is_off_has_it_started_and_is_waited_for(
    slave_with: Callable[..., Pair], clock: Clock
) -> None:
    pair = slave_with(Tracking(OFF, looks=5))
    assert module._unapplied(pair) == ""
    assert changed(pair) == [START]


def test_a_dry_run_starts_nothing_and_says_what_is_not_applied(slave_with: Callable[..., Pair], clock: Clock) -> None:
    pair = slave_with(Tracking(OFF, looks=5), dry=True)
    assert module._unapplied(pair) == f"{UUID}:5-9"
    assert changed(pair) == []


def test_what_it_cannot_apply_is_not_waited_for(slave_with: Callable[..., Pair], clock: Clock) -> None:
    begun = clock.now
    tracking = Tracking(STUCK, looks=None)
    tracking.start = lambda: None  # type: ignore[method-assign]
    assert module._unapplied(slave_with(tracking)) == f"{UUID}:5-9"
    assert clock.now == begun


def test_an_applier_that_never_comes_to_an_end_is_waited_for_so_long(
    slave_with: Callable[..., Pair], clock: Clock
) -> None:
    begun = clock.now
    assert module._unapplied(slave_with(Tracking(RUNS, looks=None))) == f"{UUID}:5-9"
    assert module.APPLIED_SECONDS <= clock.now - begun < module.APPLIED_SECONDS + 1


# ---- the old master's own logs ----

LOGS = LostLogs("mysqlbinlog", (Logged(f"{UUID}:5", ("INSERT",), (), ""),), whole=False)


@pytest.mark.parametrize(("master", "read"), [(DEAD, True), (GONE, False), (CLOSED, False), ({}, False)])
def test_they_are_read_where_its_host_is_reached_and_its_server_is_not_there(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, master: Changes, read: bool
) -> None:
    monkeypatch.setattr(lost_logs, "read", lambda _: LOGS)
    assert module._lost_logs(pair_of(settings), facts(master), report) == (LOGS if read else None)


def test_what_they_hold_is_said_and_what_nobody_can_read(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lost_logs, "read", lambda _: LOGS)
    module._lost_logs(pair_of(settings), facts(DEAD), report)
    said = capsys.readouterr().out
    assert "hold 1 transactions that the slave lacks" in said and f"{UUID}:5: INSERT" in said
    assert "the rest of its binary logs cannot be read" in said


def test_that_they_cannot_be_read_holds_no_promotion_up(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Pair) -> LostLogs:
        raise HostError("master 192.168.152.128", "its binary logs cannot be read, or are not there")

    monkeypatch.setattr(lost_logs, "read", fail)
    assert module._lost_logs(pair_of(settings), facts(DEAD), report) is None
    assert "its binary logs cannot be read" in capsys.readouterr().out
