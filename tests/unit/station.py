"""The scripts of files/ under a real bash, in a folder that stands for a host; its commands are stubs."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "files"
NAMES = ("mysql_check.sh", "master.sh", "backup.sh", "stop.sh")

# A MySQL server as files: what is set, who writes, what the receiver does. An unknown statement is noted as such.
MYSQL = r"""#!/bin/bash
S=@state@
statement=${!#}
printf '%s\n' "$*" >>"$S/argv"
options=$(<"${1#--defaults-file=}")
[ "$options" = "$(<"$S/options")" ] || { echo "another login: $options" >>"$S/unknown"; exit 97; }
server=$(<"$S/server")
if [ "$server" = hung ] || { [ "$server" = slow ] && [ "$statement" != 'SELECT 1' ]; }; then
    while [ ! -e "$S/go" ]; do sleep 0.02; done
elif [[ $server == ERROR* ]]; then
    echo "$server" >&2
    exit 1
fi
fails() { echo "ERROR $1" >&2; exit 1; }
set_to() { echo "$2" >"$S/$1"; echo "$1=$2" >>"$S/done"; }
kill_one() {
    if grep -qx "$1" "$S/unkillable"; then
        echo "ERROR 1095 (HY000) at line 1: You are not owner of thread $1" >&2
        return 1
    fi
    sed -i "/^$1$/d" "$S/writers"
    echo "killed $1" >>"$S/done"
}
case $statement in
    'SELECT 1') echo 1 ;;
    'SELECT @@GLOBAL.super_read_only') echo "$(<"$S/closed")" ;;
    'SET GLOBAL read_only = OFF') set_to closed 0 ;;
    *'lock_wait_timeout'*'SET GLOBAL super_read_only = ON')
        [ ! -s "$S/writers" ] || fails '1205 (HY000) at line 1: Lock wait timeout exceeded; try restarting transaction'
        set_to closed 1
        ;;
    "SELECT CONCAT('KILL '"*) sed 's/.*/KILL &;/' "$S/writers" "$S/unkillable" | sort -u ;;
    KILL*)
        for id in $(grep -oE '[0-9]+' <<<"$statement"); do
            kill_one "$id" || [[ " $* " == *" --force "* ]] || exit 1
        done
        ;;
    'STOP REPLICA IO_THREAD')
        [ ! -e "$S/stop_fails" ] || fails "$(<"$S/stop_fails")"
        set_to receiver OFF
        ;;
    'START REPLICA') set_to receiver ON ;;
    'SELECT REPLACE(received_transaction_set'*) echo "$(<"$S/received")" ;;
    'SELECT REPLACE(@@GLOBAL.gtid_executed'*) echo "$(<"$S/executed")" ;;
    'SELECT WAIT_FOR_EXECUTED_GTID_SET('*) echo "waited for $(cut -d"'" -f2 <<<"$statement")" >>"$S/done"; echo 0 ;;
    'SHOW REPLICA STATUS')
        echo '*************************** 1. row ***************************'
        if [[ "$*" == *-N*--column-names* ]]; then cat "$S/status"; else sed 's/^.*: //' "$S/status"; fi
        ;;
    "SELECT service_state = 'OFF' AND last_error_number = 0"*)
        [ ! -e "$S/never_a_slave" ] || exit 0
        [ "$(<"$S/receiver")" = OFF ] && [ ! -e "$S/receiver_error" ] && echo 1 || echo 0
        ;;
    *) echo "statement: $statement" >>"$S/unknown"; exit 97 ;;
esac
"""

IP = r"""#!/bin/bash
S=@state@
[ "$*" = '-o -4 address show dev host0 to 192.168.152.130/32' ] || echo "ip $*" >>"$S/unknown"
[ ! -e "$S/vip" ] || echo "$(<"$S/vip")"
"""

LOGGER = r"""#!/bin/bash
printf '%s\n' "$*" >>@state@/argv
printf '%s\n' "${*: -1}" >>@state@/log
"""

# The scripts' own naps take no time; while they wait, the VIP may come.
SLEEP = r"""#!/bin/bash
S=@state@
case $1 in
    0.02) exec /bin/sleep 0.02 ;;
esac
echo nap >>"$S/naps"
mapfile -t naps <"$S/naps"
[ ! -e "$S/vip_comes_after" ] || [ "${#naps[@]}" -lt "$(<"$S/vip_comes_after")" ] || echo it >"$S/vip"
"""

UNWANTED = r"""#!/bin/bash
echo "${0##*/} $*" >>@state@/unknown
"""

STUBS = {
    "mysql": MYSQL, "ip": IP, "logger": LOGGER, "sleep": SLEEP,
    "systemctl": UNWANTED, "curl": UNWANTED, "mysqladmin": UNWANTED,
}  # fmt: skip

STATUS = """\
             Replica_IO_State: Waiting for source to send event
                  Source_Host: 192.168.152.128
              Source_Log_File: binlog.000003
          Read_Source_Log_Pos: 1484
        Relay_Source_Log_File: binlog.000002
          Exec_Source_Log_Pos: 99
