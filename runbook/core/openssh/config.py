"""What OpenSSH's configuration says of a host: asked of `ssh -G` where ssh is there, else read by paramiko.

Sources: ssh(1) -G and -F, ssh_config(5); what is expanded in which value stands there under TOKENS.
"""

import getpass
import os
import pwd
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paramiko.config import SSHConfig

from runbook.errors import BadInput
from runbook.settings.settings import Settings

ANSWER_SECONDS = 10
OWN_KEYS = ("~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519")
OWN_CONFIG = "~/.ssh/config"
SYSTEM_CONFIG = Path("/etc/ssh/ssh_config")

Said = Mapping[str, Sequence[str]]
"""Words of ssh_config in lower case, and each value that they have, in order."""

# A host that ssh_config has these for is not reached as ssh reaches it, or is trusted where ssh would refuse it.
REFUSED = ("proxyusefdpass", "revokedhostkeys")
# Without these a login may fail that ssh brings about: what fails names them.
BEYOND = ("bindaddress", "bindinterface", "pkcs11provider", "knownhostscommand")


@dataclass(frozen=True)
class Hop:
    """A host as the operator names it, with what he says of the way; what is None, ssh_config says."""

    name: str
    user: str | None = None
    port: int | None = None
    jumps: str | None = None
    """The hosts to go through, as ProxyJump has them."""
    else_user: str | None = None
    """Whom to log in as where ssh_config does not say it; None: as ssh would."""


@dataclass(frozen=True)
class Question:
    """Which files to ask about a host, and the key that hosts.env names."""

    file: Path | None
    key: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Question":
        """What hosts.env says of it."""
        return cls(settings.ssh_config, settings.ssh_key)


def said_of(hop: Hop, question: Question) -> Said:
    """All that ssh would go by for this host; BadInput names the file that cannot be read, in ssh's own words."""
    if shutil.which("ssh"):
        said = _ask_ssh(hop, _file_options(question.file), question)
        if hop.user is None and hop.else_user and said["user"] == [getpass.getuser()] != [hop.else_user]:
            said = {**said, "user": [_user_in_config(hop, question)]}
    else:
        said = _read_by_paramiko(hop, question)
    refused = [f"{word} {' '.join(said[word])}" for word in REFUSED if _is_set(said, word)]
    if refused:
        raise BadInput(
            f"{hop.name}: ssh_config says what the runbook cannot do: {', '.join(refused)}",
            "Take it out for this host, or name another file in SSH_CONFIG. "
            f"Where it stands: ssh -vG {shlex.quote(hop.name)}",
        )
    return said


def beyond(said: Said) -> tuple[str, ...]:
    """What it says that only ssh can do, for whoever has to say why something failed."""
    return tuple(f"{word} {' '.join(said[word])}" for word in BEYOND if _is_set(said, word))


def parsed(answer: str) -> dict[str, list[str]]:
    """What `ssh -G` printed: a word and its value on each line."""
    said: dict[str, list[str]] = {}
    for line in answer.splitlines():
        word, _, value = line.strip().partition(" ")
        if word:
            said.setdefault(word.lower(), []).append(value.strip())
    return said


def first(said: Said, word: str) -> str:
    """The value of a word, or nothing."""
    return next(iter(said.get(word, ())), "")


def expanded(text: str, tokens: Mapping[str, str]) -> str:
    """A value with its %tokens; one that is not known stays."""
    return re.sub(r"%(.)", lambda found: {"%": "%", **tokens}.get(found[1], found[0]), text)


def _is_set(said: Said, word: str) -> bool:
    return first(said, word).lower() not in ("", "no", "none", "false")


def _file_options(file: Path | None) -> list[str]:
    """ssh's own way to its files where hosts.env names no other: it reads those of the whole machine, too.

    ssh takes the home from the password file and not from $HOME; the runbook goes by the latter, as everywhere.
    """
    try:
        own = Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".ssh/config"
    except KeyError:
        own = None
    if own == Path(OWN_CONFIG).expanduser() and file in (None, own):
        return []
    return ["-F", str(file or os.devnull)]


def _ask_ssh(hop: Hop, files: Sequence[str], question: Question) -> dict[str, list[str]]:
    command = ["ssh", "-G", "-T", *files]
    for option, value in (("-i", question.key), ("-l", hop.user), ("-p", hop.port), ("-J", hop.jumps)):
        command += [option, str(value)] if value else []
    where = f"SSH_CONFIG = {question.file or OWN_CONFIG}"
    try:
        ran = subprocess.run(
            [*command, "--", hop.name],
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BadInput(
            f"{where}: no answer for {ANSWER_SECONDS} s to: {shlex.join(error.cmd)}",
            "Does a `Match exec` there hang, or name resolution (CanonicalizeHostname)?",
        ) from None
    except OSError as error:
        raise BadInput(f"{where}: ssh cannot be run: {error.strerror}") from None
    said = parsed(ran.stdout.decode(errors="replace"))
    if ran.returncode or not {"user", "hostname", "port"} <= said.keys():
        told = ran.stderr.decode(errors="replace").splitlines() or [f"exit code {ran.returncode}"]
        raise BadInput(f"{where}: ssh refuses it:", *(f"  {line}" for line in told[:6]), "Correct what it names.")
    return said


def _user_in_config(hop: Hop, question: Question) -> str:
    """Whom ssh_config names; ssh's answer alone does not tell its User from the name of whoever asks.

    So it is asked again with a User below all that the files say: the first that is said counts.
    """
    files = [question.file] if _file_options(question.file) else [Path(OWN_CONFIG).expanduser(), SYSTEM_CONFIG]
    lines = [f'Include "{file}"\n' for file in files if file]
    with tempfile.NamedTemporaryFile("w", prefix="ssh_config.") as below:
        below.write(f"{''.join(lines)}Match all\nUser {hop.else_user}\n")
        below.flush()
        return first(_ask_ssh(hop, ["-F", below.name], question), "user")


def _read_by_paramiko(hop: Hop, question: Question) -> dict[str, list[str]]:
    """The same words of the file alone, as far as paramiko reads it."""
    try:
        config = SSHConfig.from_path(str(question.file)) if question.file else SSHConfig()
        found = config.lookup(hop.name)
    # It raises what it comes by: its own errors, those of shlex and invoke, of Unicode, KeyError and IndexError.
    except Exception as error:
        raise BadInput(
            f"SSH_CONFIG = {question.file}: cannot be read: {error or type(error).__name__}",
            "Correct it, or install OpenSSH's client: where ssh is there it is asked.",
        ) from None
    if "include" in found:
        raise BadInput(
            f"SSH_CONFIG = {question.file}: its Include can be followed by ssh alone, which is not on this machine",
            "Install OpenSSH's client, or name a file without Include in SSH_CONFIG.",
        )
    said = {word: list(value) if isinstance(value, list) else [value or ""] for word, value in found.items()}
    said["identityfile"] = [str(question.key)] * bool(question.key) + said.get("identityfile", [])
    said["identityfile"] = said["identityfile"] or list(OWN_KEYS)
    said.setdefault("user", [hop.else_user or getpass.getuser()])
    own: dict[str, object] = {"user": hop.user, "port": hop.port, "proxyjump": hop.jumps}
    return said | {word: [str(value)] for word, value in own.items() if value}
