"""A connection to this machine itself, for the shell that hosts are given, in a test's folder."""

import os
import subprocess
import threading
from pathlib import Path
from typing import Any, BinaryIO

from runbook.core.ssh import Ran


class LocalLink:
    """Runs what a host would run with this machine's own sh, for scripts that touch a test's folder only."""

    def __init__(self, commands: Path | None = None) -> None:
        self.label = "local"
        self.calls: list[str] = []
        self.cut_stdin: int | None = None
        path = f"{commands}:{os.environ['PATH']}" if commands else os.environ["PATH"]
        self._environment = {"PATH": path, "LC_ALL": "C"}
        self.processes: list[PipeChannel] = []

    def open(self) -> None:
        """There is always a way to it."""

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

    def unix_channel(self, path: str) -> Any:
        raise AssertionError("no socket was expected")

    def feed(self, script: str, file: BinaryIO) -> Ran:
        self.calls.append(script)
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            input=file.read()[: self.cut_stdin],
            capture_output=True,
            timeout=20,
            env=self._environment,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

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

    @property
    def closed(self) -> bool:
        return self._process.poll() is not None

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def recv(self, size: int) -> bytes:
        assert self._process.stdout
        try:
            return self._process.stdout.read(size) or b""
        except ValueError:  # closed meanwhile
            return b""

    def sendall(self, data: bytes) -> None:
        assert self._process.stdin
        if self._process.stdin.closed:
            raise OSError("Socket is closed")
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


def stub(folder: Path, name: str, script: str) -> None:
    """Put a command of this name into the folder of a LocalLink's own commands."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
