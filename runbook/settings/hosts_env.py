"""hosts.env as a file: read it with every mistake named, render it with its comments, write it once."""

import contextlib
import difflib
import io
import os
import pwd
import re
import secrets as randomness
import stat
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv.parser import parse_stream

from runbook.errors import BadInput
from runbook.settings.key import Key
from runbook.settings.settings import BY_NAME

PASSWORD_LENGTH = 24
Known = Mapping[str, Key[object]]
"""Keys by their names, in the order of hosts.env."""

QUOTING = "write it in single quotes, with \\' for ' and \\\\ for \\, and nothing after them"

_HEADER = """\
# hosts.env: all that the runbook knows about this pair, one KEY=value a line.
# It holds passwords: mode 0600, and never into version control.
# `inv init` writes this file with fresh passwords.
#
# A key behind a # has its default; to change it, take the # away and edit the value.
# Passwords stand in single quotes, with \\' for ' and \\\\ for \\. A $ or a # in them is a plain character.
# "Article" is what "Keepalive + MySQL" (2020) sets; README.md says why a default differs from it.
"""


@dataclass
class Written:
    """What the file says: every known key it names (None where its line is unusable), and the mistakes."""

    texts: dict[str, str | None] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)


def mistake(key: Key[object], text: str, why: str) -> str:
    """One line about a wrong value: `KEY = value: why`, without the secret in it."""
    if key.secret:
        shown = "***"
    else:
        shown = re.sub(r":[^@]*@", ":***@", text)
        shown = shown if shown.isprintable() else ascii(shown)
    return f"{key.name} = {shown}: {why}" if text else f"{key.name}: {why}"


def read(path: Path, known: Known = BY_NAME) -> Written:
    """Read `path`; raise BadInput only where nothing of it can be read."""
    try:
        with path.open("rb") as file:
            found = Written(mistakes=_access_mistakes(path, os.fstat(file.fileno())))
            data = file.read()
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read ({error.strerror}); nothing was done.",
            "Write a new one with `inv init`, or name the right one in the variable HOSTS_ENV.",
        ) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        found.mistakes.append(f"line {number}: not UTF-8; save the file as UTF-8 (iconv -t UTF-8)")
        raise BadInput(f"{path}: nothing was done.", *found.mistakes) from None
    lines: dict[str, int] = {}
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        _read_line(number, line, known, found, lines)
    return found


