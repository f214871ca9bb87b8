"""What is done to a host, each with what ends it again: plain commands that root runs there, or a word for the machine.

Where a fault leaves something that its end does not take back, as a mysqld that is down, that is the operator's part.
"""

from dataclasses import dataclass
from enum import Enum

# Nobody's, locally administered: what is sent there is lost.
NOBODY = "02:00:00:00:00:00"
FILL = "/var/lib/mysql/chaos.fill"
MARK = "chaos at work"


class Machine(Enum):
    """What the machine of a host can do, beside running commands."""

    POWER_OFF = "power-off"
    BOOT = "boot"
    CUT = "cut"
    JOIN = "join"


Do = str | Machine


@dataclass(frozen=True)
class Fault:
    """How it begins and how it ends; `ends` can be run again, and does nothing where there is nothing to end."""

    begins: Do
    ends: Do = "true"
    roles: tuple[str, ...] = ("master", "slave")
    both: bool = False
    """Both hosts at once."""
    opens: bool = False
    """By this itself root opens a server that must be closed."""
    weight: int = 4

    @property
    def lasts(self) -> bool:
        """Whether it has an end."""
        return self.ends != "true"


def sql(statements: str) -> str:
    """A command that runs statements as an administrator of the tests' own."""
    return f'mysql --defaults-file=/root/.chaos.cnf -e "{statements}"'


def unlogged(statement: str) -> str:
    """The same on one server alone, open or closed; it is as closed afterwards as it was."""
    return (
        "closed=$(mysql --defaults-file=/root/.chaos.cnf -NBe 'SELECT @@GLOBAL.super_read_only') && "
        + sql(f"SET sql_log_bin = OFF; SET GLOBAL super_read_only = OFF; {statement}")
        + '; [ "$closed" = 0 ] || '
        + sql("SET GLOBAL super_read_only = ON")
    )


def processes_of(unit: str, but_for: str) -> str:
    """A command that kills what runs in a unit, but for programs of that name."""
    return (
        f"for p in $(cat /sys/fs/cgroup/system.slice/{unit}.service/cgroup.procs); do "
        f'case $(cat /proc/$p/comm) in {but_for}) ;; *) kill -s KILL "$p" ;; esac; done'
    )


def repeated(command: str, times: int = 12) -> str:
    """A command run again and again, some times a second."""
    return f"for n in $(seq {times}); do {command}; sleep 0.3; done 2>/dev/null; true"


def remounted(folder: str, size: str) -> str:
    """A file system in memory that has so much room."""
    return f"mount -o remount,size={size} {folder}"


USED = "$(df -k --output=used {} | tail -n 1 | tr -d ' ')k"
SESSION = (
    "nohup sh -c 'mysql --defaults-file=/root/.chaos.cnf -e \"{} SELECT SLEEP(20) /* "
    + MARK
    + " */\"' >/dev/null 2>&1 &"
)
END_SESSION = (
    "mysql --defaults-file=/root/.chaos.cnf -NBe \"SELECT CONCAT('KILL ', id, ';') FROM "
    f"performance_schema.processlist WHERE info LIKE '%SLEEP(20)%{MARK}%' AND id <> CONNECTION_ID()\" | "
    "mysql --defaults-file=/root/.chaos.cnf --force; true"
)
# A row that the master will make too, some rows from now.
ROW = "SELECT MAX(n) + 15, 'chaos', 'conflict' FROM chaos.ledger"

