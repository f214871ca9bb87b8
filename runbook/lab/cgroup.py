"""A host's own control groups, where no systemd of this machine makes them."""

from dataclasses import dataclass
from pathlib import Path

from runbook.lab.command import LabError, wait_until

REMOVE_SECONDS = 10


def hierarchies(mountinfo: str) -> list[Path]:
    """Mount points where each host needs its own group: cgroup v2, and v1's `name=systemd` if mounted."""
    found = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _source, *options = after.split()
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in ",".join(options).split(",")):
            found.append(Path(before.split()[4]))
    return found


def systemd_is_pid_1() -> bool:
    """Whether this machine runs systemd, by the test of sd_booted(3)."""
    return Path("/run/systemd/system").is_dir()


@dataclass(frozen=True)
class ControlGroup:
    """The group named `name` in each hierarchy; none at all where this machine's systemd makes a scope."""

    name: str

    @property
    def directories(self) -> list[Path]:
        """Where the group is, or would be; raise LabError when this kernel has no cgroup v2 mounted."""
        if systemd_is_pid_1():
            return []
        mounts = hierarchies(Path("/proc/self/mountinfo").read_text())
        if not mounts:
            raise LabError("cgroup v2 is not mounted here", "mount -t cgroup2 cgroup2 /sys/fs/cgroup")
        return [mount / self.name for mount in mounts]

    def create(self) -> None:
        """Make the group in each hierarchy."""
        for directory in self.directories:
            directory.mkdir(exist_ok=True)

    def remove(self) -> None:
        """Kill what still runs in the group and remove it; raise LabError when that takes too long."""
        for directory in self.directories:
            wait_until(
                lambda directory=directory: _removed(directory),  # type: ignore[misc]
                f"the control group {directory} to be empty",
                REMOVE_SECONDS,
            )


def _removed(directory: Path) -> bool:
    if not directory.is_dir():
        return True
    kill = directory / "cgroup.kill"
    if kill.exists():
        kill.write_text("1")
    try:
        for group in sorted(directory.rglob("*/"), reverse=True):
            group.rmdir()
        directory.rmdir()
    except OSError:
        return False
    return True