"""


class Station:
    """One host: the installed scripts, its MySQL server, its VIP."""

    def __init__(self, folder: Path, configuration: str, options: str) -> None:
        self.folder = folder
        self.state = folder / "state"
        self._commands = folder / "bin"
        for each in (self.state, self._commands, folder / "run" / "lock"):
            each.mkdir(parents=True)
        for name, text in STUBS.items():
            self._write(self._commands / name, text.replace("@state@", str(self.state)), 0o755)
        (folder / "mysql-runbook.conf").write_text(configuration)
        self.write("options", options.rstrip("\n"))
        for name in (*NAMES, "library.sh"):
            self._write(folder / name, self._installed((SCRIPTS / name).read_text()), 0o755)
        for name in ("argv", "log", "unknown", "writers", "unkillable", "done", "naps"):
            self.write(name, "")
        self.server("healthy")
        self.write("received", "uuid:1-9")
        self.write("executed", "uuid:1-9")
        self.write("receiver", "ON")
        self.write("status", STATUS)

    def _installed(self, text: str) -> str:
        """The script with every path in this folder instead of the host's own."""
        places = {
            "/usr/local/lib/mysql-runbook/": f"{self.folder}/",
            "/etc/": f"{self.folder}/",
            "/run/": f"{self.folder}/run/",
            "/var/lib/": f"{self.folder}/var/",
            "PATH=/usr/sbin:": f"PATH={self._commands}:/usr/sbin:",
            "{1..20}": "{1..4}",
        }
        for there, here in places.items():
            text = text.replace(there, here)
        left = re.sub(rf"{re.escape(str(self.folder))}\S*|#!/bin/bash", "", text)
        assert not re.search(r"(?<![\w.])/(etc|run|var|usr|tmp|home)/", left), "a path of a real host is left"
        return text

    @staticmethod
    def _write(path: Path, text: str, mode: int) -> None:
        path.write_text(text)
        path.chmod(mode)

    # ---- what is so ----

    def write(self, name: str, text: str) -> None:
        (self.state / name).write_text(f"{text}\n" if text else "")

    def read(self, name: str) -> str:
        return (self.state / name).read_text().strip()

    def server(self, how: str) -> None:
        """healthy, hung, slow (only `SELECT 1` is answered at once), or the ERROR line that every client gets."""
        self.write("server", how)

    @property
    def closed(self) -> bool:
        return self.read("closed") == "1"

    @closed.setter
    def closed(self, closed: bool) -> None:
        self.write("closed", str(int(closed)))

    @property
    def vip(self) -> bool:
        return (self.state / "vip").exists()

    @vip.setter
    def vip(self, here: bool) -> None:
        if here:
            self.write("vip", "2: host0    inet 192.168.152.130/24 scope global secondary proto keepalived host0")
        else:
            (self.state / "vip").unlink(missing_ok=True)

    @property
    def done(self) -> list[str]:
        """What was changed on the server, in order."""
        return self.read("done").splitlines()

    @property
    def takeover(self) -> dict[str, str] | None:
        """The record of a takeover, or None."""
        file = self.folder / "var" / "mysql-runbook" / "takeover"
        if not file.exists():
            return None
        return dict(line.split("=", 1) for line in file.read_text().splitlines())

    @property
    def end(self) -> dict[str, object]:
        """All that must be the same whichever scripts ran, in whatever order."""
        record = self.takeover
        return {
            "closed": self.closed,
            "receiver": self.read("receiver"),
            "taken over": record and {name: record[name] for name in ("received", "executed")},
        }

    # ---- what is run ----

    def start(self, name: str, *args: str, seconds: float = 5) -> subprocess.Popen[str]:
        """Start a script as keepalived does; a query is bounded by `seconds`."""
        return subprocess.Popen(
            [str(self.folder / name), *args],
            env={"PATH": os.environ["PATH"], "ANSWER_SECONDS": str(seconds)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, name: str, *args: str, seconds: float = 5) -> int:
        """Run a script to its end, and to the end of what it left in the background; its exit code."""
        process = self.start(name, *args, seconds=seconds)
        out, err = process.communicate(timeout=20)
        assert (out, err) == ("", ""), "the scripts speak to the journal only"
        return process.returncode


Make = Callable[..., Station]
