"""What the scripts raise for people to know: from the state that is there, once until it changes; nothing is sent."""

import re

import pytest
from station import SCRIPTS, Make

from runbook.alerts.texts import KINDS

GONE = "ERROR 2002 (HY000): Can't connect to local MySQL server through socket"


def test_a_healthy_pair_raises_nothing(scripts_on: Make) -> None:
    master, slave = scripts_on("master", vip=True), scripts_on("slave", vip=False)
    for station in (master, slave):
        for script in ("master.sh" if station is master else "backup.sh", "mysql_check.sh"):
            station.run(script)
        assert (station.alerts, station.news) == ({}, set())


def test_a_takeover_is_raised_and_over_when_the_vip_goes(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.run("master.sh")
    assert (station.alerts, station.news) == ({"vip-on-slave": ""}, {"vip-on-slave"})
    station.vip = False
    station.run("backup.sh")
    assert (station.alerts, station.news) == ({}, {"vip-on-slave"})


def test_a_takeover_is_raised_although_the_receiver_does_not_stop(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.write("stop_fails", "1205 (HY000) at line 1: Lock wait timeout exceeded")
    station.run("master.sh")
    assert "vip-on-slave" in station.alerts


def test_what_stays_so_is_raised_once(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.run("master.sh")
    assert station.news
    for _ in range(2):
        station.run("mysql_check.sh")
    assert station.news == set()


def test_a_master_without_the_vip_is_raised_and_its_coming_home_ends_it(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False)
    station.run("backup.sh")
    assert station.alerts == {"master-closed": ""}
    station.vip = True
    station.run("mysql_check.sh")
    assert station.alerts == {}


def test_another_writer_is_raised(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True)
    station.write("peer", "0")
    station.run("mysql_check.sh")
    assert station.alerts == {"peer-writes": ""}
    station.write("peer", "1")
    station.run("mysql_check.sh")
    assert station.alerts == {}


def test_a_server_that_cannot_be_closed_is_raised_with_its_own_words(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False, closed=False)
    station.write("gone", "7")
    station.write("writers", "7")
    station.run("backup.sh")
    assert station.alerts["not-closed"].startswith("ERROR 1205")
    station.write("writers", "")
    station.run("backup.sh")
    assert station.alerts == {"master-closed": ""}


def test_a_server_that_says_yes_and_takes_writes_all_the_same_is_not_closed(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False, closed=False)
    station.write("closes_in_vain", "yes")
    station.run("backup.sh")
    assert station.alerts["not-closed"] == "it was told to, and takes writes all the same"
    assert "closed for writes" not in station.read("log")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("ERROR 1040 (HY000): Too many connections", "connections-used-up"),
        ("ERROR 1045 (28000): Access denied", "login-refused"),
        (GONE, "mysqld-silent"),
    ],
)
def test_a_server_that_does_not_serve_us_is_raised_until_it_does(scripts_on: Make, error: str, kind: str) -> None:
    station = scripts_on("slave", vip=False)
    station.server(error)
    station.run("mysql_check.sh")
    assert station.alerts == {kind: error}
    station.server("healthy")
    station.run("mysql_check.sh")
    assert station.alerts == {}


def test_a_stopped_keepalived_is_raised_until_it_checks_again(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=False)
    station.run("release.sh")
    assert station.alerts == {"keepalived-stopped": ""}
    station.run("mysql_check.sh")
    assert station.alerts == {}


def test_a_full_memory_holds_nothing_up(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    (station.run_folder / "alerts").write_text("no folder can be made here")
    assert station.run("master.sh") == 0
    assert station.takeover is not None


def test_every_kind_that_a_script_raises_has_its_words() -> None:
    raised = {kind for file in SCRIPTS.glob("*.sh") for kind in re.findall(r"alert ([a-z]+-[a-z-]+)", file.read_text())}
    assert raised and raised <= KINDS.keys()
