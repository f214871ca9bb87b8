"""rejoin: with whose data the old master becomes the slave, and that what only it has is kept and agreed to first."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fake import link_of, pair_of
from pair_facts import ERRANT, GONE_FOR_GOOD, RUNS, UUID, Changes, facts

from runbook.core.host import Host
from runbook.core.host_paths import ROLE
from runbook.core.report import Report
from runbook.diagnosis.facts import Facts
from runbook.errors import BadInput
from runbook.mysql.replication import source as source_module
from runbook.mysql.replication.from_place import FromPlace
from runbook.mysql.tracking.progress import Position
from runbook.operations.reconcile import Errant
from runbook.operations.roles import cut_off, handover
from runbook.operations.roles import rejoin as module
from runbook.pair import alone, roles
from runbook.pair.alone import Alone
from runbook.pair.roles import Record
from runbook.pair.side import Side
from runbook.settings.settings import Settings

pytestmark = pytest.mark.usefixtures("fake_mysql", "own_home")

ALONE = Alone(2, "2026-11-27T15:00:00Z", "anna@desk", "mysql-bin.000002:99", "mysql-bin.000007:120")
ENDED = "mysql-bin.000002:99"
WITHOUT_PLACE = replace(ALONE, lost="", own="")
ON_ITS_OWN: Changes = {"alone": ALONE}
FOUND = Errant(f"{UUID}:5-7", (), (), "/var/lib/mysql-runbook/errant/20261127T150000Z.sql")


# ---- with whose data ----


@pytest.fixture
def proving(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to prove that the old master may follow."""
    done: list[str] = []

    def noted(name: str, result: object = None) -> Callable[..., object]:
        def act(*_: object, **__: object) -> object:
            done.append(name)
            return result

        return act

    def ensure(_: Host, step: object) -> None:
        follows = isinstance(step, FromPlace)
        done.append(f"follow from {step.begins or 'its GTIDs'}" if follows else f"know {step}")

    monkeypatch.setattr(module, "read", noted("keep what only it has", FOUND))
    monkeypatch.setattr(module, "shown", noted("show it", False))
    monkeypatch.setattr(module, "give_up", noted("give it up"))
    monkeypatch.setattr(module, "replace_data", noted("replace its data"))
    monkeypatch.setattr(module, "known_source", lambda _: "the master's CA")
    monkeypatch.setattr(module, "replication", lambda *_, **given: FromPlace(*[None] * 7, given["begins"]))  # type: ignore[arg-type]
    monkeypatch.setattr(module, "ensure", ensure)
    monkeypatch.setattr(Report, "outcome", lambda *_: None)
    monkeypatch.setattr(Side, "switch_semi_sync", noted("acknowledge"))
    monkeypatch.setattr(Host, "do", lambda _, command: done.append(f"remember: {command}"))
    return done


class Tracking:
    """By GTID or by position; what the old master wrote that the new one lacks, by position."""

    def __init__(self, *, by_gtid: bool, own: str = "") -> None:
        self.by_gtid = by_gtid
        self._own = own

    def own(self, server: object) -> str:
        return ENDED

    def own_since(self, server: object, place: str) -> list[str]:
        assert place == ALONE.lost
        return [self._own] if self._own else []


def prove(
    settings: Settings,
    report: Report,
    monkeypatch: pytest.MonkeyPatch,
    found: Facts,
    *,
    gtids: str = "",
    agreed: bool = False,
    tracking: Tracking | None = None,
    follows: bool = False,
) -> None:
    pair = pair_of(settings)
    link_of(pair.master).says(alone.QUESTION, (ALONE if tracking else WITHOUT_PLACE).text())
    monkeypatch.setattr(Side, "tracking", tracking or Tracking(by_gtid=True))
    monkeypatch.setattr(module, "gather", lambda _: found)
    monkeypatch.setattr(module, "copies_from", lambda *_: follows)
    if not module._follows(pair, report, lambda question: agreed, gtids):
        module.replace_data(pair, report, pair.slave)


FOLLOWS = ["acknowledge", "know the master's CA", "follow from its GTIDs"]
SHOWN = ["keep what only it has", "show it"]


def test_one_that_has_nothing_of_its_own_just_follows(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, proving: list[str]
) -> None:
    prove(settings, report, monkeypatch, facts(ON_ITS_OWN, {"replication": None}))
    assert proving == FOLLOWS


def test_by_position_it_follows_from_where_the_new_master_began_and_knows_until_where_it_was_one(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, proving: list[str]
) -> None:
    prove(settings, report, monkeypatch, facts(ON_ITS_OWN), tracking=Tracking(by_gtid=False))
    assert proving == [f"remember: echo own={ENDED} >> {ROLE}", *FOLLOWS[:-1], f"follow from {ALONE.own}"]


def test_what_it_wrote_as_the_master_is_none_of_its_own_from_then_on_in_the_same_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = pair_of(settings)
    monkeypatch.setattr(Side, "tracking", Tracking(by_gtid=False))
    slave, link = replace(NEWEST, role="slave"), link_of(pair.slave)
    link.says(roles.QUESTION, slave.text())
    assert pair.slave.record == slave
    link.takes(f"echo own={ENDED} >> {ROLE}", lambda: link.says(roles.QUESTION, f"{slave.text()}own={ENDED}\n"))
    module._remember_where_it_ended(pair.slave)
    assert pair.slave.record == replace(slave, own=ENDED)


def test_the_place_from_which_it_follows_is_one_of_the_new_masters_log() -> None:
    nothing: Any = None
    tracking: Any = Tracking(by_gtid=False)
    step = FromPlace(nothing, nothing, tracking, "", "", nothing, begins=Position.parse(ALONE.own))
    assert step._place(None) == {"MASTER_LOG_FILE": "mysql-bin.000007", "MASTER_LOG_POS": 120}
    assert step.refusal(nothing, ()) is None, "its data are no stranger's"


