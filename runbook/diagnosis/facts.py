"""What is so on both hosts now, gathered at once; a dead host and a dead or hung mysqld are facts, not errors."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from runbook.core.host import NotInTime
from runbook.core.ssh import Unreachable
from runbook.core.step import NotReady
from runbook.diagnosis import of_host
from runbook.diagnosis.comparison import compared
from runbook.diagnosis.of_host import TAKEOVER_QUESTION, reason
from runbook.errors import BadInput, HostError, RunbookError
from runbook.keepalived.running import Running
from runbook.mysql.accounts import write_through
from runbook.mysql.dialects.dialect import Dialect, dialect_of
from runbook.mysql.replication import acknowledging, filters, likeness
from runbook.mysql.replication.filters import Filter
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.stranger import Stranger, on_port
from runbook.mysql.tracking.progress import Position, Progress
from runbook.mysql.tracking.status import ReplicaStatus
from runbook.mysql.tracking.tracking import ByPosition, listed
from runbook.pair.alone import Alone
from runbook.pair.maintenance import Maintenance
from runbook.pair.pair import Pair
from runbook.pair.seeding import Seeding
from runbook.pair.side import Side
from runbook.pair.witnessed import Witnessed
from runbook.settings.settings import Role

__all__ = ["TAKEOVER_QUESTION", "Facts", "SideFacts", "gather", "reason"]

LOOKED_THROUGH_BYTES = 2**20  # some 10 000 events, in well under a second

EXEC_MODES = ("replica_exec_mode", "slave_exec_mode")
VARIABLES = ("read_only", "super_read_only", *EXEC_MODES, *likeness.READ)
FLAGS_QUESTION = f"SHOW GLOBAL VARIABLES WHERE variable_name IN {VARIABLES}"
SEMI_SYNC_QUESTION = "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%'"


@dataclass(frozen=True)
class SideFacts:
    """What is so on one host; what could not be asked is empty or None."""

    role: Role
    address: str
    unreachable: str = ""
    """Why SSH does not get there."""
    refused: str = ""
    """The way out where that is no accident: its SSH key is not the known one, or it refuses our login."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """What it did not tell in time, and why; of that the empty value here says nothing."""
    unit: str = ""
    """What its server's unit is called."""
    mysqld: str = ""
    keepalived: str = ""
    """The words of `systemctl is-active`; unknown where that is not known."""
    running: Running = field(default_factory=Running)
    """The keepalived that runs, or would be started."""
    hangs: str = ""
    """By what it is seen that keepalived runs and does nothing."""
    holds_vip: bool = False
    turned_away: str = ""
    """How verify's own client fared at the VIP that this host holds, where it was not served."""
    greets: bool = False
    """Whether mysqld greets who connects from the host itself, if only to say that it is full."""
    stranger: Stranger | None = None
    """Who holds mysqld's port in its place."""
    sql: str = ""
    """Why root's session does not answer."""
    engine: str = ""
    version: str = ""
    read_only: bool | None = None
    super_read_only: bool | None = None
    """None too where the server has no such thing."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Those of VARIABLES that its server has, by name."""
    executed: Progress | None = None
    """What it has: GTIDs, or a position in the master's binary log; None where it does not answer."""
    write_through: tuple[str, ...] = ()
    """Accounts whose writes it takes although read_only is on, but for those of root on the host itself."""
    chosen: Mapping[str, str] = field(default_factory=dict)
    """What REPLICATION and SEMI_SYNC came to, and why."""
    filters: tuple[Filter, ...] = ()
    """What keeps rows from the slave: in force, or in an option file."""
    replication: ReplicaStatus | None = None
    """This server's replication from another, None when there is none."""
    semi_sync: bool | None = None
    """In force: on the master switched on with a slave that acknowledges, on the slave switched on."""
    clients: int = 0
    """Of the master: how many servers it counts that acknowledge."""
    acknowledged_by: str | None = ""
    """Of the master: who acknowledges besides the slave; None where somebody does, and it does not say who."""
    alone: Alone | None = None
    """Of the master: that it has no slave, by an operator's word."""
    witnessed: Witnessed | None = None
    """Of the slave: what it noted of its master."""
    maintenance: Maintenance | None = None
    """Of the slave's host, as this host knows of it."""
    seeding: Seeding | None = None
    """Whose data are replaced now, or were to be, as this host knows of it."""
    takeover: Mapping[str, str] = field(default_factory=dict)
    """What the slave wrote down when it took the VIP over, while it has it."""
    sees_peer: bool = False
    """Whether the other side's mysqld greets who connects from this host."""
    vrrp: str = ""
    """What keepalived last told its scripts: MASTER, BACKUP, FAULT or STOPPED."""
    settled_seconds: int | None = None
    """Since the scripts last brought the host to what it must be; None when they never did since it was booted."""
    unsent: str = ""
    """What its sender of alerts could not deliver, a line for each channel."""
    lacks: tuple[str, ...] = ()
    """What `inv bootstrap` brings and is not there."""
    errant: Progress | None = None
    """Of the slave: transactions that it executed or received, and that the master lacks; falsy where there is none."""
    errant_names: tuple[str, ...] = ()
    """The same one by one, or the first of them."""
    own: tuple[str, ...] = ()
    """Of a slave by position: transactions of its own in its binary log, or the first of them."""
    own_since: str = ""
    """From where on its binary log was looked through for them; empty where GTIDs tell, or it was not."""
    behind: Progress | None = None
    """Of the slave: what it lacks of the master's transactions; None where they were not compared."""
    gone: Progress | None = None
    """Of the slave: what of it was not received either, and stands no longer in the master's binary logs."""

    def __str__(self) -> str:
        return f"the {self.role} {self.address}"

    @property
    def answers(self) -> bool:
        """Whether root's session on it answers."""
        return not self.unreachable and not self.sql

    @property
    def dialect(self) -> Dialect:
        """What a server that answers speaks."""
        return dialect_of(self.version, self.engine)

    @property
    def open(self) -> bool:
        """Whether its server takes writes, if only root's."""
        return False in (self.super_read_only, self.read_only)


