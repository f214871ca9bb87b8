"""Ctrl-C while the first modules are read: the run ends, and no traceback is seen."""

import os
import signal
import subprocess
import sys
from pathlib import Path

TASKS = Path(__file__).parents[3] / "tasks.py"
SECONDS = 30


def test_a_ctrl_c_among_the_first_imports_ends_the_run_without_a_word(tmp_path: Path) -> None:
    interrupted = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise SystemExit('it went on')\n"
    (tmp_path / "shlex.py").write_text(interrupted)
    command = ["env", "--default-signal=INT", sys.executable, str(TASKS), "--list"]
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
