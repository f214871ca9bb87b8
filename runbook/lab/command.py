"""What the lab's modules share: commands with a deadline, waits, locks, mounts."""

import fcntl
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runbook.errors import RunbookError

TAIL_LINES = 8
POLL_SECONDS = 0.05
HELD_FROM = 100
# A non-root operator's PATH, which sudo may keep, has no sbin.
SBIN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Say = Callable[[str], None]


class LabError(RunbookError):
    """The lab could not be built, started or taken down; the message names the command or the wait."""


@dataclass(frozen=True)
class Log:
    """The file that keeps a long command's whole output; `held` stays open in the command, and so locked."""

    path: Path
    held: int


def run(
    argv: Sequence[str | Path],
    *,
    seconds: float = 20,
    stdin: str = "",
    log: Log | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a command to its end and return what it printed (nothing when that goes to `log`).

    Raises LabError with the command and the last lines of its output when it fails, is not there, or is
    not done in `seconds`.
    """
    command = shlex.join(str(word) for word in argv)
    try:
        done = _completed([str(word) for word in argv], seconds, stdin, log, env)
    except FileNotFoundError as error:
        raise LabError(f"the lab needs the command {argv[0]}, which is not on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{command}: not done after {seconds:g} s", *_where(log)) from error
    if done.returncode != 0:
        output = log.path.read_text(errors="replace") if log else done.stdout + done.stderr
        raise LabError(f"{command}: failed (exit {done.returncode})", *last_lines(output), *_where(log))
    return "" if log else done.stdout


def _completed(
    argv: list[str], seconds: float, stdin: str, log: Log | None, env: Mapping[str, str] | None
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": SBIN_PATH, "LC_ALL": "C.UTF-8", **(env or {})}
    if log is None:
        return subprocess.run(
            argv, input=stdin, capture_output=True, text=True, timeout=seconds, env=environment, check=False
        )
    with log.path.open("a") as output:
        print(f"+ {shlex.join(argv)}", file=output, flush=True)
        return subprocess.run(
            argv,
            input=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            env=environment,
            pass_fds=(log.held,),
            check=False,
        )


def _where(log: Log | None) -> list[str]:
    return [f"the whole output: {log.path}"] if log else []


def last_lines(output: str) -> list[str]:
    """The last lines of a command's output, indented, empty ones and a log's command lines left out."""
    said = [line.rstrip() for line in output.splitlines() if line.strip() and not line.startswith("+ ")]
    return [f"  {line}" for line in said[-TAIL_LINES:]]


def wait_until(so: Callable[[], bool], what: str, seconds: float) -> None:
    """Wait until `so()`; raise LabError naming `what` when that takes more than `seconds`."""
    deadline = time.monotonic() + seconds
    while not so():
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds:g} s for {what}")
        time.sleep(POLL_SECONDS)


@contextmanager
def locked(path: Path, what: str, seconds: float, say: Say) -> Iterator[int]:
    """Hold the lock file `path` and give its descriptor; say so when `what` holds it, wait `seconds` at most.

    A command started with the descriptor holds the lock too, so an orphan of a killed run is waited for.
    """
    with path.open("a") as file:

        def taken() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        if not taken():
            say(f"waiting for {what} (at most {seconds:g} s)")
            wait_until(taken, f"{what} to end", seconds)
        # Out of the way of shell scripts such as debootstrap, which use the first ten for themselves.
        held = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, HELD_FROM)
        try:
            yield held
        finally:
            os.close(held)


def mount_points(mountinfo: str, below: Path) -> list[Path]:
    """Mount points at or below a directory, the deepest first, from the text of /proc/self/mountinfo."""
    points = [Path(_unescaped(line.split()[4])) for line in mountinfo.splitlines()]
    return [point for point in reversed(points) if point.is_relative_to(below)]


def _unescaped(field: str) -> str:
    # proc(5): space, tab, newline and backslash stand there as \040 and so on.
    return field.encode().decode("unicode_escape")


def mounted_below(directory: Path) -> list[Path]:
    """Mount points of this machine at or below `directory`, the deepest first."""
    return mount_points(Path("/proc/self/mountinfo").read_text(), directory)


def unmount_below(directory: Path, seconds: float = 10) -> None:
    """Unmount all at or below `directory`; raise LabError naming what is still in use after `seconds`."""
    for point in mounted_below(directory):

        def unmounted(point: Path = point) -> bool:
            done = subprocess.run(["umount", str(point)], capture_output=True, timeout=seconds, check=False)
            return done.returncode == 0 or point not in mounted_below(point)

        wait_until(unmounted, f"{point} to be out of use (fuser -vm {point} names who uses it)", seconds)


def remove_tree(directory: Path) -> None:
    """Unmount all below `directory` and delete it, whatever is in it; nothing when it is not there."""
    unmount_below(directory)
    run(["rm", "-rf", "--one-file-system", "--", directory], seconds=120)
