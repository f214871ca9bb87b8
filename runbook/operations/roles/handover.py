"""The acts of a change of roles, on the pair as it is to be: its master still follows, its slave still leads.

Each act is level: it looks, does what is missing, and can be done again.
"""

import posixpath
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from runbook.core.host_paths import CONFIG, ROLE, STATE
from runbook.core.report import Report
from runbook.core.step import ensure
from runbook.core.wait import until
from runbook.errors import HostError, RunbookError
from runbook.keepalived.configuration import CONFIG as KEEPALIVED
from runbook.keepalived.configuration import UNIT, Configuration, ConfigurationRead, configuration
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.tracking.progress import Position
from runbook.mysql.work.events import enable, enabled
from runbook.operations.roles.cut_off import NEXT
from runbook.pair.held_scripts import HeldScripts
from runbook.pair.pair import Pair
from runbook.pair.roles import FIRST_EPOCH, Record, made_now, newest
from runbook.pair.side import Side
from runbook.steps.deploy_scripts import script_configuration
from runbook.steps.start_slave import known_source, replication

CLOSE_SECONDS = 1
CAUGHT_UP_SECONDS = 3
SEEN_SECONDS = 3
VIP_SECONDS = 10
SYNC_SECONDS = 300
POLL_SECONDS = 0.005
TAKEN_BACK = "The roles were not changed: the old master is open again. When the reason is gone: inv switchover"
GO_ON = (
    "The change of roles has begun, and nobody takes writes until it is done. The same command goes on: inv switchover"
)
# That a file has its name; coreutils before 8.24 (EL7) sync all there is.
NAMES_ON_DISK = f"{{ sync {STATE} {posixpath.dirname(CONFIG)} 2>/dev/null || sync; }}"
# Both are on the disk before the next host is told.
TAKE = (
    f"cp -p {ROLE}{NEXT} {ROLE}.new && cp -p {CONFIG}{NEXT} {CONFIG}.new && "
    f"{{ sync {ROLE}.new {CONFIG}.new 2>/dev/null || sync; }} && "
    f"mv -f {ROLE}.new {ROLE} && mv -f {CONFIG}.new {CONFIG} && "
    f"{NAMES_ON_DISK}"
)


def next_record(pair: Pair, why: str) -> Record:
    """What the new master is to remember of the change that this command begins now."""
    last = newest(pair.records())
    return made_now((last.epoch if last else FIRST_EPOCH) + 1, why)


def take_events(turned: Pair) -> list[str]:
    """The new master runs the scheduled events that the old one ran; their names.

    The old one has them as they were until the new one's word of it has come there.
    """
    new, old = turned.master, turned.slave
    return enable(new.server, enabled(old.server))


def tell_of_events(turned: Pair, events: Sequence[str], report: Report) -> None:
    """Those that the new master runs from now on."""
    if events:
        report.say(f"{turned.master.host}: runs the events {', '.join(events)} now")


def prepare(turned: Pair, record: Record) -> None:
    """All that takes long and that clients do not notice. The files come first: they say that this was begun."""
    new, old = turned.master, turned.slave
    turned.side_by_side(lambda side: lay_ready(side, record))
    # What the disk has not written yet would be waited for while clients wait (1.6 s seen after a bootstrap).
    turned.side_by_side(lambda side: side.host.do("sync", timeout=SYNC_SECONDS))
    ensure(old.host, known_source(turned))
    old.switch_semi_sync("replica", "ON")
    ensure(old.host, replication(turned, by_authority=True, begins=_here(new)))
    text = configuration(turned.settings, new.node, new.interface, new.keepalived)
    ensure(new.host, Configuration(KEEPALIVED, text, mode=0o600))
    ensure(new.host, ConfigurationRead())


def _here(new: Side) -> Position:
    """By position the old master begins where the new one's log ends now: it lacks nothing of what stands there.

    All that comes until the roles change is its own, which a server passes over (manual: replicate-same-server-id).
    """
    return Position() if new.tracking.by_gtid else Position.parse(new.tracking.own(new.server))


