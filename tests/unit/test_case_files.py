"""The files of cases: each is read by a test, and none can be left out by a slip."""

import json
import re
from pathlib import Path

import pytest
from case_files import CASES, Case, case, cases, read

HERE = Path(__file__).parent


def test_every_folder_of_cases_has_its_runner() -> None:
    sources = "".join(file.read_text() for file in HERE.rglob("test_*.py") if file != Path(__file__))
    assert {folder.name for folder in CASES.iterdir()} == set(re.findall(r'@cases\("(\w+)"\)', sources))


def test_there_is_nothing_but_cases() -> None:
    assert [str(file) for file in CASES.rglob("*") if file.is_file() and file.suffix != ".json"] == []


def test_a_reader_without_cases_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for reader in ("empty", "nosuch"):
        with pytest.raises(AssertionError, match=f"no case in .*{reader}"):
            cases(reader, tmp_path)


@pytest.mark.parametrize("keys", [{"from": "x", "meens": 1}, {"means": 1}, {"from": "", "means": 1}, {"from": "x"}])
def test_a_slip_in_a_file_is_an_error_that_names_it(tmp_path: Path, keys: dict[str, object]) -> None:
    file = tmp_path / "slip.json"
    file.write_text(json.dumps(keys))
    with pytest.raises(AssertionError, match=r"slip\.json"):
        read(file)


def test_a_case_is_what_its_file_says() -> None:
    assert case("dpkg", "installed") == Case("installed 9.7.4-2", True, {})
    assert Case(["a", "b"], None, {}).text == "a\nb\n"
