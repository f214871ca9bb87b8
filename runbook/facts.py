"""What is so on both hosts now, gathered at once; a dead host and a dead or hung mysqld are facts, not errors."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from runbook.alerts import UNSENT_QUESTION
from runbook.errors import HostError, RunbookError
from runbook.host import Host
from runbook.keepalived import UNIT, VRRP_STATE
from runbook.keepalived_version import VERSION_QUESTION
from runbook.mysql.replication import ReplicaStatus, replica_status
from runbook.mysql.session import Server
from runbook.pair import Pair, Side
from runbook.settings import Role
from runbook.ssh import Unreachable
from runbook.step import NotReady
from runbook.steps.deploy_scripts import CONFIG
from runbook.system.family import OS_QUESTION
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.resources import service_question
from runbook.system.server_names import UNITS, UNITS_QUESTION

GREETING_SECONDS = 3
COMMIT_SECONDS = 1.0
TIMED_OUT = "124"  # what timeout(1) exits with

CONFIG_QUESTION = f"[ -e {CONFIG} ] && echo there || true"
TAKEOVER_QUESTION = "cat /var/lib/mysql-runbook/takeover 2>/dev/null || true"
VRRP_QUESTION = f"cat {VRRP_STATE} 2>/dev/null || true"
STATE_QUESTION = (
    "SELECT @@GLOBAL.read_only AS read_only, @@GLOBAL.super_read_only AS super_read_only, "
    "REPLACE(@@GLOBAL.gtid_executed, '\\n', '') AS executed"
)
SEMI_SYNC_QUESTION = "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%'"
COMPARISON_QUESTION = (
    "SELECT REPLACE(GTID_SUBTRACT(%s, @@GLOBAL.gtid_executed), '\\n', '') AS errant, "
    "REPLACE(GTID_SUBTRACT(@@GLOBAL.gtid_executed, %s), '\\n', '') AS missing"
)


@dataclass(frozen=True)
class SideFacts:
    """What is so on one host; what could not be asked is empty or None."""

    role: Role
    address: str
    unreachable: str = ""
    """Why SSH does not get there."""
    mysqld: str = ""
    keepalived: str = ""
    """The words of `systemctl is-active`."""
    holds_vip: bool = False
    greets: bool = False
    """Whether mysqld greets who connects from the host itself, if only to say that it is full."""
    sql: str = ""
    """Why root's session does not answer."""
    version: str = ""
    read_only: bool | None = None
    super_read_only: bool | None = None
    executed: str = ""
    replication: ReplicaStatus | None = None
    """This server's replication from another, None when there is none."""
    semi_sync: bool | None = None
    """In force: on the master switched on with a slave that acknowledges, on the slave switched on."""
    takeover: Mapping[str, str] = field(default_factory=dict)
    """What the slave wrote down when it took the VIP over, while it has it."""
    sees_peer: bool = False
    """Whether the other side's mysqld greets who connects from this host."""
    vrrp: str = ""
    """What keepalived last told its scripts: MASTER, BACKUP, FAULT or STOPPED."""
    unsent: str = ""
    """What its sender of alerts could not deliver, a line for each channel."""
    lacks: tuple[str, ...] = ()
    """What `inv bootstrap` brings and is not there."""
    errant: str = ""
    """Of the slave: transactions that it executed or received, and that the master lacks."""
    behind: int | None = None
    """Of the slave: how many of the master's transactions it lacks."""

    def __str__(self) -> str:
        return f"the {self.role} {self.address}"

    @property
    def answers(self) -> bool:
        """Whether root's session on it answers."""
        return not self.unreachable and not self.sql

    @property
    def open(self) -> bool:
        """Whether its server takes writes, if only root's."""
        return False in (self.super_read_only, self.read_only)


Facts = Mapping[Role, SideFacts]


def gather(pair: Pair) -> Facts:
    """Look at both hosts, side by side; BadInput when SSH or the server must not be used at all.

    A host that drops packets takes ssh.CONNECT_SECONDS, each hung mysqld GREETING_SECONDS, all else milliseconds.
    """
    facts = pair.side_by_side(_look)
    if facts["master"].answers and facts["slave"].answers:
        try:
            facts["slave"] = _compared(pair.master.server, facts["slave"])
        except RunbookError as error:
            facts["master"] = replace(facts["master"], sql=reason(error, pair.master.host))
    return facts


def transactions(gtid_set: str) -> int:
    """How many transactions a GTID set holds: UUID[:TAG]:FIRST[-LAST]... (tags since MySQL 8.3)."""
    count = 0
    for source in gtid_set.replace("\n", "").split(","):
        for part in source.strip().split(":")[1:]:
            first, _, last = part.partition("-")
            if first.isdigit():
                count += int(last or first) - int(first) + 1
    return count


