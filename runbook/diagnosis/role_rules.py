"""Rules of the verdict on who is the master, and whether it may be without a slave. Pure."""

from runbook.diagnosis.facts import SideFacts
from runbook.diagnosis.words import Words, bring_back, look_into, serves


def master_alone(master: SideFacts, slave: SideFacts) -> Words | None:
    """It has none, by an operator's word."""
    alone = master.alone
    if alone is None or not (master.answers and master.holds_vip and master.open):
        return None
    return (
        f"MASTER ALONE since {alone.since}, by {alone.by}: the master {master.address} holds the VIP, "
        f"{serves(master, 'takes writes')}, and has no slave: what it acknowledges is on it alone, and nothing can "
        "take over.",
        f"Give it a slave: inv rejoin, with {slave.address} or a new host in its place",
    )


def maintenance(master: SideFacts, slave: SideFacts) -> Words | None:
    """An operator has the slave's host in hand."""
    record = master.maintenance or slave.maintenance
    if record is None or not (master.answers and master.holds_vip):
        return None
    copies = slave.answers and slave.replication and slave.replication.runs
    with_slave = "the slave copies it" if copies else "the slave is away: nothing can take over"
    return (
        f"MAINTENANCE of the slave's host {slave.address} since {record.since}, by {record.by}: "
        f"the master {master.address} holds the VIP, and {with_slave}; what it acknowledges may be on it alone.",
        "inv maintenance.end, once it is done",
    )


def peer_unseen(master: SideFacts, slave: SideFacts) -> Words | None:
    """A master that was away opens once it has seen that its peer has not become the master."""
    if master.alone or master.read_only is not True or not master.holds_vip or slave.answers or slave.greets:
        return None
    if slave.unreachable:
        found, way = f"its host is not reached ({slave.unreachable})", bring_back(slave)
    else:
        found, way = f"its mysqld ({slave.mysqld}) does not answer: {slave.sql}", look_into(slave)
    return (
        f"The master {master.address} holds the VIP and stays closed: it was away, and the slave {slave.address} may "
        f"have become the master since: {found}.",
        f"{way}: the master opens by itself within seconds of that. If the slave is gone for good, and was never "
        "promoted: inv promote --host=master",
    )
