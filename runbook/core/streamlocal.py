"""A channel of an SSH connection to a UNIX socket on the host, which paramiko does not open by itself.

Sources: OpenSSH's PROTOCOL, "connection: Unix domain socket forwarding"; paramiko 5.1's Transport.open_channel, which
this follows line by line, and which leaves out what this kind of channel is told.
"""

import threading
import time
from typing import Any

import paramiko
from paramiko.common import DEFAULT_MAX_PACKET_SIZE, DEFAULT_WINDOW_SIZE, cMSG_CHANNEL_OPEN

KIND = "direct-streamlocal@openssh.com"
LOOK_SECONDS = 0.1


def opening(number: int, path: str) -> paramiko.Message:
    """The message that asks for channel `number` to the socket at `path`."""
    message = paramiko.Message()
    message.add_byte(cMSG_CHANNEL_OPEN)
    message.add_string(KIND)
    for each in (number, DEFAULT_WINDOW_SIZE, DEFAULT_MAX_PACKET_SIZE):
        message.add_int(each)
    message.add_string(path)
    message.add_string("")  # reserved
    message.add_int(0)  # reserved
    return message


def open_unix_channel(transport: Any, path: str, seconds: float) -> paramiko.Channel:
    """Connect to the socket at `path` on the host; errors as of paramiko's open_channel.

    sshd refuses with one code (ChannelException) whether nobody listens there or it forbids such channels.
    """
    opened = threading.Event()
    with transport.lock:
        number = transport._next_channel()
        channel = paramiko.Channel(number)
        transport._channels.put(number, channel)
        transport.channel_events[number] = opened
        transport.channels_seen[number] = True
        channel._set_transport(transport)
        channel._set_window(DEFAULT_WINDOW_SIZE, DEFAULT_MAX_PACKET_SIZE)
    transport._send_user_message(opening(number, path))
    deadline = time.monotonic() + seconds
    while not opened.wait(LOOK_SECONDS):
        if not transport.active:
            raise transport.get_exception() or paramiko.SSHException("the connection ended")
        if time.monotonic() > deadline:
            raise paramiko.SSHException("no answer to the opening of a channel")
    if transport._channels.get(number) is None:
        raise transport.get_exception() or paramiko.SSHException("the channel was not opened")
    return channel
