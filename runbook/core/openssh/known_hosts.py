"""known_hosts as OpenSSH reads it: which keys a host may show, and which nobody may.

Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. paramiko's own reader knows neither patterns nor markers, takes a damaged
line for an error of its own, and of two keys of one type the first alone.
"""

import base64
import fnmatch
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runbook.errors import BadInput

AUTHORITY, REVOKED = "@cert-authority", "@revoked"


@dataclass(frozen=True)
class Line:
    """A key and whose it is. `where` is FILE:NUMBER, `marker` empty for a key that may be shown."""

    where: str
    marker: str
    names: tuple[str, ...]
    type: str
    key: bytes

    def is_of(self, name: str) -> bool:
        """Whether one of its patterns fits the name, and none with a ! does."""
        if any(each.startswith("!") and _fits(name, each[1:]) for each in self.names):
            return False
        return any(not each.startswith("!") and _fits(name, each) for each in self.names)


@dataclass(frozen=True)
class KnownHosts:
    """What all files together say; `damaged` are the lines that nobody can read, ssh neither."""

    lines: tuple[Line, ...] = ()
    damaged: tuple[str, ...] = ()
    files: tuple[Path, ...] = field(default=())

    def of(self, names: Iterable[str], marker: str = "") -> list[Line]:
        """The lines of a host that goes by these names; of several names the first that is known counts."""
        for name in names:
            if found := [line for line in self.lines if line.marker == marker and line.is_of(name.lower())]:
                return found
        return []

    def revoked(self, names: Sequence[str], key: bytes) -> Line | None:
        """The line that says that this key is not to be trusted any more, for one of these names."""
        lines = (line for name in names for line in self.of([name], REVOKED))
        return next((line for line in lines if line.key == key), None)


def read(files: Sequence[Path]) -> KnownHosts:
    """What these files say; one that is not there says nothing. BadInput names one that cannot be read."""
    lines: list[Line] = []
    damaged = []
    for file in files:
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise BadInput(
                f"{file}: cannot be read ({error.strerror})",
                "It has the hosts' public keys: correct its mode, or name another file in SSH_KNOWN_HOSTS.",
            ) from None
        for number, text in _texts(data):
            line = parsed(text, f"{file}:{number}")
            if line is None:
                damaged.append(f"{file}:{number}")
            else:
                lines.append(line)
    return KnownHosts(tuple(lines), tuple(damaged), tuple(files))


def parsed(text: str, where: str) -> Line | None:
    """A line that is not empty and no remark; None when it is damaged."""
    fields = text.split()
    marker = fields.pop(0) if text.startswith("@") else ""
    if marker not in ("", AUTHORITY, REVOKED) or len(fields) < 3:
        return None
    names, kind, encoded = fields[:3]
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        return None
    # A key begins with its type, and that with its length (RFC 4253, 6.6).
    if not kind.isascii() or not key.startswith(len(kind).to_bytes(4, "big") + kind.encode()):
        return None
    return Line(where, marker, tuple(name.lower() if name[0] != "|" else name for name in _split(names)), kind, key)


def _texts(data: bytes) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(data.split(b"\n"), 1):
        text = line.decode(errors="replace").strip()
        if text and not text.startswith("#"):
            yield number, text


def _split(names: str) -> list[str]:
    return [name for name in names.split(",") if name]


def _fits(name: str, pattern: str) -> bool:
    if pattern.startswith("|"):
        return _is_hash_of(name, pattern)
    # Of fnmatch's signs ssh knows * and ? alone.
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))


def _is_hash_of(name: str, hashed: str) -> bool:
    """|1|SALT|HMAC-SHA1, as HashKnownHosts has them."""
    fields = hashed.split("|")
    if len(fields) != 4 or fields[1] != "1":
        return False
    try:
        salt, digest = (base64.b64decode(each, validate=True) for each in fields[2:])
    except ValueError:
        return False
    return hmac.compare_digest(hmac.digest(salt, name.encode(), hashlib.sha1), digest)
