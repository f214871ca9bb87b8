"""The lab's two hosts, reached past SSH, network and server: by the kernel of this machine, on which they run."""

import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pymysql

from chaos.faults import Do, Machine
from runbook.lab import machine as lab
from runbook.lab.command import LabError

COMMAND_SECONDS = 15
LOGIN_SECONDS = 60
BOOTS = 4
SQL_SECONDS = 2.0
SOCKET = "run/mysqld/mysqld.sock"
DISABLED, FORWARDING = "0", "3"


class Host:
    """One host: its commands run as root within it, its server is asked by the socket."""

    def __init__(self, role: str, machine: lab.Machine, peer: str, password: str) -> None:
        self.role = role
        self.machine = machine
        self._peer = peer
        self._password = password
        self._init: int | None = None
        self._power = threading.Lock()

    @property
    def init(self) -> int | None:
        """The pid of the host's first process, or None without power."""
        if self._init is None or not Path(f"/proc/{self._init}/root/etc").exists():
            self._init = self.machine.init()
        return self._init

    def run(self, command: str, seconds: float = COMMAND_SECONDS) -> str:
        """Run a command there; what went wrong, or nothing."""
        done = self._command(command, seconds)
        return "" if done is not None and done.returncode == 0 else f"{command}: {done.stderr if done else 'no power'}"

    def said(self, command: str, seconds: float = COMMAND_SECONDS) -> str:
        """What a command there printed."""
        done = self._command(command, seconds)
        return done.stdout if done else ""

    def _command(self, command: str, seconds: float) -> subprocess.CompletedProcess[str] | None:
        init = self.init
        if init is None:
            return None
        into = ["nsenter", f"--target={init}", "--mount", "--uts", "--ipc", "--net", "--pid"]
        # Whatever it leaves behind must not hold our pipes.
        bounded = ["env", "-i", f"PEER={self._peer}", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        bounded += ["timeout", "-k", "1", str(seconds), "bash", "-c", f"cd /; {command}"]
        try:
            return subprocess.run(
                [*into, *bounded],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=seconds + 3,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(into, 124, "", "it hangs")

    def do(self, what: Do) -> str:
        """Bring a fault about, or end it; what went wrong, or nothing."""
        match what:
            case Machine.POWER_OFF:
                with self._power:
                    self.machine.power_cut()
            case Machine.BOOT:
                with self._power:
                    self._boot()
            case Machine.CUT:
                self._port(DISABLED)
            case Machine.JOIN:
                self._port(FORWARDING)
            case str(command):
                return self.run(command)
        return ""

    def _boot(self) -> None:
        """A busy machine's nspawn fails now and then: it is tried again."""
        for attempt in range(BOOTS):
            if self.machine.is_running():
                return
            try:
                self.machine.boot()
                self.machine.wait_for_ssh(LOGIN_SECONDS)
            except LabError:
                if attempt == BOOTS - 1:
                    raise
                time.sleep(2)

    def _port(self, state: str) -> None:
        port = Path("/sys/class/net", self.machine.port)
        if not port.exists() or (state == FORWARDING and (port / "brport/state").read_text().strip() != DISABLED):
            return
        # This machine's end of the cable would go on asking for routers, and the host hear it.
        Path("/proc/sys/net/ipv6/conf", self.machine.port, "disable_ipv6").write_text("1")
        subprocess.run(["bridge", "link", "set", "dev", self.machine.port, "state", state], check=True, timeout=5)

    def holds(self, address: str) -> bool | None:
        """Whether the kernel has this address for one of the host's own; None without power."""
        try:
            lines = Path(f"/proc/{self.init}/net/fib_trie").read_text().splitlines()
        except OSError:
            return None
        return any(line.endswith(f"-- {address}") and "LOCAL" in below for line, below in pairwise(lines))

    @contextmanager
    def server(self, seconds: float = SQL_SECONDS) -> Iterator[Any]:
        """A session of the tests' administrator; PyMySQL's errors, and OSError without power."""
        init = self.init
        if init is None:
            raise OSError("no power")
        with closing(
            pymysql.connect(
                unix_socket=f"/proc/{init}/root/{SOCKET}",
                user="chaos",
                password=self._password,
                autocommit=True,
                connect_timeout=seconds,
                read_timeout=seconds,
                write_timeout=seconds,
            )
        ) as connection:
            yield connection

    def rows(self, query: str, seconds: float = SQL_SECONDS) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.server(seconds) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())


@dataclass(frozen=True)
class Flags:
    """What a server refuses."""

    read_only: bool
    super_read_only: bool

    @property
    def open(self) -> bool:
        """Whether ordinary accounts can write: super_read_only alone forbids nothing."""
        return not self.read_only


@dataclass(frozen=True)
class View:
    """The pair as it is, asked of both kernels and servers at one moment."""

    vip_on: tuple[str, ...]
    flags: Mapping[str, Flags | None]
    replicates: bool
    lacking: str
    """Transactions that the slave lacks of the master, or has more."""

    def why_not_healthy(self) -> str:
        """What is not as in a healthy pair, or nothing."""
        master, slave = self.flags["master"], self.flags["slave"]
        reasons = {
            f"the VIP is on {self.vip_on}": self.vip_on != ("master",),
            f"the master is {master}": master is None or not master.open,
            f"the slave is {slave}": slave is None or not (slave.read_only and slave.super_read_only),
            "replication does not run": not self.replicates,
            f"they differ by {self.lacking}": bool(self.lacking),
        }
        return "; ".join(reason for reason, so in reasons.items() if so)


FLAGS = "SELECT @@GLOBAL.read_only, @@GLOBAL.super_read_only"
THREADS = (
    "SELECT (SELECT service_state FROM performance_schema.replication_connection_status), "
    "(SELECT service_state FROM performance_schema.replication_applier_status)"
)
GTIDS = "SELECT @@GLOBAL.gtid_executed"


def view(hosts: Mapping[str, Host], vip: str) -> View:
    """Both as they are now."""
    on = tuple(role for role, host in hosts.items() if host.holds(vip))
    flags: dict[str, Flags | None] = {}
    for role, host in hosts.items():
        try:
            ((read_only, super_read_only),) = host.rows(FLAGS)
            flags[role] = Flags(bool(read_only), bool(super_read_only))
        except (pymysql.MySQLError, OSError):
            flags[role] = None
    try:
        threads = hosts["slave"].rows(THREADS) == [("ON", "ON")]
        slave = hosts["slave"].rows(GTIDS)[0][0]
        master = hosts["master"].rows(GTIDS)[0][0]
        more = f"SELECT GTID_SUBTRACT('{slave}', '{master}')".replace("\n", "")
        lacking = hosts["master"].rows(more)[0][0]
    except (pymysql.MySQLError, OSError) as error:
        threads, lacking = False, str(error)
    return View(on, flags, threads, lacking)
