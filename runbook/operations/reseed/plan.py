"""What a reseed would do now: the route and why, how much comes, where the old data go. It only asks."""

from dataclasses import dataclass, field

from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.seeding.by_hand import by_hand
from runbook.mysql.seeding.choice import ROUTES, Chosen, choose
from runbook.mysql.seeding.route import Route, Way
from runbook.mysql.tracking.tracking import BINARY_LOGS
from runbook.operations.failback import Refused, refuse
from runbook.operations.reseed import decisions, programs, recipient
from runbook.operations.reseed.decisions import Old, Room
from runbook.operations.reseed.recipient import Folders
from runbook.pair import seeding
from runbook.pair.pair import Pair
from runbook.pair.seeding import Seeding
from runbook.pair.side import Side


@dataclass(frozen=True)
class Plan:
    """Of a recipient whose server is installed."""

    route: Route
    chosen: Chosen = field(repr=False)
    way: Way
    folders: Folders
    room: Room
    old: Old
    left: Seeding | None
    """What a run that was broken off has written down, where it is gone on with."""


def donor_of(pair: Pair, host: Side) -> Side:
    """The other side."""
    return pair.master if host.role == "slave" else pair.slave


def make(pair: Pair, host: Side) -> Plan:
    """Raises Refused where there is no route, a program or room is missing, or the data lie in several folders."""
    donor = donor_of(pair, host)
    refuse(decisions.why_not_by_position(host.role, by_gtid=donor.tracking.by_gtid))
    if host.role == "master":
        status = replica_status(donor.server)
        refuse(decisions.why_not_applied(str(donor.host), applied=donor.tracking.applied(donor.server, status)))
    chosen = choose(
        pair.settings.seed,
        donor.dialect,
        host.dialect,
        {route.name: route.left_empty(donor.server) for route in ROUTES if _fits(route, donor, host)},
    )
    if chosen.route is None:
        raise Refused(
            f"{host.host}: no way to bring it the data of {donor.host}: {chosen.why}",
            "Nothing was changed. SEED in hosts.env says which ways are tried; auto tries all.",
            by_hand(str(host.node.address), donor.dialect, by_gtid=donor.tracking.by_gtid),
        )
    refuse(decisions.why_not_by_dump(host.role, chosen.route.name))
    for side in (donor, host):
        programs.package_of(side, chosen.route)
    datadir = recipient.datadir_of(host.host)
    recipient.refuse_elsewhere(host, datadir)
    folders = recipient.look(host.host, datadir)
    size = recipient.kilobytes_of(donor)
    room = folders.room(size)
    way = Way(donor.server, str(donor.node.address), host.host, str(host.node.address), datadir, size)
    left = _left(host, donor, folders)
    old = "kept" if left else decisions.where_the_old_go(room)
    if old is None:
        raise Refused(decisions.why_no_room(str(host.host), room, host.role))
    return Plan(chosen.route, chosen, way, folders, room, old, left)


def _fits(route: Route, donor: Side, host: Side) -> bool:
    return route.why_not(donor.dialect, host.dialect) is None


def _left(host: Side, donor: Side, folders: Folders) -> Seeding | None:
    record = seeding.parse(host.host.ask(seeding.QUESTION))
    there, whole = folders.seed_there, folders.seed_whole
    addresses = (str(donor.node.address), str(host.node.address))
    logs = {row["Log_name"] for row in donor.server.ask(BINARY_LOGS)}
    return record if decisions.goes_on(record, *addresses, logs, whole=whole, there=there) else None
