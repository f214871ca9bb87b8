"""Invoke as `inv` runs it: what others configured has no say, and a reader that leaves early sees no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runbook.commandline.program import OwnConfig

ROOT = Path(__file__).parents[3]


def test_a_list_that_nobody_reads_to_its_end_ends_without_a_word() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, ROOT / "tasks.py", "--search-root", ROOT, "--list"]
    ran = subprocess.run(command, check=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (141, b"")


@pytest.mark.parametrize("name", [".invoke.yaml", ".invoke.json"])
def test_what_the_operator_configured_for_invoke_has_no_say(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (own_home / name).write_text('{"run": {"dry": true, "echo": true}}')
    monkeypatch.setenv("INVOKE_RUN_DRY", "1")
    config = OwnConfig()
    config.load_shell_env()
    config.set_project_location(own_home)
    config.load_project()
    assert (config.run.dry, config.run.echo) == (False, False)


def test_a_task_that_is_named_twice_runs_twice() -> None:
    """As in `inv verify drill.kill-master failback verify`: Invoke by itself runs it once."""
    command = [sys.executable, ROOT / "tasks.py", "--search-root", ROOT, "lab.status", "lab.status"]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert ran.stdout.count("lab pair: ") == 2
