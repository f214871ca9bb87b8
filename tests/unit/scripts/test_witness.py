"""The witness: what the slave notes each second of its master, for the proof that nothing acknowledged is missing."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from shell_clock import this_second
from station import Make, Station

from runbook.core.wait import until
from runbook.pair.witnessed import Witnessed, parse

SECONDS = 30
LOOKS = 4
IN_FORCE = {
    "Rpl_semi_sync_source_clients": "1",
    "Rpl_semi_sync_source_status": "ON",
    "Rpl_semi_sync_source_wait_sessions": "0",
    "rpl_semi_sync_source_timeout": "10000",
    "rpl_semi_sync_source_wait_for_replica_count": "1",
    "rpl_semi_sync_source_wait_no_replica": "ON",
}
NOT_IN_FORCE = {
    "a session waits": {"Rpl_semi_sync_source_wait_sessions": "1"},
    "another server acknowledges as well": {"Rpl_semi_sync_source_clients": "2"},
    "nobody acknowledges": {"Rpl_semi_sync_source_clients": "0"},
    "it is off": {"Rpl_semi_sync_source_status": "OFF"},
    "it would not wait for one that is gone": {"rpl_semi_sync_source_wait_no_replica": "OFF"},
}


@pytest.fixture
def slave(scripts_on: Make) -> Station:
    station = scripts_on("slave", vip=False)
    master_says(station)
    return station


def master_says(station: Station, **changed: str) -> None:
    """What the master's server answers of its semi-synchronous replication, but for these."""
    station.write("peer_semi_sync", "\n".join(f"{name}\t{value}" for name, value in (IN_FORCE | changed).items()))


@contextmanager
def witnessing(station: Station) -> Iterator[subprocess.Popen[str]]:
    """The witness at work, which looks some twenty times a second."""
    station.patch("witness.sh", "LOOK_SECONDS=1", "LOOK_SECONDS=0.05")
    station.patch("mysql-runbook.conf", "CHECK_SECONDS=2.5", "CHECK_SECONDS=0.3")
    process = station.start("witness.sh")
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def noted(station: Station) -> Witnessed:
    file = station.run_folder / "witnessed"
    return parse(file.read_text() if file.exists() else "")


def notes(station: Station, what: str, is_so: Callable[[Witnessed], bool]) -> Witnessed:
    until(f"the witness notes: {what}", SECONDS, lambda: is_so(noted(station)), pause=0.01)
    return noted(station)


def looks(station: Station, times: int = LOOKS) -> None:
    """The master is asked so many times more, or so many clients are started in vain."""

    def asked() -> int:
        file = station.state / "asked_peer"
        sessions = len(file.read_text().splitlines()) if file.exists() else 0
        return sessions + len(station.read("argv").splitlines())

    enough = asked() + times
    until("the master is asked", SECONDS, lambda: asked() >= enough, pause=0.01)


def is_good(seen: Witnessed) -> bool:
    return seen.good is not None


def is_silent(seen: Witnessed) -> bool:
    return seen.silent is not None


def test_while_the_masters_commits_wait_for_the_slave_that_is_noted_with_the_time(slave: Station) -> None:
    before = this_second()
    with witnessing(slave):
        seen = notes(slave, "it is in force", is_good)
    assert seen.good is not None and before <= seen.good <= this_second()
    assert (seen.silent, seen.timeout_ms) == (None, 10000)


def test_the_words_of_older_servers_are_understood(slave: Station) -> None:
    lines = "\n".join(f"{name}\t{value}" for name, value in IN_FORCE.items())
    slave.write("peer_semi_sync", lines.replace("source", "master").replace("no_replica", "no_slave"))
    with witnessing(slave):
        assert notes(slave, "it is in force", is_good).timeout_ms == 10000


