"""An environment that does not import any more is made anew, once, and the same command runs again."""

import os
import sys
from pathlib import Path

import pytest

from runbook.commandline import environment
from runbook.commandline.environment import MADE_ANEW, is_ours, make_anew

ERROR = ModuleNotFoundError("No module named 'invoke'", name="invoke")


@pytest.fixture
def stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What says that the environment is made, in a project whose environment this Python runs in."""
    monkeypatch.setattr(environment, "PROJECT", tmp_path)
    monkeypatch.setattr(environment, "is_ours", lambda: True)
    monkeypatch.setattr(environment.forget, "__defaults__", (tmp_path,))
    monkeypatch.delenv(MADE_ANEW, raising=False)
    file = tmp_path / ".venv" / "requirements.lock"
    file.parent.mkdir()
    file.touch()
    return file


def test_inv_is_run_again_in_its_place_and_makes_it_anew(
    stamp: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr(os, "execv", lambda path, arguments: ran.append((path, arguments)))
    monkeypatch.setattr(sys, "argv", ["tasks.py", "--search-root", "/x", "plan", "--json"])
    make_anew(ERROR)
    assert ran == [(tmp_path / "inv", [str(tmp_path / "inv"), "plan", "--json"])]
    assert not stamp.exists()
    assert os.environ[MADE_ANEW]


def test_it_is_not_made_anew_for_ever(stamp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MADE_ANEW, "yes")
    with pytest.raises(SystemExit, match="made anew, and yet it does not import: No module named 'invoke'"):
        make_anew(ERROR)


def test_another_python_than_that_of_inv_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "is_ours", lambda: False)
    with pytest.raises(ModuleNotFoundError):
        make_anew(ERROR)


def test_the_environment_of_inv_is_known(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".venv").symlink_to("elsewhere")
    assert is_ours(str(tmp_path / ".venv"), tmp_path)
    assert not is_ours("/usr", tmp_path)
