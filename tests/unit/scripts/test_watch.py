"""States for which the VIP does not move: seen by the check's background part, told once, and told when over."""

import pytest
from shell_clock import this_second
from station import Make, Station

from runbook.pair.alone import Alone

UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
WORKER = (
    f"Worker 1 failed executing transaction '{UUID}:5' at source log binlog.000002, end_log_pos 901; Could not execute "
    "Write_rows event on table runbook.ledger; Duplicate entry 'a-1' for key 'ledger.PRIMARY', Error_code: 1062"
)
HOUSE_FULL = "ERROR 1040 (HY000): Too many connections"


def look(station: Station, times: int = 1) -> None:
    """Each time so long after the last look that another is due."""
    for _ in range(times):
        (station.run_folder / "watch.at").unlink(missing_ok=True)
        assert station.run("mysql_check.sh") == 0


def said(station: Station, word: str) -> int:
    return sum(word in line for line in station.read("log").splitlines())


@pytest.fixture
def master(scripts_on: Make) -> Station:
    return scripts_on("master", vip=True, closed=False)


@pytest.fixture
def slave(scripts_on: Make) -> Station:
    return scripts_on("slave", vip=False)


# ---- how often ----


def test_what_people_can_wait_for_is_looked_at_every_few_seconds_and_the_rest_at_every_check(master: Station) -> None:
    look(master)
    for _ in range(2):
        assert master.run("mysql_check.sh") == 0
    asked = master.read("asked_by_session").splitlines()
    assert sum("AS closed" in question for question in asked) == 3
    assert sum("SHOW GLOBAL STATUS" in question for question in asked) == 1


@pytest.mark.parametrize(("seconds_ago", "due"), [(0, False), (60, True), (-3600, True)])
def test_a_clock_that_was_set_back_holds_no_look_up(master: Station, seconds_ago: int, due: bool) -> None:
    master.facts(Threads_connected="152")
    (master.run_folder / "watch.at").write_text(f"{this_second() - seconds_ago}\n")
    assert master.run("mysql_check.sh") == 0
    assert ("connections-used-up" in master.alerts) is due


# ---- the disk ----


def test_a_full_disk_is_told_once_and_again_when_there_is_room(master: Station) -> None:
    master.disk(free=20, size=100_000)
    look(master, 3)
    assert "is full: reads go on, writes wait" in master.alerts["disk-nearly-full"]
    assert said(master, "disk-nearly-full: /data/ is full") == 1
    master.disk(free=50_000, size=100_000)
    look(master, 2)
    assert master.alerts == {}
    assert said(master, "disk-nearly-full: over") == 1


def test_a_disk_at_the_edge_does_not_come_and_go(master: Station) -> None:
    for free in (4_990, 5_010, 4_990, 5_900):
        master.disk(free=free, size=100_000)
        look(master)
        assert master.alerts == {"disk-nearly-full": "less than 5 % of the disk with /data/ are left"}
    assert said(master, "disk-nearly-full") == 1
    master.disk(free=6_100, size=100_000)
    look(master)
    assert master.alerts == {}


def test_a_disk_that_cannot_be_asked_is_not_called_full(master: Station) -> None:
    master.write("df", "df: /data/: Input/output error")
    look(master)
    assert master.alerts == {}


# ---- the connections ----


@pytest.mark.parametrize(("connected", "told"), [("151", False), ("152", True)])
def test_used_up_connections_are_told_and_our_own_is_not_one_of_them(
    master: Station, connected: str, told: bool
) -> None:
    master.facts(Threads_connected=connected)
    look(master, 2)
    assert ("connections-used-up" in master.alerts) is told
    assert said(master, "connections-used-up") == told


def test_a_few_connections_given_back_are_not_the_end_of_it(master: Station) -> None:
    for connected, told in (("152", True), ("148", True), ("143", False)):
        master.facts(Threads_connected=connected)
        look(master)
        assert ("connections-used-up" in master.alerts) is told


def test_a_full_house_is_entered_by_the_administrators_door(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False, closed=False)
    station.server(HOUSE_FULL)
    station.write("admin_door", "open")
    station.write("writers", "7")
    look(station)
    assert station.closed
    assert station.done == ["killed 7", "closed=1"]


def test_a_full_house_without_that_door_is_no_reason_to_move(master: Station) -> None:
    master.server(HOUSE_FULL)
    look(master)
    assert master.alerts == {"connections-used-up": HOUSE_FULL}


# ---- the slave that acknowledges ----


@pytest.mark.parametrize("facts", [{"Rpl_semi_sync_source_status": "OFF"}, {"Rpl_semi_sync_source_clients": "0"}])
def test_a_slave_that_stays_away_is_told_at_the_second_look(master: Station, facts: dict[str, str]) -> None:
    master.facts(**facts)
    look(master)
    assert master.alerts == {}
    look(master, 2)
    assert list(master.alerts) == ["slave-away"]
    assert said(master, "semi-synchronous replication is not in force") == 1
    master.facts()
    look(master)
    assert master.alerts == {}


