"""promote's decisions: whether the slave may become the master, and what can be said of the writes that came last."""

from dataclasses import replace

import pytest
from pair_facts import (
    CLOSED,
    DEAD,
    ERRANT,
    FULL,
    GONE,
    HUNG,
    MASTER,
    NO_VIP,
    OPEN,
    RUNS,
    SLAVE,
    STOPPED,
    STUCK,
    TAKEN_OVER,
    UUID,
    Changes,
    facts,
)

from runbook.mysql.replication.filters import Filter
from runbook.mysql.tracking.progress import GtidSet
from runbook.operations.roles.promotion_proof import proof_of, why_not_finish, why_not_promote
from runbook.pair.witnessed import Witnessed

ALONE_NOW = TAKEN_OVER | {"sees_peer": False}
NEVER = {"executed": GtidSet({}), "replication": None}


# ---- what speaks against it ----


@pytest.mark.parametrize(
    ("master", "slave"),
    [
        (DEAD, ALONE_NOW),
        (DEAD | {"mysqld": "inactive"}, ALONE_NOW),
        (GONE, ALONE_NOW),
        # It has the VIP and nobody asked it yet, or its keepalived is down as well.
        (GONE, {"sees_peer": False}),
        # The master's data are older than the slave's: a lost disk, or a restored backup.
        (NO_VIP, TAKEN_OVER | ERRANT),
        # It made something itself, and has no word of where it replicates from any more.
        (GONE, ALONE_NOW | {"replication": None}),
        (GONE, ALONE_NOW | {"replication": STOPPED}),
    ],
)
def test_a_slave_whose_master_is_lost_may_become_the_master(master: Changes, slave: Changes) -> None:
    assert why_not_promote(facts(master, slave)) is None


@pytest.mark.parametrize(
    ("master", "slave", "found", "way"),
    [
        ({}, {}, "master 192.168.152.128 takes writes, so it is not lost", "inv switchover"),
        (OPEN | {"holds_vip": False}, ALONE_NOW, "takes writes, so it is not lost", "inv switchover"),
        (NO_VIP, TAKEN_OVER, "mysqld answers and has all that the slave has", "inv failback"),
        (CLOSED, {}, "mysqld answers and has all that the slave has", "SET GLOBAL read_only = OFF"),
        (
            HUNG | {"holds_vip": False},
            TAKEN_OVER,
            "mysqld on the master 192.168.152.128 is active and does not answer",
            "ssh 192.168.152.128 systemctl stop mysql; then: inv promote",
        ),
        (DEAD | {"mysqld": "activating"}, ALONE_NOW, "is activating and does not answer", "Wait for it"),
        (FULL | {"holds_vip": False}, TAKEN_OVER, "is active and does not answer", "Wait for it, then: inv failback"),
        (GONE, TAKEN_OVER, "alive where we do not see it (timed out)", "Switch it off first; then: inv promote"),
        (DEAD, TAKEN_OVER, "alive where we do not see it (it does not run)", "Switch it off first"),
        (
            GONE,
            DEAD | {"sees_peer": False},
            "slave 192.168.152.129 does not answer, and cannot become the master: it does not run",
            "keepalived",
        ),
        (GONE, GONE, "slave 192.168.152.129 does not answer, and cannot become the master: timed out", "network"),
        (GONE, OPEN | ALONE_NOW, "takes writes", "super_read_only = ON"),
        (GONE, ALONE_NOW | NEVER, "has never had the master's data", "restore a backup on it"),
        (GONE, ALONE_NOW | {"replication": STUCK}, "cannot apply: error 1062: a row", "START REPLICA SQL_THREAD"),
    ],
)
def test_what_speaks_against_it_is_said_with_the_way_out(master: Changes, slave: Changes, found: str, way: str) -> None:
    why = why_not_promote(facts(master, slave))
    assert why is not None
    first, *rest = why.splitlines()
    assert found in first
    assert way in "\n".join(rest)
    assert "Nothing was changed" in rest[0]


