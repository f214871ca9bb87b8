"""An operator who runs verify and does what he reads, word by word, until verify is content."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chaos.advice import Act, acts, advice
from chaos.hosts import Host

PROJECT = Path(__file__).parents[2]
INV_SECONDS = 150
COLUMNS = 400
STYLES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
WAIT_SECONDS = 4.0
MOST_ROUNDS = 12
MOST_SECONDS = 240
QUESTIONS = {
    re.compile(r"\[y/N\] $"): lambda found: "yes",
    re.compile(r"Type (\S+) to give them up: $"): lambda found: found[1],
    re.compile(r"Type the VIP to go on \((\S+)\): $"): lambda found: found[1],
}


@dataclass(frozen=True)
class Ran:
    """A run of `inv` that has ended."""

    command: str
    code: int
    out: str
    began: float
    ended: float


@dataclass
class Book:
    """What the operator did and read, in order."""

    runs: list[Ran] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def spans(self, *commands: str) -> tuple[tuple[float, float], ...]:
        """When runs of these were at work; a moment longer, for what they set going."""
        return tuple((ran.began, ran.ended + 10) for ran in self.runs if ran.command.split()[0] in commands)


class Operator:
    """`inv` on a terminal of its own, with one hosts.env."""

    def __init__(self, hosts_env: Path, hosts: Mapping[str, Host], repair: Callable[[], None]) -> None:
        self._hosts_env = hosts_env
        self._by_address = {host.machine.address: host for host in hosts.values()}
        self._repair = repair
        self.book = Book()
        self.live: Path | None = None
        """Where what is going on can be read meanwhile."""

    def inv(
        self,
        *args: str,
        kill_after: float | None = None,
        number: int = signal.SIGKILL,
        seconds: float = INV_SECONDS,
    ) -> Ran:
        """Run it to its end, or kill it; questions are answered as they say."""
        began = time.monotonic()
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (50, COLUMNS))
        env = {"HOSTS_ENV": str(self._hosts_env), "NO_COLOR": "1", "TERM": "xterm"}
        process = subprocess.Popen(
            ["env", "--default-signal=INT", PROJECT / "inv", *args],
            env=os.environ | env | {"REPORTS": str(self._hosts_env.parent / "reports")},
            cwd="/",
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        out = _conversation(process, ours, kill_after, number, began + seconds)
        os.close(ours)
        ran = Ran(" ".join(args), process.wait(), out, began, time.monotonic())
        self.book.runs.append(ran)
        if self.live:
            self.live.write_text(f"inv {ran.command}   # exit {ran.code}\n{out}")
        self.book.lines += [f"\n$ inv {ran.command}   # exit {ran.code}, {ran.ended - ran.began:.1f} s", out]
        return ran

    def until_healthy(self) -> tuple[int, str]:
        """Rounds of verify and what it says; and why it did not come to its end, or nothing."""
        seen: Counter[str] = Counter()
        deadline = time.monotonic() + MOST_SECONDS
        for number in range(1, MOST_ROUNDS + 1):
            ran = self.inv("verify")
            if ran.code == 0:
                return number, ""
            if reason := self._follow(ran.out, seen):
                return number, reason
            if time.monotonic() > deadline:
                break
        return number, f"not healthy after {number} rounds; the last advice: {advice(ran.out)}"

    def _follow(self, printed: str, seen: Counter[str]) -> str:
        """Do what is advised; a command that fails says itself what comes next. Why nothing can be done, or nothing."""
        text = advice(printed)
        todo = acts(text, seen[text])
        seen[text] += 1
        if not todo:
            time.sleep(WAIT_SECONDS)
        for act in todo:
            self.book.lines.append(f"\n# advice: {act}")
            if act.kind == "by hand":
                return f"by hand: {text}"
            printed = self._do(act)
            if printed is None:
                continue
            text = advice(printed)
            if seen[text] < 3 and acts(text, seen[text]) and not _is_of_verify(printed):
                return self._follow(printed, seen)
            time.sleep(WAIT_SECONDS / 4)
            return ""
        return ""

    def _do(self, act: Act) -> str | None:
        """What a command that failed has printed, or None."""
        match act.kind:
            case "inv":
                ran = self.inv(*(word.replace("'", "") for word in act.command.split()))
                return ran.out if ran.code else None
            case "repair":
                self._repair()
                return None
            case "sql":
                command = f'mysql --defaults-file=/root/.chaos.cnf -e "{act.command}"'
            case _:
                command = act.command
        self.book.lines.append(self._by_address[act.address].run(command, 60))
        return None


def _is_of_verify(printed: str) -> bool:
    """Whether the run ended with what verify says: the next verify says it again."""
    return "\nNext: " in printed


def _conversation(
    process: "subprocess.Popen[bytes]", fd: int, kill_after: float | None, number: int, deadline: float
) -> str:
    """What the run printed; its questions are answered."""
    out, killed, began = "", False, time.monotonic()
    while True:
        passed = time.monotonic() - began
        if kill_after is not None and passed > kill_after and not killed:
            killed = True
            os.killpg(process.pid, number) if number == signal.SIGKILL else process.send_signal(number)
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
            return f"{out}\n*** not done after {passed:.0f} s\n"
        if not select.select([fd], [], [], 0.1)[0]:
            if process.poll() is not None:
                return out
            continue
        try:
            read = os.read(fd, 65536)
        except OSError:
            return out
        out += STYLES.sub("", read.decode(errors="replace").replace("\r\n", "\n"))
        for question, answer in QUESTIONS.items():
            if found := question.search(out):
                os.write(fd, f"{answer(found)}\n".encode())