def test_a_slave_that_was_away_for_one_look_is_not_told(master: Station) -> None:
    for facts in ({"Rpl_semi_sync_source_clients": "0"}, {}, {"Rpl_semi_sync_source_clients": "0"}):
        master.facts(**facts)
        look(master)
    assert master.alerts == {}


def test_without_semi_sync_a_slave_whose_server_does_not_answer_is_told(master: Station) -> None:
    with (master.folder / "mysql-runbook.conf").open("a") as conf:
        conf.write("SEMI_SYNC_SECONDS=0\n")
    master.facts(Rpl_semi_sync_source_status="OFF", Rpl_semi_sync_source_clients="0")
    for answer, alerts in (("1", []), ("", ["slave-away"]), ("1", [])):
        if answer:
            master.peer(answer)
        else:
            master.peer_is_silent()
        look(master, 2)
        assert list(master.alerts) == alerts
    assert said(master, "does not answer: what is acknowledged now is on this host only") == 1


def test_a_master_that_has_no_slave_is_told_as_that_and_not_of_one_that_is_away(master: Station) -> None:
    master.facts(Rpl_semi_sync_source_status="OFF", Rpl_semi_sync_source_clients="0")
    look(master, 2)
    assert list(master.alerts) == ["slave-away"]
    master.keep("alone", Alone(2, "2026-11-27T15:00:00Z", "anna@desk").text())
    look(master, 2)
    assert master.alerts == {"master-alone": "since 2026-11-27T15:00:00Z"}
    assert said(master, "master-alone: since 2026-11-27T15:00:00Z") == 1
    master.kept("alone").unlink()
    master.facts()
    look(master)
    assert master.alerts == {}


# ---- the peer ----

OTHER_CERTIFICATE = "ERROR 2026 (HY000): TLS/SSL error: self-signed certificate in certificate chain"
NOBODY_THERE = "ERROR 2003 (HY000): Can't connect to MySQL server on '192.168.152.129:3306' (111)"


def look_at_the_peer(station: Station, says: str, times: int = 1) -> None:
    station.peer(says)
    for _ in range(times):
        (station.run_folder / "watch.peer").unlink(missing_ok=True)
        look(station)


def test_a_peer_that_is_there_and_lets_us_not_ask_is_told(scripts_on: Make) -> None:
    for role in ("master", "slave"):
        station = scripts_on(role, vip=role == "master", closed=role == "slave")
        look_at_the_peer(station, OTHER_CERTIFICATE)
        assert station.alerts == {}, "a restart was told"
        look_at_the_peer(station, OTHER_CERTIFICATE)
        assert station.alerts == {"peer-refuses": OTHER_CERTIFICATE}
        look_at_the_peer(station, NOBODY_THERE, 2)
        assert "peer-refuses" in station.alerts, "who is away has not changed his mind"
        look_at_the_peer(station, "1")
        assert station.alerts == {}


@pytest.mark.parametrize("says", [NOBODY_THERE, HOUSE_FULL])
def test_a_peer_that_is_away_or_full_refuses_nobody(master: Station, says: str) -> None:
    look_at_the_peer(master, says, 3)
    assert master.alerts == {}


def test_the_peer_is_asked_each_minute(master: Station) -> None:
    master.peer("1")
    look(master, 3)
    asked = [line for line in master.read("argv").splitlines() if "-NB -e SELECT @@GLOBAL.super_read_only" in line]
    assert len(asked) == 1


# ---- replication ----


def test_a_broken_applier_is_told_with_the_error_the_transaction_and_the_table(slave: Station) -> None:
    slave.replication(
        Replica_SQL_Running="No",
        Last_SQL_Errno="1062",
        Last_SQL_Error="Coordinator stopped; see performance_schema.replication_applier_status_by_worker",
    )
    slave.write("worker_error", WORKER)
    look(slave, 2)
    detail = slave.alerts["replication-broken"]
    assert "the applier stopped: error 1062" in detail
    assert f"{UUID}:5" in detail
    assert "table runbook.ledger" in detail
    assert said(slave, "replication-broken") == 1
    slave.replication()
    look(slave)
    assert slave.alerts == {}
    assert said(slave, "replication-broken: over") == 1


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (
            {"Replica_IO_Running": "No", "Last_IO_Errno": "13114", "Last_IO_Error": "Got fatal error 1236"},
            "the receiver stopped: error 13114: Got fatal error 1236",
        ),
    ],
)
def test_a_receiver_that_stopped_is_told(slave: Station, status: dict[str, str], detail: str) -> None:
    slave.replication(**status)
    look(slave)
    assert slave.alerts == {"replication-broken": detail}


