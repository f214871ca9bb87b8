"""Two hosts that cannot see each other: what the watches and clients saw of it, as figures."""

from typing import Any

import pytest

from runbook.drill.frame import partition
from runbook.drill.frame.takeover import Witness
from runbook.observe.address_watch import AddressWatch
from runbook.observe.probe import Observation, Probe
from runbook.observe.writes_watch import Look, WritesWatch
from runbook.settings.settings import Settings

FAULT, CAME, HEALING = 100.0, 100.6, 135.0


def never() -> Any:
    raise AssertionError("nobody is asked")


@pytest.fixture
def witness(settings: Settings) -> Witness:
    probe = Probe(never)
    probe._observations += [
        Observation(at, "write", False, ok=True, server_id=settings.master.server_id)
        for at in (99.9, 100.3, 112.0, 120.0, 135.2)
    ]
    on_slave = AddressWatch(None, settings.vip.ip)  # type: ignore[arg-type]
    on_slave._changes += [(90.0, False), (CAME, True)]
    on_slave.heard_at = 140.0
    return Witness(settings, probe, AddressWatch(None, settings.vip.ip), on_slave)  # type: ignore[arg-type]


def looks(*found: Look) -> WritesWatch:
    watch = WritesWatch(never)
    watch._looks += found
    return watch


def test_only_what_was_while_both_had_the_vip_counts(witness: Witness) -> None:
    master = looks(Look(99.0, False), Look(101.0, True), Look(110.0, False), Look(136.0, False))
    witness.slave._changes.append((135.4, False))
    seen = partition.measure(witness, master, FAULT, HEALING)
    assert (seen.master_looks, seen.master_closed_looks, seen.writes_on_master) == (2, 1, 2)
    assert seen.vip_seconds == pytest.approx(0.6)
    assert seen.healing_seconds == pytest.approx(35.0)
    assert seen.one_vip_seconds == pytest.approx(0.4)


def test_a_slave_that_was_not_seen_to_let_go_is_told_so(witness: Witness) -> None:
    assert partition.measure(witness, looks(), FAULT, HEALING).one_vip_seconds is None
