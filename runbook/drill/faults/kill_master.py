"""Step 9: kill the master's mysqld and watch the takeover; leaves the pair failed over.

mysqld dies of SIGKILL, as of the kernel's out-of-memory killer, and its service manager does not bring it back.
"""

from typing import ClassVar

from runbook.diagnosis.verdict import Kind
from runbook.drill.faults.fault import Fault
from runbook.errors import HostError
from runbook.pair.pair import Pair
from runbook.pair.side import Side

# In /run, where a reboot forgets it.
DROP_IN = "/run/systemd/system/{unit}.service.d/drill.conf"
NO_RESTART = "[Service]\nRestart=no\n"


class KillMaster(Fault):
    """SIGKILL for all of mysqld's unit, whose Restart= is switched off before."""

    name = "SIGKILL for mysqld on the master"
    action = "kills mysqld on {master} with SIGKILL and keeps it down"
    leaves = Kind.FAILED_OVER
    vip_target_seconds: ClassVar[float | None] = 0.3
    reads_target_seconds: ClassVar[float | None] = 0.5

    def undo(self, side: Side) -> str:
        """The drop-in goes; mysqld stays down, because systemd decided about its restart when it died."""
        return restart_again(side)

    def prepare(self, pair: Pair) -> None:
        keep_down(pair.master)

    def inject(self, pair: Pair) -> None:
        kill(pair.master)


def keep_down(side: Side) -> None:
    """Have the service manager leave a mysqld that dies alone; `restart_again` undoes it."""
    host, unit = side.host, side.names.unit
    host.put(DROP_IN.format(unit=unit), NO_RESTART)
    host.do("systemctl daemon-reload")
    restart = restart_policy(side)
    if restart != "no":
        raise HostError(str(host), f"{unit} still has Restart={restart} in spite of our drop-in")


def kill(side: Side) -> None:
    """SIGKILL for all of mysqld's unit."""
    side.host.do(f"systemctl kill -s KILL {side.names.unit}")


def restart_policy(side: Side) -> str:
    """What the service manager does when mysqld dies, as its unit's Restart= has it."""
    return side.host.ask(f"systemctl show -p Restart {side.names.unit}").strip().removeprefix("Restart=")


def restart_again(side: Side) -> str:
    """Returns the script that lets the service manager restart mysqld as before."""
    path = DROP_IN.format(unit=side.names.unit)
    folder = path.rpartition("/")[0]
    return f"[ ! -e {path} ] || {{ rm -f {path}; rmdir {folder} 2>/dev/null; systemctl daemon-reload; }}"