@pytest.mark.parametrize("changed", NOT_IN_FORCE.values(), ids=NOT_IN_FORCE.keys())
def test_what_might_be_acknowledged_without_the_slave_is_nothing_good(slave: Station, changed: dict[str, str]) -> None:
    master_says(slave, **changed)
    with witnessing(slave):
        looks(slave)
        assert noted(slave) == Witnessed(None, None, 0)


def test_a_master_that_has_no_such_thing_is_not_in_force(slave: Station) -> None:
    slave.write("peer_semi_sync", "")
    with witnessing(slave):
        looks(slave)
        assert noted(slave) == Witnessed(None, None, 0)


@pytest.mark.parametrize("how", ["gone", "hung"])
def test_a_master_that_goes_silent_is_noted_once_and_what_was_good_stays(slave: Station, how: str) -> None:
    with witnessing(slave):
        good = notes(slave, "it is in force", is_good).good
        if how == "gone":
            slave.peer_is_silent()
        else:
            slave.peer("hung")
        seen = notes(slave, "it is silent", is_silent)
        assert good is not None and seen.good is not None and seen.silent is not None
        assert good <= seen.good <= seen.silent <= this_second()
        looks(slave, 2)
        assert noted(slave) == seen
    assert slave.read("log").count("the master 192.168.152.128 is silent") == 1


def test_one_that_was_never_well_and_is_silent_proves_nothing(slave: Station) -> None:
    slave.peer_is_silent()
    with witnessing(slave):
        assert notes(slave, "it is silent", is_silent).good is None


def test_one_that_is_back_and_takes_no_writes_has_acknowledged_nothing_since(slave: Station) -> None:
    with witnessing(slave):
        notes(slave, "it is in force", is_good)
        slave.peer_is_silent()
        seen = notes(slave, "it is silent", is_silent)
        master_says(slave, Rpl_semi_sync_source_clients="0")
        slave.peer("1")
        looks(slave)
        assert noted(slave) == seen


def test_one_that_is_back_and_takes_writes_may_have_acknowledged_anything(slave: Station) -> None:
    with witnessing(slave):
        notes(slave, "it is in force", is_good)
        slave.peer_is_silent()
        before = notes(slave, "it is silent", is_silent)
        master_says(slave, Rpl_semi_sync_source_clients="0")
        slave.peer("0")
        seen = notes(slave, "it is back", lambda found: not is_silent(found))
        assert seen.good == before.good, "good is only what was seen to be so"
        master_says(slave)
        notes(
            slave, "it is well again", lambda found: (found.good or 0) >= (before.silent or 0) and not is_silent(found)
        )


@pytest.mark.parametrize(
    "says",
    [
        "ERROR 1040 (HY000): Too many connections",
        "ERROR 1045 (28000): Access denied for user 'runbook_probe'@'192.168.152.129' (using password: YES)",
    ],
)
def test_one_that_refuses_the_witness_is_there_and_may_acknowledge_anything(slave: Station, says: str) -> None:
    """Silence that began there would count from a moment at which it went on without the slave."""
    with witnessing(slave):
        good = notes(slave, "it is in force", is_good).good
        slave.peer(says)
        looks(slave)
        seen = noted(slave)
        assert not is_silent(seen)
        assert seen.good is not None and good is not None and seen.good >= good
        slave.peer_is_silent()
        notes(slave, "it is silent", is_silent)


def test_a_master_notes_nothing_and_what_it_noted_as_the_slave_goes(slave: Station) -> None:
    with witnessing(slave):
        notes(slave, "it is in force", is_good)
        slave.patch("mysql-runbook.conf", "ROLE=slave", "ROLE=master")
        file = slave.run_folder / "witnessed"
        until("the note is gone", SECONDS, lambda: not file.exists(), pause=0.01)


def test_a_lost_note_is_written_anew(slave: Station) -> None:
    with witnessing(slave):
        notes(slave, "it is in force", is_good)
        (slave.run_folder / "witnessed").unlink()
        notes(slave, "it is in force", is_good)
