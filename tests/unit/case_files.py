"""Captured answers and what they mean, one file a case: a new case of a reader needs no Python.

`cases/READER/CASE.json` is a test of that reader, named after the file. It says `from` which host or document it is,
what was `said`, what that `means`, and, where the reader has to know more, what is `given`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).parent / "cases"
NEEDED, ALLOWED = {"from", "means"}, {"from", "given", "said", "means"}


@dataclass(frozen=True)
class Case:
    """One answer, and what it means."""

    said: Any
    means: Any
    given: Mapping[str, Any]

    @property
    def text(self) -> str:
        """What was said: as it stands there, or, where it is a list, its lines."""
        return self.said if isinstance(self.said, str) else "".join(f"{line}\n" for line in self.said)


def read(file: Path) -> Case:
    """A case from its file; another key than those above is a slip."""
    found = json.loads(file.read_text())
    assert NEEDED <= found.keys() <= ALLOWED, f"{file}: has {sorted(found)}, and needs {sorted(NEEDED)}"
    assert isinstance(found["from"], str) and found["from"], f"{file}: says not where it is from"
    return Case(found.get("said"), found["means"], found.get("given", {}))


def case(reader: str, name: str) -> Case:
    """One of a reader's cases, for a test that needs what was said in it."""
    return read(CASES / reader / f"{name}.json")


def cases(reader: str, folder: Path = CASES) -> pytest.MarkDecorator:
    """All cases of a reader, for a test that has a `case`."""
    files = sorted((folder / reader).glob("*.json"))
    assert files, f"no case in {folder / reader}"
    return pytest.mark.parametrize("case", [pytest.param(read(file), id=file.stem) for file in files])
