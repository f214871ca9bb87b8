"""Kill the master's mysqld while the slave has much to apply; leaves the pair failed over.

The master dies while the slave has yet to apply what it has received: reads are served, the rest follows.
"""

from typing import Any

from runbook.core.host_paths import LIBRARY
from runbook.core.notes import noted
from runbook.diagnosis.facts import TAKEOVER_QUESTION
from runbook.drill.faults.kill_master import KillMaster
from runbook.mysql.accounts import SCHEMA
from runbook.mysql.session import connect
from runbook.pair.pair import Pair
from runbook.pair.side import Side

# A reader that holds up the applier, as a long report does, and no other reader.
LOCK = f"LOCK TABLES {SCHEMA}.ledger READ"

# An applier that an error has stopped stays so.
START = f"""
. {LIBRARY}/library.sh
shown=$(status) || {{ echo "$shown"; exit 1; }}
[ "$(values Replica_SQL_Running "$shown")" = No ] && [ -z "$(values Last_SQL_Error "$shown")" ] || exit 0
query "START $REPLICA SQL_THREAD"
"""


class LagSlave(KillMaster):
    """The slave's applier is stopped under load before the master's mysqld is killed, and held up by a lock then."""

    name = "SIGKILL for mysqld on the master, with a slave that lags"
    action = "holds up the applier on {slave}, kills mysqld on {master} with SIGKILL and keeps it down"
    roles = ("master", "slave")
    undone = "nothing holds the applier up"
    lasts_seconds = 3
    # What the article lets a takeover wait.
    recovery_seconds = 60

    def __init__(self) -> None:
        self._reader: Any = None

    def undo(self, side: Side) -> str:
        return super().undo(side) if side.role == "master" else START

    def prepare(self, pair: Pair) -> None:
        super().prepare(pair)
        slave = pair.slave
        slave.server.execute(f"STOP {slave.server.dialect.replica} SQL_THREAD")
        s = pair.settings
        account = ("root", s.mysql_root_password, slave.server.public_key)
        self._reader = connect(slave.host, "127.0.0.1", s.mysql_port, *account)
        with self._reader.cursor() as cursor:
            cursor.execute(LOCK)

    def release(self, side: Side) -> None:
        if side.role == "slave" and self._reader:
            self._reader.close()

    def unrecovered(self, pair: Pair) -> str:
        slave = pair.slave
        record = noted(slave.host.ask(TAKEOVER_QUESTION))
        if "received" not in record or not record.get("relay_milliseconds", "").isdecimal():
            return f"{slave.host}: the takeover is not recorded"
        left = slave.tracking.parse(record["received"]).minus(slave.progress())
        if left:
            return f"{slave.host}: received before the takeover, and not applied: {left}"
        if int(record["relay_milliseconds"]) < self.lasts_seconds * 1000:
            return f"{slave.host}: nothing was left to apply, so nothing was rehearsed: {record}"
        return ""
