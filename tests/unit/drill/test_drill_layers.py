"""Nothing below drill/ knows a drill, and the packages inside it form no circle."""

import ast
from collections.abc import Iterator
from pathlib import Path

from runbook.core.templates import ROOT

RUNBOOK = ROOT / "runbook"
DRILL = "runbook.drill"


def imports(path: Path) -> Iterator[str]:
    """Every module of ours that a file imports, also inside functions and for types only."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("runbook"):
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield inner if is_module(inner) else node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("runbook"))


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def package_of(module: str) -> str:
    path = ROOT.joinpath(*module.split("."))
    return module if path.is_dir() else module.rpartition(".")[0]


def test_no_fault_is_known_below_drill() -> None:
    files = [path for path in RUNBOOK.rglob("*.py") if RUNBOOK / "drill" not in path.parents]
    assert len(files) > 100
    assert {
        str(path.relative_to(ROOT)): name for path in files for name in imports(path) if name.startswith(DRILL)
    } == {}


def test_the_packages_of_drill_form_no_circle() -> None:
    seen: dict[str, set[str]] = {}
    for path in (RUNBOOK / "drill").rglob("*.py"):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        seen.setdefault(package, set()).update(map(package_of, imports(path)))
    inside = {
        package: {other for other in others if other.startswith(DRILL)} - {package} for package, others in seen.items()
    }
    faults, frame, report, scenes = (f"{DRILL}.{name}" for name in ("faults", "frame", "report", "scenes"))
    assert inside == {
        DRILL: {faults, frame, report, scenes},
        scenes: {frame},
        frame: {faults},
        faults: set(),
        report: set(),
    }
