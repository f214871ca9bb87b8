"""Hosts and servers that know only what a test told them: anything else they are asked is an AssertionError."""

import json
import os
import shlex
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pymysql
import pymysql.cursors

from runbook.host import DryHost, Host
from runbook.mysql.optionfile import client_section
from runbook.mysql.socket_login import NO_PASSWORD
from runbook.pair import Pair, Side
from runbook.settings import Node, Role, Secret, Settings
from runbook.ssh import Ran

CAPTURED = Path(__file__).parent / "captured"

Answer = str | Ran | BaseException | Callable[[str | None], "str | Ran"]
Row = dict[str, Any]
Effect = Callable[[], object] | BaseException | None

# PyMySQL's own spelling of a statement with its arguments; the status is one without NO_BACKSLASH_ESCAPES.
_UNCONNECTED = pymysql.Connection(defer_connect=True)
_UNCONNECTED.server_status = 0
_SPELLER = pymysql.cursors.Cursor(_UNCONNECTED)


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
        self.mysqlds: dict[tuple[str, int], FakeMysqld] = {}
        self._answers: dict[str, Answer] = {}
        self._parts: dict[str, Answer] = {}
        self._takes: dict[str, tuple[Answer, Effect]] = {}

    def says(self, question: str, answer: Answer) -> None:
        self._answers[question] = answer

    def says_where(self, part: str, answer: Answer) -> None:
        """The answer to every question with this text in it."""
        self._parts[part] = answer

    def takes(self, command: str, effect: Effect = None, answer: Answer = "") -> None:
        self._takes[command] = (answer, effect)

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

    def process(self, script: str) -> Any:
        raise AssertionError(f"{self.label}: no process was expected: {script}")

    def close(self) -> None:
        self.closed = True


def _foreseen(script: str) -> tuple[str, list[str]] | None:
    """The mark and the questions of a script that Host.foresee made, or None."""
    if not script.startswith("timeout ") or "printf" not in script:
        return None
    words = shlex.split(script)
    rows = [words[start : start + 9] for start in range(0, len(words), 9)]
    assert all(row[0] == "timeout" and row[2:4] == ["sh", "-c"] and row[8] == "$?" for row in rows), script
    (mark,) = {row[7].split()[0].removeprefix("\\n") for row in rows}
    return mark, [row[4] for row in rows]


class FakeMysqld:
    """A MySQL server: `says` is what it answers, `takes` what may be done to it, word for word as it arrives."""

    def __init__(self, **logins: str) -> None:
        self.logins = logins
        self.changed: list[str] = []
        self.refusal: tuple[int, str] | None = None
        self._answers: dict[str, list[Row] | BaseException] = {}
        self._takes: dict[str, Effect] = {}

    def says(self, query: str, *rows: Row, error: BaseException | None = None) -> None:
        self._answers[_one_line(query)] = error or list(rows)

    def takes(self, statement: str, effect: Effect = None) -> None:
        self._takes[_one_line(statement)] = effect

    def closed(self, closed: bool) -> None:
        """Whether it is super_read_only now; it can be set either way."""
        self.says("SELECT @@GLOBAL.super_read_only", {"@@GLOBAL.super_read_only": int(closed)})
        for word, value in (("ON", True), ("OFF", False)):
            self.takes(f"SET GLOBAL super_read_only = {word}", lambda value=value: self.closed(value))

    def unlogged(self) -> None:
        """Sessions may keep their statements out of the binary log."""
        for word in ("ON", "OFF"):
            self.takes(f"SET SESSION sql_log_bin = {word}")

    def run(self, statement: str) -> list[Row]:
        statement = _one_line(statement)
        if statement in self._takes:
            self.changed.append(statement)
            effect = self._takes[statement]
            if isinstance(effect, BaseException):
                raise effect
            if effect:
                effect()
            return []
        if statement not in self._answers:
            raise AssertionError(f"this server was told nothing of: {statement}")
        answer = self._answers[statement]
        if isinstance(answer, BaseException):
            raise answer
        return answer


