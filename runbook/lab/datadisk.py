"""The disk of a host's data directory: its own, so that it fills alone, and loses in a power cut what was not synced.

A killed container keeps what the page cache of this machine holds; XFS can be made to forget it, as a pulled plug does.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runbook.lab.command import run, wait_until

SIZE = "2G"  # sparse: what is not written takes no place on this machine
RELEASE_SECONDS = 10

# xfs_fs.h: _IOR('X', 125, uint32_t), and the flag by which not even the log is written.
XFS_IOC_GOINGDOWN = 0x8004587D
NO_LOG_FLUSH = 2


@dataclass(frozen=True)
class DataDisk:
    """XFS in a sparse file. Mounted in the host's own mount namespace only: hosts that start later copy this machine's
    mounts, and a file system that somebody still has mounted cannot be mounted anew."""

    file: Path
    point: Path
    """Where the host's mount namespace has it, by this machine's path."""

    def make(self) -> None:
        """Make it anew, empty."""
        self.file.unlink(missing_ok=True)
        run(["truncate", f"--size={SIZE}", self.file])
        run(["mkfs.xfs", "-q", self.file])
        self.point.mkdir(parents=True, exist_ok=True)

    @property
    def exists(self) -> bool:
        return self.file.exists()

    @contextmanager
    def losing_power(self, supervisor: int) -> Iterator[None]:
        """Hold on to it while the host of this supervisor is killed; then forget all that was not synced."""
        held = os.open(f"/proc/{supervisor}/root{self.point}", os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield
            fcntl.ioctl(held, XFS_IOC_GOINGDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(held)
        self.wait_for_release()

    def wait_for_release(self) -> None:
        """Wait until its loop device has let go of the file, so that the next mount reads what is in it."""
        wait_until(lambda: not self._is_attached(), f"{self.file} to be out of use", RELEASE_SECONDS)

    def _is_attached(self) -> bool:
        for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
            try:
                if backing.read_text().strip() == str(self.file):
                    return True
            except OSError:
                continue
        return False
