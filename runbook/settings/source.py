"""Where the server to install comes from, as MYSQL_SOURCE says it; files are fetched and checked on this machine."""

import hashlib
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from runbook.errors import BadInput, RunbookError
from runbook.settings.values import path

SUMS = "SHA256SUMS"
STALL_SECONDS = 30
PACKAGE_SUFFIXES = (".rpm", ".deb")
TARBALL_SUFFIXES = (".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")
_fetching = threading.Lock()


@dataclass(frozen=True)
class Source:
    """`place` is a path or URL, empty for the distribution's own package sources."""

    kind: Literal["distribution", "release", "folder", "tarball"]
    place: str = ""

    @property
    def is_url(self) -> bool:
        return "://" in self.place

    @property
    def file_name(self) -> str:
        """The last part of the place."""
        return self.place.rstrip("/").rpartition("/")[2]


def read_source(text: str) -> Source:
    """A source of MYSQL_SOURCE; ValueError says what can be written."""
    if text == "distribution":
        return Source("distribution")
    if text.startswith("~"):
        text = str(path(text))
    if re.match(r"[a-z]+://", text) and not re.fullmatch(r"https?://[^\s'\"]+", text):
        raise ValueError("only http:// and https:// are fetched; download it and give its path")
    if text.endswith(PACKAGE_SUFFIXES):
        return Source("release", text)
    if text.endswith(TARBALL_SUFFIXES):
        return Source("tarball", text)
    if "://" in text or "/" not in text:
        raise ValueError(
            "neither distribution, a release package (.rpm, .deb), a tarball (.tar.gz, .tar.xz), nor a folder's path"
        )
    return Source("folder", text)


def folder_files(folder: Path) -> tuple[Path, ...]:
    """The package files of a folder, in their names' order."""
    return tuple(sorted(file for file in folder.iterdir() if file.suffix in PACKAGE_SUFFIXES))


def missing(source: Source) -> str | None:
    """What is not there of a source on this machine, with the remedy; None when all is."""
    place = Path(source.place)
    if source.kind == "folder":
        if not place.is_dir():
            return "no such folder; give one with the server's package files in it"
        if not folder_files(place):
            return "has no .rpm and no .deb in it; put the server's packages and what they need there"
    elif source.place and not source.is_url and not os.access(place, os.R_OK):
        return "no file that you can read; correct the path, or give a URL"
    return None


def fetched(source: Source, sha256: str | None) -> Path:
    """The file of a release package or tarball on this machine, its checksum enforced when one is given."""
    with _fetching:
        file = _downloaded(source) if source.is_url else Path(source.place)
        if sha256 and (found := file_sha256(file)) != sha256:
            raise BadInput(
                f"MYSQL_SHA256 = {sha256}: {file} has {found}; nothing of it was installed",
                "Is it the file that you mean, and complete? Delete it or correct the key.",
            )
        return file


def _downloaded(source: Source) -> Path:
    """A file in the cache folder; one that was downloaded there once is taken as it is."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "mysql-runbook"
    name = hashlib.sha256(source.place.encode()).hexdigest()[:8]
    file = cache / name / source.file_name
    if file.exists():
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    import urllib.request  # 30 ms, of which most runs need nothing

    try:
        with urllib.request.urlopen(source.place, timeout=STALL_SECONDS) as answer, new.open("wb") as out:
            while piece := answer.read(1 << 20):
                out.write(piece)
    except OSError as error:
        raise RunbookError(
            f"MYSQL_SOURCE = {source.place}: {error}",
            "Does this machine reach it? Or download it elsewhere and give its path as MYSQL_SOURCE.",
        ) from error
    new.rename(file)
    return file


def checked_files(folder: Path) -> tuple[Path, ...]:
    """The package files of a folder; where it has a SHA256SUMS, each must stand there with its checksum."""
    files, sums = folder_files(folder), folder / SUMS
    if not sums.exists():
        return files
    lines = [line.split(None, 1) for line in sums.read_text(errors="replace").splitlines()]
    listed = {line[1].strip().lstrip("*").removeprefix("./"): line[0].lower() for line in lines if len(line) == 2}
    wrong = [file.name for file in files if listed.get(file.name) != file_sha256(file)]
    if wrong:
        raise BadInput(
            f"MYSQL_SOURCE = {folder}: not as its {SUMS} says: {', '.join(wrong)}; nothing was installed",
            f"Fetch them again, or make the list anew: cd {folder} && sha256sum *.rpm *.deb > {SUMS}",
        )
    return files


def file_sha256(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