class FakeChannel:
    """The socket to a fake server."""

    def __init__(self, mysqld: FakeMysqld) -> None:
        self.mysqld = mysqld
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


class FakeConnection:
    """PyMySQL's connection up to the wire: it logs in for real, and its statements are spelled by PyMySQL."""

    def __init__(self, *, user: str, password: bytes, host: str, port: int, **_: object) -> None:
        self._user = user
        self._password = password
        self._mysqld: FakeMysqld | None = None

    def connect(self, channel: FakeChannel) -> None:
        mysqld = channel.mysqld
        if mysqld.refusal:
            raise pymysql.err.OperationalError(*mysqld.refusal)
        if mysqld.logins.get(self._user, "").encode() != self._password:
            raise pymysql.err.OperationalError(
                1045, f"Access denied for user '{self._user}'@'127.0.0.1' (using password: YES)"
            )
        self._mysqld = mysqld

    def cursor(self) -> "FakeCursor":
        assert self._mysqld, "not logged in"
        return FakeCursor(self._mysqld)

    def close(self) -> None:
        self._mysqld = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FakeCursor:
    """Runs statements on a fake server."""

    def __init__(self, mysqld: FakeMysqld) -> None:
        self._mysqld = mysqld
        self._rows: list[Row] = []

    def execute(self, query: str, args: object = None) -> None:
        self._rows = self._mysqld.run(_SPELLER.mogrify(query, args))

    def fetchall(self) -> list[Row]:
        return self._rows

    def fetchone(self) -> Row | None:
        return self._rows[0] if self._rows else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class LocalLink:
    """Runs what a host would run with this machine's own sh, for scripts that touch a test's folder only."""

    def __init__(self, commands: Path | None = None) -> None:
        self.label = "local"
        self.calls: list[str] = []
        self.cut_stdin: int | None = None
        path = f"{commands}:{os.environ['PATH']}" if commands else os.environ["PATH"]
        self._environment = {"PATH": path, "LC_ALL": "C"}
        self.processes: list[PipeChannel] = []

    def run(self, script: str, *, timeout: float, stdin: str | None = None) -> Ran:
        self.calls.append(script)
        given = None if stdin is None else stdin.encode()[: self.cut_stdin]
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            timeout=timeout,
            env=self._environment,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def channel(self, address: str, port: int) -> Any:
        raise AssertionError("no socket was expected")

    def process(self, script: str) -> "PipeChannel":
        self.processes.append(PipeChannel(script, self._environment))
        return self.processes[-1]

    def close(self) -> None:
        for process in self.processes:
            process.close()


class PipeChannel:
    """A process with the few methods of paramiko.Channel that the lock needs."""

    def __init__(self, script: str, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            bufsize=0,
        )
        self._closing = threading.Lock()

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def recv(self, size: int) -> bytes:
        assert self._process.stdout
        return self._process.stdout.read(size) or b""

    def sendall(self, data: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(data)

    def close(self) -> None:
        """The connection ends: the process sees the end of its input, and has ended when this returns."""
        with self._closing:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe and not pipe.closed:
                    pipe.close()
            self._process.wait(timeout=5)

    def die(self) -> None:
        """The process is killed, as with the host's sshd."""
        self._process.kill()
        self.close()


def lets_in(**logins: str) -> Callable[[str | None], Ran]:
    """The mysql client on a host that lets these users in; it must have got options and one question by stdin."""

    denied = Ran(*captured_json("mysql_client.json")["1045"])

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


def link_of(side: Side | Host) -> FakeLink:
    link = (side.host if isinstance(side, Side) else side).link
    assert isinstance(link, FakeLink)
    return link


def mysqld_of(side: Side, mysqld: FakeMysqld | None = None) -> FakeMysqld:
    """The side's server, running, with root's password as in hosts.env."""
    s = side.settings
    mysqld = mysqld or FakeMysqld()
    mysqld.logins["root"] = s.mysql_root_password.reveal()
    link_of(side).mysqlds["127.0.0.1", s.mysql_port] = mysqld
    return mysqld


def _one_line(statement: str) -> str:
    return " ".join(statement.split())
