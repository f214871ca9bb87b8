"""Logins to whoever sits on a server's port: a stranger gets no password, and ends in a MySQLError in time."""

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pymysql
import pytest
from pymysql.constants import CR, ER

from runbook.mysql import login
from runbook.mysql.login import PasswordAsked, Wire

PASSWORD = b"sesame-7"
Play = Callable[["Stranger"], None]


def handshake(plugin: bytes, capabilities: int = 0x00_88_82_00) -> bytes:
    """Protocol 10, PLUGIN_AUTH, SECURE_CONNECTION and PROTOCOL_41, no SSL (manual: Protocol::HandshakeV10)."""
    low, high = struct.pack("<H", capabilities & 0xFFFF), struct.pack("<H", capabilities >> 16)
    salt = b"12345678", b"123456789012\0"
    rest = b"\xff\x02\0" + high + bytes([21]) + bytes(10)
    return b"\x0a9.7.4\0" + bytes(4) + salt[0] + b"\0" + low + rest + salt[1] + plugin + b"\0"


class Stranger:
    """Who listens in mysqld's place, and what it was told."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.heard = b""
        self._number = 0

    def say(self, payload: bytes) -> None:
        self.channel.sendall(struct.pack("<I", len(payload))[:3] + bytes([self._number]) + payload)
        self._number += 1

    def listen(self) -> bytes:
        heard = self.channel.recv(65536)
        self.heard += heard
        self._number = heard[3] + 1 if heard else self._number
        return heard


@contextmanager
def stranger(play: Play) -> Iterator[tuple[socket.socket, Stranger]]:
    """Our end of a channel, and who plays at the other."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    who = Stranger(theirs)

    def run() -> None:
        try:
            play(who)
            while who.listen():
                pass
        except OSError:
            pass
        finally:
            theirs.close()

    playing = threading.Thread(target=run)
    playing.start()
    try:
        yield ours, who
    finally:
        ours.close()
        playing.join(timeout=10)
        assert not playing.is_alive()


def wire(**options: object) -> Wire:
    return Wire(user="root", password=PASSWORD, ssl_disabled=True, **{"read_timeout": 5, **options})


def asks_by(plugin: bytes, *, at_once: bool = False) -> Play:
    """Asks for a password by a plugin: at once in its handshake, or by a switch."""

    def play(who: Stranger) -> None:
        who.say(handshake(plugin if at_once else b"mysql_native_password"))
        who.listen()
        who.say(b"\x01more" if at_once else b"\xfe" + plugin + b"\0" + b"12345678901234567890\0")

    return play


def wants_full_login(who: Stranger) -> None:
    who.say(handshake(b"caching_sha2_password"))
    who.listen()
    who.say(b"\x01\x04")


def wants_full_login_and_goes(who: Stranger) -> None:
    """What it has heard by then is all there is to hear: nobody has to wait for its silence to be over."""
    wants_full_login(who)
    who.listen()
    who.channel.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("trusted", [False, True], ids=["stranger", "by the socket"])
@pytest.mark.parametrize("at_once", [False, True], ids=["by a switch", "in the handshake"])
@pytest.mark.parametrize("plugin", login.NEVER)
def test_nobody_gets_a_password_in_clear(plugin: str, at_once: bool, trusted: bool) -> None:
    asked = pytest.raises(PasswordAsked, match=f"asks for the password itself \\({plugin}\\)")
    with stranger(asks_by(plugin.encode(), at_once=at_once)) as (channel, who), asked:
        wire(trusted=trusted).connect(channel)
    assert who.heard and PASSWORD not in who.heard


@pytest.mark.parametrize("at_once", [False, True], ids=["by a switch", "in the handshake"])
def test_a_stranger_gets_no_password_by_sha256_password(at_once: bool) -> None:
    asked = pytest.raises(pymysql.OperationalError if at_once else PasswordAsked)
    with stranger(asks_by(b"sha256_password", at_once=at_once)) as (channel, who), asked:
        wire().connect(channel)
    assert who.heard and PASSWORD not in who.heard


def test_a_stranger_is_asked_for_no_key_and_gets_none_of_the_password() -> None:
    with stranger(wants_full_login) as (channel, who), pytest.raises(PasswordAsked, match="caching_sha2_password"):
        wire().connect(channel)
    answers = who.heard.count(b"caching_sha2_password")
    assert answers == 1 and PASSWORD not in who.heard
    assert not who.heard.endswith(b"\x01\0\0\x03\x02"), "it was asked for its key"


