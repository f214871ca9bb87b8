"""Rules of the verdict while one host's data are replaced by the other's, which serves. Pure."""

from runbook.diagnosis.facts import SideFacts
from runbook.diagnosis.words import Words
from runbook.pair.seeding import Seeding

DOING = {
    "copying": "the new data come beside the old ones",
    "replacing": "the new data take the place of the old ones",
    "following": "its server gets what has been written since",
}


def seeding(master: SideFacts, slave: SideFacts) -> Words | None:
    """A run is at it."""
    found = _found(master, slave)
    if found is None or not found[0].alive:
        return None
    serves = "serves reads" if found[2].role == "slave" else "serves"
    return (f"SEEDING: {_told(*found)}; {found[2]} {serves} meanwhile.", "Wait for it; then: inv verify")


def seed_broken(master: SideFacts, slave: SideFacts) -> Words | None:
    """Nobody is."""
    found = _found(master, slave)
    if found is None:
        return None
    record, recipient, donor = found
    begun = record.phase != "copying"
    away = f"; {donor} serves alone, and nothing can take over" if begun or not record.old else ""
    command = f"inv reseed --host={recipient.role}"
    next_step = f"{command} goes on" if begun else f"{command} begins anew. To give it up: {command} --discard-old"
    return (f"SEED_BROKEN: {_told(*found)}; that was broken off, and nobody is at it{away}.", next_step)


def _found(master: SideFacts, slave: SideFacts) -> tuple[Seeding, SideFacts, SideFacts] | None:
    """The record, whose data are replaced, and who serves; none where he does not: that is worse, and told first."""
    records = [side.seeding for side in (master, slave) if side.seeding]
    if not records:
        return None
    record = next((each for each in records if each.alive), records[0])
    donor, recipient = (slave, master) if record.recipient == master.address else (master, slave)
    return (record, recipient, donor) if donor.holds_vip and donor.answers else None


def _told(record: Seeding, recipient: SideFacts, donor: SideFacts) -> str:
    return (
        f"{recipient} gets the data of {donor} by {record.route} since {record.since}, by {record.by}: "
        f"{DOING[record.phase]}"
    )
