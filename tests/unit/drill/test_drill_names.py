"""Drills are found by the names in faults/__init__.py and the first lines of their files; nothing else is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from runbook.core.templates import ROOT
from runbook.drill import faults
from runbook.drill.faults.fault import Fault

FOLDER = Path(faults.__file__).parent
NO_FAULTS = {"__init__", "fault"}


def test_every_file_of_a_fault_is_a_drill() -> None:
    files = {file.stem for file in FOLDER.glob("*.py")} - NO_FAULTS
    assert files == {name.replace("-", "_") for name in faults.NAMES}
    assert len(set(faults.NAMES)) == len(faults.NAMES)


@pytest.mark.parametrize("name", faults.NAMES)
def test_a_file_has_its_tasks_help_and_its_fault(name: str) -> None:
    fault = faults.fault_of(name)
    assert issubclass(fault, Fault)
    assert fault().drill == name
    module = sys.modules[fault.__module__]
    assert faults.help_of(name) == (module.__doc__ or "").splitlines()[0]
    assert faults.help_of(name).endswith(".")


def test_the_list_of_tasks_imports_no_fault() -> None:
    asked = "import sys, tasks; print(*sorted(name for name in sys.modules if name.startswith('runbook')))"
    run = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    # Beside them how Invoke is run, which is needed before anything is listed.
    found = [name for name in run.stdout.split() if not name.startswith("runbook.commandline")]
    assert found == ["runbook", "runbook.drill", "runbook.drill.faults"]