FAULTS: dict[str, Fault] = {
    "kill-mysqld": Fault("systemctl kill -s KILL mysql", weight=8),
    "stop-mysqld": Fault("systemctl stop mysql"),
    "restart-mysqld": Fault("systemctl restart mysql"),
    "freeze-mysqld": Fault("systemctl kill -s STOP mysql", "systemctl kill -s CONT mysql", weight=6),
    "stop-keepalived": Fault("systemctl stop keepalived"),
    "restart-keepalived": Fault("systemctl restart keepalived"),
    "kill-keepalived": Fault("systemctl kill -s KILL keepalived"),
    "freeze-keepalived": Fault("systemctl kill -s STOP keepalived", "systemctl kill -s CONT keepalived"),
    "kill-scripts": Fault(repeated(processes_of("keepalived", "keepalived"))),
    "kill-fence": Fault("systemctl kill -s KILL mysql-runbook-fence"),
    "power-off": Fault(Machine.POWER_OFF, Machine.BOOT),
    "power-off-both": Fault(Machine.POWER_OFF, Machine.BOOT, ("master",), both=True, weight=2),
    "cut-network": Fault(Machine.CUT, Machine.JOIN, weight=6),
    "part-hosts": Fault(
        f"ip neighbour replace $PEER lladdr {NOBODY} dev host0 nud permanent",
        f"! ip neighbour show $PEER dev host0 | grep -q {NOBODY} || ip neighbour delete $PEER dev host0",
        ("master",),
        both=True,
    ),
    "full-disk": Fault(
        f"fallocate -l $(($(df -k --output=avail /var/lib/mysql | tail -n 1) - 100))K {FILL}; "
        f"dd if=/dev/zero bs=4k count=64 2>/dev/null >> {FILL}; true",
        f"rm -f {FILL}",
        weight=2,
    ),
    "full-run": Fault(remounted("/run", USED.format("/run")), remounted("/run", "1g")),
    "full-tmp": Fault(remounted("/tmp", "4k"), remounted("/tmp", "1g"), weight=2),
    # Others may have taken the three places, and the administrators' one.
    "connections": Fault(
        sql("SET GLOBAL max_connections = 3"),
        f"for n in $(seq 50); do {sql('SET GLOBAL max_connections = 151')} && break; sleep 0.2; done",
        weight=3,
    ),
    "lock-tables": Fault(SESSION.format("LOCK TABLES chaos.ledger READ;"), END_SESSION),
    "lock-all": Fault(SESSION.format("FLUSH TABLES WITH READ LOCK;"), END_SESSION),
    "lock-check": Fault(unlogged("ALTER USER runbook_check@localhost ACCOUNT LOCK")),
    "expire-check": Fault(unlogged("ALTER USER runbook_check@localhost PASSWORD EXPIRE")),
    "drop-probe": Fault(unlogged("DROP USER IF EXISTS runbook_probe"), weight=3),
    "lock-replica": Fault(unlogged("ALTER USER replica ACCOUNT LOCK"), roles=("master",), weight=2),
    "persist": Fault(sql("SET PERSIST_ONLY read_only = OFF"), opens=True, weight=2),
    "persist-and-restart": Fault(
        sql("SET PERSIST_ONLY read_only = OFF") + "; systemctl restart mysql", opens=True, weight=2
    ),
    "stop-replica": Fault(sql("STOP REPLICA"), roles=("slave",)),
    "stop-applier": Fault(sql("STOP REPLICA SQL_THREAD"), roles=("slave",)),
    "row": Fault(
        unlogged(f"INSERT INTO chaos.ledger (n, run, id) {ROW}"),
        unlogged("DELETE FROM chaos.ledger WHERE id = 'conflict'"),
        ("slave",),
        opens=True,
    ),
    "errant": Fault(
        sql("SET GLOBAL read_only = OFF; INSERT INTO chaos.errant VALUES (UUID()); SET GLOBAL super_read_only = ON"),
        roles=("slave",),
        opens=True,
    ),
    "flush": Fault(sql("FLUSH PRIVILEGES; FLUSH TABLES; FLUSH STATUS"), roles=("slave",)),
    "flush-logs": Fault(sql("FLUSH BINARY LOGS; PURGE BINARY LOGS BEFORE NOW()"), weight=3),
    "cut-configuration": Fault("truncate -s 200 /etc/mysql-runbook.conf"),
    "lose-configuration": Fault("rm -f /etc/mysql-runbook.conf /run/mysql-runbook/last.conf", weight=2),
    "cut-keepalived-conf": Fault("truncate -s 300 /etc/keepalived/keepalived.conf", weight=2),
    "cut-my-cnf": Fault("truncate -s 200 /etc/mysql/mysql.conf.d/zz-runbook.cnf", weight=2),
    "lose-script": Fault("rm -f /usr/local/bin/master.sh", weight=2),
    "stop-ssh": Fault("systemctl stop ssh", "systemctl start ssh", weight=2),
}

# Under which a host may give the VIP up.
LETS_GO_OF_THE_VIP = (
    *("kill-mysqld", "stop-mysqld", "restart-mysqld", "freeze-mysqld", "stop-keepalived", "restart-keepalived"),
    *("kill-keepalived", "freeze-keepalived", "power-off", "power-off-both", "cut-network", "part-hosts", "full-run"),
    *("persist-and-restart", "full-disk", "full-tmp", "cut-keepalived-conf", "lose-script", "kill-scripts"),
)
