"""failback's decisions: whether the VIP may come home, from what is so to the reason against it."""

from dataclasses import replace

import pytest
from pair_facts import (
    DEAD,
    ELSEWHERE,
    GONE,
    HANGS,
    NO_VIP,
    REFUSED,
    RUNS,
    STOPPED,
    STUCK,
    TAKEN_OVER,
    UUID,
    Changes,
    facts,
)

from runbook.core.host_paths import CONFIG
from runbook.diagnosis.rules import diagnose
from runbook.mysql.tracking.progress import DomainState, GtidSet, Position, Progress
from runbook.mysql.tracking.status import ReplicaStatus
from runbook.operations.failback_proof import (
    Evidence,
    has_caught_up,
    intended,
    why_it_never_catches_up,
    why_not_begin,
    why_scripts_cannot,
    why_something_is_lost,
)

OTHER = "7b0c1d5a-0000-11f1-8000-024af2b436f4"


def evidence(kind: type[GtidSet] | type[DomainState] | type[Position], **texts: str) -> Evidence:
    """What both servers have; what is not named is nothing."""
    return Evidence(**{name: kind.parse(texts.get(name, "")) for name in ("slave", "received", "recorded", "master")})


@pytest.mark.parametrize(
    ("kind", "texts", "errant"),
    [
        (GtidSet, {"slave": f"{UUID}:1-9", "master": f"{UUID}:1-9"}, ""),
        (GtidSet, {"slave": f"{UUID}:1-9", "master": f"{UUID}:1-12"}, ""),
        (GtidSet, {"slave": f"{UUID}:1-9", "master": f"{UUID}:1-7"}, f"{UUID}:8-9"),
        (GtidSet, {"slave": f"{UUID}:1-9,{OTHER}:1", "master": f"{UUID}:1-9"}, f"{OTHER}:1"),
        (GtidSet, {"slave": f"{UUID}:1-7", "received": f"{UUID}:1-9", "master": f"{UUID}:1-8"}, f"{UUID}:9"),
        (GtidSet, {"slave": f"{UUID}:1-7", "recorded": f"{UUID}:1-9", "master": f"{UUID}:1-8"}, f"{UUID}:9"),
        (GtidSet, {"slave": f"{UUID}:1-7", "recorded": f"{UUID}:8", "received": f"{UUID}:9"}, f"{UUID}:1-9"),
        (GtidSet, {"master": f"{UUID}:1-9"}, ""),
        (GtidSet, {}, ""),
        (DomainState, {"slave": "0-1-9", "master": "0-1-9"}, ""),
        (DomainState, {"slave": "0-1-9,0-2-10", "master": "0-1-9"}, "0-2-10"),
        (DomainState, {"slave": "0-1-7", "received": "0-1-9", "master": "0-1-8"}, "0-1-9"),
        (DomainState, {"slave": "0-1-7", "recorded": "0-1-9", "master": "0-1-8"}, "0-1-9"),
        (Position, {"slave": "binlog.000002:99", "master": "binlog.000002:99"}, ""),
        (Position, {"slave": "binlog.000001:99", "received": "binlog.000002:99", "master": "binlog.000002:99"}, ""),
        (
            Position,
            {"slave": "binlog.000001:4", "received": "binlog.000002:120", "master": "binlog.000002:99"},
            "binlog.000002:99..binlog.000002:120",
        ),
        (
            Position,
            {"slave": "binlog.000001:4", "recorded": "binlog.000003:4", "master": "binlog.000002:99"},
            "binlog.000002:99..binlog.000003:4",
        ),
    ],
)
def test_what_the_master_lacks_of_all_that_the_slave_has_or_received(
    kind: type[GtidSet], texts: dict[str, str], errant: str
) -> None:
    assert str(evidence(kind, **texts).errant) == errant


def test_without_a_missing_transaction_nothing_is_lost() -> None:
    assert why_something_is_lost("master 10.0.0.1", [], []) is None


def test_each_missing_transaction_is_named_and_the_vip_stays() -> None:
    told = why_something_is_lost("master 10.0.0.1", [f"{UUID}:8", f"{UUID}:9"], [])
    assert told is not None
    assert told.splitlines() == [
        "master 10.0.0.1 lacks transactions that the slave has:",
        f"  {UUID}:8",
        f"  {UUID}:9",
        "The VIP was not moved; the slave goes on serving reads.",
        "inv reconcile shows what each of them did, and gives it up or runs it on the master, as you say.",
    ]


def test_what_a_slave_by_position_made_itself_is_a_loss_by_itself() -> None:
    told = why_something_is_lost("master 10.0.0.1", [], ["bin.1:4 Query DROP"])
    assert told is not None
    assert "  bin.1:4 Query DROP" in told.splitlines()