Facts = Mapping[Role, SideFacts]


def gather(pair: Pair) -> Facts:
    """Look at both hosts, side by side; BadInput when neither may be used, as both have other SSH keys than are known.

    So it is when hosts.env is stale: whatever would be said of master and slave is wrong then.

    A host that drops packets takes ssh.CONNECT_SECONDS, each hung mysqld greeting.SECONDS, all else milliseconds.
    """
    facts = pair.side_by_side(partial(_look, pair))
    if all(side.refused for side in facts.values()):
        raise BadInput(*(f"{side}: {side.unreachable}\n{side.refused}" for side in facts.values()))
    if reached := tuple(role for role, side in facts.items() if not side.unreachable):
        pair.refuse_stale(reached)
    if facts["master"].answers and facts["slave"].answers:
        try:
            facts["slave"] = _compared(pair, facts["slave"])
        except RunbookError as error:
            facts["master"] = replace(facts["master"], sql=reason(error, pair.master.host))
    facts["master"] = _acknowledged(pair, facts["master"], facts["slave"])
    return facts


def _look(pair: Pair, side: Side) -> SideFacts:
    facts = SideFacts(side.role, str(side.node.address))
    if why := pair.left_out.get(side.role):
        return _not_reached(facts, why)
    try:
        if pair.left_out and side.others_greeting is None:
            of_host.greet_ahead(side)
        of_host.ask_together(side)
    except BadInput as error:
        # Its key, or our login: the other host is asked all the same.
        why, *way_out = str(error).splitlines()
        return _not_reached(replace(facts, refused=" ".join(way_out) or why), reason(error, side.host))
    except HostError as error:
        return _not_reached(facts, reason(error, side.host))
    try:
        return _with_server(side, replace(facts, **of_host.look(side)))
    except HostError as error:
        return _not_reached(facts, reason(error, side.host))


def _not_reached(facts: SideFacts, why: str) -> SideFacts:
    return replace(facts, unreachable=why, sql="its host was not reached")


def _with_server(side: Side, facts: SideFacts) -> SideFacts:
    found = facts if facts.sql else _asked(side, facts)
    return found if found.answers else _with_stranger(side, found)


