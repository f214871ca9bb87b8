"""The processes of this machine, among which are those of the lab's hosts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process by its pid on this machine, its parent's, and its name."""

    pid: int
    parent: int
    name: str


def processes() -> Iterator[Process]:
    """Every process that is there now."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = dict(line.split(":\t", 1) for line in (path / "status").read_text().splitlines())
        except OSError:
            continue
        yield Process(int(path.name), int(fields["PPid"]), fields["Name"])


def same_host(pid: int, other: int) -> bool:
    """Whether two processes have the same process numbers, and so are of one host."""
    try:
        return Path(f"/proc/{pid}/ns/pid").readlink() == Path(f"/proc/{other}/ns/pid").readlink()
    except OSError:
        return False
