"""The rooms: what lint proves of them, and that it can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 300
MOST_MODULES = 16
PACKAGES = sorted(path.parent for path in (ROOT / "runbook").rglob("__init__.py"))


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the house in which a test may build."""
    shutil.copytree(ROOT / "runbook", tmp_path / "runbook", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=house, capture_output=True, text=True, check=False)


def test_the_rooms_import_one_way_down(house: Path) -> None:
    done = lint(house)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("operations/failback.py", "runbook.drill.rehearsal"),
        ("core/host.py", "runbook.mysql.session"),
        ("settings/values.py", "runbook.core.step"),
        ("mysql/tracking/progress.py", "runbook.mysql.replication.filters"),
    ],
)
def test_an_import_up_the_stairs_fails(house: Path, module: str, forbidden: str) -> None:
    with (house / "runbook" / module).open("a") as file:
        file.write(f"\nimport {forbidden}  # noqa\n")
    done = lint(house)
    assert done.returncode != 0
    assert f"-> {forbidden}" in done.stdout


def test_a_room_that_no_floor_is_named_for_fails(house: Path) -> None:
    (house / "runbook" / "cellar").mkdir()
    (house / "runbook" / "cellar" / "__init__.py").touch()
    done = lint(house)
    assert done.returncode != 0
    assert "cellar" in done.stdout


def test_no_module_is_longer_than_a_reader_holds() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / "runbook").rglob("*.py")}
    assert lengths
    assert {str(path): lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_package_has_rooms_before_it_has_many_modules(package: Path) -> None:
    assert len(list(package.glob("*.py"))) <= MOST_MODULES + 1  # and its __init__


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_package_says_what_it_is_for(package: Path) -> None:
    assert (package / "__init__.py").read_text().startswith('"""')
