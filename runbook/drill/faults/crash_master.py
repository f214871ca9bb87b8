"""Kill the master's mysqld and have systemd restart it, fenced; leaves the pair failed over.

mysqld dies of SIGKILL and its service manager starts it again, while the slave takes over.
"""

from runbook.drill.faults.fault import Fault
from runbook.drill.faults.kill_master import kill, restart_policy
from runbook.errors import HostError
from runbook.pair.pair import Pair

# systemd.service(5): what Restart= must be to bring back a process that a signal has killed.
RESTARTING = ("always", "on-failure", "on-abnormal", "on-abort")


class CrashMaster(Fault):
    """SIGKILL for all of mysqld's unit, whose Restart= stays as it is: mysqld is back before anybody looks.

    Nothing is left to undo.
    """

    name = "SIGKILL for mysqld on the master, which its service manager starts again"
    action = "kills mysqld on {master} with SIGKILL, and lets its service manager start it again"
    vip_target_seconds = 0.3
    reads_target_seconds = 0.5

    def prepare(self, pair: Pair) -> None:
        restart = restart_policy(pair.master)
        if restart not in RESTARTING:
            raise HostError(
                str(pair.master.host),
                f"{pair.master.names.unit} has Restart={restart}: nobody would start a killed mysqld again",
                "Nothing was done to it. inv drill.kill-master is the drill of a mysqld that stays down.",
            )

    def inject(self, pair: Pair) -> None:
        kill(pair.master)
