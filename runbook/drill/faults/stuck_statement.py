"""Run a statement on the master that no KILL ends, and stop keepalived; leaves the pair failed over.

read_only cannot be set while such a statement runs: the last resort is SIGKILL for mysqld, which starts closed.
"""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from runbook.core.wait import until
from runbook.drill.faults.fault import Fault
from runbook.keepalived.configuration import UNIT
from runbook.mysql.accounts import SCHEMA
from runbook.observe.client import BROKEN, logins_to
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role, Settings

START_SECONDS = 10
LEFT_SECONDS = 60
FENCE_SECONDS = 8
"""For the fence to see that nobody settles this host, and for the try that is under way when its time is over."""

# Between two pieces of one expression no server looks whether it was killed (seen on 9.7.4).
PIECE = "SHA2(REPEAT('x', @@GLOBAL.max_allowed_packet - 1024), 512)"
MARK = "drill.stuck-statement"
# It holds what any INSERT holds, and finds no row to write.
STATEMENT = (
    f"INSERT INTO {SCHEMA}.ledger (run, writer, seq) SELECT '{MARK}', 0, 0 FROM DUAL WHERE LENGTH(CONCAT(%s)) = 0"
)


class StuckStatement(Fault):
    """One INSERT of an ordinary account that computes for longer than CLOSE_KILL_SECONDS, and `systemctl stop`."""

    name = "a statement that no KILL ends, and a clean stop of keepalived on the master"
    action = "runs a statement on {master} that no KILL ends, stops keepalived there, and has mysqld killed for it"
    undone = "mysqld was killed, and is back closed"
    alerts: ClassVar[Mapping[Role, str]] = {"master": "mysqld-killed"}
    recovery_seconds = 120
    vip_target_seconds = 0.5
    reads_target_seconds = 0.5

    def __init__(self) -> None:
        self._connection: Any = None

    def reason_against(self, settings: Settings) -> tuple[str, ...]:
        if settings.close_kill_seconds:
            return ()
        return (
            "CLOSE_KILL_SECONDS = 0: nobody would end mysqld, and the master would stay open. Nothing was done.",
            "Set it to a time in seconds, run inv deploy-scripts, then this drill.",
        )

    def open_seconds(self, pair: Pair) -> float:
        return pair.settings.close_kill_seconds + FENCE_SECONDS

    def prepare(self, pair: Pair) -> None:
        server = pair.master.server
        started = time.monotonic()
        server.value(f"SELECT LENGTH({PIECE})")
        piece_seconds = time.monotonic() - started
        lasts = self.open_seconds(pair) + pair.master.commit_wait_seconds + LEFT_SECONDS
        statement = STATEMENT % ", ".join([PIECE] * (int(lasts / piece_seconds) + 1))
        self._connection = logins_to(pair.master, int(2 * lasts))()
        threading.Thread(target=self._run, args=(statement,), daemon=True).start()
        until(f"{pair.master.host}: the statement at work", START_SECONDS, lambda: _at_work(pair.master))

    def _run(self, statement: str) -> None:
        with suppress(*BROKEN), self._connection.cursor() as cursor:
            cursor.execute(statement)

    def inject(self, pair: Pair) -> None:
        pair.master.host.do(f"systemctl stop {UNIT}")

    def release(self, side: Side) -> None:
        if self._connection:
            self._connection._force_close()


def _at_work(master: Side) -> bool:
    return any(MARK in str(session["Info"]) for session in master.server.ask("SHOW PROCESSLIST"))
