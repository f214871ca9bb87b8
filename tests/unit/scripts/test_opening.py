"""A master that was away opens once it has seen that its peer is not the master by now, or by an operator's word."""

from dataclasses import replace

import pytest
from station import Make, Station

from runbook.pair.alone import Alone
from runbook.pair.maintenance import Maintenance
from runbook.pair.roles import made_now

HERE, PEER = "192.168.152.128", "192.168.152.129"
ALONE = Alone(1, "2026-11-27T15:00:00Z", "anna@desk")
PATCHED = Maintenance("2026-11-27T15:00:00Z", "anna@desk", 2_000_000_000)
STAYS_CLOSED = ("peer-writes", "peer-unseen", "newer-master")


@pytest.fixture
def master(scripts_on: Make) -> Station:
    """One that was away: its server has started closed, and keepalived gives it the VIP."""
    return scripts_on("master", vip=True)


def look(station: Station, script: str = "mysql_check.sh") -> None:
    assert station.run(script) == 0


def raised(station: Station) -> set[str]:
    """Of the reasons why a master stays closed those that people are told."""
    return station.alerts.keys() & set(STAYS_CLOSED)


def assert_stays_closed(station: Station, why: str, *, keepalived: str = "") -> None:
    assert station.closed
    assert "read_only = OFF" not in station.read("argv"), "it was opened for a moment"
    assert station.done == ([keepalived] if keepalived else [])
    assert raised(station) == {why}


# ---- its peer is seen ----


@pytest.mark.parametrize("script", ["master.sh", "mysql_check.sh"])
def test_it_opens_when_its_peer_takes_no_writes_and_knows_of_no_other_master(master: Station, script: str) -> None:
    look(master, script)
    assert master.done == ["closed=0"]
    assert master.alerts == {}


@pytest.mark.parametrize(
    "roles", ["", f"1\t{HERE}", f"0\t{HERE}"], ids=["it has no such table", "the same change", "an older change"]
)
def test_what_its_peer_knows_of_older_changes_keeps_nobody_closed(master: Station, roles: str) -> None:
    master.peer("1", roles)
    look(master)
    assert not master.closed


@pytest.mark.parametrize("closed", ["1", "0"], ids=["which is closed", "which takes writes"])
@pytest.mark.parametrize(
    "roles",
    [f"2\t{PEER}", f"1\t{PEER}", f"10\t{PEER}", f"2\t{HERE}"],
    ids=["promoted", "by the same change", "long ago", "of data that are newer"],
)
def test_a_peer_that_knows_better_who_is_the_master_has_it_give_the_vip_up(
    master: Station, roles: str, closed: str
) -> None:
    """Even while that one takes writes: nobody may be told to close the only master."""
    master.peer(closed, roles)
    look(master)
    assert_stays_closed(master, "newer-master", keepalived="stopped keepalived")
    assert master.alerts["newer-master"] == f"{PEER} knows of change {roles.split()[0]}, this host of change 1"


@pytest.mark.parametrize("peer", ["1", "0", None])
def test_a_host_whose_own_record_says_slave_is_no_master_whatever_its_peer_says(
    master: Station, peer: str | None
) -> None:
    master.keep("role", replace(made_now(2, "promote"), role="slave").text())
    if peer is None:
        master.peer_is_silent()
    else:
        master.peer(peer)
    look(master)
    assert_stays_closed(master, "newer-master", keepalived="stopped keepalived")


# ---- its peer is silent ----


@pytest.mark.parametrize("script", ["master.sh", "mysql_check.sh"])
def test_without_a_word_of_its_peer_it_stays_closed_and_people_are_told(master: Station, script: str) -> None:
    master.peer_is_silent()
    for _ in range(2):
        look(master, script)
    assert_stays_closed(master, "peer-unseen")
    said = [line for line in master.read("log").splitlines() if f"{PEER} does not answer" in line]
    assert len(said) == 1, "what stays so is said once"
    master.peer("1")
    look(master, script)
    assert not master.closed
    assert raised(master) == set()