def test_a_promotion_that_was_cut_off_is_not_gone_on_with_beside_an_old_master_that_takes_writes() -> None:
    turned = {"master": replace(SLAVE, role="master"), "slave": replace(MASTER, role="slave")}
    why = why_not_finish(turned)
    assert why is not None and "192.168.152.128, the old master, takes writes" in why.splitlines()[0]
    assert "ssh 192.168.152.128 systemctl stop mysql; then: inv promote" in why
    for old in (DEAD, GONE, CLOSED):
        assert why_not_finish(turned | {"slave": replace(MASTER, role="slave", **old)}) is None


# ---- what can be said of the last writes ----

WELL = Witnessed(good=1_795_809_301, silent=1_795_809_303, timeout_ms=10_000)
DUE = replace(WELL, silent=WELL.good + 9 if WELL.good else None)
LATE = replace(WELL, silent=WELL.good + 10 if WELL.good else None)
FILTERED = (Filter("replicate_do_db", "a"),)
NO_WITNESS = "has not seen once that the master's commits waited for it"


@pytest.mark.parametrize(
    ("changes", "said", "proven", "why"),
    [
        ({"witnessed": WELL}, {}, True, "the master went silent 2 s later, and all that was received is applied"),
        ({"witnessed": DUE}, {}, True, "each commit waited for it up to 10 s; the master went silent 9 s later"),
        ({"witnessed": LATE}, {}, False, "10 s before the master went silent: after 10 s they wait no longer"),
        ({"witnessed": replace(WELL, timeout_ms=500)}, {}, False, "after 0.5 s they wait no longer"),
        ({"witnessed": replace(WELL, silent=WELL.good)}, {}, True, "went silent 0 s later"),
        ({"witnessed": replace(WELL, silent=WELL.good, timeout_ms=500)}, {}, False, "0 s before the master went"),
        ({"witnessed": replace(WELL, silent=1_795_809_300)}, {}, False, "clock was set back"),
        ({"witnessed": replace(WELL, silent=None)}, {}, False, "did not see the master go silent"),
        ({"witnessed": Witnessed(None, 1_795_809_303, 0)}, {}, False, NO_WITNESS),
        ({"witnessed": None}, {}, False, NO_WITNESS),
        ({"witnessed": WELL}, {"semi_sync": False}, False, "SEMI_SYNC is off"),
        ({"witnessed": WELL, "takeover": {"broken_since": "2026-11-27T15:00:00Z"}}, {}, False, "had broken at 2026-"),
        ({"witnessed": WELL}, {"unapplied": f"{UUID}:5"}, False, f"received and not applied: {UUID}:5"),
        ({"witnessed": WELL, "replication": None}, {}, False, "slave 192.168.152.129 copies nobody"),
        ({"witnessed": WELL, "filters": FILTERED}, {}, False, "a filter kept rows from the slave: replicate_do_db = a"),
        ({}, {"from_logs": True}, True, "binary logs were read to their end: the slave gets all that it lacks"),
        # What the logs hold does not help a slave that does not apply, or filters, what it gets.
        ({}, {"from_logs": True, "unapplied": f"{UUID}:5"}, False, "not applied"),
        ({"filters": FILTERED}, {"from_logs": True}, False, "a filter"),
        ({"takeover": {"broken_since": "x"}}, {"from_logs": True, "semi_sync": False}, True, "read to their end"),
    ],
)
def test_what_may_be_missing_is_said_with_its_reason(
    changes: Changes, said: dict[str, object], proven: bool, why: str
) -> None:
    usual: dict[str, object] = {"semi_sync": True, "from_logs": False, "unapplied": ""}
    slave = replace(SLAVE, replication=RUNS) if "replication" not in changes else SLAVE
    proof = proof_of(replace(slave, **changes), **(usual | said))  # type: ignore[arg-type]
    assert proof.proven is proven
    assert why in proof.why
    assert str(proof).startswith("PROVEN: " if proven else "UNPROVEN: ")


def test_the_time_until_which_nothing_is_missing_is_said_in_utc() -> None:
    proof = proof_of(replace(SLAVE, witnessed=LATE), semi_sync=True, from_logs=False, unapplied="")
    assert "commits were last seen to wait for the slave at 2026-11-27T" in proof.why and "Z, 10 s before" in proof.why
