"""What undoes a change is left on the host before the change is made, and runs there whatever becomes of this process.

It is a shell script in a folder of root's own that survives a reboot, and a process on the host beside it that runs the
script when our connection ends. Whoever runs it later need not know what it undoes: it is run, and removed once it has
succeeded. A script must do no harm where there is nothing to undo.
"""

import re
import shlex
from collections.abc import Callable

from runbook.core.host import CommandFailed, Host
from runbook.core.host_paths import RUN, UNDO, UNDO_LOCK
from runbook.errors import HostError

LIFETIME_SECONDS = 600
START_SECONDS = 10
UNDO_SECONDS = 60
LOCK_SECONDS = UNDO_SECONDS + 10
"""The process on the host may be at work on it."""

# Not of a file that is still being written.
NAME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)?")

# The script is bash's, whatever root's login shell is; what it says goes to whoever runs it. One that another has run
# meanwhile is gone, which is as good. fd 8 carries the lock.
_RUN = """
umask 077
mkdir -p {run} || exit
exec 8> {lock} || exit
flock -w {wait} 8 || {{ echo 'another runs it, and does not end'; exit 75; }}
[ -e {file} ] || exit 0
timeout -k 5 {seconds} bash {file} 8>&- 2>&1 || exit
rm -f {file}
echo undone
"""

# Ends by the end of its input: ours when it is no longer needed, sshd's when this process or the network is gone.
_WHEN_WE_ARE_GONE = """
echo held
IFS= read -r -t {lifetime} _
( {run} ) > /dev/null 2>&1
"""

_LIST = "[ ! -d {folder} ] || ls {folder}"


class UndoFailed(HostError):
    """A script did not undo what it should; it stays on the host for the next try."""


class Undo:
    """One script on a host, and the process there that runs it when `run` is called, or our connection ends."""

    def __init__(self, host: Host, name: str, script: str) -> None:
        """Leaves the script as UNDO/name and starts the process; raises HostError when either cannot be done."""
        assert NAME.fullmatch(name), name
        self._host = host
        self._name = name
        host.do(f"install -d -m 700 {UNDO}")
        host.put(_file(name), f"#!/bin/bash\n# Left by {name}, which it undoes.\n{script}\n", mode=0o700)
        # The name of a new file is on the disk once its folder is.
        host.do(f"sync {UNDO} 2>/dev/null || sync")
        waiting = _WHEN_WE_ARE_GONE.format(lifetime=LIFETIME_SECONDS, run=_run(name))
        self._channel = host.link.process(f"exec bash -c {shlex.quote(waiting)}")
        self._channel.settimeout(START_SECONDS)
        try:
            held = self._channel.recv(64)
        except TimeoutError:
            held = b""
        if not held.startswith(b"held"):
            self._channel.close()
            raise HostError(str(host), f"the process that would undo {name} there does not start")

    def run(self) -> None:
        """Undoes it now; raises UndoFailed when the script does not succeed, and it is left there then."""
        try:
            _undo(self._host, self._name)
        finally:
            self._channel.close()


def left_behind(host: Host) -> list[str]:
    """Returns the names of the scripts that wait on the host; changes nothing."""
    return [name for name in host.ask(_LIST.format(folder=UNDO)).split() if NAME.fullmatch(name)]


def run_left_behind(host: Host, say: Callable[[str], None]) -> None:
    """Runs every script that waits on the host, removes those that succeed and says so.

    Raises UndoFailed for those that do not succeed, after all were tried.
    """
    failed = []
    for name in left_behind(host):
        try:
            if _undo(host, name):
                say(f"{host}: undone what {name} had left there")
        except UndoFailed as error:
            failed.append(error)
    if failed:
        raise failed[0] if len(failed) == 1 else UndoFailed(str(host), *map(str, failed))


def _undo(host: Host, name: str) -> bool:
    """Returns whether the script was there and has succeeded."""
    try:
        return host.do(_run(name), timeout=LOCK_SECONDS + UNDO_SECONDS + 10).endswith("undone\n")
    except CommandFailed as error:
        said = error.ran.out.strip() or error.ran.err.strip() or f"exit code {error.ran.code}"
        raise UndoFailed(
            str(host),
            f"what {name} left there to undo it did not succeed: {said}\n"
            f"It is in {_file(name)}, and stays there. Put right what it says, then run on that host: "
            f"bash {_file(name)} && rm {_file(name)}",
        ) from error


def _run(name: str) -> str:
    file = shlex.quote(_file(name))
    return _RUN.format(run=RUN, lock=UNDO_LOCK, wait=LOCK_SECONDS, file=file, seconds=UNDO_SECONDS)


def _file(name: str) -> str:
    return f"{UNDO}/{name}"