def connecting(station: Station, code: int, attempt: int, message: str) -> None:
    """As 9.7 says it."""
    error = (
        f"Error connecting to source 'replica@192.168.152.128:3306'. This was attempt {attempt}/86400, with a delay of "
        f"1 seconds between attempts. Message: {message}"
    )
    station.replication(Replica_IO_Running="Connecting", Last_IO_Errno=str(code), Last_IO_Error=error)


LOCKED = "Access denied for user 'replica'@'192.168.152.129'. Account is locked."


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (1045, "Access denied for user 'replica'@'192.168.152.129' (using password: YES)"),
        (3118, LOCKED),
        (1862, "Your password has expired."),
        (
            2061,
            "Authentication plugin 'caching_sha2_password' reported error: Authentication requires secure connection.",
        ),
        (1040, "Too many connections"),
        (1227, "Access denied; you need (at least one of) the REPLICATION SLAVE privilege(s)"),
    ],
)
def test_whatever_keeps_the_receiver_out_is_told_at_the_second_look_and_once(
    slave: Station, code: int, message: str
) -> None:
    connecting(slave, code, 1, message)
    look(slave)
    assert slave.alerts == {}
    for attempt in (6, 11):
        connecting(slave, code, attempt, message)
        look(slave)
    assert slave.alerts == {"replication-broken": f"the receiver does not get to the master: error {code}: {message}"}
    assert said(slave, "replication-broken") == 1
    slave.replication()
    look(slave)
    assert slave.alerts == {}


def test_an_older_servers_words_do_not_move_either(slave: Station) -> None:
    for retries in (1, 2, 3):
        error = f"error connecting to master 'replica@a:3306' - retry-time: 1  retries: {retries} message: {LOCKED}"
        slave.replication(Replica_IO_Running="Connecting", Last_IO_Errno="3118", Last_IO_Error=error)
        look(slave)
    assert slave.alerts["replication-broken"].endswith(f"error 3118: {LOCKED}")


def test_a_login_that_was_refused_once_is_not_told(slave: Station) -> None:
    for _ in range(2):
        connecting(slave, 3118, 1, LOCKED)
        look(slave)
        slave.replication()
        look(slave)
    assert slave.alerts == {}


@pytest.mark.parametrize("code", [2002, 2003, 2005, 2006, 2013, 2055, 1053])
def test_a_receiver_that_waits_for_its_master_is_not_broken_until_it_has_waited_for_long(
    slave: Station, code: int
) -> None:
    connecting(slave, code, 1, "Can't connect")
    look(slave, 3)
    assert slave.alerts == {}
    (slave.run_folder / "watch.receiver").write_text(f"{this_second() - 31}\n")
    look(slave)
    assert f"error {code}: Can't connect" in slave.alerts["replication-broken"]


def test_a_takeover_stops_the_receiver_and_that_is_not_broken(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.replication(Replica_IO_Running="No")
    look(station, 3)
    assert list(station.alerts) == ["vip-on-slave"]


def test_a_takeover_with_a_broken_applier_waits_for_nothing_and_says_how_stale_it_is(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=True)
    station.write("unapplied", f"{UUID}:5-9")
    station.write("applier", "OFF")
    station.replication(Replica_IO_Running="No", Replica_SQL_Running="No", Last_SQL_Errno="1062")
    assert station.run("master.sh") == 0
    assert station.takeover is not None
    assert station.takeover["unapplied"] == f"{UUID}:5-9"
    assert len([line for line in station.done if line.startswith("waited")]) == 1
    assert f"unapplied={UUID}:5-9" in station.read("log")
    look(station)
    assert station.alerts["vip-on-slave"] == f"reads are stale: received and not applied: {UUID}:5-9"
    assert "error 1062" in station.alerts["replication-broken"]


# ---- what the slave made itself ----


def test_what_a_slave_made_itself_is_told_until_the_master_has_it(slave: Station) -> None:
    look(slave)
    assert slave.alerts == {}
    slave.peer("0")
    slave.write("peer_has", "uuid:1-9")
    slave.write("made_itself", "own:1-2")
    look(slave, 2)
    assert slave.alerts == {"errant": "the master lacks own:1-2"}
    assert said(slave, "errant: the master lacks own:1-2") == 1
    slave.write("made_itself", "own:1-2")
    (slave.state / "master_lacks").touch()
    slave.write("made_itself", "")
    look(slave)
    assert slave.alerts == {}


def test_of_what_a_silent_master_has_nothing_is_known(slave: Station) -> None:
    slave.peer_is_silent()
    slave.write("made_itself", "own:1-2")
    look(slave)
    assert "errant" not in slave.alerts
