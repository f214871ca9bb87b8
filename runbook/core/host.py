"""What a host can do: ask (read only), do (change), put (a file). SSH by Fabric underneath."""

import hashlib
import re
import secrets
import shlex
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

import paramiko

from runbook.core.question import Foreseen, answers, commands
from runbook.core.ssh import Ran
from runbook.errors import HostError
from runbook.settings.settings import Node

T = TypeVar("T")

ASK_SECONDS = 10
DO_SECONDS = 60
# With a line's end in it, as our scripts have: tcsh takes none within quotes [M on 6.24].
WHO_QUESTION = "id -u\n"
NO_SHELL_OF_OURS = re.compile(r"^LC_ALL=C: |^Unmatched |^Bad : modifier|Unsupported use of '='", re.MULTILINE)
# sshd's and PAM's words (pam_unix, sshd's auth-pam.c and session.c).
EXPIRED = re.compile(r"password.* (has expired|change required)|to change your password|expired.*password", re.I)
TIMED_OUT = 124
CUT_OFF = (TIMED_OUT, 137)  # what timeout(1) exits with, and where it had to kill


class CommandFailed(HostError):
    """A command ended with an exit code that was not asked for."""

    def __init__(self, host: str, command: str, ran: Ran) -> None:
        said = (ran.err.strip() or ran.out.strip() or "it said nothing").splitlines()
        reason = "no answer in time" if ran.code in CUT_OFF else f"exit code {ran.code}"
        super().__init__(host, f"{reason} from: {_one_line(command)}\n" + "\n".join(f"  {line}" for line in said[-12:]))
        self.ran = ran


class NotUnderstood(HostError):
    """A host's answer is none that its reader knows."""

    def __init__(self, host: str, question: str, answer: str) -> None:
        super().__init__(
            host,
            f"cannot make sense of the answer to: {_one_line(question)}",
            f"  {_one_line(answer)!r}",
            "Is that program of the host's another than its package's? Run the line there, and see what it prints.",
        )


class NotInTime(CommandFailed):
    """A question that had no answer when its time was over."""


class ChangedInDryRun(AssertionError):
    """A dry run came to a change: the step that did it has a bug."""


class Transport(Protocol):
    """What a Host needs of its connection; `runbook.ssh.Link` is the real one."""

    label: str

    def open(self) -> None: ...
    def why_not_within(self, seconds: float) -> str | None: ...
    def run(self, script: str, *, timeout: float, stdin: str | None = None) -> Ran: ...
    def channel(self, address: str, port: int) -> paramiko.Channel: ...
    def unix_channel(self, path: str) -> paramiko.Channel: ...
    def process(self, script: str) -> paramiko.Channel: ...
    def feed(self, script: str, file: BinaryIO) -> Ran: ...
    def close(self) -> None: ...
    def know_anew(self) -> None: ...


