"""The check that keepalived asks each second, and what all scripts keep to."""

import fcntl
from typing import IO

import pytest
from case_files import Case, case, cases
from shell_clock import this_second
from station import CALLED_BY_KEEPALIVED, NAMES, SCRIPTS, SENDER, SHARED, Make, Station

from runbook.core.wait import until
from runbook.settings.settings import Role

HUNG_SECONDS = 0.1


def test_a_server_that_serves_passes(scripts_on: Make) -> None:
    assert scripts_on("master", vip=True, closed=False).run("mysql_check.sh") == 0


@cases("mysql_client")
def test_a_server_that_says_no_is_there_and_one_that_says_nothing_is_not(scripts_on: Make, case: Case) -> None:
    station = scripts_on("master", vip=True, closed=False)
    said = case.text.strip()
    station.server(said)
    assert station.run("mysql_check.sh") == case.means["exit"]
    assert said in station.read("log")
    assert station.done == []


@pytest.mark.parametrize(("comes_back_after", "code"), [(1, 0), (4, 0), (5, 1)])
def test_a_server_that_is_not_there_has_the_time_of_an_answer_to_come_back(
    scripts_on: Make, comes_back_after: int, code: int
) -> None:
    """Under mysqld_safe it does, within its unit: no reason to move the VIP. 2.5 s are five times half a second."""
    station = scripts_on("master", vip=True, closed=False)
    station.server(case("mysql_client", "2002_no_socket").text.strip())
    station.write("server_after", str(comes_back_after))
    assert station.run("mysql_check.sh") == code
    assert ("mysqld does not serve" in station.read("log")) is bool(code)


@pytest.mark.parametrize("script", CALLED_BY_KEEPALIVED)
def test_a_hung_server_holds_no_script_up(scripts_on: Make, script: str) -> None:
    station = scripts_on("slave", vip=False)
    station.server("hung")
    station.patch("mysql-runbook.conf", "CHECK_SECONDS=2.5", f"CHECK_SECONDS={HUNG_SECONDS}")
    code = station.run(script, seconds=HUNG_SECONDS)
    if script == "mysql_check.sh":
        assert code == 1
        assert "mysqld does not serve: no answer" in station.read("log")
    assert station.done == []


@pytest.mark.parametrize("server", ["", "hung", "ERROR 2002 (HY000): no socket"], ids=["well", "hung", "gone"])
def test_each_check_leaves_word_that_keepalived_called_it(scripts_on: Make, server: str) -> None:
    station = scripts_on("slave", vip=False)
    if server:
        station.server(server)
    station.patch("mysql-runbook.conf", "CHECK_SECONDS=2.5", f"CHECK_SECONDS={HUNG_SECONDS}")
    before = this_second()
    station.run("mysql_check.sh")
    assert before <= int((station.run_folder / "checked").read_text()) <= this_second()


def test_the_answer_does_not_wait_for_what_is_settled_meanwhile(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True)
    station.server("slow")
    station.patch("mysql-runbook.conf", "CHECK_SECONDS=2.5", "CHECK_SECONDS=1")
    check = station.start("mysql_check.sh")
    assert check.wait(timeout=5) == 0
    with (station.run_folder / "lock").open("w") as lock:
        until("somebody has the lock of the scripts", 5, lambda: not is_free(lock), pause=0.01)
        assert station.start("mysql_check.sh").wait(timeout=5) == 0
        station.write("go", "go")
        check.communicate(timeout=10)
        until("the lock of the scripts is free", 5, lambda: is_free(lock), pause=0.01)
    assert station.done == ["closed=0"]


def is_free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(lock, fcntl.LOCK_UN)
    return True


LOST = {"gone": None, "empty": "", "cut off": "ROLE=master\nVIP=192.168.152.130\nCLIENT_OPTIONS='[client]\nuser=\"run"}


def lose(station: Station, text: str | None) -> None:
    """The configuration is no more what was deployed."""
    configuration = station.folder / "mysql-runbook.conf"
    configuration.unlink()
    if text is not None:
        configuration.write_text(text)


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("script", NAMES)
def test_without_any_configuration_no_script_does_anything_and_the_vip_stays(
    scripts_on: Make, script: str, lost: str
) -> None:
    station = scripts_on("master", vip=True)
    lose(station, LOST[lost])
    assert station.run(script) == (0 if script == "mysql_check.sh" else 1)
    assert "--defaults-file" not in station.read("argv")
    assert station.alerts.keys() == {"configuration-lost"}


@pytest.mark.parametrize("lost", LOST)
def test_with_the_last_good_configuration_all_goes_on_and_the_loss_is_told(scripts_on: Make, lost: str) -> None:
    station = scripts_on("master", vip=False, closed=False)
    good = (station.folder / "mysql-runbook.conf").read_text()
    (station.run_folder / "last.conf").write_text(good)
    lose(station, LOST[lost])
    assert station.run("stop.sh") == 0
    assert station.closed
    assert "configuration-lost" in station.alerts
    (station.folder / "mysql-runbook.conf").write_text(good)
    station.run("mysql_check.sh")
    assert "configuration-lost" not in station.alerts


# ---- the lock of the scripts ----


@pytest.mark.parametrize("script", ["stop.sh", "release.sh", "backup.sh"])
def test_closing_does_not_wait_for_the_lock_and_its_loss_is_told(scripts_on: Make, script: str) -> None:
    station = scripts_on("master", vip=False, closed=False)
    station.patch("library.sh", "LOCK_SECONDS=$((SEMI_SYNC_SECONDS + 10))", "LOCK_SECONDS=1")
    with (station.run_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        station.run(script)
    assert station.closed
    assert "could not be had" in station.alerts["scripts-stuck"]
    station.run("mysql_check.sh")
    assert "scripts-stuck" not in station.alerts


@pytest.mark.parametrize(("role", "vip"), [("master", True), ("slave", True), ("slave", False)])
def test_without_the_lock_nothing_is_opened_taken_over_or_started(scripts_on: Make, role: Role, vip: bool) -> None:
    station = scripts_on(role, vip=vip)
    station.patch("library.sh", "LOCK_SECONDS=$((SEMI_SYNC_SECONDS + 10))", "LOCK_SECONDS=1")
    (station.run_folder / "lock").mkdir()
    assert station.run("master.sh" if vip else "backup.sh") != 0
    assert station.done == []
    assert "scripts-stuck" in station.alerts


def test_a_check_that_never_gets_the_lock_says_so_in_the_end(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True, closed=False)
    with (station.run_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for ago, told in ((60, False), (90, True)):
            (station.run_folder / "settled").write_text(f"{this_second() - ago}\n")
            assert station.run("mysql_check.sh") == 0
            assert ("scripts-stuck" in station.alerts) is told


# ---- the password, and the shell itself ----


def test_the_password_reaches_mysql_whole_and_by_no_argument(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False, closed=False)
    station.write("writers", "7")
    station.run("backup.sh")
    assert station.closed
    calls = [line for line in station.read("argv").splitlines() if "--defaults-file" in line]
    assert len(calls) > 3
    assert all(call.startswith("--defaults-file=/dev/fd/") for call in calls)


def test_the_scripts_are_the_ones_that_are_deployed() -> None:
    assert {path.name for path in SCRIPTS.glob("*.sh")} == {*NAMES, *SENDER, *SHARED}


def test_every_script_is_bash_and_stops_at_an_unset_name() -> None:
    for name in NAMES:
        text = (SCRIPTS / name).read_text()
        assert text.startswith("#!/bin/bash\n")
        assert "\nset -u\n" in text
