"""Whether a running process has a host of the lab in hand: it has cut its power or network, and will put it right."""

import fcntl
from pathlib import Path
from typing import IO

from runbook.lab.command import LabError


class Hold:
    """Held from `take` to `release`, or to the end of this process, however it comes."""

    def __init__(self, path: Path, hostname: str) -> None:
        self._path = path
        self._hostname = hostname
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Raises LabError when another process has the host in hand."""
        file = self._path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise LabError(
                f"a drill that runs now has cut {self._hostname} off, and will put it right",
                "Wait for it to end, or end it: what it did is undone then.",
            ) from error
        self._file = file

    def release(self) -> None:
        """Gives it back; nothing when it is not held."""
        if self._file:
            self._file.close()
            self._file = None