@pytest.mark.parametrize(
    ("slave", "target", "so"),
    [
        (GtidSet.parse(f"{UUID}:1-9"), GtidSet.parse(f"{UUID}:1-9"), True),
        (GtidSet.parse(f"{UUID}:1-8"), GtidSet.parse(f"{UUID}:1-9"), False),
        (GtidSet.parse(f"{UUID}:1-9,{OTHER}:1"), GtidSet.parse(f"{UUID}:1-9"), True),
        (GtidSet.parse(""), GtidSet.parse(f"{UUID}:1"), False),
        (DomainState.parse("0-1-8"), DomainState.parse("0-1-9"), False),
        (DomainState.parse("0-1-9"), DomainState.parse("0-1-9"), True),
        (Position.parse("binlog.000002:98"), Position.parse("binlog.000002:99"), False),
        (Position.parse("binlog.000002:99"), Position.parse("binlog.000002:99"), True),
    ],
)
def test_a_slave_has_caught_up_when_it_lacks_nothing_of_the_masters(
    slave: Progress, target: Progress, so: bool
) -> None:
    assert has_caught_up(slave, target) is so


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (RUNS, ()),
        (replace(RUNS, receiver="Connecting", receiver_error="error 2003: no connection"), ()),
        (replace(RUNS, receiver="No"), ()),
        (STUCK, ("the applier stopped: error 1062: a row", "The VIP was not moved", "nothing is skipped")),
        (STOPPED, ("the receiver stopped: error 2003: no connection", "The VIP was not moved", "then: inv failback")),
        (replace(STUCK, receiver="No", receiver_error="error 1236: purged"), ("the applier stopped",)),
        (None, ("replication was never configured", "inv bootstrap")),
        (REFUSED, ("error 3118", "The VIP was not moved", "inv create-replica-user, then: inv failback")),
    ],
)
def test_waiting_is_in_vain_once_a_thread_has_stopped_on_an_error(
    status: ReplicaStatus | None, words: tuple[str, ...]
) -> None:
    told = why_it_never_catches_up("slave 10.0.0.2", status)
    if not words:
        assert told is None
        return
    assert told is not None
    assert told.startswith("slave 10.0.0.2: ")
    assert all(word in told for word in words)


@pytest.mark.parametrize(
    ("master", "slave", "words"),
    [
        ({}, TAKEN_OVER, ()),
        (DEAD, TAKEN_OVER, ()),
        (GONE, TAKEN_OVER, ("master 192.168.152.128 does not answer: timed out", "Nothing was changed", "then:")),
        ({}, GONE, ("slave 192.168.152.129 does not answer: timed out", "Nothing was changed")),
        (
            DEAD | {"lacks": ("mysqld", "keepalived")},
            TAKEN_OVER,
            ("master 192.168.152.128 has no MySQL server", "Nothing was changed. Next: "),
        ),
        ({}, {"lacks": ("mysqld",)}, ("slave 192.168.152.129 has no MySQL server",)),
        ({"lacks": ("keepalived",)}, TAKEN_OVER, ()),
        (
            NO_VIP,
            TAKEN_OVER | HANGS,
            ("slave 192.168.152.129: keepalived hangs", "Nothing was changed", "kill -s KILL", "then: inv failback"),
        ),
        ({"lacks": (CONFIG,)}, TAKEN_OVER, ()),
    ],
)
def test_without_both_servers_nothing_is_begun(master: Changes, slave: Changes, words: tuple[str, ...]) -> None:
    found = facts(master, slave)
    told = why_not_begin(found, diagnose(found))
    assert (told is None) is (not words)
    assert all(word in (told or "") for word in words)


@pytest.mark.parametrize(
    ("changes", "lets_in", "words"),
    [
        ({}, True, ()),
        ({}, False, ("mysqld refuses the scripts' account check", "inv create-replica-user, then: inv failback")),
        ({"lacks": (CONFIG,)}, True, (f"no whole configuration {CONFIG}", "inv deploy-scripts, then: inv failback")),
        ({"lacks": (CONFIG,)}, False, ("inv deploy-scripts",)),
    ],
)
def test_scripts_that_cannot_work_are_repaired_before_the_vip_moves(
    changes: Changes, lets_in: bool, words: tuple[str, ...]
) -> None:
    told = why_scripts_cannot(facts(changes)["master"], account="check", lets_in=lets_in)
    assert (told is None) is (not words)
    assert all(word in (told or "") for word in (*words, "master 192.168.152.128: ", "The VIP was not moved") if words)


START = "start mysqld on the "
PROVE = "prove that the master has every transaction of the slave"
CATCH_UP = "let the slave catch up with the master"
KEEPALIVED = "start keepalived on the master"
HAND_OVER = "restart keepalived on the slave, which hands the VIP over"
WAIT = "wait for the VIP and for writes on the master, and verify"


@pytest.mark.parametrize(
    ("master", "slave", "acts"),
    [
        (DEAD, TAKEN_OVER, [f"{START}master", PROVE, CATCH_UP, KEEPALIVED, HAND_OVER, WAIT]),
        ({}, TAKEN_OVER, [PROVE, CATCH_UP, HAND_OVER, WAIT]),
        ({}, {"replication": ELSEWHERE}, [PROVE, CATCH_UP, WAIT]),
        (DEAD, DEAD, [f"{START}master", f"{START}slave", PROVE, CATCH_UP, KEEPALIVED, WAIT]),
    ],
)
def test_a_dry_run_names_each_act_in_its_order(master: Changes, slave: Changes, acts: list[str]) -> None:
    assert list(intended(facts(master, slave))) == acts
