"""Faults, one file each; `inv drill.NAME` brings one about, and the first line of its file is that task's help.

A fault knows how to prepare it, how to bring it about, what must come of it, and what undoes it. Nothing of them is
imported until a drill runs, so that `inv --list` answers at once.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from runbook.drill.faults.fault import Fault

NAMES = (
    "kill-master",
    "crash-master",
    "freeze-master",
    "stop-keepalived",
    "stuck-statement",
    "kill-keepalived",
    "power-off-master",
    "power-off-both",
    "isolate",
    "isolate-master",
    "kill-slave",
    "lag-slave",
    "full-disk",
    "too-many-connections",
    "break-replication",
)
"""The drills, in the order of `inv --list` and `drill.all`: kill-master is class KillMaster of kill_master.py."""


def help_of(name: str) -> str:
    """Returns what a drill does in one line: the first of its file."""
    with Path(__file__).with_name(f"{_module(name)}.py").open(encoding="utf-8") as file:
        return file.readline().strip().strip('"')


def fault_of(name: str) -> "type[Fault]":
    """Returns the fault of a drill."""
    module = import_module(f"{__name__}.{_module(name)}")
    return cast("type[Fault]", getattr(module, "".join(word.title() for word in name.split("-"))))


def _module(name: str) -> str:
    return name.replace("-", "_")