def test_a_trusted_server_gets_the_password_that_it_needs() -> None:
    with stranger(wants_full_login_and_goes) as (channel, who), pytest.raises(pymysql.MySQLError):
        wire(trusted=True, read_timeout=1).connect(channel)
    assert PASSWORD + b"\0" in who.heard


def test_a_server_whose_key_is_known_gets_it_encrypted_with_that_key() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with stranger(wants_full_login_and_goes) as (channel, who), pytest.raises(pymysql.MySQLError):
        wire(key=pem, read_timeout=1).connect(channel)
    assert len(who.heard) > 256 and PASSWORD not in who.heard


def greets_and(*more: bytes) -> Play:
    def play(who: Stranger) -> None:
        who.say(handshake(b"mysql_native_password"))
        who.listen()
        for each in more:
            who.say(each)

    return play


def endless(who: Stranger) -> None:
    while True:
        who.channel.sendall(b"\xff\xff\xff" + bytes([who._number % 256]) + bytes(0xFFFFFF))
        who._number += 1


def drips(who: Stranger) -> None:
    who.channel.sendall(b"\xff\xff\0\0")
    while True:
        who.channel.sendall(b"x")
        time.sleep(0.02)


GARBAGE: dict[str, Play] = {
    "nothing, and goes": lambda who: who.channel.shutdown(socket.SHUT_RDWR),
    "half a handshake": lambda who: who.say(handshake(b"")[:12]),
    "an empty packet": lambda who: who.say(b""),
    "an error without a text": lambda who: who.say(b"\xff"),
    "another protocol": lambda who: who.channel.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "random bytes": lambda who: who.channel.sendall(bytes(range(256)) * 4),
    "a plugin that is no text": lambda who: who.say(handshake(b"\xff\xfe\xfd")),
    "an unknown plugin": asks_by(b"no_such_plugin"),
    "a switch to no plugin": greets_and(b"\xfe"),
    "a packet of no kind": greets_and(b"\x07"),
    "an OK that is none": greets_and(b"\0"),
    "an OK, then a file is wanted": greets_and(b"\0\0\0\x02\0\0\0", b"\xfb/etc/passwd"),
    "without end": endless,
}


@pytest.mark.parametrize("play", GARBAGE.values(), ids=GARBAGE)
def test_whatever_a_stranger_sends_ends_in_a_mysql_error(play: Play) -> None:
    with stranger(play) as (channel, who), pytest.raises(pymysql.MySQLError):
        wire(read_timeout=1).connect(channel)
    assert PASSWORD not in who.heard


@pytest.mark.parametrize("play", [drips, lambda who: None], ids=["a byte now and then", "silence"])
def test_a_login_ends_in_time(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "ANSWER_SECONDS", 0.3)
    started = time.monotonic()
    with stranger(play) as (channel, _), pytest.raises(pymysql.MySQLError):
        wire().connect(channel)
    assert time.monotonic() - started < 4


def test_a_stranger_who_lets_everybody_in_is_not_believed_for_ever() -> None:
    fine = b"\0\0\0\x02\0\0\0"

    def play(who: Stranger) -> None:
        who.say(handshake(b"mysql_native_password"))
        while re.search(rb"SELECT", who.listen()) is None:
            who.say(fine)
        endless(who)

    with stranger(play) as (channel, _):
        connection = wire(read_timeout=1)
        connection.connect(channel)
        with pytest.raises(pymysql.MySQLError, match="too much"):
            connection.query("SELECT 1")


def test_an_answer_that_does_not_come_is_a_lost_connection() -> None:
    """By its number, 2013, verify knows that the server may still be at work."""
    ours, theirs = socket.socketpair()
    with theirs, pytest.raises(pymysql.OperationalError) as silent:
        Wire(user="probe", password=b"sesame", read_timeout=0.05).connect(ours)
    assert silent.value.args[0] == CR.CR_SERVER_LOST


def test_a_statement_that_is_refused_leaves_the_session_as_it_was() -> None:
    """A client that was told that the server is read-only asks again on the same connection."""
    fine = b"\0\0\0\x02\0\0\0"
    refusal = b"\xff" + struct.pack("<H", ER.OPTION_PREVENTS_STATEMENT) + b"#HY000read-only"

    def play(who: Stranger) -> None:
        who.say(handshake(b"mysql_native_password"))
        while heard := who.listen():
            who.say(refusal if b"DELETE" in heard else fine)

    with stranger(play) as (channel, _):
        connection = wire()
        connection.connect(channel)
        for _ in range(2):
            with pytest.raises(pymysql.OperationalError) as refused:
                connection.query("DELETE FROM ledger")
            assert refused.value.args[0] == ER.OPTION_PREVENTS_STATEMENT
        assert connection.query("COMMIT") == 0