class Host:
    """One host of the pair. `ask` never changes it; all that changes it passes `changing`."""

    dry = False

    def __init__(self, node: Node, link: Transport) -> None:
        self.node = node
        self.link = link
        self._foreseen = Foreseen()
        self._late: set[str] = set()
        self.guard: Callable[[], None] = lambda: None

    @property
    def name(self) -> str:
        """The host as the operator knows it: its role."""
        return self.node.role

    def __str__(self) -> str:
        return f"{self.node.role} {self.node.address}"

    def ask(self, question: str, *, timeout: float = ASK_SECONDS, stdin: str | None = None) -> str:
        """The output of a command that only reads; CommandFailed unless it exits 0, NotInTime when it takes too long.

        A foreseen answer serves once, or as often as it was foreseen: whoever asks again wants to know what is so by
        then.
        """
        if (foreseen := self._foreseen.take(question)) is not None:
            return foreseen
        if question in self._late:
            self._late.remove(question)
            raise NotInTime(str(self), question, Ran(TIMED_OUT, "", ""))
        ran = self.link.run(question, timeout=timeout, stdin=stdin)
        if ran.code != 0:
            raise (NotInTime if ran.code in CUT_OFF else CommandFailed)(str(self), question, ran)
        return ran.out

    def ask_now(self, question: str) -> str:
        """As `ask`, whatever was foreseen: something has shown that this may be so no more."""
        self._foreseen.forget(question)
        self._late.discard(question)
        return self.ask(question)

    def read(self, question: str, reader: Callable[[str], T], *, timeout: float = ASK_SECONDS) -> T:
        """What `reader` makes of the answer to a question that only reads; NotUnderstood when that is nothing."""
        answer = self.ask(question, timeout=timeout)
        try:
            return reader(answer)
        except (ValueError, LookupError, ArithmeticError) as error:
            raise NotUnderstood(str(self), question, answer) from error

    def foresee(self, questions: Iterable[str]) -> None:
        """Ask all these in one round trip and keep each answer for the next `ask`, until a change or FRESH_SECONDS.

        What stands here twice serves twice. A question that fails is not kept: `ask` puts it again by itself and
        reports what it said. One that takes too long is not put again: the next `ask` says so at once.
        """
        times = self._foreseen.missing(questions)
        asked = commands(times)
        said, late = self._said(list(asked))
        # Of several that share a command, which of them it was is seen when each has its own.
        of_late = [question for command in late if command not in times for question in asked[command]]
        alone, late_alone = self._said(of_late)
        self._foreseen.keep(dict(answers(asked, said)) | alone, times)
        self._late.update(question for question in (*late, *late_alone) if question in times)

    def _said(self, commands: Sequence[str]) -> tuple[dict[str, str], list[str]]:
        """What these commands print, of those that exit 0, and which of them take too long.

        They have ASK_SECONDS together: for `timeout` around each of them the host would start two programs more. When
        that is over, the one then at work begins anew with those after it, and is too late when it has had all of it.
        """
        said: dict[str, str] = {}
        late: list[str] = []
        left = commands
        while left:
            mark = secrets.token_hex(8)
            script = "".join(f"(eval {shlex.quote(c)}) 2>/dev/null; printf '\\n{mark} %d\\n' $?\n" for c in left)
            ran = self.link.run(script, timeout=ASK_SECONDS)
            texts = ran.out.split(f"\n{mark} ")
            codes = [text.partition("\n")[0] for text in texts[1:]]
            texts[1:] = [text.partition("\n")[2] for text in texts[1:]]
            said |= {command: text for command, text, code in zip(left, texts, codes, strict=False) if code == "0"}
            late += [command for command, code in zip(left, codes, strict=False) if int(code) in CUT_OFF]
            if ran.code not in CUT_OFF:
                break
            late += [] if codes else left[:1]
            left = left[max(len(codes), 1) :]
        return said, late

    def changing(self, what: str) -> None:
        """Every change passes here first: `guard` may refuse it; answers read before it are no longer trusted."""
        self.guard()
        self._foreseen.clear()
        self._late.clear()

    def do(self, command: str, *, timeout: float = DO_SECONDS, stdin: str | None = None) -> str:
        """Run a command that changes the host; CommandFailed unless it exits 0. Secrets go in by `stdin`."""
        self.changing(command)
        ran = self.link.run(command, timeout=timeout, stdin=stdin)
        if ran.code != 0:
            raise CommandFailed(str(self), command, ran)
        return ran.out

    def put(self, path: str, content: str, *, mode: int = 0o644, owner: str = "root:root", first: str = "true") -> None:
        """Write a whole file, after the command `first`: checked for completeness beside its place, then moved into it.

        Raises CommandFailed and leaves the old file as it was when the disk is full or the connection breaks.
        """
        digest = hashlib.sha256(content.encode()).hexdigest()
        new = shlex.quote(f"{path}.runbook-new")
        self.do(
            f"{{ {first}; }} && umask 077 && mkdir -p -m 755 {shlex.quote(path.rpartition('/')[0])} && "
            f"cat > {new} && echo '{digest}  '{new} | sha256sum -c --status - && "
            f"chown {owner} {new} && chmod {mode:o} {new} && "
            # coreutils before 8.24 (EL7) know no `sync FILE`.
            f"{{ sync -d {new} 2>/dev/null || sync; }} && mv -f {new} {shlex.quote(path)} || "
            f"{{ rm -f {new}; echo 'could not write {path}: is the disk full?' >&2; exit 1; }}",
            stdin=content,
        )

    def carry(self, file: Path, folder: str) -> str:
        """Bring a file of this machine into a folder of the host, complete or not at all; its path there."""
        path = f"{folder}/{file.name}"
        there, new = shlex.quote(path), shlex.quote(f"{path}.new")
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
            self.changing(f"carry {file}")
            opened.seek(0)
            ran = self.link.feed(
                f"umask 022; mkdir -p {shlex.quote(folder)} && cat > {new} && "
                f"echo '{digest}  '{new} | sha256sum -c --status - && mv -f {new} {there} || "
                f"{{ rm -f {new}; echo 'could not write {path}: is the disk full?' >&2; exit 1; }}",
                opened,
            )
        if ran.code != 0:
            raise CommandFailed(str(self), f"carry {file}", ran)
        return path

    def unfit(self) -> str | None:
        """Why commands do not run as root here, or cannot be understood, with the way out; None when all is well."""
        ran = self.link.run(WHO_QUESTION, timeout=ASK_SECONDS)
        *before, who = ran.out.splitlines() or [""]
        if ran.code == 0 and who == "0":
            return self._talkative_shell(before) if before else None
        said = (ran.err or ran.out).strip()
        if NO_SHELL_OF_OURS.search(said):
            return (
                f"{self}: the login shell is none that reads sh's commands: {_one_line(said)}\n"
                "Give the account one that does, there: chsh -s /bin/bash NAME (or usermod -s /bin/bash NAME)"
            )
        if EXPIRED.search(said):
            return (
                f"{self}: the account's password has expired, so that no command runs: {_one_line(said)}\n"
                "Change it there: log in by ssh -t, and passwd; or, where the account has keys alone: chage -M -1 NAME"
            )
        return (
            f"{self}: no root here: {said}\n"
            "Log in as root (SSH_USER=root), or give that user passwordless sudo: NAME ALL=(ALL) NOPASSWD: ALL"
        )

    def _talkative_shell(self, said: list[str]) -> str:
        return (
            f"{self}: the login shell prints {_one_line(' '.join(said))!r} before the answer to any command\n"
            "Have its start file (such as ~/.bashrc) do so only on a terminal: [ -t 1 ] && echo ..."
        )

    def close(self) -> None:
        """End the connection."""
        self.link.close()


class DryHost(Host):
    """A host that cannot be changed: for plan and `inv --dry`."""

    dry = True

    def changing(self, what: str) -> None:
        raise ChangedInDryRun(f"{self}: a dry run wanted to change the host: {_one_line(what)}")


def _one_line(command: str) -> str:
    line = " ".join(command.split())
    return line if len(line) <= 200 else f"{line[:200]}…"
