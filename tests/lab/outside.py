"""The lab's hosts as they are, seen from outside the tool: their servers, addresses, processes and files."""

import re
import secrets
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pymysql
import row
from changes import BESIDE, LOOKING, SENDER, SERVING, files_in
from commandline import Operator, Ran
from hosts_env_file import awkward, settings, single_quoted
from processes import processes, same_host

from runbook.lab.machine import Machine
from runbook.lab.pair import Lab

MASTER, SLAVE = f"master {row.SUBNET}.128", f"slave {row.SUBNET}.129"  # as messages name them
SSH_SECONDS = 30
SQL_SECONDS = 10
PASSWORD_KEYS = ("MYSQL_ROOT_PASSWORD", "REPLICA_PASSWORD", "CHECK_PASSWORD", "PROBE_PASSWORD")
# bash's own read and <(): the password is neither an argument nor a file.
MYSQL = f"IFS= read -r -d '' options; exec {row.CLIENT} --defaults-file=<(printf %s \"$options\") -NB --raw"
READ_ONLY = 1290  # ER_OPTION_PREVENTS_STATEMENT


class SqlError(Exception):
    """The server refused a statement."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


@dataclass(frozen=True)
class OutsideHost:
    """One host of the lab; SQL is spoken as root through the server's socket."""

    machine: Machine
    hosts_env: Path

    @property
    def address(self) -> str:
        return self.machine.address

    def run(self, command: str, *, stdin: str = "") -> Ran:
        """Run a command as root by SSH."""
        done = subprocess.run(
            [*self.machine.ssh_command(), command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=SSH_SECONDS,
            check=False,
        )
        return Ran(done.returncode, done.stdout + done.stderr)

    def sh(self, command: str, *, stdin: str = "") -> str:
        """Run a command that must succeed; what it printed."""
        ran = self.run(command, stdin=stdin)
        assert ran.code == 0, f"{self.machine.hostname}: {command}: {ran}"
        return ran.out.strip()

    def sql(self, statements: str) -> list[list[str]]:
        """Run statements as root; the rows that came, each a list of texts. Raises SqlError."""
        password = settings(self.hosts_env)["MYSQL_ROOT_PASSWORD"].replace("\\", "\\\\").replace('"', '\\"')
        options = f'[client]\nuser=root\npassword="{password}"\ndefault-character-set=utf8mb4\n'
        ran = self.run(f"exec bash -c {shlex.quote(MYSQL)}", stdin=f"{options}\0{statements}")
        if found := re.search(r"ERROR (\d+) [^:]*: (.*)", ran.out):
            raise SqlError(int(found[1]), found[2])
        assert ran.code == 0, f"{self.machine.hostname}: {statements}: {ran}"
        return [line.split("\t") for line in ran.out.splitlines()]

    @staticmethod
    def literal(text: str) -> str:
        """A string literal of SQL."""
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def value(self, query: str) -> str:
        """The one value of a query."""
        ((value,),) = self.sql(query)
        return value

    def replicates(self) -> bool:
        """Whether both replication threads run."""
        status = self._status()
        return (status[row.RECEIVER], status[row.APPLIER]) == ("Yes", "Yes")

    def _status(self) -> list[str]:
        # A set of transactions or an error may go on in further lines.
        first, *_ = self.sql(row.STATUS) or [[""] * (row.APPLIED_POSITION + 1)]
        return first

    def has_all_of(self, master: "OutsideHost") -> bool:
        """Whether it has every transaction that its master has."""
        if not row.BY_POSITION:
            return self.value(row.EXECUTED) == master.value(row.EXECUTED)
        status = self._status()
        return [status[row.APPLIED_FILE], status[row.APPLIED_POSITION]] == master.sql(row.LOG_STATUS)[0][:2]

    def has_none_of(self, other: "OutsideHost") -> bool:
        """Whether no transaction that the other server made is on this one."""
        if not row.BY_POSITION:
            return other.value(row.OWN) not in self.value(row.LOGGED)
        logs = [name for name, *_ in self.sql("SHOW BINARY LOGS")]
        events = self.sql("; ".join(f"SHOW BINLOG EVENTS IN {self.literal(log)}" for log in logs))
        made_by = {event[row.MADE_BY] for event in events if len(event) > row.MADE_BY}
        assert self.value("SELECT @@server_id") in made_by
        return other.value("SELECT @@server_id") not in made_by

    def refuses_root(self) -> bool:
        """Whether the server takes no write, root's included where it can refuse those."""
        if not row.HAS_SUPER_READ_ONLY:
            return self.value(row.CLOSED) == "1"
        try:
            self.sql("CREATE SCHEMA nobodys")
        except SqlError as error:
            return error.code == READ_ONLY
        return False

    def addresses(self) -> set[str]:
        """Its IPv4 addresses now, asked of the kernel and not by SSH; none when it is powered off."""
        init = self.machine.init()
        if init is None:
            return set()
        command = ["nsenter", f"--target={init}", "--net", "ip", "-o", "-4", "address", "show"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SSH_SECONDS, check=False)
        return {line.split()[3].partition("/")[0] for line in done.stdout.splitlines()}

    def daemon(self, name: str) -> int | None:
        """The pid, on this machine, of the host's daemon of that name, or None when it does not run."""
        init = self.machine.init()
        parents = {init, *(each.pid for each in processes() if each.parent == init and each.name == "mysqld_safe")}
        found = (each.pid for each in processes() if each.name == name and each.parent in parents)
        return next(found, None) if init else None

    def runs(self, name: str) -> bool:
        """Whether a process of that name runs on the host."""
        init = self.machine.init()
        return init is not None and any(each.name == name and same_host(each.pid, init) for each in processes())

    def files(self, ignore: tuple[str, ...] = ()) -> dict[str, tuple[object, ...]]:
        """Every file that differs from the blank image or lives beside it, with what changes when it is touched.

        The time of the last change of the inode is among it, which nobody can set: the content need not be read.
        """
        found = dict(files_in(self.machine.home / "upper", "", LOOKING + SENDER + ignore))
        for folder in BESIDE:
            found |= files_in(Path(f"/proc/{self.machine.init()}/root"), folder, LOOKING + SENDER + ignore)
        return found

    def state(self) -> dict[str, object]:
        """Its daemons, addresses, files, and all that its server is; to be compared with what it is later."""
        daemons = {name: self.daemon(name) for name in (row.MYSQLD, "keepalived")}
        serves = daemons[row.MYSQLD] is not None
        query = row.SERVER + row.SOURCE if row.IS_MYSQL_9 else row.SERVER
        server = {" ".join(row): True for row in self.sql(query)} if serves else {}
        files = self.files(SERVING if serves else ())
        return {"daemons": daemons, "addresses": self.addresses(), "files": files, "server": server}


@dataclass(frozen=True)
class OutsidePair:
    """The lab's pair, and the operator who works on it."""

    lab: Lab
    operator: Operator

    @cached_property
    def master(self) -> OutsideHost:
        return OutsideHost(self.lab.master, self.lab.hosts_env)

    @cached_property
    def slave(self) -> OutsideHost:
        return OutsideHost(self.lab.slave, self.lab.hosts_env)

    @property
    def hosts(self) -> tuple[OutsideHost, OutsideHost]:
        return (self.master, self.slave)

    @property
    def vip(self) -> str:
        return self.lab.network.address(130)

    @property
    def inv(self) -> Any:
        """Run `./inv` with the lab's own hosts.env."""
        return self.operator.inv

    def state(self) -> dict[str, dict[str, object]]:
        """Both hosts' state."""
        return {host.machine.hostname: host.state() for host in self.hosts}

    def vip_is_on(self) -> list[str]:
        """The roles of the hosts that hold the VIP now."""
        roles = {"master": self.master, "slave": self.slave}
        return [role for role, host in roles.items() if self.vip in host.addresses()]

    def is_healthy(self) -> bool:
        """Whether the servers themselves say so: VIP, daemons, read-only flags, replication, the same transactions."""
        if None in [host.daemon(name) for host in self.hosts for name in (row.MYSQLD, "keepalived")]:
            return False
        return (
            self.vip_is_on() == ["master"]
            and [host.value(row.CLOSED) for host in self.hosts] == ["0", "1"]
            and self.slave.replicates()
            and self.master.sql(row.STATUS) == []
            and self.slave.has_all_of(self.master)
        )

    def client(self, host: str = "", user: str = "", password: str = "") -> Any:
        """A client's connection, through the VIP and as the probe account unless told otherwise."""
        known = settings(self.lab.hosts_env)
        return pymysql.connect(
            host=host or self.vip,
            user=user or "runbook_probe",
            password=(password or known["PROBE_PASSWORD"]).encode(),
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=SQL_SECONDS,
            read_timeout=SQL_SECONDS,
            write_timeout=SQL_SECONDS,
        )

    def operator_with(self, folder: Path, **keys: str | None) -> Operator:
        """An operator whose own hosts.env differs in these keys (None: has it not); no lab to the tool, but a pair."""
        text = self.lab.hosts_env.read_text()
        for key, value in keys.items():
            text = re.sub(rf"^#?{key}=.*\n", "", text, flags=re.MULTILINE)
            text += "" if value is None else f"{key}={single_quoted(value)}\n"
        path = folder / "hosts.env"
        path.touch(mode=0o600)
        path.write_text(text)
        return replace(self.operator, hosts_env=path)


@contextmanager
def mounted(host: OutsideHost, what: str, where: str) -> Iterator[None]:
    """Something mounted over a path of a host, for as long as the `with` lasts."""
    host.sh(f"mount {what} {where}")
    try:
        yield
    finally:
        host.sh(f"umount {where}")


def reset(lab: Lab) -> OutsidePair:
    """Blank hosts, and a hosts.env whose passwords are as awkward as an operator may choose them."""
    lab.reset(print)
    cores = {key: secrets.token_hex(6) for key in PASSWORD_KEYS}
    text = lab.hosts_env.read_text()
    for key, core in cores.items():
        line = f"{key}={single_quoted(awkward(core))}"
        text = re.sub(rf"^{key}=.*$", lambda _, line=line: line, text, flags=re.MULTILINE)
    lab.hosts_env.write_text(text if row.REPLICATION == "auto" else f"{text}REPLICATION={row.REPLICATION}\n")
    return OutsidePair(lab, Operator(lab.hosts_env, tuple(cores.values())))
