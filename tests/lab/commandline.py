"""`./inv` as an operator runs it: another process, its exit code and all that it printed."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROJECT = Path(__file__).parents[2]
INV_SECONDS = 240
LINE_SECONDS = 120


def until(what: str, seconds: float, is_so: Callable[[], bool], pause: float = 0.1) -> None:
    """Wait until `is_so()`; fail naming `what` when `seconds` pass first."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        time.sleep(pause)


def stays(what: str, seconds: float, is_so: Callable[[], bool], pause: float = 0.2) -> None:
    """Look again and again for `seconds`; fail naming `what` as soon as it is no longer so."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert is_so(), f"no longer so: {what}"
        time.sleep(pause)


@dataclass(frozen=True)
class Ran:
    """A run that has ended: its exit code and its output, standard error included."""

    code: int
    out: str

    def expect(self, code: int, *words: str) -> Self:
        """Fail, with all of the output, unless it ended with this code and printed all these words."""
        missing = [word for word in words if word not in self.out]
        assert self.code == code, f"exit {self.code}, not {code}:\n{self.out}"
        assert not missing, f"not printed: {missing}\n{self.out}"
        return self

    def count(self, status: str) -> int:
        """How many outcomes of this status the run printed."""
        return len(re.findall(rf"^  {status}  ", self.out, re.MULTILINE))


class Running:
    """A run that goes on: its lines as they come, and the signals that an operator or an accident sends."""

    def __init__(self, argv: Sequence[str | Path], env: dict[str, str], check: Callable[[str], None]) -> None:
        self._check = check
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            # A pytest in the background of a script ignores SIGINT, and its children would, too.
            ["env", "--default-signal=INT", *argv],
            env=env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def out(self) -> str:
        """What it has printed so far."""
        return "".join(self._lines)

    def wait_for_line(self, pattern: str, seconds: float = LINE_SECONDS) -> str:
        """The first line that the pattern is found in; fail when the run ends, or `seconds` pass, without it."""
        with self._news:
            found = self._news.wait_for(lambda: self._found(pattern) or not self._reader.is_alive(), seconds)
        line = self._found(pattern)
        assert line, f"{'ended' if found else f'{seconds:g} s passed'} without a line /{pattern}/:\n{self.out}"
        return line

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it."""
        self._process.send_signal(number)

    def kill(self) -> Ran:
        """SIGKILL it, as a dying laptop does."""
        self.send(signal.SIGKILL)
        return self.end(10)

    def end(self, seconds: float = INV_SECONDS) -> Ran:
        """Wait for its end; fail when that takes more than `seconds`, or when it printed what nobody may see."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"not done after {seconds:g} s:\n{self.out}") from None
        self._reader.join(10)
        self._check(self.out)
        return Ran(code, self.out)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def _found(self, pattern: str) -> str:
        return next((line for line in self._lines if re.search(pattern, line)), "")


@dataclass(frozen=True)
class Operator:
    """Somebody who runs `./inv` with one hosts.env; whatever he sees holds no secret and no traceback."""

    hosts_env: Path
    secret_cores: tuple[str, ...] = ()

    def inv(self, *args: str, seconds: float = INV_SECONDS) -> Ran:
        """Run `./inv` to its end."""
        return self.start(*args).end(seconds)

    def start(self, *args: str) -> Running:
        """Start `./inv` and let it run."""
        where = {"HOSTS_ENV": str(self.hosts_env), "REPORTS": str(self.reports)}
        return Running([PROJECT / "inv", *args], os.environ | where, self.check)

    @property
    def reports(self) -> Path:
        """The folder of the drills' reports; it goes with the lab."""
        return self.hosts_env.parent / "reports"

    def check(self, out: str) -> None:
        """Fail on what no operator may ever see."""
        assert "Traceback (most recent call last)" not in out, out
        assert not [core for core in self.secret_cores if core in out], f"a secret was printed:\n{out}"
