"""The keepalived that runs: by which configuration, by whose word, and whether it still does anything.

What lies in its place says nothing of that: a unit's drop-in or its file of options can name another configuration.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runbook.keepalived.configuration import CONFIG, UNIT

_SHOWN = "-p MainPID -p ExecStart -p EnvironmentFiles -p FragmentPath -p DropInPaths"
# The command line stands last: whatever is in it, nothing comes after it. systemd 219 says EnvironmentFile=.
RUNNING_QUESTION = (
    f"shown=$(systemctl show {_SHOWN} {UNIT}); "
    'printf "%s\\n" "$shown"; echo --- files; '
    "grep -nHs '' /dev/null $(printf '%s\\n' \"$shown\" | "
    "sed -nE 's/^(FragmentPath|DropInPaths|EnvironmentFiles?)=//p' | sed 's/ (ignore_errors=[a-z]*)//'); "
    "echo --- processes; grep -hsE '^[0-9]+ \\(keepalived' /proc/[0-9]*/stat; "
    'echo --- command; pid=$(printf "%s\\n" "$shown" | sed -n "s/^MainPID=//p"); '
    "[ -z \"$pid\" ] || [ \"$pid\" = 0 ] || tr '\\0' '\\n' < /proc/$pid/cmdline; true"
)
# Options of keepalived(8) that take no value, so that one word can hold them and -f.
_FLAGS = "lnDdVIRPCBaxXmMthv"
_FILE = re.compile(rf"-[{_FLAGS}]*f(.*)|--use-file(?:=(.*))?")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
STANDS_STILL = ("T", "t")
END = f"systemctl kill -s KILL {UNIT}"
"""Ends one that stands still or hangs, which SIGTERM may not; its unit starts it anew at once."""


@dataclass(frozen=True)
class Source:
    """A line by which the unit starts keepalived with another configuration."""

    file: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}: {self.text}"


@dataclass(frozen=True)
class Running:
    """What the unit runs, and what its next start would run."""

    file: str = CONFIG
    """The configuration of the process; of one that is not there, of the next start."""
    next_file: str = CONFIG
    """The configuration of the next start."""
    sources: tuple[Source, ...] = ()
    """Who says that it is another one."""
    stopped: tuple[int, ...] = ()
    """Those of its processes that stand still, as after SIGSTOP (state T) or under a debugger (t)."""

    @property
    def ours(self) -> bool:
        """Whether it runs by the pair's configuration."""
        return self.file == CONFIG

    def __str__(self) -> str:
        """By what it runs and would start, as the end of a sentence."""
        named = f", as {'; '.join(map(str, self.sources))} says" if self.sources else ""
        if self.ours:
            return f"would start by {self.next_file} next time{named}"
        return f"runs by {self.file}{named}"

    @staticmethod
    def parse(said: str) -> "Running":
        """What RUNNING_QUESTION was answered."""
        parts = re.split(r"^--- \w+\n", f"{said}\n", flags=re.MULTILINE)
        shown, files, processes, command = [*parts, "", "", ""][:4]
        unit = _Unit.parse(shown, files)
        next_file, sources = unit.configuration()
        words = command.strip("\n").splitlines()
        return Running(
            _configuration(words[1:]) if words else next_file, next_file, sources, tuple(_stopped(processes, unit.pid))
        )


@dataclass(frozen=True)
class _Unit:
    """How systemd starts it: the words of its command, variables among them, and the lines that set them."""

    pid: str
    command: tuple[str, ...]
    variables: Mapping[str, tuple[str, Source | None]]
    starts: tuple[Source, ...]

    @staticmethod
    def parse(shown: str, files: str) -> "_Unit":
        pairs = [line.partition("=")[::2] for line in shown.splitlines()]
        properties = dict(pairs)
        options = [value.partition(" (")[0] for name, value in pairs if name.startswith("EnvironmentFile")]
        argv = re.search(r"argv\[\]=(.*?) ; ", properties.get("ExecStart", ""))
        lines = list(_lines(files))
        variables: dict[str, tuple[str, Source | None]] = {}
        for line in (line for line in lines if line.file not in options):
            if found := re.match(r"Environment\s*=(.*)", line.text):
                words = _words(found[1])
                variables |= {name: (value, line) for name, _, value in (word.partition("=") for word in words)}
                variables = variables if words else {}
        # What these say wins (systemd.exec(5)).
        for line in (line for file in options for line in lines if line.file == file):
            if found := re.match(r"(\w+)=(.*)", line.text):
                variables[found[1]] = " ".join(_words(found[2])), line
        starts = tuple(line for line in lines if re.match(r"ExecStart\s*=\s*\S", line.text))
        return _Unit(properties.get("MainPID", "0"), tuple((argv[1] if argv else "").split()[1:]), variables, starts)

    def configuration(self) -> tuple[str, tuple[Source, ...]]:
        """The configuration of the next start, and the lines that make it another one."""
        words: list[str] = []
        sources: list[Source] = []
        for word in self.command:
            found = _VARIABLE.fullmatch(word)
            if not found:
                words.append(word)
                continue
            value, source = self.variables.get(found[1] or found[2], ("", None))
            words += value.split()
            if source and _configuration(value.split()) != CONFIG:
                sources.append(source)
        if _configuration(self.command) != CONFIG:
            sources += self.starts[-1:]
        file = _configuration(words)
        return file, () if file == CONFIG else tuple(sources)


def _lines(files: str) -> Iterator[Source]:
    """What `grep -nH ""` said."""
    for line in files.splitlines():
        if found := re.fullmatch(r"(.+?):(\d+):(.*)", line):
            yield Source(found[1], int(found[2]), found[3].strip())


def _words(text: str) -> list[str]:
    """The words of an assignment's value as systemd unquotes it, near enough; one that is not closed is none."""
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _configuration(words: list[str] | tuple[str, ...]) -> str:
    """The file that these options name, the last of them."""
    found, left = CONFIG, iter(words)
    for word in left:
        if option := _FILE.fullmatch(word):
            found = option[1] or option[2] or next(left, CONFIG)
    return found


def _stopped(processes: str, main: str) -> Iterator[int]:
    """Of /proc/PID/stat the state and the parent: the main process, and what it has started."""
    for pid, state, parent in re.findall(r"^(\d+) \(.*\) (\S) (\d+) ", processes, flags=re.MULTILINE):
        if state in STANDS_STILL and main in (pid, parent) and main != "0":
            yield int(pid)
