"""Ctrl-C ends a run with one sentence, wherever in Python it falls; a reader that has gone ends it with none."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from runbook.core.interrupt import Interrupted, Unread, interruptible

PROJECT = Path(__file__).parents[3]
DEADLINE_SECONDS = 10


@pytest.fixture(autouse=True)
def on_a_terminal() -> Iterator[None]:
    """A pytest in the background of a script ignores SIGINT."""
    found = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, found)


class Interrupting:
    """Ctrl-C falls into its finalizer."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_is_one_sentence_and_its_exit_code() -> None:
    with (
        pytest.raises(Interrupted, match=r"^interrupted: run the same command again to finish it$") as ended,
        interruptible(resumable=True),
    ):
        signal.raise_signal(signal.SIGINT)
    assert ended.value.exit_code == 130


def test_what_no_other_run_finishes_is_not_to_be_run_again() -> None:
    with pytest.raises(Interrupted, match=r"^interrupted$"), interruptible(resumable=False):
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_in_a_finalizer_ends_a_wait_of_the_main_thread_and_prints_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    went_on = False
    with pytest.raises(Interrupted), interruptible(resumable=True):
        Interrupting()
        went_on = True
        threading.Event().wait(DEADLINE_SECONDS)
    assert went_on, "the finalizer's Ctrl-C was not lost at first: this test proves nothing"
    assert capsys.readouterr().err == ""


def test_another_exception_of_a_finalizer_is_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __del__(self) -> None:
            raise ValueError("of a finalizer")

    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: told.append(str(lost.exc_value)))
    with interruptible(resumable=True):
        Broken()
    Broken()
    assert told == ["of a finalizer"] * 2


def test_ctrl_c_while_modules_are_read_is_silent(tmp_path: Path) -> None:
    (tmp_path / "invoke").mkdir()
    (tmp_path / "invoke/__init__.py").write_text(
        f"import threading\nprint('reading', flush=True)\nthreading.Event().wait({DEADLINE_SECONDS})\n"
    )
    with subprocess.Popen(
        [sys.executable, PROJECT / "tasks.py", "--list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        text=True,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "reading\n"
        run.send_signal(signal.SIGINT)
        assert run.communicate(timeout=DEADLINE_SECONDS) == ("", "")
    assert run.returncode == -signal.SIGINT


def unread_pipe() -> TextIO:
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w")


def test_a_reader_that_has_gone_ends_the_run_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    with unread_pipe() as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(Unread, match=r"^$"), interruptible(resumable=True):
            print("a line", flush=True)
        print("what is left at the end fails no more", flush=True)


def test_another_broken_pipe_is_not_hidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "stdout").open("w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(BrokenPipeError), interruptible(resumable=True):
            raise BrokenPipeError
