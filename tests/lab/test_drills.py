"""Every drill: what must come of it, the master fenced, and the pair home unharmed, by failback or by itself.

What the drill says of itself is not taken for proof: a client of these tests keeps its own account beside it.
Needs a healthy pair and leaves one.
"""

import json
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from changes import expect_same
from commandline import until
from outside import READ_ONLY, OutsidePair
from watchers import Writer

TAKEOVERS = (
    "kill-master",
    "crash-master",
    "freeze-master",
    "stop-keepalived",
    "kill-keepalived",
    "power-off-master",
    "isolate-master",
    "lag-slave",
)
OF_THE_STORY = ("kill-master", "crash-master", "freeze-master", "power-off-master", "power-off-both")
HOME_BY_THEMSELVES = ("power-off-both", "isolate")
MYSQLD_STAYS_DOWN = ("kill-master", "lag-slave")
NOBODY = "02:00:00:00:00:00"
DRILLS_ACCOUNT = "SELECT user FROM mysql.user WHERE user = 'runbook_drill'"
FORWARDING, DISABLED = "3", "0"
STAYING = ("kill-slave", "full-disk", "too-many-connections", "break-replication")
SERIES_SECONDS = 500
SETTLED_SECONDS = 15
BAD_INPUT = 2
REFUSED = 1
INTERRUPTED = 130


def told(drills: Iterable[str]) -> list[Any]:
    """The drills of a test, those of the story marked."""
    return [pytest.param(each, marks=pytest.mark.story if each in OF_THE_STORY else ()) for each in drills]


def expect_failed_over(pair: OutsidePair, *, mysqld_runs: bool) -> None:
    """The slave alone has the VIP, and no server takes a write, root's included."""
    assert pair.vip_is_on() == ["slave"]
    for host in pair.hosts if mysqld_runs else (pair.slave,):
        assert host.refuses_root()


def report_of(pair: OutsidePair, drill: str) -> dict[str, Any]:
    """The last report of a drill, which has a page and is the last of the index; no secret is in any of them."""
    file = max(pair.operator.reports.glob(f"*-{drill}.json"))
    text, page = file.read_text(), file.with_suffix(".html").read_text()
    record = json.loads(text)
    assert "<svg" in page
    drills = json.loads((pair.operator.reports / "index.json").read_text())["drills"]
    assert (drills[-1]["name"], drills[-1]["verdict"]) == (file.stem, record["verdict"])
    for shown in (text, page):
        pair.operator.check(shown)
    return record


def expect_reported(pair: OutsidePair, drill: str) -> None:
    """The drill's report agrees with what was seen here: the VIP on the slave, its refusals; a page is beside it."""
    record = report_of(pair, drill)
    assert record["verdict"] in ("passed", "late"), record["headline"]
    assert (record["vip"]["slave"][-1][2], record["ledger"]["lost"]) == ("here", [])
    assert str(READ_ONLY) in record["refusal"]
    assert sum(each or 0 for each in record["rates"]["reads"]["slave"]) > 0
    assert not any(record["rates"]["writes"]["slave"])


def expect_home(pair: OutsidePair) -> None:
    """failback brings it home, if it is not there yet, and both servers have the very same transactions."""
    pair.inv("failback").expect(0, "The pair is healthy")
    until("a healthy pair after failback", SETTLED_SECONDS, pair.is_healthy)
    pair.inv("verify").expect(0, "The pair is healthy")
    assert [host.sql(DRILLS_ACCOUNT) for host in pair.hosts] == [[], []]


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


def test_hosts_that_were_parted_see_each_other_again_when_the_drill_is_interrupted(healthy_pair: OutsidePair) -> None:
    run = healthy_pair.operator.start("drill.isolate")
    run.wait_for_line("Clients read and write through ")
    until("the hosts parted", SETTLED_SECONDS, lambda: parted(healthy_pair) == [True, True])
    run.send(signal.SIGINT)
    run.end().expect(INTERRUPTED)
    until("the hosts joined", SETTLED_SECONDS, lambda: parted(healthy_pair) == [False, False])
    until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)
    assert [host.sql(DRILLS_ACCOUNT) for host in healthy_pair.hosts] == [[], []]


