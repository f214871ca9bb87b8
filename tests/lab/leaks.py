"""Where a secret may have been left: files that others can read, and what holds one."""

import stat
from collections.abc import Iterator
from pathlib import Path

from outside import OutsideHost

LOGS = ("var/log/", "root/.", "home/")


def exposed(host: OutsideHost) -> Iterator[Path]:
    """The files that the host wrote, or holds in memory, and that others can read; of logs and homes every one."""
    for root in (host.machine.home / "upper", Path(f"/proc/{host.machine.init()}/root/run")):
        for path in root.rglob("*"):
            try:
                mode = path.lstat().st_mode
            except OSError:
                continue
            inside = str(path.relative_to(root))
            if stat.S_ISREG(mode) and (mode & stat.S_IROTH or inside.startswith(LOGS)):
                yield path


def holding(paths: Iterator[Path] | list[Path], cores: tuple[str, ...]) -> list[str]:
    """The paths of the files that hold one of these."""
    wanted = [core.encode() for core in cores]
    return [str(path) for path in paths if any(core in path.read_bytes() for core in wanted)]
