"""Step 5, start-slave: replication from the master, both threads running, a write on the master seen on the slave."""

from runbook.mysql.heartbeat import OwnSchema, SameTables, SeenOnSlave
from runbook.mysql.replication.replicates import Replicates
from runbook.pair.pair import Pair
from runbook.steps.phase import Phase, Restart


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """The slave, our schema on the master, then what the slave sees."""
    s, master, slave = pair.settings, pair.master.server, pair.slave.server
    source = f"{s.master.address}:{s.mysql_port}"
    return [
        Phase(
            lambda side: [Replicates(slave, master, pair.slave.tracking, source, s.replica_user, s.replica_password)],
            roles=("slave",),
        ),
        Phase(lambda side: [OwnSchema(master)], roles=("master",)),
        Phase(lambda side: [SeenOnSlave(master, slave), SameTables(master, slave)], roles=("slave",)),
    ]
