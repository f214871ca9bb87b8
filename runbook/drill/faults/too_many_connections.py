"""Use up the master's connections; the VIP stays, new clients are refused meanwhile.

Clients use up max_connections on the master: who is in is served, who comes is refused with error 1040.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ClassVar

from pymysql.constants import ER

from runbook.diagnosis.verdict import Kind
from runbook.drill.faults.fault import Effect, Fault
from runbook.errors import RunbookError
from runbook.mysql.login import Connect
from runbook.observe.client import BROKEN, logins_to
from runbook.observe.probe import Probe
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role

MOST = 2000
AT_ONCE = 4
REFUSED = 20
PAUSE_SECONDS = 0.05


class TooManyConnections(Fault):
    """Idle connections from this machine, one after the other until no more are given; they end with this process."""

    name = "all connections of the master in use"
    action = "opens connections to {master} until it gives no more, and closes them again"
    undone = "the connections are closed"
    effect = Effect.NO_TAKEOVER
    alerts: ClassVar[Mapping[Role, str]] = {"master": "connections-used-up"}
    lasts_seconds = 5
    leaves = Kind.HEALTHY

    def __init__(self) -> None:
        self._connections: list[Any] = []
        self._releasing = threading.Event()
        self._pool = ThreadPoolExecutor(AT_ONCE, "connection")

    def prepare(self, pair: Pair) -> None:
        most = int(pair.master.server.value("SELECT @@GLOBAL.max_connections"))
        if most > MOST:
            raise RunbookError(
                f"{pair.master.host}: max_connections is {most}, more than the {MOST} that a drill opens",
                "Nothing was done. In mysql on the master, for the time of the drill: SET GLOBAL max_connections = 500",
            )

    def inject(self, pair: Pair) -> None:
        connect = logins_to(pair.master)
        for _ in range(AT_ONCE):
            self._pool.submit(self._use_up, connect)

    def _use_up(self, connect: Connect) -> None:
        """Take every place that is given, those that others leave too, until it is time to go."""
        while not self._releasing.is_set():
            with suppress(*BROKEN):
                self._connections.append(connect())
                continue
            self._releasing.wait(PAUSE_SECONDS)

    def stall_target_seconds(self, pair: Pair) -> float | None:
        return 0.0

    def awaited(self, probe: Probe, since: float) -> str:
        refused = sum(each.code == ER.CON_COUNT_ERROR for each in probe.seen("read", ok=False, since=since))
        return "" if refused >= REFUSED else "new clients refused with error 1040"

    def release(self, side: Side) -> None:
        self._releasing.set()
        self._pool.shutdown()
        for connection in self._connections:
            with suppress(*BROKEN):
                connection.close()
        self._connections.clear()
