"""The scripts of files/ under a real bash, in a folder that stands for a host; its commands are stubs."""

import os
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

from runbook.core.host_paths import paths_for_scripts

SCRIPTS = Path(__file__).parents[2] / "files"
CALLED_BY_KEEPALIVED = ("mysql_check.sh", "master.sh", "backup.sh", "stop.sh")
CALLED_BY_ITS_UNIT = ("defer.sh", "release.sh")
FENCE, CHECKER, WITNESS = "fence.sh", "checker.sh", "witness.sh"
SENDER = ("alert.sh", "alert_message.sh", "alert_channels.sh")
SHARED = ("server.sh", "opening.sh", "takeover.sh", "library.sh", "session.sh", "cut_off.sh", "watch.sh", "check.sh")
NAMES = (*CALLED_BY_KEEPALIVED, *CALLED_BY_ITS_UNIT, FENCE, CHECKER, WITNESS)

STUBS = Path(__file__).parent / "stubs"
HERE = "@station@"
UNWANTED = ("curl", "mysqladmin", "pkill")

STATUS = """\
             Replica_IO_State: Waiting for source to send event
                  Source_Host: 192.168.152.128
              Source_Log_File: binlog.000003
          Read_Source_Log_Pos: 1484
        Relay_Source_Log_File: binlog.000002
          Exec_Source_Log_Pos: 99
           Replica_IO_Running: Yes
          Replica_SQL_Running: Yes
                Last_IO_Errno: 0
                Last_IO_Error:
               Last_SQL_Errno: 0
               Last_SQL_Error:
"""
# As the kernel lists the addresses of a host; what begins as the VIP does is another.
ADDRESSES = """\
Local:
        |-- 192.168.152.13
           /32 host LOCAL
        |-- 192.168.152.130
           /32 universe UNICAST
        |-- 192.168.152.255
           /32 link BROADCAST
"""
VIP_ADDRESS = "        |-- 192.168.152.130\n           /32 universe UNICAST\n           /32 host LOCAL\n"
MASTERS_ROW = "1\t192.168.152.128"
"""What both servers know of the roles: the first change made this host's address the master's."""
# What root has set for clients of his own; the command mysql here notes it when it is heard.
FOREIGN = {"MYSQL_HOST": "elsewhere", "MYSQL_UNIX_PORT": "/elsewhere", "LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN": "1"}
FACTS = {
    "Rpl_semi_sync_source_clients": "1",
    "Rpl_semi_sync_source_status": "ON",
    "Threads_connected": "3",
    "datadir": "/data/",
    "max_connections": "151",
}


@cache
def _moved(text: str) -> str:
    """A script with HERE before every path of a host, worked out once for all stations."""
    places = {
        "/usr/local/lib/mysql-runbook/": f"{HERE}/",
        "/etc/": f"{HERE}/",
        "/run/": f"{HERE}/run/",
        "/sys/": f"{HERE}/sys/",
        "/proc/net/": f"{HERE}/proc/",
        '"/dev/udp/$PEER': f'"{HERE}/udp/$PEER',
        "/var/lib/": f"{HERE}/var/",
        "PATH=/usr/sbin:": f"PATH={HERE}/bin:/usr/sbin:",
    }
    for there, here in places.items():
        text = text.replace(there, here)
    left = re.sub(rf"{HERE}\S*|#!/bin/bash", "", text)
    assert not re.search(r"(?<![\w.])/(etc|run|var|usr|tmp|home)/", left), "a path of a real host is left"
    return text


