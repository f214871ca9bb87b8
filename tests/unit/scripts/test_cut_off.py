"""A host that hears nobody gives the VIP up: without that the master would take it back unasked when a cut heals."""

import pytest
from station import Make, Station

from runbook.settings.settings import Role

PEER_AND_KNOWN = {"192.168.152.129/9", "192.168.152.1/9"}


@pytest.fixture
def master(scripts_on: Make) -> Station:
    """A serving master whose check has counted its interface's packets once."""
    station = scripts_on("master", vip=True, closed=False)
    station.packets(10)
    assert station.run("mysql_check.sh") == 0
    return station


def checks(station: Station, times: int) -> list[int]:
    """Exit codes of so many checks, one after the other."""
    return [station.run("mysql_check.sh") for _ in range(times)]


def test_who_hears_packets_calls_nobody(master: Station) -> None:
    master.packets(11)
    assert master.run("mysql_check.sh") == 0
    assert master.vrrp_state == "MASTER"
    assert not (master.state / "called").exists()


def test_in_silence_the_peer_is_called_and_its_answer_is_enough(master: Station) -> None:
    calls = master.folder / "udp" / "192.168.152.129"
    calls.mkdir(parents=True)
    for count in range(11, 20):
        assert checks(master, 1) == [0]
        assert (calls / "9").exists()
        (calls / "9").unlink()
        master.packets(count)
        assert checks(master, 1) == [0]
        assert not (calls / "9").exists()
    assert not (master.state / "called").exists()


def test_in_a_longer_silence_known_neighbours_are_called_too_and_an_answer_is_enough(master: Station) -> None:
    master.write("neighbours_answer", "yes")
    assert checks(master, 2) == [0, 0]
    assert master.vrrp_state == "MASTER"
    assert set(master.read("called").splitlines()) == PEER_AND_KNOWN
    assert master.read("log") == ""


def test_one_packet_does_not_count_twice(master: Station) -> None:
    master.write("neighbours_answer", "yes")
    assert checks(master, 2) == [0, 0]
    (master.state / "neighbours_answer").unlink()
    assert checks(master, 3) == [0, 0, 1]


@pytest.mark.parametrize("role", ["master", "slave"])
def test_who_hears_nobody_at_three_checks_in_a_row_fails_from_then_on_and_says_so_once(
    scripts_on: Make, role: Role
) -> None:
    station = scripts_on(role, vip=True, closed=role == "slave")
    station.packets(10)
    assert checks(station, 5) == [0, 0, 0, 1, 1]
    said = [line for line in station.read("log").splitlines() if "hears nobody on host0" in line]
    assert len(said) == 1
    assert "gives the VIP up" in said[0]


def test_what_switches_send_of_their_own_accord_is_nobody(master: Station) -> None:
    for count in (3, 6, 9):
        master.packets(10 + count, multicasts=count)
        code = master.run("mysql_check.sh")
    assert code == 1


def test_one_word_between_silences_is_enough(master: Station) -> None:
    assert checks(master, 2) == [0, 0]
    master.packets(11)
    assert checks(master, 3) == [0, 0, 0]
    assert checks(master, 1) == [1]


def test_a_master_that_is_cut_off_and_without_the_vip_is_closed_all_the_same(master: Station) -> None:
    master.vip = False
    assert checks(master, 3)[-1] == 1
    assert master.closed
    assert master.deferred


def test_who_hears_somebody_again_is_well_and_each_silence_is_said(master: Station) -> None:
    for count in (11, 12):
        assert checks(master, 3)[-1] == 1
        assert "cut-off" in master.alerts
        master.vip = False
        master.packets(count)
        assert master.run("mysql_check.sh") == 0
        assert "cut-off" not in master.alerts
        assert master.vrrp_state == "BACKUP"
    assert master.read("log").count("hears nobody on host0") == 2


def test_where_packets_cannot_be_counted_nothing_is_concluded(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True, closed=False)
    assert checks(station, 4) == [0, 0, 0, 0]
    assert station.vrrp_state == "MASTER"
