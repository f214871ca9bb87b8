"""The scripts on the hosts: one decision from the state that is there, whichever of them runs, in whatever order."""

import pytest
from station import Make

from runbook.settings import Role

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
        (["let_go.sh"], "STOPPED"),
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
    station.write("peer", "0")
    for _ in range(2):
        station.run(script)
    assert station.closed
    said = [line for line in station.read("log").splitlines() if "192.168.152.129 takes writes" in line]
    assert len(said) == 1, "what stays so is said once"
    station.write("peer", "1")
    station.run(script)
    assert not station.closed


def test_a_master_does_not_need_the_other_server_to_open(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True)
    assert station.run("master.sh") == 0
    assert not station.closed


def test_a_slave_is_never_asked_about_its_peer(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True, closed=False)
    station.write("peer", "0")
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


# ---- the slave takes over, and follows again ----


def test_a_takeover_stops_the_receiver_applies_what_came_and_records_it(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.write("received", "uuid:1-9,other:1-3")
    assert station.run("master.sh") == 0
    assert station.done == ["receiver=OFF", "waited for uuid:1-9,other:1-3"]
    record = station.takeover
    assert record is not None
    assert record.pop("at").endswith("Z")
    assert int(record.pop("relay_milliseconds")) >= 0
    assert record == {
        "received": "uuid:1-9,other:1-3",
        "executed": "uuid:1-9",
        "unapplied": "",
        "own": "binlog.000004:777",
        "source_log_file": "binlog.000003",
        "read_source_log_pos": "1484",
    }
    assert "took the VIP over: reads are served, writes refused" in station.read("log")


def test_a_takeover_is_recorded_once_and_never_again(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.run("master.sh")
    first = station.takeover
    station.write("received", "uuid:1-77")
    station.write("executed", "uuid:1-77")
    for script in ("master.sh", "mysql_check.sh", "backup.sh", "master.sh"):
        station.run(script)
    assert station.takeover == first


def test_a_receiver_that_does_not_stop_at_once_is_stopped_by_the_next_look(scripts_on: Make) -> None:
    """A takeover is one only when the data stand still."""
    station = scripts_on("slave", vip=True)
    station.write("stop_fails", "1205 (HY000) at line 1: Lock wait timeout exceeded; try restarting transaction")
    station.run("master.sh")
    assert station.takeover is None
    (station.state / "stop_fails").unlink()
    station.run("mysql_check.sh")
    assert station.read("receiver") == "OFF"
    assert station.takeover is not None


def test_a_server_that_does_not_answer_is_not_recorded_as_taken_over(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.server("ERROR 2002 (HY000): Can't connect to local MySQL server through socket")
    station.run("master.sh")
    assert station.takeover is None
    station.server("healthy")
    station.run("mysql_check.sh")
    assert station.takeover is not None
    assert station.takeover["received"] == "uuid:1-9"
    assert station.read("receiver") == "OFF"


@pytest.mark.parametrize(("receiver", "started"), [("ON", True), ("OFF", False)])
def test_where_a_start_discards_what_was_received_the_applier_is_started_while_the_receiver_runs_or_not_at_all(
    scripts_on: Make, receiver: str, started: bool
) -> None:
    station = scripts_on("slave", vip=True)
    station.discards_at_start()
    station.write("applier", "OFF")
    station.write("receiver", receiver)
    assert station.run("master.sh") == 0
    assert ("START REPLICA SQL_THREAD; STOP REPLICA IO_THREAD" in station.read("argv")) is started
    assert station.takeover is not None


def test_a_slave_keeps_what_it_could_not_apply_until_the_master_answers(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.discards_at_start()
    station.write("applier", "OFF")
    station.write("unapplied", "uuid:5-9")
    station.run("master.sh")
    station.vip = False
    station.run("backup.sh")
    assert station.read("receiver") == "OFF"
    assert station.takeover is not None
    assert "keeps what it received and could not apply: 192.168.152.128 does not answer" in station.read("log")
    station.write("peer", "1")
    station.run("mysql_check.sh")
    assert station.read("receiver") == "ON"
    assert station.takeover is None


def test_after_a_takeover_the_slave_follows_again(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.run("master.sh")
    record = (station.folder / "var" / "mysql-runbook" / "takeover").read_text()
    station.vip = False
    assert station.run("backup.sh") == 0
    assert station.read("receiver") == "ON"
    assert station.takeover is None
    assert (station.folder / "var" / "mysql-runbook" / "takeover.last").read_text() == record
    assert "does not hold the VIP: replicates from the master" in station.read("log")


def test_a_receiver_that_is_merely_off_is_started(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=False)
    station.write("receiver", "OFF")
    station.run("mysql_check.sh")
    assert station.done == ["receiver=ON"]


@pytest.mark.parametrize("why", ["receiver_error", "never_a_slave"])
def test_a_receiver_that_broke_or_never_was_is_left_for_an_operator(scripts_on: Make, why: str) -> None:
    station = scripts_on("slave", vip=False)
    station.write("receiver", "OFF")
    station.write(why, "1236")
    for script in ("backup.sh", "mysql_check.sh"):
        station.run(script)
    assert station.done == []


# ---- any order, twice, at once ----

TAKEN_OVER = {"received": "uuid:1-9", "executed": "uuid:1-9"}
WORLDS: list[tuple[Role, bool, dict[str, object]]] = [
    ("master", True, {"closed": False, "receiver": "ON", "taken over": None}),
    ("master", False, {"closed": True, "receiver": "ON", "taken over": None}),
    (
        "slave",
        True,
        {"closed": True, "receiver": "OFF", "taken over": {"received": "uuid:1-9", "executed": "uuid:1-9"}},
    ),
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