def test_a_peer_that_refuses_the_login_is_not_seen(master: Station) -> None:
    master.peer("ERROR 1045 (28000): Access denied for user 'runbook_probe'@'192.168.152.128' (using password: YES)")
    look(master)
    assert_stays_closed(master, "peer-unseen")


def test_one_that_is_open_needs_nobody(scripts_on: Make) -> None:
    """Its slave may go and come; it is asked only by one that was away."""
    station = scripts_on("master", vip=True, closed=False)
    station.peer_is_silent()
    look(station)
    assert station.done == []
    assert raised(station) == set()


@pytest.mark.parametrize(("epoch", "opens"), [(1, True), (2, False), (0, False)])
def test_an_operators_word_is_good_for_the_change_of_roles_that_it_was_given_for(
    master: Station, epoch: int, opens: bool
) -> None:
    master.peer_is_silent()
    master.keep("alone", replace(ALONE, epoch=epoch).text())
    look(master)
    if opens:
        assert master.done == ["closed=0"]
    else:
        assert_stays_closed(master, "peer-unseen")


def test_that_it_is_alone_opens_nothing_beside_a_newer_master(master: Station) -> None:
    master.keep("alone", ALONE.text())
    master.peer("0", f"2\t{PEER}")
    look(master)
    assert_stays_closed(master, "newer-master", keepalived="stopped keepalived")


def test_that_the_slaves_host_is_in_maintenance_opens_nothing(master: Station) -> None:
    """It may have come back and been promoted while this one was away."""
    master.peer_is_silent()
    master.keep("maintenance", PATCHED.text(["slave-away"]))
    look(master)
    assert_stays_closed(master, "peer-unseen")


# ---- what it knows itself ----


def test_where_the_record_is_lost_it_goes_by_its_data(master: Station) -> None:
    master.kept("role").unlink()
    master.write("roles", f"3\t{HERE}")
    master.peer("1", f"3\t{HERE}")
    look(master)
    assert not master.closed


def test_the_operators_word_counts_for_the_change_that_its_data_know(master: Station) -> None:
    master.kept("role").unlink()
    master.write("roles", f"3\t{HERE}")
    master.peer_is_silent()
    master.keep("alone", replace(ALONE, epoch=3).text())
    look(master)
    assert not master.closed


def test_data_that_came_from_its_peer_are_no_word_of_its_own(master: Station) -> None:
    """They say of a change by which it was the slave; the record may be older than they are."""
    master.write("roles", f"2\t{PEER}")
    master.peer("1", f"2\t{PEER}")
    look(master)
    assert_stays_closed(master, "newer-master", keepalived="stopped keepalived")


def test_where_it_knows_of_no_change_at_all_any_that_its_peer_knows_of_is_newer(master: Station) -> None:
    master.kept("role").unlink()
    master.write("roles", "")
    master.peer("1", f"1\t{PEER}")
    look(master)
    assert_stays_closed(master, "newer-master", keepalived="stopped keepalived")


def test_a_pair_of_before_there_were_records_opens(master: Station) -> None:
    master.kept("role").unlink()
    master.write("roles", "")
    master.peer("1", "")
    look(master)
    assert not master.closed


# ---- what people are told ----


def test_of_the_reasons_to_stay_closed_people_are_told_the_one_that_is_so(master: Station) -> None:
    for says, why in (("0", "peer-writes"), (None, "peer-unseen"), ("0", "peer-writes")):
        if says is None:
            master.peer_is_silent()
        else:
            master.peer(says)
        look(master)
        assert raised(master) == {why}
    look(master, "stop.sh")
    master.peer("1")
    look(master)
    assert master.alerts == {}


def test_a_slave_is_told_nothing_of_what_keeps_a_master_closed(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=False)
    now = station.run_folder / "alerts" / "now"
    for folder in ("now", "ended", "news"):
        (station.run_folder / "alerts" / folder).mkdir(parents=True)
    for kind in STAYS_CLOSED:
        (now / kind).write_text("1700000000\n\n")
    look(station)
    assert station.alerts == {}
