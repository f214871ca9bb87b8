"""Step 5, start-slave: replication from the master, both threads running, a write on the master seen on the slave."""

from collections.abc import Sequence

from runbook.core.step import Item
from runbook.mysql.heartbeat import OwnSchema, SameTables, SeenOnSlave
from runbook.mysql.replication.from_place import FromPlace
from runbook.mysql.replication.known_source import KnownSource
from runbook.mysql.replication.replicates import Replicates, StillToBeHad
from runbook.mysql.replication.source import CopiesNothing
from runbook.mysql.tracking.progress import Position
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.steps.create_replica_user import login_to_the_other
from runbook.steps.phase import Phase, Restart


def known_source(pair: Pair) -> KnownSource:
    """The master's CA on the slave."""
    return KnownSource(pair.slave.server, pair.master.server)


def replication(pair: Pair, *, by_authority: bool = False, begins: Position | None = None) -> Replicates:
    """The slave's replication from the master, as hosts.env wants it; `by_authority` it is told the master's CA, too.

    To be told it stops for a moment: nothing for a slave that serves. With `begins` its data are known to be the
    master's, as they were at that place.
    """
    s = pair.settings
    source = f"{s.master.address}:{s.mysql_port}"
    server, tracking = pair.slave.server, pair.slave.tracking
    wanted = (server, pair.master.server, tracking, source, s.replica_user, s.replica_password, by_authority)
    return Replicates(*wanted) if begins is None else FromPlace(*wanted, begins)


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """The slave, our schema on the master, then what the slave sees."""
    master, slave = pair.master.server, pair.slave.server
    return [
        Phase(lambda side: _replicates(pair, side), roles=("slave",)),
        Phase(lambda side: [CopiesNothing(master, str(pair.slave.node.address)), OwnSchema(master)], roles=("master",)),
        Phase(lambda side: [SeenOnSlave(master, slave), SameTables(master, slave)], roles=("slave",)),
    ]


def _replicates(pair: Pair, side: Side) -> Sequence[Item]:
    """The login first: a master whose new certificates are not in force yet is still known by its old CA."""
    slave, master = side.server, pair.master.server
    return [
        login_to_the_other(pair, side),
        known_source(pair),
        replication(pair, by_authority=True),
        StillToBeHad(slave, master, side.tracking),
    ]
