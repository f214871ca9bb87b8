"""rejoin: who may become the slave, and what a run does of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fake import FakeLink
from hosts_env_text import lines, write
from pair_facts import CLOSED, DEAD, ERRANT, GONE, GONE_FOR_GOOD, NO_VIP, TAKEN_OVER, Changes, facts

from runbook.diagnosis.facts import Facts
from runbook.errors import Drift, NotSo
from runbook.mysql.tracking.progress import Position
from runbook.operations import run as run_module
from runbook.operations.failback import Refused
from runbook.operations.roles import rejoin as module
from runbook.operations.run import Run
from runbook.pair.alone import Alone
from runbook.pair.pair import Pair

pytestmark = pytest.mark.usefixtures("fake_mysql", "own_home")

ALONE = Alone(2, "2026-11-27T15:00:00Z", "anna@desk", "mysql-bin.000002:99", "mysql-bin.000007:120")
WITHOUT_PLACE = replace(ALONE, lost="", own="")
ON_ITS_OWN: Changes = {"alone": ALONE}


# ---- what speaks against it ----


@pytest.mark.parametrize("slave", [DEAD, {}, ERRANT, {"replication": None}, DEAD | {"lacks": ("mysqld", "keepalived")}])
def test_a_master_that_serves_can_have_a_slave(slave: Changes) -> None:
    assert module.why_not(facts(ON_ITS_OWN, slave)) is None


@pytest.mark.parametrize(
    ("master", "slave", "found", "way"),
    [
        (CLOSED, {}, "the master 192.168.152.128 does not serve: only of one that does", "Nothing was changed. "),
        (NO_VIP, TAKEN_OVER, "does not serve", "inv failback"),
        (GONE, TAKEN_OVER, "does not serve", "power, network"),
        (ON_ITS_OWN, GONE, "the slave 192.168.152.129 is not reached: timed out", "inv trust-hosts); then: inv rejoin"),
    ],
)
def test_what_speaks_against_it_is_said_with_the_way_out(master: Changes, slave: Changes, found: str, way: str) -> None:
    why = module.why_not(facts(master, slave))
    assert why is not None
    assert found in why.splitlines()[0]
    assert way in why and "Nothing was changed" in why


@pytest.mark.parametrize(
    ("changes", "by_gtid", "word", "why"),
    [
        ({}, True, ALONE, None),
        ({}, True, None, None),
        ({}, False, ALONE, None),
        ({"gone": None}, True, None, None),
        (GONE_FOR_GOOD, True, ALONE, "the master's binary logs no longer hold 50 transactions that it lacks"),
        (
            {"gone": Position.parse("mysql-bin.000009:4").minus(Position.parse("mysql-bin.000002:4"))},
            False,
            ALONE,
            "no longer hold",
        ),
        ({}, False, WITHOUT_PLACE, "by position nothing tells what it and the master have in common"),
        ({}, False, None, "by position nothing tells"),
    ],
)
def test_it_goes_on_with_its_own_data_where_the_master_can_give_it_the_rest(
    changes: Changes, by_gtid: bool, word: Alone | None, why: str | None
) -> None:
    found = module.why_not_by_itself(facts({}, changes), by_gtid=by_gtid, alone=word)
    assert found is None if why is None else why in (found or "")


# ---- the whole of it ----


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a run does."""
    done: list[str] = []

    @contextmanager
    def locked(pair: Pair, *_: object) -> Iterator[None]:
        yield

    monkeypatch.setattr(Pair, "locked", locked)
    monkeypatch.setattr(run_module, "Link", lambda node, _: FakeLink(node.role))
    monkeypatch.setattr(module, "join", lambda *_: done.append("joined"))
    monkeypatch.setattr(module.verify, "seen_healthy", lambda *_: True)
    monkeypatch.setattr(module.change, "exchange", lambda *_: done.append("exchanged"))
    return done


def rejoin(
    folder: Path, found: Facts, monkeypatch: pytest.MonkeyPatch, *, dry: bool = False, home: bool = False
) -> None:
    monkeypatch.setattr(module, "gather", lambda _: found)
    path = write(folder, lines())
    module.rejoin(Run({"HOSTS_ENV": str(path)}, folder, dry=dry, yes=True), switchover=home)


def test_a_master_that_is_alone_gets_its_slave(
    acts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejoin(tmp_path, facts(ON_ITS_OWN, DEAD), monkeypatch)
    assert acts == ["joined"]


def test_going_home_comes_last(acts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rejoin(tmp_path, facts(ON_ITS_OWN, DEAD), monkeypatch, home=True)
    assert acts == ["joined", "exchanged"]


def test_in_a_pair_that_is_not_healthy_then_nobody_goes_home(
    acts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.verify, "seen_healthy", lambda *_: False)
    with pytest.raises(NotSo):
        rejoin(tmp_path, facts(ON_ITS_OWN, DEAD), monkeypatch, home=True)
    assert acts == ["joined"]


def test_a_pair_that_is_well_has_nothing_to_rejoin(
    acts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rejoin(tmp_path, facts(), monkeypatch)
    assert acts == []
    assert "Nothing to rejoin" in capsys.readouterr().out
    rejoin(tmp_path / "home", facts(), monkeypatch, home=True)
    assert acts == ["exchanged"]


def test_a_dry_run_changes_nothing(
    acts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Drift):
        rejoin(tmp_path, facts(ON_ITS_OWN, DEAD), monkeypatch, dry=True)
    assert acts == []
    assert "would make 192.168.152.129 the slave of 192.168.152.128" in capsys.readouterr().out


@pytest.mark.parametrize("dry", [True, False])
def test_what_is_refused_is_refused_by_a_dry_run_as_well(
    acts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dry: bool
) -> None:
    with pytest.raises(Refused, match="is not reached"):
        rejoin(tmp_path, facts(ON_ITS_OWN, GONE), monkeypatch, dry=dry)
    assert acts == []
