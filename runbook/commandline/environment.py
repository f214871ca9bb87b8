"""The Python environment that ./inv made: one that does not import any more is made anew. It imports nothing of it."""

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
MADE_ANEW = "RUNBOOK_ENVIRONMENT_MADE_ANEW"
"""Set for the one run after it was: a second try would not be better."""


def is_ours(prefix: str = sys.prefix, project: Path = PROJECT) -> bool:
    """Whether this Python runs in the environment that ./inv makes."""
    return Path(prefix).resolve() == (project / ".venv").resolve()


def forget(project: Path = PROJECT) -> None:
    """Have the next ./inv make the environment anew."""
    (project / ".venv" / "requirements.lock").unlink(missing_ok=True)


def make_anew(error: ImportError) -> None:
    """Make it anew and run the same command again, in the place of this process; `error` where that is no help."""
    if not is_ours():
        raise error
    forget()
    if os.environ.get(MADE_ANEW):
        sys.exit(
            f"inv: the environment was made anew, and yet it does not import: {error}\n"
            "Does that Python work? Name another, such as PYTHON=python3.12 ./inv"
        )
    print(f"inv: the environment does not import any more ({error}); is this another Python?", file=sys.stderr)
    # Ours: what ./inv puts before the operator's own arguments.
    own = 2 if sys.argv[1:2] == ["--search-root"] else 0
    os.environ[MADE_ANEW] = "yes"
    os.execv(PROJECT / "inv", [str(PROJECT / "inv"), *sys.argv[1 + own :]])
