"""mysqld hangs: it holds its port and its connections and answers nobody, as with a disk that does not answer."""

from runbook.drill.faults.fault import Fault
from runbook.drill.leash import Leash
from runbook.pair import Side


class FrozenMysqld(Fault):
    """SIGSTOP for all of mysqld's unit; SIGCONT heals it, from the host itself when nobody else is left to send it."""

    name = "SIGSTOP for mysqld"
    deed = "freezes mysqld on {host} with SIGSTOP and wakes it after the takeover"
    undone = "mysqld is awake again"
    vip_target_seconds = 4
    reads_target_seconds = 4

    def __init__(self) -> None:
        self._leash: Leash | None = None

    def prepare(self, side: Side) -> None:
        self._leash = Leash(side.host, _waking(side))

    def inject(self, side: Side) -> None:
        side.host.do(f"systemctl kill -s STOP {side.names.unit}")

    def heal(self, side: Side) -> None:
        if self._leash:
            self._leash.close()
        side.host.do(_waking(side))


def _waking(side: Side) -> str:
    unit = side.names.unit
    return f"! systemctl is-active -q {unit} || systemctl kill -s CONT {unit}"
