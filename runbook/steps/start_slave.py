"""Step 5, start-slave: replication from the master, both threads running, a write on the master seen on the slave."""

from collections.abc import Sequence

from runbook.core.step import Item
from runbook.mysql.heartbeat import OwnSchema, SameTables, SeenOnSlave
from runbook.mysql.replication.replicates import Replicates, StillToBeHad
from runbook.pair.pair import Pair, Side
from runbook.steps.phase import Phase, Restart


def phases(pair: Pair, restart: Restart) -> list[Phase]:
    """The slave, our schema on the master, then what the slave sees."""
    s, master, slave = pair.settings, pair.master.server, pair.slave.server
    source = f"{s.master.address}:{s.mysql_port}"

    def replication(side: Side) -> Sequence[Item]:
        tracking = side.tracking
        return [
            Replicates(slave, master, tracking, source, s.replica_user, s.replica_password),
            StillToBeHad(slave, master, tracking),
        ]

    return [
        Phase(replication, roles=("slave",)),
        Phase(lambda side: [OwnSchema(master)], roles=("master",)),
        Phase(lambda side: [SeenOnSlave(master, slave), SameTables(master, slave)], roles=("slave",)),
    ]
