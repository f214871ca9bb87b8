"""Hosts and servers that know only what a test told them: anything else they are asked is an AssertionError."""

import base64
import hashlib
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from case_files import case
from fake_mysqld import Effect, FakeChannel, FakeConnection, FakeMysqld, Row
from local_link import LocalLink, PipeChannel
from shared_answers import composed

from runbook.core.host import DryHost, Host
from runbook.core.ssh import Ran
from runbook.keepalived.version import VERSION_QUESTION
from runbook.mysql.optionfile import client_section
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.mysql.server_socket import SOCKETS_QUESTION
from runbook.mysql.socket_login import NO_PASSWORD
from runbook.pair import alone, maintenance, roles, seeding, witnessed
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Node, Role, Secret, Settings
from runbook.system.family import OS_QUESTION
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.questions import FileQuestion
from runbook.system.server_names import UNITS_QUESTION

__all__ = [
    "Clock",
    "FakeChannel",
    "FakeConnection",
    "FakeLink",
    "FakeMysqld",
    "LocalLink",
    "PipeChannel",
    "Row",
    "captured",
    "captured_json",
    "captured_pair",
    "file_is",
    "host_of",
    "lets_in",
    "link_of",
    "mysqld_of",
    "pair_of",
    "tell_preflight",
]

SOCKET = "/run/mysqld/mysqld.sock"
# Of a Debian host whose mysqld does not run.
FOLDERS = "".join(
    f"{SOCKET} {each}\n" for each in ("root root 755 /", "mysql mysql 755 /run/mysqld", "root root 755 /run")
)

CAPTURED = Path(__file__).parent / "captured"

Answer = str | Ran | BaseException | Callable[[str | None], "str | Ran"]


def captured(name: str) -> str:
    """What a real host printed."""
    return (CAPTURED / name).read_text()


def captured_json(name: str) -> Any:
    return json.loads(captured(name))


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


class FakeLink:
    """A host's connection: `says` is what it answers, `takes` what may be done to it; nothing else."""

    def __init__(self, label: str = "fake") -> None:
        self.label = label
        self.calls: list[str] = []
        self.stdins: list[str | None] = []
        self.changed: list[str] = []
        self.closed = False
        self.silent: str | None = None
        self.mysqlds: dict[tuple[str, int], FakeMysqld] = {}
        self.sockets: dict[str, FakeMysqld] = {}
        self._answers: dict[str, Answer] = {}
        self._parts: dict[str, Answer] = {}
        self._takes: dict[str, tuple[Answer, Effect]] = {}
        self.says(PROGRAM_QUESTION, "mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))\n")
        preflight = captured_json("preflight_slave.json")
        self.says(OS_QUESTION, preflight["os"])
        self.says(UNITS_QUESTION, preflight["units"])
        self.says(SOCKETS_QUESTION, FOLDERS)
        self.says(roles.QUESTION, "")
        self.says(maintenance.QUESTION, "")
        self.says(seeding.QUESTION, "")
        self.says(alone.QUESTION, "")
        self.says(witnessed.QUESTION, "")

    def says(self, question: str, answer: Answer) -> None:
        self._answers[question] = answer

    def says_where(self, part: str, answer: Answer) -> None:
        """The answer to every question with this text in it."""
        self._parts[part] = answer

    def takes(self, command: str, effect: Effect = None, answer: Answer = "") -> None:
        self._takes[command] = (answer, effect)

    def open(self) -> None:
        """There is always a way to it."""

    def why_not_within(self, seconds: float) -> str | None:
        """Why it does not let us in within that time; nothing, unless a test says otherwise."""
        return self.silent

    def run(self, script: str, *, timeout: float, stdin: str | None = None) -> Ran:
        assert timeout > 0, f"no deadline for {script}"
        self.calls.append(script)
        self.stdins.append(stdin)
        batch = _foreseen(script)
        if not batch:
            return self._one(script, stdin)
        mark, questions = batch
        answers = [(self._one(question, None), mark) for question in questions]
        return Ran(0, "".join(f"{ran.out}\n{mark} {ran.code}\n" for ran, mark in answers), "")

    def _one(self, script: str, stdin: str | None) -> Ran:
        said = composed(script, lambda question: self._one(question, None) if self._knows(question) else None)
        return said or self._told(script, stdin)

    def _knows(self, question: str) -> bool:
        return question in self._answers or any(part in question for part in self._parts)

    def _told(self, script: str, stdin: str | None) -> Ran:
        if script in self._takes:
            answer, effect = self._takes[script]
            self.changed.append(script)
            if isinstance(effect, BaseException):
                raise effect
            if effect:
                effect()
        elif script in self._answers:
            answer = self._answers[script]
        else:
            fitting = [said for part, said in self._parts.items() if part in script]
            assert fitting, f"{self.label}: this host was told nothing of: {script}"
            answer = fitting[0]
        if isinstance(answer, BaseException):
            raise answer
        said = answer(stdin) if callable(answer) else answer
        return said if isinstance(said, Ran) else Ran(0, said, "")

    def channel(self, address: str, port: int) -> "FakeChannel":
        if (address, port) not in self.mysqlds:
            raise ConnectionRefusedError(f"{address}:{port} does not accept a connection")
        return FakeChannel(self.mysqlds[address, port])

    def unix_channel(self, path: str) -> "FakeChannel":
        if path not in self.sockets:
            raise ConnectionRefusedError(f"{path} cannot be connected to")
        return FakeChannel(self.sockets[path])

    def feed(self, script: str, file: BinaryIO) -> Ran:
        self.changed.append("carried")
        return Ran(0, "", "")

    def process(self, script: str) -> Any:
        raise AssertionError(f"{self.label}: no process was expected: {script}")

    def close(self) -> None:
        self.closed = True


