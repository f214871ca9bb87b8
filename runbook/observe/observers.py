"""A failback under the eyes of a drill's recorder: both hosts watched, and traffic before and after the hand-over."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from runbook.core.wait import DeadlinePassed
from runbook.observe.address_watch import AddressWatch
from runbook.observe.client import logins_to
from runbook.observe.lag_watch import LagWatch
from runbook.observe.probe import Kind, Probe
from runbook.observe.recorder import Recorder
from runbook.observe.writes_watch import WritesWatch
from runbook.pair.pair import Pair

SHOWN = 60
SHOWN_SECONDS = 5


@contextmanager
def observed(pair: Pair, probe: Probe, recorder: Recorder) -> Iterator[None]:
    """Record what happens meanwhile; nothing is done where nobody records."""
    if not recorder.drill:
        yield
        return
    vip = pair.settings.vip.ip
    with (
        AddressWatch(pair.master.host, vip) as on_master,
        AddressWatch(pair.slave.host, vip) as on_slave,
        WritesWatch(logins_to(pair.master)) as master_writes,
        WritesWatch(logins_to(pair.slave)) as slave_writes,
        LagWatch(logins_to(pair.slave), probe.run) as lag,
        recorder.watching(
            probe,
            {"master": on_master, "slave": on_slave},
            {"master": master_writes, "slave": slave_writes},
            lag,
        ),
    ):
        _see_more(probe, "read")
        since = time.monotonic()
        yield
        home = on_master.came(since)
        if home is not None:
            recorder.mark("takeover", "the VIP is home on the master", home)
        _see_more(probe, "write")


def _see_more(probe: Probe, kind: Kind) -> None:
    """So much that a picture has something to show; what does not come is not waited for long."""

    def count() -> int:
        return len(list(probe.seen(kind, ok=True)))

    there = count()
    with suppress(DeadlinePassed):
        probe.wait(f"more {kind}s", SHOWN_SECONDS, lambda: count() >= there + SHOWN)
