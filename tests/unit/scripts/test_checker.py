"""The checker: a unit of its own, which looks at the host by a session that stays open; mysql_check.sh believes it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from shell_clock import this_second
from station import Make, Station

from runbook.core.wait import until

SECONDS = 30
HUNG_SECONDS = 0.3
GONE = "ERROR 2002 (HY000): Can't connect to local MySQL server through socket"


@contextmanager
def checking(station: Station, *, called: bool = True) -> Iterator[subprocess.Popen[str]]:
    """The checker at work, which looks twenty times a second, as if keepalived had just called its check."""
    station.patch("mysql-runbook.conf", "CHECK_INTERVAL=1", "CHECK_INTERVAL=0.05")
    station.patch("mysql-runbook.conf", "CHECK_SECONDS=2.5", f"CHECK_SECONDS={HUNG_SECONDS}")
    for old, new in (("$((CHECK_INTERVAL + CALLED_SECONDS))", "$CALLED_SECONDS"), ("$((CHECK_INTERVAL + 2))", "2")):
        station.patch("checker.sh", old, new)
    if called:
        keepalived_calls(station)
    process = station.start("checker.sh", seconds=HUNG_SECONDS)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def keepalived_calls(station: Station, *, seconds_ago: int = 0) -> None:
    (station.run_folder / "checked").write_text(f"{this_second() - seconds_ago}\n")


def found(station: Station) -> str:
    """What the checker found last, or nothing."""
    file = station.run_folder / "finding"
    return "".join(file.read_text().split()[1:]) if file.exists() else ""


def finds(station: Station, word: str) -> None:
    until(f"the checker finds: {word}", SECONDS, lambda: found(station) == word, pause=0.01)


def questions(station: Station) -> int:
    file = station.state / "asked_by_session"
    return len(file.read_text().splitlines()) if file.exists() else 0


def logins(station: Station) -> int:
    return sum(" -B " in line for line in station.read("argv").splitlines())


def asked(station: Station, times: int) -> None:
    """Until it has asked so many times more."""
    before = questions(station)
    until("more questions", SECONDS, lambda: questions(station) >= before + times, pause=0.01)


def finding(station: Station, word: str, *, holds: int = 3) -> None:
    (station.run_folder / "finding").write_text(f"{this_second() + holds} {word:6}\n")


def test_it_asks_again_and_again_by_one_login(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True, closed=False)
    with checking(station):
        asked(station, 20)
        finds(station, "serves")
    assert logins(station) <= 1 + questions(station) // 20
    assert station.read("unknown") == ""


@pytest.mark.parametrize(("server", "word"), [("hung", "fails"), (GONE, "fails"), ("ERROR 1045 (28000): no", "serves")])
def test_it_says_what_it_finds_and_the_check_believes_it(scripts_on: Make, server: str, word: str) -> None:
    station = scripts_on("master", vip=True, closed=False)
    station.server(server)
    with checking(station):
        finds(station, word)
        (station.folder / "library.sh").unlink()
        assert station.run("mysql_check.sh") == (word == "fails")
        station.server("healthy")
        finds(station, "serves")
        assert station.run("mysql_check.sh") == 0


def test_a_session_that_somebody_ended_is_opened_anew_and_nothing_is_concluded(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True, closed=False)
    with checking(station):
        asked(station, 2)
        before = logins(station)
        subprocess.run(["pkill", "-KILL", "-f", f"{station.folder}/bin/mysql .* -B "], check=True)
        until("another login", SECONDS, lambda: logins(station) > before, pause=0.01)
        asked(station, 2)
        finds(station, "serves")
    assert "mysqld-silent" not in station.alerts
    assert station.vrrp_state == "MASTER"


@pytest.mark.parametrize(
    ("told", "vip", "seen"),
    [
        ("", True, "MASTER"),
        ("", False, "BACKUP"),
        ("BACKUP", True, "MASTER"),
        ("MASTER", False, "BACKUP"),
        ("FAULT", False, "FAULT"),
        ("STOPPED", False, "STOPPED"),
    ],
)
def test_good_checks_are_not_yet_keepaliveds_word(scripts_on: Make, told: str, vip: bool, seen: str) -> None:
    """It is FAULT for CHECK_RISE of them; only where it cannot have told what the VIP says, that is made up for."""
    station = scripts_on("master", vip=vip, closed=not vip)
    (station.run_folder / "vrrp").write_text(f"{told}\n")
    with checking(station):
        asked(station, 3)
    assert station.vrrp_state == seen


@pytest.mark.parametrize("lost", ["", "ROLE=ma"], ids=["empty", "cut off"])
def test_a_configuration_that_is_lost_while_it_runs_is_said_and_it_goes_on(scripts_on: Make, lost: str) -> None:
    station = scripts_on("master", vip=True, closed=False)
    configuration = station.folder / "mysql-runbook.conf"
    with checking(station):
        asked(station, 2)
        whole = configuration.read_text()
        configuration.write_text(lost)
        until("the alert", SECONDS, lambda: "configuration-lost" in station.alerts, pause=0.01)
        asked(station, 2)
        station.vip = False
        until("a closed master", SECONDS, lambda: station.closed, pause=0.01)
        configuration.write_text(whole)
        until("the end of the alert", SECONDS, lambda: "configuration-lost" not in station.alerts, pause=0.01)


def test_it_settles_what_it_finds(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True, closed=True)
    with checking(station):
        until("an open master", SECONDS, lambda: not station.closed, pause=0.01)
        station.vip = False
        until("a closed master", SECONDS, lambda: station.closed, pause=0.01)
        station.vip = True
        until("an open master", SECONDS, lambda: not station.closed, pause=0.01)
    assert station.read("unknown") == ""


def test_a_slave_follows_again(scripts_on: Make) -> None:
    station = scripts_on("slave", vip=False)
    station.write("receiver", "OFF")
    with checking(station):
        until("a receiver", SECONDS, lambda: station.read("receiver") == "ON", pause=0.01)


def test_the_lock_of_the_scripts_does_not_stay_with_it(scripts_on: Make) -> None:
    station = scripts_on("master", vip=False, closed=False)
    with checking(station):
        until("a closed master", SECONDS, lambda: station.closed, pause=0.01)
        assert station.run("backup.sh") == 0
        asked(station, 2)


@pytest.mark.parametrize("seconds_ago", [None, 60], ids=["never", "long ago"])
def test_without_keepalived_it_does_nothing(scripts_on: Make, seconds_ago: int | None) -> None:
    station = scripts_on("master", vip=True, closed=True)
    if seconds_ago:
        keepalived_calls(station, seconds_ago=seconds_ago)
    with checking(station, called=False):
        with pytest.raises(Exception, match="more questions"):
            until("more questions", 0.5, lambda: questions(station) > 0, pause=0.05)
        keepalived_calls(station)
        asked(station, 1)
        assert station.run("release.sh") == 0
        until("a closed session", SECONDS, lambda: not (station.run_folder / "checked").exists(), pause=0.01)
    assert station.closed


# ---- whom mysql_check.sh believes ----


@pytest.mark.parametrize(("word", "code"), [("serves", 0), ("fails", 1)])
def test_what_was_found_lately_is_the_answer_and_nobody_is_asked(scripts_on: Make, word: str, code: int) -> None:
    station = scripts_on("master", vip=True, closed=False)
    finding(station, word)
    assert station.run("mysql_check.sh") == code
    assert station.read("argv") == ""
    assert (station.run_folder / "checked").exists()


@pytest.mark.parametrize("text", [None, "", "soon serves\n", "0 serves\n", "99999999999 serves\n"])
@pytest.mark.parametrize(("server", "code"), [("healthy", 0), (GONE, 1)])
def test_what_is_old_or_unreadable_is_no_answer_and_the_check_asks_itself(
    scripts_on: Make, text: str | None, server: str, code: int
) -> None:
    station = scripts_on("slave", vip=False)
    station.server(server)
    if text is not None:
        (station.run_folder / "finding").write_text(text)
    assert station.run("mysql_check.sh") == code
    assert logins(station) >= 1


@pytest.mark.parametrize(("word", "code"), [("serves", 0), ("fails", 1)])
def test_who_asks_just_now_is_waited_for(scripts_on: Make, word: str, code: int) -> None:
    station = scripts_on("master", vip=True, closed=False)
    finding(station, "asks", holds=10)
    check = station.start("mysql_check.sh")
    until("a check that waits", SECONDS, (station.run_folder / "checked").exists, pause=0.01)
    assert check.poll() is None
    finding(station, word)
    assert check.wait(timeout=SECONDS) == code
    assert station.read("argv") == ""


def test_who_never_comes_to_an_end_is_not_waited_for_longer_than_that(scripts_on: Make) -> None:
    station = scripts_on("master", vip=True, closed=False)
    finding(station, "asks", holds=1)
    assert station.run("mysql_check.sh") == 0
    assert logins(station) == 1
