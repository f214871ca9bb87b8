"""Rules of the verdict on replication: does the slave get all that the master acknowledges? Pure."""

from runbook.diagnosis.facts import SideFacts
from runbook.diagnosis.words import Words, serves_but, start_copying
from runbook.mysql.replication import acknowledging, likeness
from runbook.mysql.replication.filters import way_out
from runbook.mysql.seeding.by_hand import NEXT


def same_server_uuid(master: SideFacts, slave: SideFacts) -> Words | None:
    """A slave takes nothing from a master that it holds for itself."""
    uuid = likeness.shared_uuid(master.variables, slave.variables)
    if not uuid:
        return None
    return (
        f"Both servers have the server_uuid {uuid}, so the slave {slave.address} copies nothing: its data directory is "
        "a copy, of the master's or of the same third one.",
        likeness.own_uuid(slave.address, slave.unit, slave.variables),
    )


def unlike_servers(master: SideFacts, slave: SideFacts) -> Words | None:
    """What replicates between servers that differ in this can fail, or mean another table."""
    differs = likeness.differing(master.variables, slave.variables)
    if not differs:
        return None
    return (
        f"The servers are not alike, so what the master acknowledges can fail on the slave: {'; '.join(differs)}.",
        likeness.make_anew(slave.address, slave.dialect, master.variables, slave.variables),
    )


def purged(master: SideFacts, slave: SideFacts) -> Words | None:
    """What the slave lacks will not come."""
    if not slave.gone:
        return None
    return (
        f"The slave {slave.address} lacks {slave.gone.amount()} for good: the master's binary logs no longer hold "
        f"{slave.gone}.",
        NEXT,
    )


def broken(master: SideFacts, slave: SideFacts) -> Words | None:
    """The slave does not copy the master, or no longer."""
    status = slave.replication
    if status is None:
        found, next_step = "it is not configured", "inv start-slave"
    elif status.source.rpartition(":")[0] != master.address:
        found, next_step = f"it copies from {status.source}, not from the master", "inv start-slave"
    elif status.applier_error:
        found = status.applier_error
        next_step = "Repair on the slave the row that the error names, nothing is skipped; then: inv start-slave"
    elif not status.runs:
        found = f"receiver {status.receiver}, applier {status.applier}"
        found += f"; {status.receiver_error}" if status.receiver_error else ""
        next_step = start_copying(status)
    else:
        return None
    return (
        f"{serves_but(master)} the slave {slave.address} falls behind: replication is broken: {found.rstrip('.')}.",
        next_step,
    )


def filtered(master: SideFacts, slave: SideFacts) -> Words | None:
    """Some of it is kept back."""
    filtered = [side for side in (master, slave) if side.filters]
    if not filtered:
        return None
    found = "; ".join(f"on {side}: {', '.join(map(str, side.filters))}" for side in filtered)
    return (
        f"Replication is filtered, so what the master acknowledges may not be on the slave: {found}.",
        "; ".join(f"on {side}: {way_out(side.filters, side.dialect)}" for side in filtered),
    )


def acknowledged_elsewhere(master: SideFacts, slave: SideFacts) -> Words | None:
    """A commit waits for one acknowledgement, whoever gives it."""
    if not master.acknowledged_by:
        return None
    return (
        f"What the master acknowledges may not be on the slave: {master.acknowledged_by} acknowledges it, too.",
        acknowledging.way_out(master.dialect),
    )
