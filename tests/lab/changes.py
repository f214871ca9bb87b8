"""What has changed on the lab's hosts: their files, and all else that two states of them differ in."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

# What looking leaves. Each login: sshd's line in the journal, the greeting it was shown, logind's session, and sudo's
# note of who called it. Each question to rpm: what is beside its database.
LOOKING = (
    "var/log/journal",
    "run/motd.dynamic",
    "run/sudo",
    "run/systemd/sessions",
    "run/credentials",
    "run/systemd/transient",
    "run/systemd/users",
    "var/lib/rpm/rpmdb.sqlite-",
)
# The sender of alerts takes news away some seconds after it came, in a unit that lives for as long.
SENDER = ("run/mysql-runbook/alerts", "run/systemd/units", "run/systemd/journal/streams")
# The checker looks each second, which locks the first and writes the next ones; so does the slave's witness. mysqld
# flushes its own files when it likes; what is in them is compared by SQL.
SERVING = (
    "run/mysql-runbook/lock",
    "run/mysql-runbook/checked",
    "run/mysql-runbook/finding",
    "run/mysql-runbook/settled",
    "run/mysql-runbook/said",
    "run/mysql-runbook/vrrp",
    "run/mysql-runbook/heard",
    "run/mysql-runbook/watch",
    "run/mysql-runbook/witnessed",
    "var/lib/mysql",
)
# The folder that they lie in has a new time with each of them; what is in it is looked at one by one.
SCRIPTS_FOLDER = "run/mysql-runbook"
# What is not in the host's own layer, but on a file system beside it.
BESIDE = ("run", "tmp", "dev/shm", "var/lib/mysql")
# One operator at a time: the lock's file is written by every run that may change something.
LOCK = ("files: run/mysql-runbook", "files: run/mysql-runbook/operator.lock")


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """What differs between two states, however deep, by its path."""
    found: dict[str, tuple[object, object]] = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found |= {f"{key}: {inner}": change for inner, change in changes(old, new).items()}
        elif old != new:
            found[key] = (old, new)
    return found


def but_for_the_lock(found: Mapping[str, tuple[object, object]]) -> dict[str, tuple[object, object]]:
    """Changes without those that a run makes to be the only one."""
    return {path: change for path, change in found.items() if not path.endswith(LOCK)}


def expect_same(before: Mapping[str, object], after: Mapping[str, object], *, locked: bool = False) -> None:
    """Fail with everything that has changed; with `locked` a run may have taken and given back its lock."""
    found = changes(before, after)
    if locked:
        found = but_for_the_lock(found)
    assert not found, "changed:\n" + "\n".join(f"{path}: {old} → {new}" for path, (old, new) in found.items())


def files_in(root: Path, folder: str, ignore: tuple[str, ...]) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Every file below a folder but those ignored, with what changes when it is touched."""
    for directory, folders, files in os.walk(root / folder):
        for name in (*folders, *files):
            path = Path(directory, name)
            inside = str(path.relative_to(root))
            if inside.startswith(ignore) or inside == SCRIPTS_FOLDER:
                continue
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
            yield inside, (oct(status.st_mode), status.st_uid, size, status.st_mtime_ns, status.st_ctime_ns)
