"""./inv finds its project, and makes, keeps or mends the Python environment, whatever the shell around it is set to."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Stands for every Python: `-m venv` makes an environment whose python is the same script; tasks.py is its arguments.
PYTHON = """#!/bin/sh
log=${LOG:?}
case "$1 $2" in
    '-c '*) exit 0 ;;
    '-m venv') mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; echo venv >>"$log" ;;
    '-m pip') echo "pip$(env | grep -c '^PIP_[TUPRD]')" >>"$log"; cp "$(dirname "$0")/../pip.conf" "$log.conf" ;;
    *) env | grep '^PYTHON' | grep -v '^PYTHON=' >>"$log"; printf '%s\\n' "$@" >"$log.ran" ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of nothing but ./inv, in a folder with a blank in its name."""
    folder = tmp_path / "a project"
    folder.mkdir()
    shutil.copy(ROOT / "inv", folder)
    (folder / "requirements.lock").write_text("one==1\n")
    (folder / "tasks.py").touch()
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return folder


def inv(project: Path, *arguments: str, as_: Path | None = None, **environ: str) -> list[str]:
    """Run it; what the Pythons were asked for, of which tasks.py comes last."""
    log = project.parent / "log"
    log.unlink(missing_ok=True)
    environ = {"PATH": os.environ["PATH"], "PYTHON": str(project.parent / "python"), "LOG": str(log)} | environ
    subprocess.run([as_ or project / "inv", *arguments], env=environ, check=True, capture_output=True)
    ran = (project.parent / "log.ran").read_text().splitlines()
    assert ran == [f"{project}/tasks.py", "--search-root", str(project), *arguments]
    return log.read_text().split() if log.exists() else []


def test_the_environment_is_made_once(project: Path) -> None:
    assert inv(project, "plan") == ["venv", "pip0"]
    assert inv(project, "plan", "--json") == []


def test_another_lock_makes_it_anew(project: Path) -> None:
    inv(project)
    (project / "requirements.lock").write_text("one==2\n")
    assert inv(project) == ["venv", "pip0"]


def test_a_python_that_is_gone_makes_it_anew(project: Path) -> None:
    """As after an upgrade of the system: .venv/bin/python is a link to nothing."""
    inv(project)
    python = project / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/usr/bin/python3.2")
    assert inv(project) == ["venv", "pip0"]


@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
def test_a_symbolic_link_leads_to_the_project(project: Path, tmp_path: Path, relative: bool) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "first").symlink_to(Path("../a project/inv") if relative else project / "inv")
    (folder / "inv").symlink_to("first")
    assert inv(project, "plan", as_=folder / "inv") == ["venv", "pip0"]


def test_where_packages_go_to_is_no_matter_of_the_shell_or_of_pip_conf(project: Path) -> None:
    assert inv(project, PIP_TARGET="/t", PIP_USER="1", PIP_PREFIX="/p", PIP_ROOT="/r", PIP_DRY_RUN="1") == [
        "venv",
        "pip0",
    ]
    overruled = (project.parent / "log.conf").read_text()
    for section in ("[global]", "[install]"):
        assert f"{section}\nuser = false\ndry-run = false\ntarget =\n" in overruled


def test_modules_of_others_are_no_matter(project: Path) -> None:
    inv(project)
    assert inv(project, PYTHONPATH="/elsewhere", PYTHONHOME="/usr", PYTHONSAFEPATH="1") == []


def test_an_old_python_is_refused_with_the_way_out(project: Path) -> None:
    python = project.parent / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    environ = {**os.environ, "PYTHON": str(python)}
    ran = subprocess.run([project / "inv"], env=environ, check=False, capture_output=True, text=True)
    assert ran.returncode == 2
    assert "Python 3.11 or newer is needed" in ran.stderr
    assert "PYTHON=python3.12 ./inv" in ran.stderr
