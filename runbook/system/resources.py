"""Steps for what every system has: a file, a package, a service."""

import base64
import hashlib
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field

from runbook.core.host import Host
from runbook.core.step import Gap, NotReady, State, Step
from runbook.system.family import Family
from runbook.system.questions import FileQuestion, UnitQuestion

OURS = "Made by the MySQL pair runbook"
BACKUP_SUFFIX = ".before-runbook"


@dataclass(frozen=True)
class File(Step):
    """A whole file with its mode and owner. One that we did not write is backed up once before it is replaced."""

    path: str
    content: str
    mode: int = 0o644
    owner: str = "root:root"
    secret: bool = False

    @property
    def name(self) -> str:
        return f"file {self.path}"

    def questions(self) -> Iterable[str]:
        yield FileQuestion(self.path)

    def want(self) -> State:
        return {"content": self._shown(self.content), "mode": f"{self.mode:o}", "owner": self.owner}

    def read(self, host: Host) -> State:
        said = host.read(FileQuestion(self.path), _file_words)
        if said is None:
            return {}
        mode, owner, digest = said
        return {"content": self._found(host, digest), "mode": mode, "owner": owner}

    def _found(self, host: Host, digest: str) -> str:
        """What is there as it is shown. It is fetched only where it is another and no secret."""
        if digest == _digest(self.content):
            return self._shown(self.content)
        if self.secret:
            return _unshown(digest)
        body = host.read(f"base64 -w0 {shlex.quote(self.path)}", base64.b64decode)
        return self._shown(body.decode(errors="replace"))

    def fix(self, host: Host, gap: Gap) -> None:
        path, backup = shlex.quote(self.path), shlex.quote(self.path + BACKUP_SUFFIX)
        keep = f"[ ! -e {path} ] || [ -e {backup} ] || grep -qF {shlex.quote(OURS)} {path} || cp -pL {path} {backup}"
        host.put(self.path, self.content, mode=self.mode, owner=self.owner, first=keep)

    def _shown(self, text: str) -> str:
        return _unshown(_digest(text)) if self.secret else text


def _file_words(said: str) -> tuple[str, str, str] | None:
    """Mode, owner and SHA-256 of a file that is there."""
    if not said:
        return None
    mode, owner, digest, _ = said.split()
    return mode, owner, digest


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _unshown(digest: str) -> str:
    return f"sha256 {digest[:16]} (not shown: it holds secrets)"


@dataclass(frozen=True)
class Package(Step):
    """A package that is completely installed, in whatever version the host's own sources give."""

    package: str
    family: Family = field(repr=False)

    @property
    def name(self) -> str:
        return f"package {self.package}"

    def questions(self) -> Iterable[str]:
        yield self.family.version_question(self.package)

    def want(self) -> State:
        return {"installed": "yes"}

    def read(self, host: Host) -> State:
        (question,) = self.questions()
        return {"installed": "yes" if host.ask(question).strip() else None}

    def fix(self, host: Host, gap: Gap) -> None:
        self.family.install(host, self.package)


@dataclass(frozen=True)
class Service(Step):
    """A unit that is enabled and runs; with `starts=False` only enabled, for a later step to start.

    `seconds` bounds the start, crash recovery included.
    """

    unit: str
    starts: bool = True
    seconds: int = 120

    @property
    def name(self) -> str:
        return f"service {self.unit}"

    def questions(self) -> Iterable[str]:
        yield service_question(self.unit)

    def want(self) -> State:
        return {"enabled": "enabled"} | ({"active": "active"} if self.starts else {})

    def read(self, host: Host) -> State:
        (question,) = self.questions()
        active, enabled = host.read(question, service_words)
        if enabled == "not-found":
            if host.dry:
                raise NotReady(f"the unit {self.unit} comes with its package")
            return {}
        return {"enabled": enabled, "active": active}

    def fix(self, host: Host, gap: Gap) -> None:
        facts = {change.fact: change.now for change in gap}
        if "enabled" in facts:
            # systemd reads all its files anew for either.
            unmask = f"systemctl unmask {self.unit} && " if str(facts["enabled"]).startswith("masked") else ""
            host.do(f"{unmask}systemctl enable {self.unit}")
        if "active" in facts:
            # A unit that failed too often in a row refuses every start before that.
            start = f"systemctl reset-failed {self.unit} 2>/dev/null; systemctl start {self.unit}"
            host.do(start, timeout=self.seconds)


def service_words(said: str) -> tuple[str, str]:
    """The two words that `service_question` is answered with."""
    active, enabled = said.split()
    return active, enabled


def active_question(unit: str) -> UnitQuestion:
    """Whether a unit runs; `runs` reads it."""
    return UnitQuestion("active", unit)


def runs(said: str) -> bool:
    """Whether a unit of which `active_question` was answered so runs, as `systemctl is-active` has it."""
    return said.strip().removeprefix("ActiveState=") in ("active", "reloading")


def service_question(unit: str) -> UnitQuestion:
    """A command that prints a unit's `is-active` and `is-enabled` words in one line."""
    return UnitQuestion("state", unit)
