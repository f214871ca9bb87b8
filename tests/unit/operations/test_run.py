"""One run on the pair: a lab is whole before anything is locked, when that is asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook.diagnosis.of_host import greet_ahead
from runbook.errors import BadInput
from runbook.operations import run as run_module
from runbook.operations.run import Run
from runbook.operations.target import Target
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Node, Settings


class Lab:
    """A lab that only counts."""

    name = "dr"

    def __init__(self, acts: list[str]) -> None:
        self._acts = acts

    def restore(self, say: Callable[[str], None]) -> None:
        self._acts.append("restored")


@pytest.fixture
def acts(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a run on a lab does before its work."""
    done: list[str] = []

    def locked(pair: Pair, *_: object) -> Pair:
        done.append("locked")
        return pair

    lab: Any = Lab(done)
    monkeypatch.setattr(Run, "target", lambda _: Target(settings, lab))
    monkeypatch.setattr(Pair, "locked", locked)
    monkeypatch.setattr(Pair, "refuse_stale", lambda _: done.append("compared"))
    return done


@pytest.mark.parametrize(
    ("dry", "restore", "done"),
    [(False, True, ["restored", "locked", "compared"]), (False, False, ["locked", "compared"]), (True, True, [])],
)
def test_a_lab_is_restored_before_the_lock_and_by_no_dry_run(
    acts: list[str], tmp_path: Path, dry: bool, restore: bool, done: list[str]
) -> None:
    with Run({}, tmp_path, dry=dry).on_pair("failback", restore_lab=restore):
        assert acts == done


@pytest.mark.parametrize(("patience", "left_out"), [(2.0, {"master": "timed out"}), (None, {})])
def test_with_patience_a_silent_host_is_left_out_before_anything_is_locked(
    acts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    patience: float | None,
    left_out: dict[str, str],
) -> None:
    def leave_out(pair: Pair, seconds: float, ask: Callable[[Side], None]) -> None:
        assert (seconds, ask) == (patience, greet_ahead)
        acts.append("left out")
        pair.left_out = {"master": "timed out"}

    monkeypatch.setattr(Pair, "leave_out_after", leave_out)
    with Run({}, tmp_path).on_pair("promote", patience=patience) as (pair, _, _):
        assert pair.left_out == left_out
    assert acts == [*(["left out"] if patience else []), "locked", "compared"]


def test_the_hosts_that_were_reached_ahead_are_those_of_the_pair(
    acts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Link:
        def __init__(self, node: Node, _: Settings) -> None:
            self.label = node.role

        def open_ahead(self) -> None:
            acts.append(f"reached the {self.label}")

        def close(self) -> None:
            acts.append(f"left the {self.label}")

    monkeypatch.setattr(run_module, "Link", Link)
    run = Run({}, tmp_path)
    run.reach()
    with run.on_pair("bootstrap"):
        assert acts == ["reached the master", "reached the slave", "locked", "compared"]
    assert set(acts[4:]) == {"left the master", "left the slave"}


def test_why_a_host_cannot_be_reached_ahead_is_said_where_it_is_needed(
    acts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BadInput("SSH_CONFIG: line 3 says nothing")

    monkeypatch.setattr(run_module, "Link", refuse)
    run = Run({}, tmp_path)
    run.reach()
    with pytest.raises(BadInput, match="line 3"), run.on_pair("bootstrap"):
        pass
    assert acts == []
