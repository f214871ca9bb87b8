"""Every drill: what must come of it, the master fenced, and the pair home unharmed, by failback or by itself.

What the drill says of itself is not taken for proof: a client of these tests keeps its own account beside it.
"""

from collections.abc import Iterable
from typing import Any

import pytest
from commandline import until
from drilled import expect_home, report_of
from outside import READ_ONLY, OutsidePair
from watchers import Writer

TAKEOVERS = (
    "kill-master",
    "crash-master",
    "freeze-master",
    "stop-keepalived",
    "kill-keepalived",
    "stuck-statement",
    "power-off-master",
    "isolate-master",
    "lag-slave",
)
LONG = ("stuck-statement",)
OF_THE_STORY = ("kill-master", "crash-master", "freeze-master", "power-off-master", "power-off-both")
HOME_BY_THEMSELVES = ("power-off-both", "isolate")
MYSQLD_STAYS_DOWN = ("kill-master", "lag-slave")
DRILLS_ACCOUNT = "SELECT user FROM mysql.user WHERE user = 'runbook_drill'"
STAYING = ("kill-slave", "full-disk", "too-many-connections", "break-replication")
SERIES_SECONDS = 500
SETTLED_SECONDS = 15
BAD_INPUT = 2
REFUSED = 1


def told(drills: Iterable[str]) -> list[Any]:
    """The drills of a test, those of the story and the long ones marked."""
    marks = dict.fromkeys(OF_THE_STORY, pytest.mark.story) | dict.fromkeys(LONG, pytest.mark.long)
    return [pytest.param(each, marks=marks.get(each, ())) for each in drills]


def expect_failed_over(pair: OutsidePair, *, mysqld_runs: bool) -> None:
    """The slave alone has the VIP, and no server takes a write, root's included."""
    assert pair.vip_is_on() == ["slave"]
    for host in pair.hosts if mysqld_runs else (pair.slave,):
        assert host.refuses_root()


def expect_reported(pair: OutsidePair, drill: str) -> None:
    """The drill's report agrees with what was seen here: the VIP on the slave, its refusals; a page is beside it."""
    record = report_of(pair, drill)
    assert record["verdict"] in ("passed", "late"), record["headline"]
    assert (record["vip"]["slave"][-1][2], record["ledger"]["lost"]) == ("here", [])
    assert str(READ_ONLY) in record["refusal"]
    assert sum(each or 0 for each in record["rates"]["reads"]["slave"]) > 0
    assert not any(record["rates"]["writes"]["slave"])


@pytest.mark.parametrize("drill", told(TAKEOVERS))
def test_the_slave_takes_over_and_failback_brings_the_pair_home(healthy_pair: OutsidePair, drill: str) -> None:
    with Writer(healthy_pair, f"outside-{drill}") as writer:
        run = healthy_pair.operator.start(f"drill.{drill}")
        run.wait_for_line("Clients read and write through ")
        before_fault = writer.acknowledged[-1]
        run.end().expect(0, " 0 lost", "acknowledged no write and made no transaction")
        expect_failed_over(healthy_pair, mysqld_runs=drill not in MYSQLD_STAYS_DOWN)
        # On a frozen master its connection hangs until its own deadline has passed.
        until("a refused write", SETTLED_SECONDS, lambda: READ_ONLY in writer.refusals)
        expect_reported(healthy_pair, drill)
        rows = writer.rows_on(healthy_pair.slave)
        # The drill forgets what earlier runs wrote, and only before its fault.
        kept_from = min(rows)
        assert kept_from < before_fault
        assert set(writer.acknowledged) - rows <= set(range(kept_from))
        acknowledged = len(writer.acknowledged)
        healthy_pair.inv("failback").expect(0, "The pair is healthy")
        until("writes through the VIP again", SETTLED_SECONDS, lambda: len(writer.acknowledged) > acknowledged)
    expect_home(healthy_pair)
    on_master, on_slave = (writer.rows_on(host) for host in healthy_pair.hosts)
    assert set(writer.acknowledged) - on_master <= set(range(kept_from))
    assert on_master == on_slave
    assert healthy_pair.master.has_none_of(healthy_pair.slave)


@pytest.mark.parametrize("drill", told(HOME_BY_THEMSELVES))
def test_the_pair_comes_home_by_itself_with_every_write_on_both_servers(healthy_pair: OutsidePair, drill: str) -> None:
    with Writer(healthy_pair, f"outside-{drill}") as writer:
        run = healthy_pair.operator.start(f"drill.{drill}")
        run.wait_for_line("Clients read and write through ")
        before_fault = len(writer.acknowledged)
        run.end().expect(0, " 0 lost", "neither has a row or a transaction that the other lacks", "The pair is healthy")
        until("writes again", SETTLED_SECONDS, lambda: len(writer.acknowledged) > before_fault)
    until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)
    on_master, on_slave = (writer.rows_on(host) for host in healthy_pair.hosts)
    # The drill forgets what earlier runs wrote, and only before its fault.
    assert set(writer.acknowledged) - on_master <= set(range(min(on_master)))
    assert on_master == on_slave
    assert healthy_pair.master.has_none_of(healthy_pair.slave)
    assert [host.sql(DRILLS_ACCOUNT) for host in healthy_pair.hosts] == [[], []]


@pytest.mark.parametrize("drill", TAKEOVERS[2:5])
def test_an_unhealthy_pair_has_no_drill(healthy_pair: OutsidePair, drill: str) -> None:
    healthy_pair.slave.sh("systemctl stop keepalived")
    try:
        healthy_pair.inv(f"drill.{drill}").expect(REFUSED, "Nothing was done: a drill needs a healthy pair.")
        assert healthy_pair.vip_is_on() == ["master"]
    finally:
        healthy_pair.slave.sh("systemctl start keepalived")
    until("a healthy pair again", SETTLED_SECONDS, healthy_pair.is_healthy)


@pytest.mark.long
@pytest.mark.timeout(SERIES_SECONDS + 60)
def test_a_series_of_drills_ends_in_one_table_and_a_healthy_pair(healthy_pair: OutsidePair) -> None:
    series = (*STAYING, "stop-keepalived")
    ran = healthy_pair.operator.inv("drill.all", f"--only={','.join(series)}", seconds=SERIES_SECONDS)
    table = ran.expect(0, "Seconds from the fault").out.rpartition("Seconds from the fault")[2]
    assert [drill for drill in series if f" {drill} " not in table] == []
    assert " kill-master " not in table
    assert healthy_pair.is_healthy()


def test_a_drill_that_does_not_exist_is_answered_with_the_list(healthy_pair: OutsidePair) -> None:
    healthy_pair.operator.inv("drill.all", "--only=kill-all").expect(BAD_INPUT, "no such drill: kill-all", *TAKEOVERS)
