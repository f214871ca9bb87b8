"""reconcile: what is errant, and what nobody may give up."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from pair_facts import ERRANT, MASTER, SLAVE, TAKEN_OVER, UUID, replace

from runbook.diagnosis.facts import Facts
from runbook.mysql.tracking.progress import DomainState, Position
from runbook.operations.reconcile import errant_of, opening, why_not, why_not_bring, why_not_known

OWN = {"own": ("b.000002:4 Query CREATE",), "own_since": "b.000002:4"}


def facts(changes: dict[str, Any]) -> Facts:
    return {"master": MASTER, "slave": replace(SLAVE, **changes)}


@pytest.mark.parametrize(
    ("changes", "token"),
    [
        ({}, ""),
        (ERRANT, f"{UUID}:5-7"),
        ({"errant": DomainState.parse("0-2-98")}, "0-2-98"),
        (OWN | TAKEN_OVER, "b.000002:4"),
        # Without a takeover nothing is lost by what stands there: failback would not refuse.
        (OWN, ""),
        ({"own": (), "own_since": "b.000002:4"} | TAKEN_OVER, ""),
    ],
)
def test_what_an_operator_types_to_give_it_up(changes: dict[str, Any], token: str) -> None:
    assert errant_of(facts(changes)) == token


@pytest.mark.parametrize("silent", [{"sql": "it does not run"}, {"unreachable": "no route to host"}])
def test_nothing_is_said_of_servers_that_were_not_both_asked(silent: dict[str, Any]) -> None:
    assert why_not_known(facts({})) is None
    for found in (facts(silent), {"master": replace(MASTER, **silent), "slave": SLAVE}):
        told = why_not_known(found)
        assert told is not None
        assert next(iter(silent.values())) in told.splitlines()[0]
        assert "Nothing was changed. Next: " in told


def test_what_the_master_made_and_lost_is_not_given_up() -> None:
    assert why_not(SLAVE, []) is None
    told = why_not(SLAVE, [f"{UUID}:5"])
    assert told is not None
    assert f"the master made and lost them: {UUID}:5" in told.splitlines()[0]
    assert "Nothing was changed" in told and told.endswith("inv reconcile --bring")


@pytest.mark.parametrize(
    ("changes", "can"),
    [
        (ERRANT, True),
        ({"errant": DomainState.parse("0-2-98")}, False),
        ({"errant": Position.parse("b.000002:4")}, False),
        (OWN | TAKEN_OVER, False),
    ],
)
def test_only_mysqls_gtids_let_the_master_have_a_transaction_under_its_name(changes: dict[str, Any], can: bool) -> None:
    told = why_not_bring(replace(SLAVE, **changes))
    assert (told is None) is can
    assert can or "Nothing was changed" in str(told)


class Dialect:
    """Of a server that has super_read_only, or has not."""

    def __init__(self, has_super_read_only: bool) -> None:
        self.has_super_read_only = has_super_read_only


class Master:
    """A server that has a dialect."""

    def __init__(self, has_super_read_only: bool) -> None:
        self.dialect = Dialect(has_super_read_only)


@pytest.mark.parametrize(("has_super_read_only", "opened"), [(True, 2), (False, 0)])
def test_the_master_is_opened_right_before_each_transaction(
    tmp_path: Path, has_super_read_only: bool, opened: int
) -> None:
    file = tmp_path / "kept.sql"
    transaction = f"SET @@SESSION.GTID_NEXT= '{UUID}:5'/*!*/;\nBEGIN\n/*!*/;\nCOMMIT/*!*/;\n"
    end = "SET @@SESSION.GTID_NEXT= 'AUTOMATIC' /* added by mysqlbinlog */ /*!*/;\n"
    file.write_text(2 * transaction + end)
    command = f"{opening(Master(has_super_read_only))} {file}"  # type: ignore[arg-type]
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    opens = "SET GLOBAL super_read_only = OFF/*!*/;\n"
    assert said.count(f"{opens}{transaction}") == said.count(opens) == opened
    assert said.replace(opens, "") == 2 * transaction + end