def _foreseen(script: str) -> tuple[str, list[str]] | None:
    """The mark and the questions of a script that Host.foresee made, or None."""
    if not script.startswith("(eval "):
        return None
    words = shlex.split(script, posix=True)
    rows = [words[start : start + 6] for start in range(0, len(words), 6)]
    assert all((row[0], row[2], row[3], row[5]) == ("(eval", "2>/dev/null;", "printf", "$?") for row in rows), script
    (mark,) = {row[4].split()[0].removeprefix("\\n") for row in rows}
    return mark, [row[1].removesuffix(")") for row in rows]


def file_is(link: "FakeLink", path: str, content: str | None, head: str = "644 root:root") -> None:
    """The host has this file, or None: its mode and owner as `stat` says them, its sum, and what is in it."""
    said = "" if content is None else f"{head}\n{hashlib.sha256(content.encode()).hexdigest()}  -\n"
    link.says(FileQuestion(path), said)
    link.says(f"base64 -w0 {path}", base64.b64encode((content or "").encode()).decode())


def lets_in(**logins: str) -> Callable[[str | None], Ran]:
    """The mysql client on a host that lets these users in; it must have got options and one question by stdin."""

    denied = Ran(1, "", case("mysql_client", "1045_access_denied").text)

    def answer(stdin: str | None) -> Ran:
        options, _, statements = (stdin or "").partition("\0")
        assert statements == "SELECT 1;\n"
        there = [
            client_section(user, Secret(password)) if password else NO_PASSWORD for user, password in logins.items()
        ]
        return Ran(0, "1\n", "") if options in there else denied

    return answer


def host_of(settings: Settings, link: Any, role: Role = "master", *, dry: bool = False) -> Host:
    return (DryHost if dry else Host)(settings.node(role), link)


def pair_of(settings: Settings, *, dry: bool = False) -> Pair:
    """Both hosts as fakes that know nothing yet; `link_of` and `mysqld_of` teach them."""

    def link(node: Node, _: Settings) -> FakeLink:
        return FakeLink(node.role)

    return Pair(settings, dry=dry, link=link)


def captured_pair(settings: Settings, *, dry: bool = False) -> Pair:
    """Both hosts as they were found before bootstrap, with the keepalived of Debian 13."""
    pair = pair_of(settings, dry=dry)
    for side in pair.sides.values():
        tell_preflight(side)
        link_of(side).says(VERSION_QUESTION, "2.3.4 (06/10,2025)\n")
    return pair


def tell_preflight(side: Side) -> None:
    """The host's system, addresses and units as they were found before bootstrap."""
    said = captured_json(f"preflight_{side.role}.json")
    link_of(side).says(ADDRESSES_QUESTION, said["addresses"])
    link_of(side).says_where("/etc/os-release", said["os"])
    link_of(side).says(UNITS_QUESTION, said["units"])


def link_of(side: Side | Host) -> FakeLink:
    link = (side.host if isinstance(side, Side) else side).link
    assert isinstance(link, FakeLink)
    return link


def mysqld_of(side: Side, mysqld: FakeMysqld | None = None) -> FakeMysqld:
    """The side's server, running, with root's password as in hosts.env; at its socket and on its port."""
    s = side.settings
    mysqld = mysqld or FakeMysqld()
    mysqld.logins["root"] = s.mysql_root_password.reveal()
    link_of(side).mysqlds["127.0.0.1", s.mysql_port] = mysqld
    link_of(side).sockets[SOCKET] = mysqld
    return mysqld
