"""What a program on one host writes, read by one on the other, through the two connections of this run."""

import paramiko

from runbook.core.host import Host
from runbook.errors import HostError
from runbook.mysql.seeding.route import Progress, Told

PIECE_BYTES = 1 << 17
TOLD_BYTES = 4 << 20
HEAD_BYTES, TAIL_BYTES = 1 << 16, 1 << 10
STALL_SECONDS = 300
"""For which neither gives nor takes anything, as while the donor's server waits for a lock."""


class Stream:
    """A source on the donor and whatever reads it on the recipient; both ends' words count."""

    def __init__(self, donor: Host, source: str, recipient: Host, what: str) -> None:
        self._donor, self._source, self._recipient, self._what = donor, source, recipient, what

    def run(self, first: bytes, reader: str, kilobytes: int, told: Told, to_reader: bytes = b"") -> tuple[str, str]:
        """Pump until the source ends; what it began and ended with, HEAD_BYTES and TAIL_BYTES of it.

        `first` goes to the source's standard input, `to_reader` to the reader's before the stream.

        Raises HostError when either fails, and what was read then is not to be used.
        """
        self._donor.changing(f"read by {self._what}")
        self._recipient.changing("fill a new data directory")
        reading = self._recipient.link.process(reader)
        source = self._donor.link.process(self._source)
        try:
            for channel in (reading, source):
                channel.settimeout(STALL_SECONDS)
            source.sendall(first)
            reading.sendall(to_reader)
            ends = self._pump(source, reading, kilobytes, told)
            reading.shutdown_write()
            self._ended(self._donor, source)
            self._ended(self._recipient, reading)
            return ends
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise HostError(
                str(self._recipient), f"the stream of {self._what} was cut off: {error or 'nothing came or went'}"
            ) from error
        finally:
            for channel in (source, reading):
                channel.close()

    def _pump(self, source: paramiko.Channel, reading: paramiko.Channel, kilobytes: int, told: Told) -> tuple[str, str]:
        come = said = 0
        head = tail = b""
        told(Progress(f"the stream of {self._what}", 0, kilobytes))
        while piece := source.recv(PIECE_BYTES):
            if reading.exit_status_ready():
                break
            reading.sendall(piece)
            come += len(piece)
            head += piece[: HEAD_BYTES - len(head)]
            tail = (tail + piece)[-TAIL_BYTES:]
            if come - said > TOLD_BYTES:
                said = come
                told(Progress(f"the stream of {self._what}", come >> 10, kilobytes))
        return head.decode(errors="replace"), tail.decode(errors="replace")

    def _ended(self, host: Host, channel: paramiko.Channel) -> None:
        code = channel.recv_exit_status()
        if code == 0:
            return
        words = b"".join(iter(lambda: channel.recv_stderr(PIECE_BYTES), b"")).decode(errors="replace")
        words += b"".join(iter(lambda: channel.recv(PIECE_BYTES), b"")).decode(errors="replace")
        said = " ".join(words.split())[-600:]
        raise HostError(str(host), f"{self._what} failed, exit code {code}: {said or 'it said nothing'}")
