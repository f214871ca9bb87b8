"""Freeze the master's mysqld and wake it after the takeover; leaves the pair failed over.

mysqld hangs: it holds its port and its connections and answers nobody, as with a disk that does not answer.
"""

from runbook.drill.faults.fault import Fault
from runbook.pair.pair import Pair
from runbook.pair.side import Side


class FreezeMaster(Fault):
    """SIGSTOP for all of mysqld's unit; SIGCONT heals it, from the host itself when nobody else is left to send it."""

    name = "SIGSTOP for mysqld on the master"
    action = "freezes mysqld on {master} with SIGSTOP and wakes it after the takeover"
    undone = "mysqld is awake again"
    vip_target_seconds = 4
    reads_target_seconds = 4

    def undo(self, side: Side) -> str:
        unit = side.names.unit
        return f"! systemctl is-active -q {unit} || systemctl kill -s CONT {unit}"

    def inject(self, pair: Pair) -> None:
        pair.master.host.do(f"systemctl kill -s STOP {pair.master.names.unit}")