def parse_record(text: str) -> dict[str, str]:
    """The key=value lines of a record that our scripts wrote."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _look(side: Side) -> SideFacts:
    facts = SideFacts(side.role, str(side.node.address))
    try:
        return _with_server(side, _with_host(side, facts))
    except HostError as error:
        return replace(facts, unreachable=reason(error, side.host), sql="its host was not reached")


def _with_host(side: Side, facts: SideFacts) -> SideFacts:
    host, keepalived = side.host, service_question(UNIT)
    units = [service_question(unit) for unit in UNITS]
    port = side.settings.mysql_port
    greetings = (_greeting_question("127.0.0.1", port), _greeting_question(str(side.peer.address), port))
    ours = (CONFIG_QUESTION, TAKEOVER_QUESTION, VRRP_QUESTION, UNSENT_QUESTION)
    host.foresee(
        (OS_QUESTION, UNITS_QUESTION, ADDRESSES_QUESTION, VERSION_QUESTION, keepalived, *units, *ours, *greetings)
    )
    mysqld_is, mysqld_at_boot = host.ask(service_question(side.names.unit)).split()
    keepalived_is, keepalived_at_boot = host.ask(keepalived).split()
    config, takeover, vrrp, unsent, greeting, peer = (host.ask(question).strip() for question in (*ours, *greetings))
    parts = {"mysqld": mysqld_at_boot != "not-found", "keepalived": keepalived_at_boot != "not-found", CONFIG: config}
    return replace(
        facts,
        mysqld=mysqld_is,
        keepalived=keepalived_is,
        holds_vip=side.holds_vip(),
        greets=greeting == "0",
        sql=f"it accepts connections and says nothing for {GREETING_SECONDS} s" if greeting == TIMED_OUT else "",
        sees_peer=peer == "0",
        takeover=parse_record(takeover),
        vrrp=vrrp,
        unsent=unsent,
        lacks=tuple(part for part, there in parts.items() if not there),
    )


def _greeting_question(address: str, port: int) -> str:
    """Whether mysqld greets who connects, bounded: a session through SSH would hang with a hung mysqld."""
    greeted = f"exec 3<>/dev/tcp/{address}/{port} && IFS= read -r -n 1 -u 3"
    return f"timeout {GREETING_SECONDS} bash -c '{greeted}' 2>/dev/null; echo $?"


def _with_server(side: Side, facts: SideFacts) -> SideFacts:
    if facts.sql:
        return facts
    server = side.server
    server.close()  # A login of now is the fact; an old session may be one of a mysqld that is gone.
    try:
        version = ".".join(map(str, server.dialect.version))
        state = server.one(STATE_QUESTION)
        return replace(
            facts,
            version=version,
            read_only=bool(state["read_only"]),
            super_read_only=bool(state["super_read_only"]),
            executed=state["executed"],
            replication=replica_status(server),
            semi_sync=_semi_sync(side),
        )
    except Unreachable:
        raise
    except (NotReady, HostError) as error:
        return replace(facts, sql=reason(error, side.host))


def _semi_sync(side: Side) -> bool | None:
    if not side.settings.semi_sync:
        return None
    status = {row["Variable_name"]: row["Value"] for row in side.server.ask(SEMI_SYNC_QUESTION)}
    if side.role == "slave":
        return status.get("Rpl_semi_sync_replica_status") == "ON"
    # Without a slave it stays ON until the first commit has waited in vain.
    acknowledging = int(status.get("Rpl_semi_sync_source_clients", 0))
    return status.get("Rpl_semi_sync_source_status") == "ON" and acknowledging > 0


def _compared(master: Server, slave: SideFacts) -> SideFacts:
    """The slave's transactions against the master's, asked after the slave's: what came in between is not errant.

    With AFTER_SYNC the slave has a transaction some moments before the master's own commit ends, so that one which
    the master seems to lack is asked for again.
    """
    received = slave.replication.retrieved if slave.replication else ""
    has = ",".join(filter(None, (slave.executed, received)))
    deadline = time.monotonic() + COMMIT_SECONDS
    while True:
        row = master.one(COMPARISON_QUESTION, has, slave.executed)
        if not row["errant"] or time.monotonic() > deadline:
            return replace(slave, errant=row["errant"], behind=transactions(row["missing"]))
        time.sleep(0.05)


def reason(error: Exception, host: Host) -> str:
    """The first line of an error, for where the host is named already."""
    first = str(error).splitlines()[0].rstrip(".")
    for label in (str(host), host.link.label):
        first = first.removeprefix(f"{label}: ")
    return re.sub(r"^mysqld\b", "it", first)
