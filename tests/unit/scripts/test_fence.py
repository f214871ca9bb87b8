"""The fence: a unit of its own that closes what must be closed, whatever has become of keepalived and its scripts."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from shell_clock import this_second
from station import Make, Station

from runbook.core.wait import until
from runbook.settings.settings import Role

GONE = "ERROR 2002 (HY000): Can't connect to local MySQL server through socket"
LOCKED = "ERROR 3118 (HY000): Access denied for user 'runbook_check'@'localhost'. Account is locked."
SECONDS = 10
LONGER_THAN_CLOSE_KILL_SECONDS = 2.5


@contextmanager
def fencing(station: Station) -> Iterator[subprocess.Popen[str]]:
    """The fence at work, which looks twenty times a second."""
    station.patch("fence.sh", "LOOK_SECONDS=1", "LOOK_SECONDS=0.05")
    station.patch("mysql-runbook.conf", "CLOSE_KILL_SECONDS=30", "CLOSE_KILL_SECONDS=1")
    process = station.start("fence.sh", seconds=0.2)
    try:
        until("the copy of the configuration", SECONDS, (station.run_folder / "last.conf").exists, pause=0.02)
        yield process
    finally:
        process.kill()
        process.communicate()


def looked(station: Station, times: int) -> None:
    """Until it has looked at the server so many times more."""
    before = len(station.read("argv").splitlines())
    until("more looks", SECONDS, lambda: len(station.read("argv").splitlines()) >= before + times, pause=0.02)


@pytest.mark.parametrize(("role", "vip"), [("master", False), ("slave", False), ("slave", True)])
def test_an_open_server_that_must_be_closed_is_closed(scripts_on: Make, role: Role, vip: bool) -> None:
    station = scripts_on(role, vip=vip, closed=False)
    with fencing(station):
        until("a closed server", SECONDS, lambda: station.closed, pause=0.02)


def test_a_master_with_the_vip_is_left_open(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True, closed=False)
    with fencing(station) as process:
        assert process.poll() is None
        station.vip = False
        until("a closed server", SECONDS, lambda: station.closed, pause=0.02)
    assert station.done == ["closed=1"]


def test_it_goes_on_without_any_file_of_ours(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True, closed=False)
    with fencing(station):
        for name in ("mysql-runbook.conf", "library.sh", "server.sh", "takeover.sh", "fence.sh"):
            (station.folder / name).unlink()
        shutil.rmtree(station.run_folder)
        station.vip = False
        until("a closed server", SECONDS, lambda: station.closed, pause=0.02)


def test_a_server_that_answers_late_is_closed_then(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False, closed=False)
    station.server("hung")
    with fencing(station):
        looked(station, 1)
        station.server("healthy")
        until("a closed server", SECONDS, lambda: station.closed, pause=0.02)


def test_what_cannot_be_closed_is_killed_once_and_told(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=False, closed=False)
    for name in ("writers", "gone"):
        station.write(name, "7")
    with fencing(station):
        until("SIGKILL", SECONDS, lambda: "killed mysqld" in station.done, pause=0.02)
        looked(station, 10)
    assert station.done.count("killed mysqld") == 1
    assert "not closed for 1 s" in station.alerts["mysqld-killed"]


def test_a_master_that_was_open_and_lets_nobody_in_is_killed(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True)
    station.run("master.sh")
    assert not station.closed
    station.vip = False
    station.server(LOCKED)
    with fencing(station):
        until("SIGKILL", SECONDS, lambda: "killed mysqld" in station.done, pause=0.02)


@pytest.mark.parametrize("said", [GONE, LOCKED, "hung"])
def test_a_server_that_never_was_open_is_never_killed(scripts_on: Make, said: str) -> None:
    station = scripts_on("slave", vip=False)
    station.server(said)
    with fencing(station) as process, pytest.raises(subprocess.TimeoutExpired):
        process.wait(LONGER_THAN_CLOSE_KILL_SECONDS)
    assert station.done == []


def test_a_mysqld_that_is_another_than_the_one_that_was_open_is_spared(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True)
    station.run("master.sh")
    station.vip = False
    station.write("pid", "99")
    station.server(LOCKED)
    with fencing(station) as process, pytest.raises(subprocess.TimeoutExpired):
        process.wait(LONGER_THAN_CLOSE_KILL_SECONDS)
    assert "killed mysqld" not in station.done


def test_while_the_scripts_do_their_work_it_asks_nothing(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=False)
    station.run("mysql_check.sh")
    asked = station.read("argv")
    with fencing(station) as process, pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    assert station.read("argv") == asked


@pytest.mark.parametrize("role", ["master", "slave"])
def test_a_vip_that_no_keepalived_guards_any_more_is_removed_and_the_server_closed(
    scripts_on: Make, role: Role
) -> None:
    station = scripts_on(role, vip=True, closed=False)
    station.write("keepalived", "failed")
    with fencing(station):
        until("a closed server", SECONDS, lambda: station.closed and not station.vip, pause=0.02)


@pytest.mark.parametrize("state", ["active", "activating", "unknown"])
def test_a_vip_is_left_where_keepalived_may_guard_it(scripts_on: Make, state: str) -> None:
    station = scripts_on("master", vip=True, closed=False)
    station.write("keepalived", state)
    with fencing(station) as process, pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    assert station.vip
    assert station.done == []


HANGS = "keepalived hangs, and no takeover comes about: it has not called its check for 21 s."


@pytest.mark.parametrize(
    ("ago", "state", "told"),
    [
        (22, "active", True),
        (10, "active", False),
        (22, "inactive", False),
        (22, "activating", False),
        (None, "active", False),
    ],
)
def test_a_keepalived_that_calls_its_check_no_more_is_told_until_it_does_again(
    scripts_on: Make, ago: int | None, state: str, told: bool
) -> None:
    station = scripts_on("slave", vip=False)
    station.write("keepalived", state)
    if ago is not None:
        (station.run_folder / "checked").write_text(f"{this_second() - ago}\n")
    with fencing(station):
        if told:
            until("the alert", SECONDS, lambda: "scripts-stuck" in station.alerts, pause=0.02)
            assert station.alerts["scripts-stuck"].startswith(HANGS)
            assert "systemctl kill -s KILL keepalived" in station.alerts["scripts-stuck"]
        else:
            looked(station, 3)
            assert station.alerts == {}
        station.run("mysql_check.sh")
        until("the end of it", SECONDS, lambda: "scripts-stuck" not in station.alerts, pause=0.02)
