"""The scripts on the hosts: one decision from the state that is there, whichever of them runs, in whatever order."""

import pytest
from station import Make

from runbook.settings.settings import Role

# ---- settle: role, VIP, state of the server ----


@pytest.mark.parametrize("script", ["master.sh", "backup.sh", "mysql_check.sh"])
@pytest.mark.parametrize(
    ("role", "vip", "then"),
    [("master", True, "open"), ("master", False, "closed"), ("slave", True, "closed"), ("slave", False, "closed")],
)
def test_only_the_master_is_opened_and_only_with_the_vip(
    scripts_on: Make, script: str, role: Role, vip: bool, then: str
) -> None:
    station = scripts_on(role, vip=vip, closed=then == "open")
    assert station.run(script) == 0
    assert station.closed is (then == "closed")


def test_what_is_right_already_is_not_touched(scripts_on: Make) -> None:
    master, slave = scripts_on("master", vip=True, closed=False), scripts_on("slave", vip=False)
    for station in (master, slave):
        assert station.run("mysql_check.sh") == 0
        assert station.done == []
        assert station.read("log") == ""


@pytest.mark.parametrize("role", ["master", "slave"])
def test_whoever_stops_keepalived_stops_writing(scripts_on: Make, role: Role) -> None:
    station = scripts_on(role, vip=True, closed=False)
    assert station.run("stop.sh") == 0
    assert station.closed


def test_keepalived_calls_master_sh_before_the_vip_is_there(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False)
    station.write("vip_after", "3")
    assert station.run("master.sh") == 0
    assert not station.closed


def test_a_vip_that_never_comes_opens_nothing(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False)
    assert station.run("master.sh") == 0
    assert station.closed
    assert "the VIP 192.168.152.130 is not on host0" in station.read("log")


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (["master.sh"], "MASTER"),
        (["backup.sh"], "BACKUP"),
        (["backup.sh", "FAULT"], "FAULT"),
        (["stop.sh"], "STOPPED"),
        (["release.sh"], "STOPPED"),
        (["mysql_check.sh"], "BACKUP"),
    ],
    ids=" ".join,
)
def test_what_keepalived_said_is_kept_for_who_asks(scripts_on: Make, call: list[str], word: str) -> None:
    station = scripts_on("slave", vip=False)
    station.run(*call)
    assert station.vrrp_state == word


@pytest.mark.parametrize("script", ["master.sh", "backup.sh", "mysql_check.sh"])
@pytest.mark.parametrize(("role", "closed"), [("master", True), ("master", False), ("slave", True)])
def test_where_the_addresses_cannot_be_read_nothing_is_changed(
    scripts_on: Make, role: Role, closed: bool, script: str
) -> None:
    station = scripts_on(role, vip=True, closed=closed)
    station.write("ip_fails", "it")
    station.run(script)
    assert station.done == []
    assert station.closed is closed
    assert "the addresses of host0 could not be read" in station.read("log")


# ---- one writer, ever ----


@pytest.mark.parametrize("script", ["master.sh", "mysql_check.sh"])
def test_a_master_stays_closed_while_the_other_server_takes_writes(scripts_on: Make, script: str) -> None:
    station = scripts_on("master", vip=True)
    station.peer("0")
    for _ in range(2):
        station.run(script)
    assert station.closed
    said = [line for line in station.read("log").splitlines() if "192.168.152.129 takes writes" in line]
    assert len(said) == 1, "what stays so is said once"
    station.peer("1")
    station.run(script)
    assert not station.closed


def test_a_slave_is_never_asked_about_its_peer(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True, closed=False)
    station.peer("0")
    station.run("master.sh")
    assert station.closed


# ---- closing against writers ----


def test_sessions_that_write_are_killed_when_closing_times_out(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False, closed=False)
    station.write("writers", "7\n8")
    assert station.run("backup.sh") == 0
    assert station.closed
    assert station.done == ["killed 7", "killed 8", "closed=1"]
    assert "killed the sessions that were still writing" in station.read("log")


def test_a_session_that_ended_meanwhile_does_not_spare_the_others(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False, closed=False)
    station.write("gone", "5")
    station.write("writers", "7\n8")
    assert station.run("backup.sh") == 0
    assert station.closed


def test_a_server_that_cannot_be_closed_is_told(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False, closed=False)
    station.write("gone", "7")
    station.write("writers", "7")
    assert station.run("backup.sh") != 0
    assert not station.closed
    assert "could not close: ERROR 1205" in station.read("log")


# ---- any order, twice, at once ----

TAKEN_OVER = {"received": "uuid:1-9", "executed": "uuid:1-9"}
WORLDS: list[tuple[Role, bool, dict[str, object]]] = [
    ("master", True, {"closed": False, "receiver": "ON", "taken over": None}),
    ("master", False, {"closed": True, "receiver": "ON", "taken over": None}),
    ("slave", True, {"closed": True, "receiver": "OFF", "taken over": TAKEN_OVER}),
    ("slave", False, {"closed": True, "receiver": "ON", "taken over": None}),
]


@pytest.mark.parametrize(("role", "vip", "end"), WORLDS)
@pytest.mark.parametrize(
    "order",
    [
        ("master", "backup", "mysql_check"),
        ("backup", "master", "master"),
    ],
    ids="-".join,
)
def test_in_any_order_and_twice_they_end_the_same(
    scripts_on: Make, role: Role, vip: bool, end: dict[str, object], order: tuple[str, ...]
) -> None:
    station = scripts_on(role, vip=vip, closed=not end["closed"])
    for script in order:
        station.run(f"{script}.sh")
    assert station.end == end


@pytest.mark.parametrize(("role", "vip", "end"), WORLDS)
def test_all_at_once_they_end_the_same(scripts_on: Make, role: Role, vip: bool, end: dict[str, object]) -> None:
    station = scripts_on(role, vip=vip, closed=not end["closed"])
    started = [station.start(name) for name in ("master.sh", "backup.sh", "mysql_check.sh", "master.sh")]
    for process in started:
        process.communicate(timeout=20)
        assert process.returncode == 0
    assert station.end == end
    assert len([line for line in station.done if line.startswith("waited")]) <= 1


def test_a_stop_between_them_is_put_right_by_the_next_look(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True)
    station.run("stop.sh")
    assert station.closed
    station.run("mysql_check.sh")
    assert not station.closed
