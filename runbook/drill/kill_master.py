"""drill.kill-master: the master's mysqld dies and stays down; the slave takes the VIP over and serves reads only."""

from collections.abc import Callable

from runbook.drill import failover
from runbook.drill.faults.killed_mysqld import KilledMysqld
from runbook.drill.result import Result
from runbook.pair import Pair
from runbook.report import Report


def run(pair: Pair, report: Report, confirm: Callable[[], bool]) -> Result | None:
    """`failover.run` with a killed mysqld."""
    return failover.run(pair, KilledMysqld(), report, confirm)
