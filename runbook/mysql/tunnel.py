"""A channel of an SSH connection as a socket of the operating system, which TLS needs."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import paramiko

PIECE_BYTES = 65536
GONE = (OSError, EOFError, paramiko.SSHException)


def as_socket(channel: paramiko.Channel) -> socket.socket:
    """A socket whose other end is the channel; each ends with the other."""
    ours, theirs = socket.socketpair()

    def carry(receive: Callable[[int], bytes], send: Callable[[bytes], object]) -> None:
        with suppress(*GONE):
            while piece := receive(PIECE_BYTES):
                send(piece)
        with suppress(*GONE):
            theirs.shutdown(socket.SHUT_RDWR)
        with suppress(*GONE):
            channel.close()

    for way in ((channel.recv, theirs.sendall), (theirs.recv, channel.sendall)):
        threading.Thread(target=carry, args=way, daemon=True).start()
    return ours
