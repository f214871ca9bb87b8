"""Whether one host's data may be replaced by the other's, and where the old ones go. Pure.

A reason's first line says what was found; the others what was left alone and what to do.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from runbook.diagnosis.facts import Facts, SideFacts
from runbook.pair.seeding import Seeding
from runbook.settings.settings import Role

NOTHING_CHANGED = "Nothing was changed"
SPARE_KILOBYTES = 512 * 1024
"""Beside the copy: an empty server that fetches it, and what is written until then."""
MORE_PERCENT = 5
NOTHING_KILOBYTES = 1024
"""No server's data are so small."""

Old = Literal["kept", "gone", "none"]

BY_ROLES = "inv promote makes the slave the master; then inv rejoin brings its data to this host"


def command(role: Role) -> str:
    """The command that brings a host its data."""
    return f"inv reseed --host={role}"


def why_not(facts: Facts, recipient: Role) -> str | None:
    """Why the other host's data have no authority over this one's; None where it is the one that serves."""
    why = _why_slave_is_not_sure(facts) if recipient == "master" else _why_master_is_not_sure(facts)
    host = facts[recipient]
    if why is None and host.unreachable:
        why = f"{host} is not reached: {host.unreachable}"
    return f"{why}\n{NOTHING_CHANGED}. First: inv verify, and what it says; then: {command(recipient)}" if why else None


def _why_master_is_not_sure(facts: Facts) -> str | None:
    master, slave = facts["master"], facts["slave"]
    if slave.holds_vip:
        return f"{slave} holds the VIP: the pair is failed over, and its data are what clients read"
    if not master.answers:
        return f"{master} does not answer, and its data are wanted: {master.unreachable or master.sql}"
    if not master.holds_vip:
        return f"{master} does not hold the VIP, so nobody knows that its data are the pair's"
    return f"{master} holds the VIP and takes no writes" if master.read_only else None


def _why_slave_is_not_sure(facts: Facts) -> str | None:
    master, slave = facts["master"], facts["slave"]
    if not slave.answers:
        return f"{slave} does not answer, and its data are wanted: {slave.unreachable or slave.sql}"
    if master.holds_vip or not slave.holds_vip:
        return f"{slave} does not hold the VIP: the master's data are the pair's, unless the slave has taken over"
    if not slave.takeover:
        return f"{slave} holds the VIP and has no record of a takeover"
    if slave.open:
        return f"{slave} takes writes"
    return None


def why_not_applied(slave: str, *, applied: bool) -> str | None:
    """What a slave that serves has received and not applied is the pair's, too, and would be missed."""
    if applied:
        return None
    return (
        f"{slave}: what it has received from the master is not all applied\n{NOTHING_CHANGED}. Wait for it, or see "
        f"why: inv verify; then: {command('master')}"
    )


def why_not_by_position(recipient: Role, *, by_gtid: bool) -> str | None:
    """By position the slave's place in the master's binary logs means nothing once the master's data are others."""
    if recipient == "slave" or by_gtid:
        return None
    return (
        "The pair replicates by file and position: once the master's data are the slave's, nothing says where the "
        f"slave goes on\n{NOTHING_CHANGED}. {BY_ROLES}"
    )


def why_not_by_dump(recipient: Role, route: str) -> str | None:
    """A dump that is loaded on a master makes transactions of its own there, which the slave would take once more."""
    if recipient == "slave" or route != "dump":
        return None
    return (
        "A master gets no dump of its slave: what it loads would be new transactions, which the slave would take once "
        f"more\n{NOTHING_CHANGED}. {BY_ROLES}"
    )


@dataclass(frozen=True)
class Room:
    """On the recipient's file system, in kilobytes."""

    needed: int
    """By the copy."""
    free: int
    old: int
    """Of the data that are there, without what is kept of earlier ones."""


def where_the_old_go(room: Room) -> Old | None:
    """Kept where there is room for both, gone before the copy where that makes the room; None where nothing does.

    `none` where there are none.
    """
    needed = room.needed + room.needed * MORE_PERCENT // 100 + SPARE_KILOBYTES
    if room.free >= needed:
        return "none" if room.old < NOTHING_KILOBYTES else "kept"
    return "gone" if room.free + room.old >= needed else None


def why_no_room(host: str, room: Room, recipient: Role) -> str:
    """Where neither will do."""
    return (
        f"{host}: {megabytes(room.needed)} come, and {megabytes(room.free)} are free beside {megabytes(room.old)} of "
        f"its own data\n{NOTHING_CHANGED}. Make room there ({command(recipient)} --discard-old removes what earlier "
        "runs kept), or a larger disk"
    )


def errant_of_recipient(facts: Facts, recipient: Role) -> str | None:
    """What the recipient has and the donor lacks; empty where there is nothing, None where it cannot be known."""
    host = facts[recipient]
    if not all(side.answers for side in facts.values()):
        return None
    if recipient == "slave":
        return str(host.errant) if host.errant else ""
    there, here = facts["master"].executed, facts["slave"].executed
    assert there is not None and here is not None, "asked of both"
    lacking = there.minus(here)
    return str(lacking) if lacking else ""


def what_is_lost(host: SideFacts, errant: str | None, old: Old) -> str:
    """To the operator, before he types."""
    if errant is None:
        own = f"It is not known what {host} has and the other lacks, as its server does not answer."
    elif errant:
        own = f"On {host} is what the other lacks: {errant}."
    else:
        own = f"Nothing is on {host} that the other lacks."
    if old == "none":
        return f"{own} It has no data."
    kept = "are kept beside the new ones" if old == "kept" else "are REMOVED before the new ones come: no room for both"
    return f"{own} Its data {kept}."


def why_errant_is_lost(host: SideFacts, errant: str | None, old: Old, recipient: Role) -> str | None:
    """What nobody else has is not removed: it is kept with the old data, or has been kept before."""
    if not errant or old != "gone":
        return None
    keep = "inv reconcile, which keeps them as a file; or make room" if recipient == "slave" else "make room"
    return (
        f"{host} has what the other lacks, {errant}, and there is no room to keep its data\n"
        f"{NOTHING_CHANGED}. First: {keep}; then: {command(recipient)}"
    )


def goes_on(
    record: Seeding | None, donor: str, recipient: str, logs: Collection[str], *, whole: bool, there: bool
) -> bool:
    """Whether a run that was broken off is taken up where it was; else it begins anew.

    `there` says that its folder is on the recipient, `whole` that all has come. `logs` are the donor's binary logs: all
    that was written since the copy must stand there.
    """
    if record is None or (record.donor, record.recipient) != (donor, recipient):
        return False
    if record.file and record.file not in logs:
        return False
    return record.phase == "following" or (record.phase == "replacing" and (whole or not there))


def why_not_discarded(record: Seeding | None, recipient: Role) -> str | None:
    """While new data take the place of the old ones, nothing is removed: only a copy can be given up."""
    if record is None or record.phase == "copying":
        return None
    return (
        f"{record.recipient} is getting its data from {record.donor} since {record.since}, and they have come\n"
        f"{NOTHING_CHANGED}. First: {command(recipient)}, which goes on"
    )


def megabytes(kilobytes: int) -> str:
    """For people."""
    return f"{kilobytes / 1024 / 1024:.1f} GB" if kilobytes >= 1 << 20 else f"{kilobytes / 1024:.0f} MB"
