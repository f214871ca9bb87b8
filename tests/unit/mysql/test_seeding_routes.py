"""Which way one server's data come to another, and why; what a worker on the recipient says."""

import pytest

from runbook.errors import HostError
from runbook.mysql.dialects.dialect import dialect_of
from runbook.mysql.seeding import worker
from runbook.mysql.seeding.by_hand import by_hand, why
from runbook.mysql.seeding.choice import choose
from runbook.mysql.seeding.route import Place, Progress
from runbook.mysql.tracking.progress import GtidSet


@pytest.mark.parametrize(
    ("wanted", "donor", "recipient", "empty", "route", "told"),
    [
        ("auto", "9.7.4", "9.7.4", {}, "clone", "the first that MySQL 9.7 has"),
        ("auto", "8.0.17", "8.0.17", {}, "clone", "the first"),
        ("auto", "8.0.16", "8.0.16", {}, "dump", "not clone, which MySQL 8.0 does not have; not backup, which MySQL"),
        ("auto", "8.0.36", "8.0.37", {}, "dump", "needs one release on both hosts: 8.0.36 and 8.0.37"),
        ("auto", "8.0.37", "8.0.42", {}, "clone", "the first"),
        ("auto", "8.4.1", "8.4.7", {}, "clone", "the first"),
        ("auto", "8.4.1", "9.7.4", {}, None, "as the servers differ: MySQL 8.4 and MySQL 9.7"),
        ("auto", "10.11.18-MariaDB", "10.11.19-MariaDB", {}, "backup", "not clone, which MariaDB 10.11 does not have"),
        ("auto", "10.11.18-MariaDB", "11.8.1-MariaDB", {}, None, "as the series differ: 10.11, 11.8"),
        ("auto", "5.6.24", "5.6.24", {}, "dump", "not clone"),
        ("clone", "5.6.24", "5.6.24", {}, None, "not clone, which MySQL 5.6 does not have"),
        ("clone", "9.7.4", "9.7.4", {}, "clone", "SEED=clone"),
        ("backup", "9.7.4", "9.7.4", {}, None, "not backup"),
        ("dump", "9.7.4", "9.7.4", {}, "dump", "SEED=dump"),
        ("auto", "9.7.4", "9.7.4", {"clone": ["a.t", "a.u"]}, "dump", "leave these tables empty: a.t, a.u"),
        ("clone", "9.7.4", "9.7.4", {"clone": list("abcdefg")}, None, "a, b, c, d, e and 2 more"),
    ],
)
def test_the_first_way_that_both_have(
    wanted: str, donor: str, recipient: str, empty: dict[str, list[str]], route: str | None, told: str
) -> None:
    chosen = choose(wanted, dialect_of(donor), dialect_of(recipient), empty)
    assert (chosen.route.name if chosen.route else None) == route
    assert told in chosen.why


def test_what_never_comes_by_replication_leads_to_a_reseed() -> None:
    assert why(GtidSet.parse("u:1-3")).splitlines()[1].startswith("inv reseed --host=slave")


def test_the_way_by_hand_is_in_the_servers_own_words() -> None:
    told = by_hand("10.0.0.2", dialect_of("5.6.24"), by_gtid=False)
    assert "--master-data > FILE" in told and "STOP SLAVE; RESET MASTER; SET GLOBAL read_only = OFF" in told


class Channel:
    """What a worker's process says, in pieces as they come."""

    def __init__(self, *pieces: bytes, code: int = 0) -> None:
        self._pieces, self._code = list(pieces), code
        self.told: list[bytes] = []
        self.closed = False

    def settimeout(self, seconds: float) -> None:
        self.told.append(b"")

    def sendall(self, data: bytes) -> None:
        self.told.append(data)

    def recv(self, size: int) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def recv_exit_status(self) -> int:
        return self._code

    def close(self) -> None:
        self.closed = True


class FakeHost:
    """A host with one process."""

    def __init__(self, channel: Channel) -> None:
        self.link = self
        self._channel = channel
        self.changed: list[str] = []

    def __str__(self) -> str:
        return "slave 10.0.0.2"

    def changing(self, what: str) -> None:
        self.changed.append(what)

    def process(self, script: str) -> Channel:
        return self._channel


def work(channel: Channel) -> tuple[Place, list[Progress]]:
    told: list[Progress] = []
    host = FakeHost(channel)
    return worker.work(host, "true", "secret\n", told.append), told  # type: ignore[arg-type]


def test_a_worker_tells_how_far_it_is_and_the_place() -> None:
    channel = Channel(
        b"progress 0 9 an emp", b"ty server\nprogress 5 9 the clone\nplace binlog.000002 197 u:1-3,", b"v:1\n"
    )
    place, told = work(channel)
    assert place == Place("binlog.000002", 197, "u:1-3,v:1")
    assert told == [Progress("an empty server", 0, 9), Progress("the clone", 5, 9)]
    assert channel.told.count(b"\n") == 2 and channel.closed, "it goes on only while it is asked"


@pytest.mark.parametrize(
    ("channel", "why"),
    [
        (Channel(b"failed ERROR 3862: no such donor\n", code=1), "ERROR 3862: no such donor"),
        (Channel(b"progress 1 2 the clone\n", code=-1), "progress 1 2 the clone"),
        (Channel(b"", code=1), "exit code 1"),
        (Channel(b"place b.1 4\n", code=1), "place b.1 4"),
        (Channel(b"progress 1 2 the clone\n"), "progress"),
    ],
)
def test_a_worker_that_failed_or_ended_midway_has_brought_nothing(channel: Channel, why: str) -> None:
    with pytest.raises(HostError, match="the new data did not come") as caught:
        work(channel)
    assert why in str(caught.value)
    assert channel.closed