def hand_over(turned: Pair) -> None:
    """From the closing of the old master to the opening of the new one.

    What goes wrong before the first role is written has the old master open again before it is raised.
    """
    new, old = turned.master, turned.slave
    with HeldScripts(old.host), HeldScripts(new.host):
        try:
            _close(old)
            _caught_up(turned)
            new.switch_semi_sync("source", "ON")
            _acknowledged(turned)
        except BaseException as error:
            _take_back(turned)
            if isinstance(error, RunbookError):
                raise RunbookError(str(error), TAKEN_BACK) from error
            raise
        _go_forward(turned)


def finish(turned: Pair, record: Record) -> None:
    """From wherever a change of roles was cut off, once its first role was written."""
    turned.side_by_side(lambda side: lay_ready(side, record))
    new, old = turned.master, turned.slave
    with HeldScripts(old.host), HeldScripts(new.host):
        if not new.server.closed():
            return
        _close(old)
        if replica_status(new.server) is not None:
            _caught_up(turned)
        _go_forward(turned)


def _take_back(turned: Pair) -> None:
    """The old master's scripts would open it within a second, and wait for us. What fails is left to them."""
    new, old = turned.master, turned.slave
    with suppress(RunbookError):
        new.switch_semi_sync("source", "OFF")
    with suppress(RunbookError):
        if old.holds_vip():
            old.server.execute("SET GLOBAL read_only = OFF")


def _go_forward(turned: Pair) -> None:
    try:
        _take_roles(turned)
        _move_vip(turned)
        _open(turned)
    except RunbookError as error:
        raise RunbookError(str(error), GO_ON) from error


def lay_ready(side: Side, record: Record) -> None:
    """The files of the role that a side is to have, so that TAKE makes them its own at once."""
    side.host.put(f"{CONFIG}{NEXT}", script_configuration(side), mode=0o600)
    side.host.put(f"{ROLE}{NEXT}", replace(record, role=side.role).text())
    # By them a change that was cut off is known to be one, whatever power is cut after its first role is written.
    side.host.do(NAMES_ON_DISK, timeout=SYNC_SECONDS)


def take(side: Side) -> None:
    """Make the files of its role, which lie ready, its own."""
    side.host.do(TAKE)
    side.forget_record()


def _take_roles(turned: Pair) -> None:
    """The one that must not be open first: whatever happens between the two, nobody writes."""
    old = turned.slave
    if not old.tracking.by_gtid:
        old.host.do(f"echo own={old.tracking.own(old.server)} >> {ROLE}{NEXT}")
    for side in (turned.slave, turned.master):
        take(side)


def _close(old: Side) -> None:
    """A statement that holds it up for longer ends the change: it was not there a moment ago."""
    old.server.execute(f"SET SESSION lock_wait_timeout = {CLOSE_SECONDS}")
    old.server.execute(old.server.dialect.close)
    if not old.server.closed():
        raise RunbookError(f"{old.host}: it was told to refuse writes, and takes them all the same")


def _caught_up(turned: Pair) -> None:
    new, old = turned.master, turned.slave
    target = old.tracking.of_master(old.server)

    def has_all() -> bool:
        return not target.beyond(new.tracking.of_slave(new.server, replica_status(new.server)))

    until(f"{new.host}: everything the old master has", CAUGHT_UP_SECONDS, has_all, pause=POLL_SECONDS)


def _acknowledged(turned: Pair) -> None:
    """Else the first commit would wait for a slave that is not there."""
    new = turned.master
    if new.semi_sync.value != "on":
        return
    clients = new.server.dialect.named("Rpl_semi_sync_source_clients")

    def is_there() -> bool:
        return int(new.server.one(f"SHOW GLOBAL STATUS LIKE '{clients}'").get("Value", 0)) > 0

    until(f"{new.host}: a slave that acknowledges", SEEN_SECONDS, is_there, pause=POLL_SECONDS)


def _move_vip(turned: Pair) -> None:
    new, old = turned.master, turned.slave
    if old.holds_vip():
        # Its unit's scripts wait for the lock that we hold.
        old.host.do(f"systemctl stop --no-block {UNIT}")
    until(f"{turned.settings.vip.ip} on {new.host}", VIP_SECONDS, new.holds_vip, pause=POLL_SECONDS)


def _open(turned: Pair) -> None:
    new, old = turned.master, turned.slave
    if not old.server.closed():
        raise HostError(str(old.host), "it takes writes: the new master is not opened beside it")
    new.server.execute("SET GLOBAL read_only = OFF")