class Station:
    """One host: the installed scripts, its MySQL server, its VIP."""

    def __init__(self, folder: Path, configuration: str, options: str, peer_options: str) -> None:
        self.folder = folder
        self.state = folder / "state"
        self._commands = folder / "bin"
        for each in (self.state, self._commands, folder / "run" / "mysql-runbook", folder / "proc"):
            each.mkdir(parents=True)
        (folder / "proc" / "without_vip").write_text(ADDRESSES)
        (folder / "proc" / "with_vip").write_text(ADDRESSES + VIP_ADDRESS)
        self.vip = False
        for stub in STUBS.iterdir():
            (self._commands / stub.name).symlink_to(stub)
        for name in UNWANTED:
            (self._commands / name).symlink_to("unwanted")
        (folder / "mysql-runbook.conf").write_text(configuration)
        for name in (*NAMES, *SHARED):
            self.install(name, (SCRIPTS / name).read_text())
        self.install("paths.sh", paths_for_scripts())
        self.patch("library.sh", "{1..20}", "{1..4}")
        self.write("options", options.rstrip("\n"))
        self.write("peer_options", peer_options.rstrip("\n"))
        for name in ("argv", "log", "unknown", "writers", "gone", "done", "naps", "asked"):
            self.write(name, "")
        self.server("healthy")
        self.write("received", "uuid:1-9")
        self.write("executed", "uuid:1-9")
        self.write("receiver", "ON")
        self.write("applier", "ON")
        self.facts()
        self.disk(free=50_000, size=100_000)
        self.write("status", STATUS)
        self.write("roles", MASTERS_ROW)
        self.peer("1")

    def peer(self, closed: str, roles: str = MASTERS_ROW) -> None:
        """How the other server is: 1 closed, 0 open, or its ERROR line; and what it knows of the roles, if anything."""
        self.write("peer", closed)
        self.write("peer_roles", roles)

    def peer_is_silent(self) -> None:
        """The other server is not there."""
        (self.state / "peer").unlink()

    def keep(self, name: str, text: str) -> None:
        """A file that this host has beyond a boot."""
        self.kept(name).parent.mkdir(parents=True, exist_ok=True)
        self.kept(name).write_text(text)

    def kept(self, name: str) -> Path:
        """Where such a file is, or would be."""
        return self.folder / "var" / "mysql-runbook" / name

    @property
    def maintenance(self) -> Path:
        """The record of one; not there as long as there is none."""
        return self.kept("maintenance")

    def install(self, name: str, text: str) -> None:
        """Put a script, or a file that one reads, where this host's scripts are."""
        self._write(self.folder / name, self._installed(text), 0o755)

    def discards_at_start(self) -> None:
        """Make its server one that throws away what it received when it is started with both threads stopped."""
        with (self.folder / "mysql-runbook.conf").open("a") as configuration:
            configuration.write("START_DISCARDS=yes\n")

    def command(self, name: str, stub: str) -> None:
        """Give the host a command that its scripts may call only now."""
        (self._commands / name).unlink()
        (self._commands / name).symlink_to(stub)

    def _installed(self, text: str) -> str:
        """The script with every path in this folder instead of the host's own."""
        return _moved(text).replace(HERE, str(self.folder))

    def patch(self, script: str, old: str, new: str) -> None:
        """Have an installed script wait shorter than a host would."""
        text = (self.folder / script).read_text()
        assert old in text, f"{script} has no {old} any more"
        (self.folder / script).write_text(text.replace(old, new))

    @staticmethod
    def _write(path: Path, text: str, mode: int) -> None:
        path.write_text(text)
        path.chmod(mode)

    # ---- what is so ----

    def write(self, name: str, text: str) -> None:
        """Whole or not at all: a script may be at work."""
        new = self.state / f"{name}.new"
        new.write_text(f"{text}\n" if text else "")
        new.replace(self.state / name)

    def read(self, name: str) -> str:
        return (self.state / name).read_text().strip()

    def server(self, how: str) -> None:
        """healthy, hung, slow (only `SELECT 1` is answered), or the ERROR line that every client gets."""
        self.write("server", how)

    def facts(self, **changed: str) -> None:
        """What SHOW GLOBAL STATUS and VARIABLES say, but for these."""
        facts = FACTS | changed
        self.write("facts", "\n".join(f"{name}\t{facts[name]}" for name in facts))

    def disk(self, *, free: int, size: int) -> None:
        """The file system of the data directory, in kB."""
        self.write("df", f"  Avail 1K-blocks\n{free} {size}")

    def replication(self, **changed: str) -> None:
        """SHOW REPLICA STATUS, but for these."""
        lines = STATUS.splitlines()
        for name, value in changed.items():
            lines = [f"{name}: {value}" if line.strip().startswith(f"{name}:") else line for line in lines]
        self.write("status", "\n".join(lines))

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
        shown = "with_vip" if here else "without_vip"
        (self.folder / "proc" / "fib_trie").write_text((self.folder / "proc" / shown).read_text())

    def packets(self, received: int, *, multicasts: int = 0) -> None:
        """What the interface has received so far, as the kernel counts it; nothing is known before the first call."""
        counters = self.folder / "sys" / "class" / "net" / "host0" / "statistics"
        counters.mkdir(parents=True, exist_ok=True)
        (counters / "rx_packets").write_text(f"{received}\n")
        (counters / "multicast").write_text(f"{multicasts}\n")

    @property
    def run_folder(self) -> Path:
        """Where the scripts keep what they know until the next boot."""
        return self.folder / "run" / "mysql-runbook"

    @property
    def deferred(self) -> bool:
        """Whether a master remembers that the slave may have the VIP."""
        return self.kept("deferred").exists()

    @property
    def vrrp_state(self) -> str:
        """What keepalived was last known to say."""
        return (self.run_folder / "vrrp").read_text().strip()

    @property
    def done(self) -> list[str]:
        """What was changed on the server, in order."""
        return self.read("done").splitlines()

    @property
    def takeover(self) -> dict[str, str] | None:
        """The record of a takeover, or None."""
        file = self.kept("takeover")
        if not file.exists():
            return None
        return dict(line.split("=", 1) for line in file.read_text().splitlines())

    @property
    def alerts(self) -> dict[str, str]:
        """What people should know now: kind and detail."""
        found = {}
        for file in (self.run_folder / "alerts" / "now").glob("*"):
            text = file.read_text()
            # bash writes line by line: one that is being raised at this moment is none yet.
            if text.count("\n") < 2:
                continue
            since, detail = text.splitlines()
            assert since.isdigit()
            found[file.name] = detail
        return found

    @property
    def news(self) -> set[str]:
        """The kinds that the sender has not looked at yet; looking takes them away."""
        files = list((self.run_folder / "alerts" / "news").glob("*"))
        for file in files:
            file.unlink()
        return {file.name for file in files}

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
            env={"PATH": os.environ["PATH"], "ANSWER_SECONDS": str(seconds)} | FOREIGN,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, name: str, *args: str, seconds: float = 5) -> int:
        """Run a script to its end, and to the end of what it left in the background; its exit code."""
        process = self.start(name, *args, seconds=seconds)
        out, err = process.communicate(timeout=20)
        assert (out, err) == ("", ""), f"the scripts speak to the journal only, not: {out}{err}"
        return process.returncode


Make = Callable[..., Station]
