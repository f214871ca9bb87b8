"""A change of roles: what speaks against it, in which order it is done, and what becomes of one that fails midway."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from fake import link_of, mysqld_of, pair_of
from pair_facts import MASTER, SLAVE

from runbook.core.host import Host
from runbook.diagnosis.facts import Facts
from runbook.diagnosis.verdict import Kind, Verdict
from runbook.errors import HostError, RunbookError
from runbook.mysql.work import events
from runbook.mysql.work.sessions import STATEMENTS, TRANSACTIONS, AtWork, at_work, prepared
from runbook.operations.roles import handover, proof
from runbook.pair import roles
from runbook.pair.pair import Pair
from runbook.pair.roles import Record
from runbook.pair.side import Side
from runbook.settings.settings import Settings

pytestmark = pytest.mark.usefixtures("fake_mysql")

WELL = Verdict(Kind.HEALTHY, "The pair is healthy.", "Nothing to do.")
FACTS: Facts = {"master": replace(MASTER, chosen={"SEMI_SYNC": "on: it comes with it"}), "slave": SLAVE}
RECORD = Record("master", 4, "2026-11-27T15:00:00Z", "anna@desk", "switchover")


# ---- what speaks against it ----


def test_nothing_speaks_against_a_healthy_pair_with_nobody_at_work() -> None:
    assert proof.why_not_begin(WELL, FACTS) is None
    assert proof.why_not_now("master 10.0.0.1", [], 0) is None


def test_a_pair_that_is_not_healthy_is_told_what_to_do_first() -> None:
    why = proof.why_not_begin(Verdict(Kind.SLAVE_DOWN, "The slave is down.", "Start it"), FACTS)
    assert why == "The slave is down.\nThe roles were not changed. Start it, then: inv switchover"


@pytest.mark.parametrize("semi_sync", [False, None])
def test_what_is_acknowledged_by_one_host_alone_is_no_time_for_it(semi_sync: bool | None) -> None:
    why = proof.why_not_begin(WELL, FACTS | {"master": replace(FACTS["master"], semi_sync=semi_sync)})
    assert why is not None and "semi-synchronous replication is not in force" in why
    off = replace(MASTER, chosen={"SEMI_SYNC": "off: as hosts.env says"}, semi_sync=semi_sync)
    assert proof.why_not_begin(WELL, FACTS | {"master": off}) is None


def test_who_would_be_cut_off_is_named() -> None:
    why = proof.why_not_now("master 10.0.0.1", [AtWork(7, "hive@10.0.0.9", 40, "a transaction open")], 0)
    assert why is not None and "session 7 of hive@10.0.0.9: a transaction open for 40 s" in why
    assert "KILL ID" in why
    assert "2 prepared transactions" in (proof.why_not_now("master 10.0.0.1", [], 2) or "")


def test_each_session_at_work_is_told_once(pair: Pair) -> None:
    mysqld = mysqld_of(pair.master)
    row = {"id": 7, "user": "hive", "host": "10.0.0.9:4711", "seconds": 40}
    mysqld.says(TRANSACTIONS.replace("%s", "2"), row)
    mysqld.says(STATEMENTS.replace("%s", "2"), row, row | {"id": 8, "seconds": 3})
    found = at_work(pair.master.server, 2)
    assert [(each.id, each.account, each.what) for each in found] == [
        (7, "hive@10.0.0.9", "a transaction open"),
        (8, "hive@10.0.0.9", "a statement at work"),
    ]
    mysqld.says("XA RECOVER", {"data": "a"}, {"data": "b"})
    assert prepared(pair.master.server) == 2


# ---- what it is told apart by when it was cut off ----


def remember(pair: Pair, master: Record | None, slave: Record | None) -> None:
    for side, record in ((pair.master, master), (pair.slave, slave)):
        link_of(side).says(roles.QUESTION, record.text() if record else "")


def test_each_change_has_the_next_epoch(pair: Pair) -> None:
    remember(pair, replace(RECORD, why="bootstrap"), replace(RECORD, role="slave", why="bootstrap"))
    found = handover.next_record(pair, "switchover")
    assert (found.role, found.epoch, found.why) == ("master", 5, "switchover")


# ---- the acts ----


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a hand-over does, in its order."""
    done: list[str] = []

    @contextmanager
    def held(host: Host) -> Iterator[None]:
        done.append(f"hold the {host.node.role}")
        yield
        done.append(f"release the {host.node.role}")

    def noted(name: str) -> Callable[..., None]:
        return lambda *_: done.append(name)

    monkeypatch.setattr(handover, "HeldScripts", held)
    for name in ("_close", "_caught_up", "_acknowledged", "_take_roles", "_move_vip", "_open"):
        monkeypatch.setattr(handover, name, noted(name))
    monkeypatch.setattr(Side, "switch_semi_sync", noted("switch_semi_sync"))
    return done


