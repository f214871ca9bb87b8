"""What Jinja compiles is kept where that can be written, and is no need of anybody's."""

import sys
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from runbook.core.templates import Kept

TEXT = {"unit.j2": "ExecStart={{ path }}"}


def rendered(folder: Path) -> str:
    return Environment(loader=DictLoader(TEXT), bytecode_cache=Kept(str(folder))).get_template("unit.j2").render(path=1)


@pytest.fixture(autouse=True)
def keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def test_what_was_compiled_is_there_for_the_next_run(tmp_path: Path) -> None:
    assert rendered(tmp_path / "kept") == "ExecStart=1"
    (kept,) = (tmp_path / "kept").iterdir()
    assert rendered(tmp_path / "kept") == "ExecStart=1"
    assert [kept] == list((tmp_path / "kept").iterdir())


def test_where_nothing_is_to_be_kept_nothing_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert rendered(tmp_path / "kept") == "ExecStart=1"
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_kept_it_is_compiled_anew(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "gone" / "kept"):
        assert rendered(folder) == "ExecStart=1"


def test_what_is_torn_is_compiled_anew(tmp_path: Path) -> None:
    rendered(tmp_path / "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_bytes(kept.read_bytes()[:20])
    assert rendered(tmp_path / "kept") == "ExecStart=1"
