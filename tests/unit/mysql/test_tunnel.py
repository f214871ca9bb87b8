"""A channel as a socket: what goes in comes out, and each end ends the other."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import cast

import paramiko
import pytest

from runbook.mysql.tunnel import as_socket

Pair = tuple[socket.socket, socket.socket]


class Channel(socket.socket):
    """One that wakes who reads it when it is closed, as paramiko's does."""

    def close(self) -> None:
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
        super().close()


@pytest.fixture
def ends() -> Iterator[Pair]:
    """Our end of a tunnel, and the far end of the channel that it stands for."""
    near, far = socket.socketpair()
    channel = Channel(fileno=near.detach())
    ours = as_socket(cast(paramiko.Channel, channel))
    for end in (ours, far):
        end.settimeout(5)
    with channel, far, ours:
        yield ours, far


def test_bytes_go_both_ways(ends: Pair) -> None:
    ours, far = ends
    ours.sendall(b"question")
    assert far.recv(100) == b"question"
    far.sendall(b"answer")
    assert ours.recv(100) == b"answer"


@pytest.mark.parametrize("closed_first", [0, 1], ids=["ours", "theirs"])
def test_the_end_of_one_is_the_end_of_the_other(ends: Pair, closed_first: int) -> None:
    ends[closed_first].shutdown(socket.SHUT_WR)
    assert ends[1 - closed_first].recv(100) == b""
