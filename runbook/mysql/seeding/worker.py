"""A process on the recipient that fills the new data directory, and ends with what it began when nobody asks any more.

It tells how far it is when it is asked, and takes silence for the end of who asks: a controller that is killed, a
network that is cut. What it says are lines: `progress KILOBYTES OF WHAT`, `place FILE POSITION GTIDS`, `failed WHY`.
"""

import shlex
from collections.abc import Iterator

import paramiko

from runbook.core.host import Host
from runbook.core.host_paths import RUN, SEED_PID
from runbook.errors import HostError
from runbook.mysql.seeding.route import COMPLETE, NEW, Place, Progress, Told

SILENCE_SECONDS = 30
"""After which a worker takes its controller for gone."""
STEP_SECONDS = 900
"""For one thing that a worker cannot be asked in the midst of, as the start of a server."""
PIECE = 4096

# One that an earlier run left behind would write into the same folder. It is known by its name: pids come again.
BEGIN = f"""
set -u
umask 027
[ -d {RUN} ] || mkdir -m 700 {RUN}
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
unset "${{!MYSQL_@}}" "${{!MARIADB_@}}" "${{!LIBMYSQL_@}}"
ended() {{
    local pid=''
    {{ read -r pid <{SEED_PID}; }} 2>/dev/null
    [ -n "$pid" ] && grep -qs mysql-runbook-seed "/proc/$pid/cmdline" || return 0
    kill "$pid" 2>/dev/null
    for _ in {{1..100}}; do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
    kill -KILL "$pid"
}}
ended
echo $$ >{SEED_PID}
say() {{ printf '%s\\n' "$*"; }}
fail() {{
    say "failed $(printf '%s' "$*" | tr '\\n' ' ' | tail -c 600)"
    exit 1
}}
asked() {{ IFS= read -r -t {SILENCE_SECONDS} _ || exit 1; }}
as_mysql() {{ install -d -o mysql -g mysql -m 750 "$1"; }}
jobs_ended() {{
    local job
    for job in $(jobs -p); do kill "$job" 2>/dev/null; done
    for _ in {{1..150}}; do [ -n "$(jobs -pr)" ] || break; sleep 0.2; done
    for job in $(jobs -pr); do kill -KILL "$job" 2>/dev/null; done
    rm -f {SEED_PID}
}}
trap jobs_ended EXIT
trap 'exit 1' HUP INT TERM PIPE
"""


ANEW = 'rm -rf "$folder"\nas_mysql "$folder"\n'
WHOLE = f'sync\n: >"$folder/{COMPLETE}" && sync\n'


def script(folder: str, body: str) -> str:
    """The worker that does `body` in a new `folder`, which it marks as whole in the end."""
    return f"{_in(folder)}{ANEW}{body}\n{WHOLE}"


def receiver(folder: str, body: str) -> str:
    """The command that begins a new `folder` with what comes by its standard input."""
    return f"exec bash -c {shlex.quote(f'{_in(folder)}{ANEW}{body}')} mysql-runbook-seed"


def finisher(folder: str, body: str) -> str:
    """The worker that ends what a receiver has begun, and marks it as whole."""
    return f"{_in(folder)}{body}\n{WHOLE}"


def _in(folder: str) -> str:
    return f"{BEGIN}\nfolder={shlex.quote(folder)}\nnew=$folder/{NEW}\n"


def work(host: Host, text: str, first: str, told: Told) -> Place:
    """Run a worker to its end; `first` goes to its standard input before it is asked anything.

    Raises HostError with what it said when it failed, Unreachable when its host is gone.
    """
    host.changing("fill a new data directory")
    channel = host.link.process(f"exec bash -c {shlex.quote(text)} mysql-runbook-seed 2>&1")
    channel.settimeout(STEP_SECONDS)
    place, failed, heard = None, "", ""
    try:
        channel.sendall(first.encode())
        for line in _lines(channel):
            heard = line
            word, _, rest = line.partition(" ")
            if word == "progress":
                told(_progress(rest))
                channel.sendall(b"\n")
            elif word == "place":
                place = _place(rest)
            elif word == "failed":
                failed = rest
        code = channel.recv_exit_status()
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise HostError(
            str(host), f"the process that fills the new data directory does not answer: {error or 'silence'}"
        ) from error
    finally:
        channel.close()
    if code != 0 or failed or place is None:
        raise HostError(str(host), f"the new data did not come: {failed or heard or f'exit code {code}'}")
    return place


def _lines(channel: paramiko.Channel) -> Iterator[str]:
    left = b""
    while piece := channel.recv(PIECE):
        *whole, left = (left + piece).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)
    if left:
        yield left.decode(errors="replace")


def _progress(said: str) -> Progress:
    done, of, what = (*said.split(" ", 2), "", "", "")[:3]
    return Progress(what, int(done) if done.isdecimal() else 0, int(of) if of.isdecimal() else 0)


def _place(said: str) -> Place:
    file, position, gtids = (*said.split(" ", 2), "", "", "")[:3]
    return Place(file if file != "-" else "", int(position) if position.isdecimal() else 0, gtids)