def _with_stranger(side: Side, facts: SideFacts) -> SideFacts:
    """Who holds the port of a mysqld that does not answer: the greeting was not mysqld's then."""
    port = side.settings.mysql_port
    stranger = on_port(side.host, port)
    if stranger is None:
        return facts
    return replace(facts, stranger=stranger, greets=False, sql=f"it does not run; {stranger} listens on port {port}")


def _asked(side: Side, facts: SideFacts) -> SideFacts:
    server = side.server
    server.close()  # A login of now is the fact; an old session may be one of a mysqld that is gone.
    try:
        variables = {row["Variable_name"]: str(row["Value"]) for row in server.ask(FLAGS_QUESTION)}
        flags = {name: value == "ON" for name, value in variables.items()}
        status = replica_status(server)
        tracking = side.tracking
        found = replace(
            facts,
            engine=server.dialect.engine,
            version=".".join(map(str, server.dialect.version)),
            read_only=flags["read_only"],
            super_read_only=flags.get("super_read_only"),
            variables=variables,
            executed=tracking.of_master(server) if side.role == "master" else tracking.of_slave(server, status),
            replication=status,
            **_semi_sync(side),
            write_through=tuple(write_through(server)),
            chosen={"REPLICATION": str(side.replication), "SEMI_SYNC": str(side.semi_sync)},
        )
        found = _filtered(side, found)
        return _looked_through(side, found) if side.role == "slave" else found
    except Unreachable:
        raise
    except (NotReady, HostError) as error:
        return replace(facts, sql=reason(error, side.host))


def _filtered(side: Side, facts: SideFacts) -> SideFacts:
    """Its option files may lie where reading takes long."""
    try:
        return replace(facts, filters=filters.of(side.host, side.server))
    except NotInTime as error:
        return replace(facts, unknown={**facts.unknown, of_host.ITS_FILTERS: reason(error, side.host)})


def _semi_sync(side: Side) -> dict[str, Any]:
    if side.semi_sync.value == "off":
        return {}
    named = side.server.dialect.named
    status = {row["Variable_name"]: row["Value"] for row in side.server.ask(SEMI_SYNC_QUESTION)}
    if side.role == "slave":
        return {"semi_sync": status.get(named("Rpl_semi_sync_replica_status")) == "ON"}
    # Without a slave it stays ON until the first commit has waited in vain.
    clients = int(status.get(named("Rpl_semi_sync_source_clients"), 0))
    return {"semi_sync": status.get(named("Rpl_semi_sync_source_status")) == "ON" and clients > 0, "clients": clients}


def _compared(pair: Pair, slave: SideFacts) -> SideFacts:
    executed = slave.executed
    assert executed is not None, "compared without an answer"
    found = compared(pair.slave.tracking, pair.master.server, pair.slave.server, executed, slave.replication)
    return replace(slave, **found._asdict())


def _acknowledged(pair: Pair, master: SideFacts, slave: SideFacts) -> SideFacts:
    """Who they are is asked only where there are more than the slave: else it is that one."""
    slave_does = slave.semi_sync is True
    if not master.answers or master.clients <= slave_does:
        return master
    own = (slave.variables.get(likeness.UUID, slave.address), str(pair.settings.slave.server_id))
    rows = []
    with suppress(RunbookError):
        rows = pair.master.server.ask(master.dialect.copying)
    found = acknowledging.besides(acknowledging.copiers(rows), own, master.clients, slave_does=slave_does)
    return replace(master, acknowledged_by=found)


def _recent(side: Side, tracking: ByPosition) -> str:
    """Lately, but not while it was the master."""
    recent, became = tracking.recent(side.server, LOOKED_THROUGH_BYTES), side.record.own if side.record else ""
    return str(Position.parse(recent).plus(Position.parse(became))) if recent else ""


def _looked_through(side: Side, slave: SideFacts) -> SideFacts:
    """By position nothing but its binary log tells what the slave made itself: since it took over, or lately."""
    tracking = side.tracking
    if not isinstance(tracking, ByPosition) or not tracking.own(side.server):
        return slave
    since = slave.takeover.get("own") or _recent(side, tracking)
    if not since:
        return slave
    return replace(slave, own=tuple(listed(tracking.own_since(side.server, since))), own_since=since)
