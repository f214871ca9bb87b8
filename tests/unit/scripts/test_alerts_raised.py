"""What the scripts raise for people to know: from the state that is there, once until it changes; nothing is sent."""

import re

import pytest
from station import SCRIPTS, Make, Station

from runbook.alerts.quiet import MEANT
from runbook.alerts.texts import KINDS
from runbook.pair.maintenance import Maintenance
from runbook.settings.settings import Role

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


def in_maintenance(station: Station, role: Role, until: int = 2_000_000_000) -> None:
    record = Maintenance("2026-11-27T15:00:00Z", "anna@desk", until)
    station.maintenance.parent.mkdir(parents=True, exist_ok=True)
    station.maintenance.write_text(record.text(MEANT[role]))


@pytest.mark.parametrize("role", ["master", "slave"])
def test_what_is_meant_by_a_maintenance_is_not_raised_and_what_it_hides_is_once_it_ends(
    scripts_on: Make, role: Role
) -> None:
    station = scripts_on(role, vip=role == "master", closed=role == "slave")
    in_maintenance(station, role)
    if role == "slave":
        station.server(GONE)
    else:
        station.facts(Rpl_semi_sync_source_clients="0")
    for ended in (False, True):
        if ended:
            station.maintenance.unlink()
        for _ in range(2):
            (station.run_folder / "watch.at").unlink(missing_ok=True)
            station.run("mysql_check.sh")
        hidden = "mysqld-silent" if role == "slave" else "slave-away"
        assert (hidden in station.alerts) is ended


def test_that_the_slave_has_the_vip_is_raised_also_in_a_maintenance(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    in_maintenance(station, "slave")
    station.run("master.sh")
    assert "vip-on-slave" in station.alerts


def test_a_maintenance_that_was_forgotten_is_raised_until_it_is_prolonged(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True, closed=False)
    for until, raised in ((2_000_000_000, False), (1_700_000_000, True), (2_000_000_000, False)):
        in_maintenance(station, "master", until)
        (station.run_folder / "watch.at").unlink(missing_ok=True)
        station.run("mysql_check.sh")
        assert ("maintenance-forgotten" in station.alerts) is raised
    in_maintenance(station, "master", 1_700_000_000)
    (station.run_folder / "watch.at").unlink(missing_ok=True)
    station.run("mysql_check.sh")
    assert station.alerts["maintenance-forgotten"] == "since 2026-11-27T15:00:00Z, by anna@desk"


def test_what_must_be_told_all_the_same_is_nowhere_among_what_is_meant() -> None:
    meant = {kind for kinds in MEANT.values() for kind in kinds}
    assert meant <= KINDS.keys()
    assert not meant & {"vip-on-slave", "peer-writes", "not-closed", "mysqld-killed", "disk-nearly-full", "errant"}


def test_another_writer_is_raised(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True)
    station.peer("0")
    station.run("mysql_check.sh")
    assert station.alerts == {"peer-writes": ""}
    station.peer("1")
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