@pytest.mark.parametrize(
    ("gtids", "agreed", "replaced"),
    [
        ("", False, False),
        ("", True, True),
        (FOUND.token, False, True),
        (f" {FOUND.token}", False, True),
        ("x:1", False, False),
    ],
)
def test_what_only_it_has_is_kept_and_shown_and_given_up_by_the_operators_word(
    settings: Settings,
    report: Report,
    monkeypatch: pytest.MonkeyPatch,
    proving: list[str],
    gtids: str,
    agreed: bool,
    replaced: bool,
) -> None:
    found = facts(ON_ITS_OWN, ERRANT)
    if replaced:
        prove(settings, report, monkeypatch, found, gtids=gtids, agreed=agreed)
    else:
        with pytest.raises(BadInput, match=f"as they were.\nTo give them up: inv rejoin --gtids='{FOUND.token}'"):
            prove(settings, report, monkeypatch, found, gtids=gtids, agreed=agreed)
    assert proving == [*SHOWN, *(["replace its data"] if replaced else [])]


@pytest.mark.parametrize("own", [{}, GONE_FOR_GOOD], ids=["up to date", "far behind"])
def test_one_that_follows_already_and_has_nothing_of_its_own_is_left_as_it_is(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, proving: list[str], own: Changes
) -> None:
    prove(settings, report, monkeypatch, facts(ON_ITS_OWN, own), follows=True)
    assert proving == []


def test_what_only_it_has_is_asked_about_where_it_follows_already(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, proving: list[str]
) -> None:
    """A slave that follows by GTID is not stopped by what only it has."""
    with pytest.raises(BadInput, match="as they were"):
        prove(settings, report, monkeypatch, facts(ON_ITS_OWN, ERRANT), follows=True)
    assert proving == SHOWN


def test_what_changed_no_row_costs_nobody_his_data(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, proving: list[str]
) -> None:
    monkeypatch.setattr(module, "shown", lambda *_: proving.append("show it") or True)
    prove(settings, report, monkeypatch, facts(ON_ITS_OWN, ERRANT))
    assert proving == [*SHOWN, "give it up", *FOLLOWS]


def test_by_position_what_stands_behind_what_the_new_master_has_is_its_own(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, proving: list[str]
) -> None:
    with pytest.raises(BadInput):
        prove(settings, report, monkeypatch, facts(ON_ITS_OWN), tracking=Tracking(by_gtid=False, own="b.2:99 INSERT"))
    assert proving == SHOWN


def test_where_the_master_can_no_longer_give_it_the_rest_it_gets_all(
    settings: Settings,
    report: Report,
    monkeypatch: pytest.MonkeyPatch,
    proving: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    prove(settings, report, monkeypatch, facts(ON_ITS_OWN, GONE_FOR_GOOD))
    assert proving == ["replace its data"]
    assert "no longer hold 50 transactions that it lacks: its data are replaced" in capsys.readouterr().out


# ---- its role first ----

NEWEST = Record("master", 2, "2026-11-27T15:00:00Z", "anna@desk", "promote")


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (replace(NEWEST, epoch=1), True),
        (None, True),
        (replace(NEWEST, role="slave"), False),
        (replace(NEWEST, role="slave", own="mysql-bin.000002:99"), False),
    ],
    ids=["still the old master", "a new host", "fenced already", "the slave since, by position"],
)
def test_it_is_the_slave_by_its_own_scripts_before_its_server_is_started(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, own: Record | None, told: bool
) -> None:
    pair = pair_of(settings)
    link_of(pair.master).says(roles.QUESTION, NEWEST.text())
    link_of(pair.slave).says(roles.QUESTION, own.text() if own else "")
    done: list[str] = []
    monkeypatch.setattr(handover, "lay_ready", lambda side, record: done.append(f"{side.role} {record.epoch} ready"))
    monkeypatch.setattr(cut_off, "forget", lambda _: done.append("forget"))
    monkeypatch.setattr(
        Host, "do", lambda host, command, **_: done.append(f"{host.node.role} {command == handover.TAKE}")
    )
    monkeypatch.setattr(module, "_has_data", lambda _: True)
    monkeypatch.setattr(module, "start_servers", lambda *_: done.append("start"))
    monkeypatch.setattr(module, "_follows", lambda *_: done.append("prove") or True)
    monkeypatch.setattr(module.change, "converge", lambda *_: done.append("converge"))
    module.join(pair, report, lambda question: True, "")
    role = ["slave 2 ready", "slave True", "forget"] if told else []
    assert done == [*role, "start", "prove", "converge"]


def test_one_without_data_gets_all_of_the_masters(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(module, "_has_data", lambda _: False)
    monkeypatch.setattr(
        module, "replace_data", lambda pair, report, side: done.append(f"replace the {side.role}'s data")
    )
    monkeypatch.setattr(module.change, "converge", lambda *_: done.append("converge"))
    module.join(pair_of(settings), report, lambda question: True, "")
    assert done == ["replace the slave's data"], "that ends with all that bootstrap wants"


@pytest.mark.parametrize(
    ("source", "follows"), [("192.168.152.128:3306", True), ("192.168.152.129:3306", False), (None, False)]
)
def test_one_that_follows_the_master_already_is_asked_for_no_proof(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, source: str | None, follows: bool
) -> None:
    status = replace(RUNS, source=source) if source else None
    monkeypatch.setattr(source_module, "replica_status", lambda _: status)
    pair = pair_of(settings)
    assert source_module.copies_from(pair.slave.server, str(pair.master.node.address)) is follows
