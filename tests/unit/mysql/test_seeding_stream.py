"""A stream from host to host: both ends' words count, and half of one is never taken for whole."""

import pytest

from runbook.errors import HostError
from runbook.mysql.seeding.route import Progress
from runbook.mysql.seeding.stream import TOLD_BYTES, Stream


class Channel:
    """One end: what it gives, what it was given, and how it ends."""

    def __init__(self, *pieces: bytes, code: int = 0, error: bytes = b"", ended: bool = False) -> None:
        self._pieces, self._code, self._errors, self._ended = list(pieces), code, [error], ended
        self.got = b""
        self.closed = self.shut = False

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def sendall(self, data: bytes) -> None:
        self.got += data

    def recv(self, size: int) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def recv_stderr(self, size: int) -> bytes:
        return self._errors.pop(0) if self._errors else b""

    def exit_status_ready(self) -> bool:
        return self._ended

    def recv_exit_status(self) -> int:
        return self._code

    def shutdown_write(self) -> None:
        self.shut = True

    def close(self) -> None:
        self.closed = True


class FakeHost:
    def __init__(self, name: str, channel: Channel) -> None:
        self.link, self._name, self._channel = self, name, channel

    def __str__(self) -> str:
        return self._name

    def changing(self, what: str) -> None:
        assert what

    def process(self, script: str) -> Channel:
        return self._channel


def run(source: Channel, reading: Channel, told: list[Progress] | None = None) -> tuple[str, str]:
    donor, recipient = FakeHost("master 10.0.0.1", source), FakeHost("slave 10.0.0.2", reading)
    stream = Stream(donor, "dump", recipient, "mysqldump")  # type: ignore[arg-type]
    return stream.run(b"options\0", "load", 9000, (told if told is not None else []).append, b"password\n")


def test_all_that_comes_is_passed_on_and_its_ends_are_kept() -> None:
    source, reading = Channel(b"-- head\n", b"x" * 5000, b"\n-- Dump completed\n"), Channel()
    head, tail = run(source, reading)
    assert source.got == b"options\0"
    assert reading.got == b"password\n-- head\n" + b"x" * 5000 + b"\n-- Dump completed\n"
    assert head.startswith("-- head") and tail.endswith("-- Dump completed\n") and len(tail) == 1024
    assert reading.shut and reading.closed and source.closed


def test_it_is_told_how_much_has_come() -> None:
    told: list[Progress] = []
    run(Channel(*[b"x" * (TOLD_BYTES // 2)] * 4), Channel(), told)
    assert [each.done for each in told] == [0, TOLD_BYTES // 2 * 3 >> 10]
    assert {each.of for each in told} == {9000}


@pytest.mark.parametrize(
    ("source", "reading", "why"),
    [
        (Channel(b"-- head", code=2, error=b"Got error: 1054\n"), Channel(), "master 10.0.0.1: mysqldump failed.*1054"),
        (Channel(b"-- head", code=-1), Channel(), "master 10.0.0.1: mysqldump failed, exit code -1: it said nothing"),
        (Channel(b"-- head"), Channel(b"failed no room\n", code=1), "slave 10.0.0.2: mysqldump failed.*no room"),
        (Channel(b"a", b"b"), Channel(b"failed\n", code=1, ended=True), "slave 10.0.0.2"),
    ],
)
def test_whoever_fails_is_named_with_his_words(source: Channel, reading: Channel, why: str) -> None:
    with pytest.raises(HostError, match=why):
        run(source, reading)
    assert source.closed and reading.closed


def test_a_connection_that_is_cut_ends_it() -> None:
    class Cut(Channel):
        def sendall(self, data: bytes) -> None:
            if data != b"password\n":
                raise OSError("Socket is closed")

    with pytest.raises(HostError, match="the stream of mysqldump was cut off: Socket is closed"):
        run(Channel(b"-- head"), Cut())
