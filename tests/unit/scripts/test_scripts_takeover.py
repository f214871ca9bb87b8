"""The slave's scripts: it takes over and records that once, and follows the master again."""

import pytest
from station import STATUS, Make


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


def test_who_holds_a_lock_that_a_takeover_waits_for_is_ended_and_written_down(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.patch("mysql-runbook.conf", "RELAY_LOCK_SECONDS=5", "RELAY_LOCK_SECONDS=1")
    station.write("holders", "7\treport@10.0.0.9\n9\troot@localhost")
    station.write("sessions", "8\tbystander\t192.168.152.1:9")
    assert station.run("master.sh") == 0
    assert [each for each in station.done if "killed" in each] == ["killed 7", "killed 9"]
    assert station.takeover is not None
    assert station.takeover["ended"] == "report@10.0.0.9 (7), root@localhost (9)"
    assert int(station.takeover["relay_milliseconds"]) < 5000
    held = "ended the sessions that held it: report@10.0.0.9 (7), root@localhost (9)"
    assert f"what was received waited for a lock for 1 s: {held}" in station.read("log")


def test_by_position_all_is_read_while_one_of_several_appliers_still_waits_for_a_lock(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.patch("mysql-runbook.conf", "RELAY_LOCK_SECONDS=5", "RELAY_LOCK_SECONDS=1")
    with (station.folder / "mysql-runbook.conf").open("a") as configuration:
        configuration.write("WAIT_APPLIED=\n")
    station.write(
        "status", f"{STATUS}    Replica_SQL_Running_State: Replica has read all relay log; waiting for more updates"
    )
    station.write("holders", "7\treport@10.0.0.9")
    assert station.run("master.sh") == 0
    assert station.takeover is not None
    assert station.takeover["ended"] == "report@10.0.0.9 (7)"


@pytest.mark.parametrize("seconds", ["0", "5"], ids=["never", "not yet"])
def test_before_its_time_nobody_is_ended(scripts_on: Make, seconds: str) -> None:
    station = scripts_on("slave", vip=True)
    station.patch("mysql-runbook.conf", "RELAY_LOCK_SECONDS=5", f"RELAY_LOCK_SECONDS={seconds}")
    station.patch("takeover.sh", "RELAY_SECONDS=60", "RELAY_SECONDS=1")
    station.write("holders", "7\treport@10.0.0.9")
    assert station.run("master.sh") == 0
    assert [each for each in station.done if "killed" in each] == []
    assert station.takeover is not None
    assert "ended" not in station.takeover


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
    station.peer_is_silent()
    station.write("applier", "OFF")
    station.write("unapplied", "uuid:5-9")
    station.run("master.sh")
    station.vip = False
    station.run("backup.sh")
    assert station.read("receiver") == "OFF"
    assert station.takeover is not None
    assert "keeps what it received and could not apply: 192.168.152.128 does not answer" in station.read("log")
    station.peer("1")
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


@pytest.mark.parametrize(
    ("discards", "peer", "starts"),
    [(True, True, True), (True, False, False), (False, True, False)],
    ids=["by a place in a table", "a master that has the rest is missing", "by a place in that file alone"],
)
def test_a_place_that_a_power_cut_tore_is_forgotten_where_nothing_is_lost_by_it(
    scripts_on: Make, discards: bool, peer: bool, starts: bool
) -> None:
    station = scripts_on("slave", vip=False)
    station.write("receiver", "OFF")
    station.write("torn", "")
    if discards:
        station.discards_at_start()
    if peer:
        station.peer("0")
    else:
        station.peer_is_silent()
    station.run("mysql_check.sh")
    assert (station.read("receiver") == "ON") is starts
    assert ("does not replicate: ERROR 1201" in station.read("log")) is not starts


@pytest.mark.parametrize("why", ["receiver_error", "never_a_slave"])
def test_a_receiver_that_broke_or_never_was_is_left_for_an_operator(scripts_on: Make, why: str) -> None:
    station = scripts_on("slave", vip=False)
    station.write("receiver", "OFF")
    station.write(why, "1236")
    for script in ("backup.sh", "mysql_check.sh"):
        station.run(script)
    assert station.done == []


@pytest.mark.parametrize("role", ["master", "slave"])
def test_who_gives_the_vip_up_ends_the_sessions_that_came_by_it_and_no_other(scripts_on: Make, role: str) -> None:
    station = scripts_on(role, vip=True)
    station.run("master.sh")
    station.write("writers", "")
    station.write("by_vip", "0 0 192.168.152.130:3306 192.168.152.1:5\n0 0 192.168.152.130:3306 192.168.152.9:6")
    # The server closes before they are ended: none of them is in the way.
    station.write("closed", "1")
    station.write("sessions", "7\thive\t192.168.152.1:5\n8\tbackup\t192.168.152.1:9\n9\thive\tclient.example:6")
    station.run("mysql_check.sh")
    assert "killed" not in " ".join(station.done)
    station.vip = False
    station.run("backup.sh")
    assert [each for each in station.done if each.startswith("killed")] == ["killed 7", "killed 9"]
    assert "the VIP has left: ended the sessions that came by it" in station.read("log")
    done = station.done
    station.run("mysql_check.sh")
    assert [each for each in station.done if each.startswith("killed")] == [each for each in done if "killed" in each]


def test_a_takeover_after_replication_had_broken_says_since_when_its_reads_are_old(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    (station.folder / "run" / "mysql-runbook" / "alerts" / "now").mkdir(parents=True)
    (station.folder / "run" / "mysql-runbook" / "alerts" / "now" / "replication-broken").write_text("1700000000\nwhy\n")
    assert station.run("master.sh") == 0
    assert station.takeover is not None
    assert station.takeover["broken_since"] == "2023-11-14T22:13:20Z"
    station.run("mysql_check.sh")
    assert station.alerts["vip-on-slave"] == "reads are stale: replication had broken at 2023-11-14T22:13:20Z"
