"""Which server is installed, and where it comes from."""

from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from runbook.settings import values as read
from runbook.settings.key import Key, KeyTable, Rule
from runbook.settings.source import Source, missing, read_source
from runbook.settings.values import Reader

WantedEngine = Literal["auto", "mysql", "mariadb"]

_engine: Reader[WantedEngine] = read.choice(*get_args(WantedEngine))
_version = read.word(r"[0-9]+(\.[0-9]+){1,2}", "a series or version such as 5.6 or 5.6.24")
_sha256 = read.word(r"[0-9a-f]{64}", "a SHA-256 of 64 digits and letters a to f, as sha256sum prints it")


def _has_no_tarball(engine: WantedEngine, source: Source) -> bool:
    return engine == "mariadb" and source.kind == "tarball"


def _is_for_no_file(sha256: str | None, source: Source) -> bool:
    return sha256 is not None and source.kind not in ("release", "tarball")


def _on_disk(source: Source, folder: Path, _written: bool) -> Source:
    if not source.place or source.is_url:
        return source
    source = replace(source, place=str(folder / source.place))
    if why := missing(source):
        raise ValueError(why)
    return source


class Server(KeyTable):
    """The server to install (step 2)"""

    engine = Key(
        read=_engine,
        default="auto",
        article="mysql",
        help=(
            "The server: mysql, mariadb or auto.\n"
            "auto is the one that is installed; on a blank host MySQL where its package sources have it, else MariaDB."
        ),
        rules=(
            Rule(
                _has_no_tarball,
                "a tarball is taken for MySQL's only; give MariaDB's packages, or ENGINE=mysql",
                beside=("MYSQL_SOURCE",),
            ),
        ),
    )
    mysql_source = Key(
        read=read_source,
        default="distribution",
        article="the vendor's release RPM for EL7",
        help=(
            "Where the server comes from: distribution, a release package, a folder of packages, or a tarball.\n"
            "distribution: the hosts' own package sources. A vendor's release package (.rpm, .deb; by URL or path)\n"
            "names the vendor's. A folder here, or MySQL's tarball, is carried to hosts that have no internet."
        ),
        on_disk=_on_disk,
    )
    mysql_version = Key(
        read=read.optional(_version),
        default="",
        article="5.6 (the same as production's)",
        help=(
            "Version or series that must be installed, such as 5.6.24 or 5.6; looked at after the install.\n"
            "The article: the same as production's. Nothing is upgraded or downgraded. "
            "Empty: any, the same series on both."
        ),
    )
    mysql_sha256 = Key(
        read=read.optional(_sha256),
        default="",
        help=(
            "SHA-256 of the release package or tarball; another file is refused.\n"
            "A folder has a file SHA256SUMS instead. Empty: not looked at."
        ),
        rules=(
            Rule(
                _is_for_no_file,
                "is for one file; a folder has a SHA256SUMS in it, the distribution's packages are signed; "
                "delete the line",
                beside=("MYSQL_SOURCE",),
            ),
        ),
    )