def parted(pair: OutsidePair) -> list[bool]:
    """Which of the hosts takes the other for a machine that is not there."""
    return [NOBODY in host.sh("ip neighbour show nud permanent") for host in pair.hosts]


def test_a_cut_off_master_is_joined_again_when_the_drill_is_killed(healthy_pair: OutsidePair) -> None:
    port = healthy_pair.master.machine.port
    run = healthy_pair.operator.start("drill.isolate-master")
    run.wait_for_line("Clients read and write through ")
    until("the port closed", SETTLED_SECONDS, lambda: port_state(port) == DISABLED, pause=0.02)
    run.kill()
    until("the port open", SETTLED_SECONDS, lambda: port_state(port) == FORWARDING, pause=0.02)
    until("one VIP", SETTLED_SECONDS, lambda: len(healthy_pair.vip_is_on()) == 1)
    if not healthy_pair.is_healthy():
        expect_home(healthy_pair)


def port_state(port: str) -> str:
    """A bridge port's state as the kernel has it."""
    return Path("/sys/class/net", port, "brport", "state").read_text().strip()


def test_a_frozen_master_is_woken_when_the_drill_is_interrupted(healthy_pair: OutsidePair) -> None:
    mysqld = healthy_pair.master.daemon("mysqld")
    run = healthy_pair.operator.start("drill.freeze-master")
    run.wait_for_line("SIGSTOP for mysqld")
    until("mysqld frozen", SETTLED_SECONDS, lambda: state_of(mysqld) == "T", pause=0.02)
    run.send(signal.SIGINT)
    run.end().expect(INTERRUPTED)
    assert report_of(healthy_pair, "freeze-master")["verdict"] == "cut off"
    until("mysqld awake", SETTLED_SECONDS, lambda: state_of(mysqld) == "S", pause=0.02)
    if not healthy_pair.is_healthy():
        expect_home(healthy_pair)


def test_a_frozen_master_is_woken_when_the_drill_is_killed(healthy_pair: OutsidePair) -> None:
    mysqld = healthy_pair.master.daemon("mysqld")
    run = healthy_pair.operator.start("drill.freeze-master")
    run.wait_for_line("SIGSTOP for mysqld")
    until("mysqld frozen", SETTLED_SECONDS, lambda: state_of(mysqld) == "T", pause=0.02)
    run.kill()
    until("mysqld awake", SETTLED_SECONDS, lambda: state_of(mysqld) == "S", pause=0.02)
    if not healthy_pair.is_healthy():
        expect_home(healthy_pair)


def state_of(pid: int | None) -> str:
    """A process's state as the kernel has it: T stopped, S or R alive."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_the_power_of_a_host_that_is_no_labs_is_not_touched(healthy_pair: OutsidePair, tmp_path: Path) -> None:
    before = healthy_pair.state()
    operator = healthy_pair.operator_with(tmp_path)
    operator.inv("drill.power-off-master", "--yes").expect(BAD_INPUT, "By hand", "inv failback", "Nothing was done")
    expect_same(before, healthy_pair.state(), locked=True)


def test_a_power_cut_loses_what_the_masters_settings_do_not_sync(doomed_pair: OutsidePair) -> None:
    """The proof that the drill of a power cut can fail: law 2 hangs on these two settings."""
    doomed_pair.master.sql("SET GLOBAL sync_binlog = 0; SET GLOBAL innodb_flush_log_at_trx_commit = 0")
    doomed_pair.inv("drill.power-off-master").expect(REFUSED, "The slave has what the master lacks")
    doomed_pair.inv("failback").expect(REFUSED, "lacks transactions that the slave has", "The VIP was not moved")


@pytest.mark.parametrize("drill", TAKEOVERS[2:5])
def test_an_unhealthy_pair_has_no_drill(healthy_pair: OutsidePair, drill: str) -> None:
    healthy_pair.slave.sh("systemctl stop keepalived")
    try:
        healthy_pair.inv(f"drill.{drill}").expect(REFUSED, "Nothing was done: a drill needs a healthy pair.")
        assert healthy_pair.vip_is_on() == ["master"]
    finally:
        healthy_pair.slave.sh("systemctl start keepalived")
    until("a healthy pair again", SETTLED_SECONDS, healthy_pair.is_healthy)


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
