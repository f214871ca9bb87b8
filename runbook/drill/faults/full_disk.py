"""Fill the disk of the master's data and make room again; the VIP stays, writes wait for room.

The file system of the master's data directory is full: commits wait for room, reads go on.
"""

import shlex
from collections.abc import Mapping
from typing import ClassVar

from runbook.diagnosis.verdict import Kind
from runbook.drill.faults.fault import Effect, Fault
from runbook.errors import RunbookError
from runbook.observe.probe import Probe
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role

FILE = "runbook-drill.fill"
STANDSTILL_SECONDS = 3
LEAST_KILOBYTES = 2000

# All but the last blocks at once, then one by one: nothing is left for mysqld. root takes the reserve of ext4 too.
FILL = """
free=$(df -k --output=avail {folder} | tail -n 1)
[ "$free" -le {least} ] || fallocate -l $((free - {least}))K {file} || exit 1
while dd if=/dev/zero bs=4k count=64 2>/dev/null >> {file}; do :; done
while dd if=/dev/zero bs=4k count=1 2>/dev/null >> {file}; do :; done
"""
# What must not share a file system with the data: the system, the journal, mysqld's error log, the scripts' state.
SHARED = "d=$(stat -c %d {folder}) && for p in / /var/log /tmp; do [ $(stat -c %d $p) != $d ] || echo $p; done"


class FullDisk(Fault):
    """A file takes all the room that is left; it goes away by itself when nobody is left to remove it."""

    name = "a full disk under the master's data"
    action = "fills the file system of the data directory on {master} to the last block and makes room again"
    undone = "there is room on the disk"
    effect = Effect.NO_TAKEOVER
    alerts: ClassVar[Mapping[Role, str]] = {"master": "disk-nearly-full"}
    lasts_seconds = 3
    leaves = Kind.HEALTHY
    recovery_seconds = 90  # mysqld looks for room once a minute

    def undo(self, side: Side) -> str:
        return f"rm -f {shlex.quote(_file(_folder(side)))}"

    def prepare(self, pair: Pair) -> None:
        host, folder = pair.master.host, _folder(pair.master)
        shared = host.ask(SHARED.format(folder=shlex.quote(folder))).split()
        if shared:
            raise RunbookError(
                f"{host}: {folder} shares its file system with {' and '.join(shared)}: filling it would hurt "
                "more than mysqld",
                "Nothing was filled. This drill wants the data directory on a file system of its own.",
            )

    def inject(self, pair: Pair) -> None:
        folder = _folder(pair.master)
        fill = FILL.format(folder=shlex.quote(folder), file=shlex.quote(_file(folder)), least=LEAST_KILOBYTES)
        pair.master.host.do(fill)

    def awaited(self, probe: Probe, since: float) -> str:
        return "" if probe.stands_still("write", STANDSTILL_SECONDS) else "writes that wait for room"


def _folder(side: Side) -> str:
    return str(side.server.value("SELECT @@GLOBAL.datadir"))


def _file(folder: str) -> str:
    return f"{folder.rstrip('/')}/{FILE}"
