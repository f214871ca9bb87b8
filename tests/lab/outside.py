"""The lab's hosts as they are, seen from outside the tool: their servers, addresses, processes and files."""

import os
import re
import secrets
import shlex
import stat
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pymysql
from commandline import Operator, Ran
from hosts_env_file import awkward, settings, single_quoted
from processes import processes, same_host

from runbook.lab.machine import Machine
from runbook.lab.pair import Lab

# Another lab beside this one, for who tests two trees at once: LAB_TESTS=NAME:SUBNET.
NAME, SUBNET = os.environ.get("LAB_TESTS", "test:192.168.153").split(":")
# Another row of the lab's table than its first: LAB_ENGINE=ENGINE/OS, or ENGINE/OS/REPLICATION. Then the tests marked
# `story` run, and no others.
FIRST_ROW = ["mysql-9.7", "debian-sid", "auto"]
ROW = os.environ.get("LAB_ENGINE", "mysql-9.7/debian-sid").split("/")
ENGINE, OS, REPLICATION = [*ROW, "auto"][:3]
IS_FIRST_ROW = [ENGINE, OS, REPLICATION] == FIRST_ROW
IS_MARIADB = ENGINE.startswith("mariadb")
IS_MYSQL_9 = ENGINE.startswith("mysql-9")
HAS_SUPER_READ_ONLY = IS_MYSQL_9
MYSQLD = "mariadbd" if IS_MARIADB else "mysqld"
MASTER, SLAVE = f"master {SUBNET}.128", f"slave {SUBNET}.129"  # as messages name them
SSH_SECONDS = 30
SQL_SECONDS = 10
PASSWORD_KEYS = ("MYSQL_ROOT_PASSWORD", "REPLICA_PASSWORD", "CHECK_PASSWORD", "PROBE_PASSWORD")
# bash's own read and <(): the password is neither an argument nor a file.
CLIENT = "mariadb" if IS_MARIADB else "mysql"
MYSQL = f"IFS= read -r -d '' options; exec {CLIENT} --defaults-file=<(printf %s \"$options\") -NB --raw"
READ_ONLY = 1290  # ER_OPTION_PREVENTS_STATEMENT
# What each login leaves: sshd's line in the journal, the greeting it was shown, and sudo's note of who called it.
LOGINS = ("var/log/journal", "run/motd.dynamic", "run/sudo")
# The sender of alerts takes news away some seconds after it came, in a unit that lives for as long.
SENDER = ("run/mysql-runbook.alerts", "run/systemd/units", "run/systemd/journal/streams")
# keepalived runs mysql_check.sh each second, which locks the first and writes the next ones. mysqld flushes its own
# files when it likes; what is in them is compared by SQL.
SERVING = (
    "run/lock/mysql-runbook.scripts",
    "run/mysql-runbook.vrrp",
    "run/mysql-runbook.heard",
    "run/mysql-runbook.watch",
    "var/lib/mysql",
)
# What is not in the host's own layer, but on a file system beside it.
BESIDE = ("run", "tmp", "dev/shm", "var/lib/mysql")
# One operator at a time: the lock's file is written by every run that may change something.
LOCK = ("files: run/lock", "files: run/lock/mysql-runbook.lock")
CLOSED = f"SELECT @@GLOBAL.{'super_' if HAS_SUPER_READ_ONLY else ''}read_only"
# Of all its transactions, in words that are the same on both servers; without GTID nothing.
EXECUTED = "SELECT @@GLOBAL.gtid_current_pos" if IS_MARIADB else "SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', '')"
LOGGED = "SELECT @@GLOBAL.gtid_binlog_state" if IS_MARIADB else EXECUTED
OWN = "SELECT CONCAT('-', @@server_id, '-')" if IS_MARIADB else "SELECT @@server_uuid"
STATUS = f"SHOW {'REPLICA' if IS_MYSQL_9 else 'SLAVE'} STATUS"
RECEIVER, APPLIER = 10, 11  # columns of it, in every version: Slave_IO_Running, Slave_SQL_Running
SERVER = """
SHOW GLOBAL VARIABLES;
SELECT 'account', user, host, plugin, HEX(authentication_string) FROM mysql.user;
SELECT 'right', grantee, privilege_type FROM information_schema.user_privileges;
SELECT 'right', grantee, table_schema, privilege_type FROM information_schema.schema_privileges;
"""
SOURCE = """
SELECT 'source', slave_master_info.* FROM mysql.slave_master_info;
SELECT 'receiver', service_state FROM performance_schema.replication_connection_status;
SELECT 'applier', service_state FROM performance_schema.replication_applier_status;
"""


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
        # A set of transactions or an error may go on in further lines.
        (first, *_) = self.sql(STATUS) or [[""] * (APPLIER + 1)]
        return (first[RECEIVER], first[APPLIER]) == ("Yes", "Yes")

    def has_none_of(self, other: "OutsideHost") -> bool:
        """Whether no transaction that the other server made is on this one."""
        return other.value(OWN) not in self.value(LOGGED)

    def refuses_root(self) -> bool:
        """Whether the server takes no write, root's included where it can refuse those."""
        if not HAS_SUPER_READ_ONLY:
            return self.value(CLOSED) == "1"
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
        found = dict(_walk(self.machine.home / "upper", "", LOGINS + SENDER + ignore))
        for folder in BESIDE:
            found |= _walk(Path(f"/proc/{self.machine.init()}/root"), folder, LOGINS + SENDER + ignore)
        return found

    def state(self) -> dict[str, object]:
        """Its daemons, addresses, files, and all that its server is; to be compared with what it is later."""
        daemons = {name: self.daemon(name) for name in (MYSQLD, "keepalived")}
        serves = daemons[MYSQLD] is not None
        query = SERVER + SOURCE if IS_MYSQL_9 else SERVER
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
        if None in [host.daemon(name) for host in self.hosts for name in (MYSQLD, "keepalived")]:
            return False
        (closed, executed), (slave_closed, slave_executed) = [host.sql(f"{CLOSED}; {EXECUTED}") for host in self.hosts]
        return (
            self.vip_is_on() == ["master"]
            and (closed, slave_closed) == (["0"], ["1"])
            and self.slave.replicates()
            and self.master.sql(STATUS) == []
            and executed == slave_executed
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
    lab.hosts_env.write_text(text if REPLICATION == "auto" else f"{text}REPLICATION={REPLICATION}\n")
    return OutsidePair(lab, Operator(lab.hosts_env, tuple(cores.values())))


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """What differs between two states, however deep, by its path."""
    found: dict[str, tuple[object, object]] = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found |= {f"{key}: {inner}": change for inner, change in changes(old, new).items()}
        elif old != new:
            found[key] = (old, new)
    return found


def but_for_the_lock(found: Mapping[str, tuple[object, object]]) -> dict[str, tuple[object, object]]:
    """Changes without those that a run makes to be the only one."""
    return {path: change for path, change in found.items() if not path.endswith(LOCK)}


def expect_same(before: Mapping[str, object], after: Mapping[str, object], *, locked: bool = False) -> None:
    """Fail with everything that has changed; with `locked` a run may have taken and given back its lock."""
    found = changes(before, after)
    if locked:
        found = but_for_the_lock(found)
    assert not found, "changed:\n" + "\n".join(f"{path}: {old} → {new}" for path, (old, new) in found.items())


def _walk(root: Path, folder: str, ignore: tuple[str, ...]) -> Iterator[tuple[str, tuple[object, ...]]]:
    for directory, folders, files in os.walk(root / folder):
        for name in (*folders, *files):
            path = Path(directory, name)
            inside = str(path.relative_to(root))
            if inside.startswith(ignore):
                continue
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
            yield inside, (oct(status.st_mode), status.st_uid, size, status.st_mtime_ns, status.st_ctime_ns)
