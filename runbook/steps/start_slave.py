"""Step 5, start-slave: replication from the master, both threads running, a write on the master seen on the slave."""

from runbook.mysql.heartbeat import OwnSchema, SameTables, SeenOnSlave
from runbook.mysql.replication.replicates import Replicates
from runbook.pair.pair import Pair
from runbook.steps.phase import Phase, Restart


def replication(pair: Pair) -> Replicates:
    """The slave's replication from the master, as hosts.env wants it."""
    s = pair.settings
    source = f"{s.master.address}:{s.mysql_port}"
    server, tracking = pair.slave.server, pair.slave.tracking
    return Replicates(server, pair.master.server, tracking, source, s.replica_user, s.replica_password)


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """The slave, our schema on the master, then what the slave sees."""
    master, slave = pair.master.server, pair.slave.server
    return [
        Phase(lambda side: [replication(pair)], roles=("slave",)),
        Phase(lambda side: [OwnSchema(master)], roles=("master",)),
        Phase(lambda side: [SeenOnSlave(master, slave), SameTables(master, slave)], roles=("slave",)),
    ]
