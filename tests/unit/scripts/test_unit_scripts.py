"""The scripts that keepalived's unit calls: before keepalived starts, and after it ended, however it ended."""

import pytest
from station import Make

DEADLINE = "DEFER_SECONDS=60"


@pytest.mark.parametrize("vip", [True, False])
def test_a_master_remembers_that_it_gave_the_vip_away(scripts_on: Make, vip: bool) -> None:
    station = scripts_on("master", vip=not vip, closed=vip)
    station.run("backup.sh")
    station.vip = vip
    station.run("backup.sh")
    assert station.deferred is not vip


@pytest.mark.parametrize("script", ["stop.sh", "release.sh"])
def test_a_master_whose_keepalived_ends_has_given_way(scripts_on: Make, script: str) -> None:
    station = scripts_on("master", vip=True, closed=False)
    assert station.run(script) == 0
    assert station.deferred
    assert station.closed


def test_a_slave_has_nothing_to_give_away(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=False)
    for script in ("backup.sh", "stop.sh", "release.sh"):
        station.run(script)
    assert not station.deferred


# ---- before keepalived starts ----


def test_a_master_that_had_the_vip_competes_at_once(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False)
    assert station.run("defer.sh") == 0
    assert station.read("asked") == ""


def test_a_slave_that_had_taken_over_competes_at_once(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.run("master.sh")
    station.vip = False
    assert station.run("defer.sh") == 0
    assert station.read("asked") == ""


def test_a_master_that_had_given_way_lets_the_slave_have_the_vip_first(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False)
    station.run("stop.sh")
    station.write("vip_answers_after", "3")
    assert station.run("defer.sh") == 0
    assert len(station.read("asked").splitlines()) == 4
    assert "competes" not in station.read("log")


def test_a_master_goes_first_when_it_sees_that_the_slave_waits_as_well(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False)
    station.run("stop.sh")
    station.peer("1")
    station.write("peer_waits", "yes")
    assert station.run("defer.sh") == 0
    assert station.read("asked") == ""
    assert "the slave waits for the VIP as well, and has not taken over" in station.read("log")


def test_a_slave_that_waits_says_so_by_a_lock_and_one_that_had_taken_over_does_not(scripts_on: Make) -> None:
    for vip in (False, True):
        station = scripts_on("slave", vip=vip)
        station.run("master.sh" if vip else "backup.sh")
        station.vip = False
        station.write("vip_answers_after", "2")
        assert station.run("defer.sh") == 0
        asked = (
            (station.state / "asked_by_session").read_text() if (station.state / "asked_by_session").exists() else ""
        )
        assert ("GET_LOCK" in asked) is not vip


def test_a_slave_lets_the_master_have_the_vip_first(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=False)
    station.write("vip_answers_after", "2")
    assert station.run("defer.sh") == 0
    assert len(station.read("asked").splitlines()) == 3


def test_a_vip_that_nobody_takes_is_competed_for_after_the_deadline(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=False)
    station.patch("defer.sh", DEADLINE, "DEFER_SECONDS=0")
    assert station.run("defer.sh") == 0
    assert "nobody took the VIP in 0 s: competes for it now" in station.read("log")


# ---- after it ended ----


@pytest.mark.parametrize("role", ["master", "slave"])
def test_a_vip_that_a_killed_keepalived_left_behind_is_removed(scripts_on: Make, role: str) -> None:
    station = scripts_on(role, vip=True, closed=False)
    assert station.run("release.sh") == 0
    assert not station.vip
    assert station.closed
    assert "keepalived left the VIP behind: removed" in station.read("log")


def test_a_keepalived_that_took_its_vip_along_leaves_nothing_to_remove(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False)
    assert station.run("release.sh") == 0
    assert station.done == []


def test_a_vip_is_removed_although_mysqld_is_gone(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True)
    station.server("ERROR 2002 (HY000): Can't connect to local MySQL server through socket")
    station.run("release.sh")
    assert not station.vip


def test_what_the_last_keepalived_did_says_nothing_of_one_that_starts(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=False)
    (station.run_folder / "checked").write_text("1\n")
    station.patch("defer.sh", DEADLINE, "DEFER_SECONDS=0")
    assert station.run("defer.sh") == 0
    assert not (station.run_folder / "checked").exists()