HELD = ["hold the slave", "hold the master"]
RELEASED = ["release the master", "release the slave"]


def test_the_new_one_opens_last_and_the_scripts_of_both_stand_still_meanwhile(pair: Pair, acts: list[str]) -> None:
    handover.hand_over(pair)
    work = ["_close", "_caught_up", "switch_semi_sync", "_acknowledged", "_take_roles", "_move_vip", "_open"]
    assert acts == [*HELD, *work, *RELEASED]


@pytest.mark.parametrize("failing", ["_close", "_caught_up", "_acknowledged"])
@pytest.mark.parametrize("error", [RunbookError("in vain"), KeyboardInterrupt()])
@pytest.mark.parametrize("vip", [True, False])
def test_what_fails_before_a_role_is_written_has_the_old_master_open_again(
    settings: Settings, acts: list[str], monkeypatch: pytest.MonkeyPatch, failing: str, error: BaseException, vip: bool
) -> None:
    pair = pair_of(settings)
    old = mysqld_of(pair.slave)
    old.takes("SET GLOBAL read_only = OFF")
    monkeypatch.setattr(Side, "holds_vip", lambda _: vip)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(handover, failing, fail)
    with pytest.raises(type(error)):
        handover.hand_over(pair)
    assert old.changed == (["SET GLOBAL read_only = OFF"] if vip else []), "it is opened only while it holds the VIP"
    assert "_take_roles" not in acts


@pytest.mark.parametrize("failing", ["_take_roles", "_move_vip", "_open"])
def test_once_a_role_is_written_there_is_no_way_back(
    settings: Settings, acts: list[str], monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    pair = pair_of(settings)
    old = mysqld_of(pair.slave)

    def fail(*_: object) -> None:
        raise RunbookError("in vain")

    monkeypatch.setattr(handover, failing, fail)
    with pytest.raises(RunbookError, match=r"in vain\n.* The same command goes on: inv switchover"):
        handover.hand_over(pair)
    assert old.changed == []


def test_the_new_master_is_not_opened_beside_one_that_takes_writes(settings: Settings) -> None:
    pair = pair_of(settings)
    new, old = mysqld_of(pair.master), mysqld_of(pair.slave)
    old.closed(False)
    with pytest.raises(HostError, match="is not opened beside it"):
        handover._open(pair)
    assert new.changed == []
    old.closed(True)
    new.takes("SET GLOBAL read_only = OFF")
    handover._open(pair)
    assert new.changed == ["SET GLOBAL read_only = OFF"]


def test_the_old_master_learns_its_role_first(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(settings)
    told: list[str] = []
    monkeypatch.setattr(Host, "do", lambda host, command, **_: told.append(host.node.role))
    handover._take_roles(pair)
    assert told == ["slave", "master"]


def test_the_events_that_ran_on_the_old_one_run_on_the_new_one_as_who_made_them(pair: Pair) -> None:
    """`pair` is as it is to be: its master is the new one."""
    old, new = mysqld_of(pair.slave), mysqld_of(pair.master)
    old.says(events.ENABLED, {"schema": "app", "name": "tidy`up"})
    new.says(
        events.WAITING,
        {"schema": "app", "name": "tidy`up", "definer": "app@10.0.0.%"},
        {"schema": "app", "name": "was off", "definer": "app@10.0.0.%"},
    )
    new.takes("ALTER DEFINER = 'app'@'10.0.0.%' EVENT `app`.`tidy``up` ENABLE")
    assert handover.take_events(pair) == ["app.tidy`up"]
    assert len(new.changed) == 1


# ---- the pair as it is then ----


def test_a_turned_pair_has_the_same_hosts_in_the_other_roles(settings: Settings) -> None:
    pair = pair_of(settings)
    turned = pair.turned()
    assert turned.master.node.address == pair.slave.node.address
    assert turned.master.host.link is pair.slave.host.link
    assert (turned.master.node.server_id, turned.slave.node.server_id) == (2, 1)
    assert turned.master.node.priority == settings.master_priority
    assert turned.master.host.link.label == f"master {pair.slave.node.ssh_host}"
    assert turned.turned().settings == pair.settings