def _access_mistakes(path: Path, status: os.stat_result) -> list[str]:
    mistakes = []
    if status.st_uid not in {0, *_operator()}:
        mistakes.append(
            f"{path} belongs to {_user(status.st_uid)}, who could change it under you; "
            f"make it yours: chown {_user(os.geteuid())} {path}"
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        mistakes.append(f"{path} holds passwords and is open to others (mode {mode:04o}); run: chmod 600 {path}")
    return mistakes


def _operator() -> set[int]:
    """Who runs this: the user, and under sudo the user who called it."""
    caller = os.environ.get("SUDO_UID", "") if os.geteuid() == 0 else ""
    return {os.geteuid(), int(caller)} if caller.isdecimal() else {os.geteuid()}


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _read_line(number: int, line: str, known: Known, found: Written, lines: dict[str, int]) -> None:
    """Take one line into `found`; a line never echoes, for what is wrong in it may be a password."""
    if not (said := line.strip()) or said.startswith("#"):
        return
    named = re.match(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*(=?)", line)
    binding = next(parse_stream(io.StringIO(line)), None)
    if binding is None or (binding.key is None and not binding.error):
        return
    name = binding.key or (named[1] if named else "")
    key = known.get(name)
    if key is None:
        found.mistakes.append(f"line {number}: {_unknown(name, known)}")
        return
    if name in lines:
        found.mistakes.append(f"{name}: stands on lines {lines[name]} and {number}; delete one of them")
        return
    lines[name] = number
    found.texts[name] = None
    if binding.value is None and not (named and named[2]):
        found.mistakes.append(f"{name}: line {number} has no =; write {name}=value")
    elif binding.error or (key.secret and not _well_quoted(line.partition("=")[2])):
        what = "blanks, #, quotes or \\ stand" if key.secret else "an open quote, or text after a closing one, stands"
        found.mistakes.append(f"{name}: line {number} cannot be read as meant, {what} in the value; {QUOTING}")
    else:
        found.texts[name] = binding.value


def _well_quoted(raw: str) -> bool:
    """Whether a value comes out of python-dotenv as it stands there, with nothing cut off."""
    return bool(re.fullmatch(r"""'(\\.|[^'\\])*'|"(\\.|[^"\\])*"|[^\s#'"\\]*""", raw.strip(" \t")))


def _unknown(name: str, known: Known) -> str:
    near = difflib.get_close_matches(name.upper(), known, 1)
    shown = f"{name} is not a key" if re.fullmatch(r"[A-Z][A-Z0-9_]*", name) else "not KEY=value with a known key"
    remedy = f"did you mean {near[0]}?" if near else "delete it; hosts.env.example has all keys"
    return f"{shown}; {remedy}"


def render_hosts_env(values: Mapping[str, str], *, secrets: bool = True, known: Known = BY_NAME) -> str:
    """The whole commented file with `values`; what they lack is its default, or the article's address.

    With `secrets`, a password that is not given is a fresh random one; without, it stays empty. Raises
    BadInput when a key is unknown or a given value cannot be used.
    """
    mistakes = [_unknown(name, known) for name in values if name not in known]
    for name, text in values.items():
        try:
            if name in known:
                known[name].parse(text)
        except ValueError as error:
            mistakes.append(mistake(known[name], text, str(error)))
    if mistakes:
        raise BadInput("hosts.env: nothing was written.", *mistakes)
    blocks, group = [_HEADER], ""
    for key in known.values():
        if key.group != group:
            group = key.group
            blocks.append(f"# ---- {group} ----\n")
        blocks.append(_block(key, values, fresh=secrets))
    return "\n".join(blocks)


def _block(key: Key[object], values: Mapping[str, str], *, fresh: bool) -> str:
    facts = "Required." if key.default is None else f"Default: {key.default or 'empty'}"
    if key.article is not None:
        facts += f"   Article: {key.article}"
    lines = [f"# {line}" for line in (*key.help.splitlines(), facts)]
    if key.name in values:
        lines.append(f"{key.name}={quoted(key, values[key.name])}")
    elif key.default is not None:
        lines.append(f"#{key.name}={key.default}")
    elif key.secret:
        lines.append(f"{key.name}={quoted(key, _random_password() if fresh else '')}")
    else:
        lines.append(f"{key.name}={key.article}")
    return "\n".join(lines) + "\n"


def quoted(key: Key[object], text: str) -> str:
    """The text as it stands behind the = of its line."""
    if not key.secret and re.fullmatch(r"[A-Za-z0-9_.,:/@~+-]*", text):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _random_password() -> str:
    """One that MySQL's validate_password takes at its usual level, which is on where EL's packages installed it."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_")
    while True:
        password = "".join(randomness.choice("".join(kinds)) for _ in range(PASSWORD_LENGTH))
        if all(set(kind) & set(password) for kind in kinds):
            return password


def write_fresh(path: Path, **addresses: str) -> str:
    """Write a hosts.env for these addresses with new passwords; what to say of it. BadInput when one is missing."""
    if not all(addresses.values()):
        raise BadInput("Name the three addresses: inv init --master=ADDRESS --slave=ADDRESS --vip=ADDRESS/PREFIX")
    write_new(path, render_hosts_env(addresses))
    return f"{path} written, mode 0600. Look it through, then: inv trust-hosts, inv plan, inv bootstrap"


def write_new(path: Path, text: str) -> None:
    """Write `text` to a new file of mode 0600, down to the disk; BadInput if it exists or cannot be made."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadInput(
            f"{path}: is there already; it was not touched.",
            "Edit it, or move it away and run this again.",
        ) from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror}); nothing was done.") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        path.unlink()
        if isinstance(error, OSError):
            raise BadInput(f"{path}: cannot be written ({error.strerror}); nothing was left of it.") from None
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Some shared folders cannot sync a folder; the file itself is on the disk by now.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
