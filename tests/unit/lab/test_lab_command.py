"""What the lab's modules share: commands, waits, locks, mounts, control groups."""

from pathlib import Path

import pytest

from runbook.lab.cgroup import hierarchies
from runbook.lab.command import LabError, Log, last_lines, locked, mount_points, run, wait_until

# Debian 12 on a virtual machine with the hybrid hierarchy, shortened.
HYBRID = """\
27 22 0:24 / /sys/fs/cgroup rw,relatime shared:5 - tmpfs tmpfs rw,mode=755
28 27 0:25 / /sys/fs/cgroup/memory rw,relatime shared:6 - cgroup cgroup rw,memory
36 27 0:33 / /sys/fs/cgroup/systemd rw,relatime shared:14 - cgroup cgroup rw,name=systemd
37 27 0:34 / /sys/fs/cgroup/unified rw,relatime shared:15 - cgroup2 cgroup2 rw
"""
UNIFIED = "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
MOUNTS = """\
50 22 0:40 / /state/pair/master/root rw - overlay overlay rw,lowerdir=/cache/rootfs
51 50 7:0 / /state/pair/master/root/var/lib/mysql rw - xfs /dev/loop0 rw
52 22 0:41 / /state/pair/slave/root rw - overlay overlay rw,lowerdir=/cache/rootfs
53 22 0:42 / /state/pairing rw - tmpfs tmpfs rw
54 22 0:43 / /state/pair/with\\040space rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("mountinfo", "expected"),
    [(HYBRID, ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"]), (UNIFIED, ["/sys/fs/cgroup"])],
)
def test_a_host_gets_its_own_group_where_systemd_looks_for_one(mountinfo: str, expected: list[str]) -> None:
    assert [str(path) for path in hierarchies(mountinfo)] == expected


def test_mounts_of_a_lab_come_deepest_first_and_no_neighbour_is_among_them() -> None:
    assert [str(path) for path in mount_points(MOUNTS, Path("/state/pair"))] == [
        "/state/pair/with space",
        "/state/pair/slave/root",
        "/state/pair/master/root/var/lib/mysql",
        "/state/pair/master/root",
    ]


def test_a_failed_command_is_named_with_its_exit_code_and_its_last_words() -> None:
    with pytest.raises(LabError) as error:
        run(["sh", "-c", "echo first; echo the reason >&2; exit 3"])
    assert "exit 3" in str(error.value)
    assert "the reason" in str(error.value)


def test_a_command_that_hangs_is_ended_and_named() -> None:
    with pytest.raises(LabError, match=r"sleep 60: not done after 0\.1 s"):
        run(["sleep", "60"], seconds=0.1)


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(LabError, match="no-such-command"):
        run(["no-such-command"])


def test_a_long_command_names_the_file_with_its_whole_output(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", "a test", 1, print) as held, pytest.raises(LabError) as error:
        run(["sh", "-c", "echo said; exit 1"], log=Log(tmp_path / "log", held))
    assert f"the whole output: {tmp_path / 'log'}" in str(error.value)
    assert "said" in (tmp_path / "log").read_text()


def test_last_lines_leave_out_the_commands_a_log_holds() -> None:
    assert last_lines("+ debootstrap sid\nI: Retrieving\n\nE: Failed\n") == ["  I: Retrieving", "  E: Failed"]


def test_a_wait_names_what_it_waited_for() -> None:
    with pytest.raises(LabError, match=r"waited 0 s for the moon to rise"):
        wait_until(lambda: False, "the moon to rise", 0)


def test_a_lock_is_held_once_and_the_second_says_for_whom_it_waits(tmp_path: Path) -> None:
    said: list[str] = []
    with locked(tmp_path / "lock", "the first", 1, said.append):
        assert said == []
        with pytest.raises(LabError, match="the first to end"), locked(tmp_path / "lock", "the first", 0, said.append):
            pass
    assert said == ["waiting for the first (at most 0 s)"]
    with locked(tmp_path / "lock", "nobody", 0, said.append):
        assert len(said) == 1


def test_an_orphan_of_a_killed_run_holds_the_lock_until_it_ends(tmp_path: Path) -> None:
    marker = tmp_path / "go"
    orphan = f"exec 3>&1 4>&1; while [ ! -e {marker} ]; do sleep 0.02; done"
    with locked(tmp_path / "lock", "a build", 1, print) as held:
        run(["sh", "-c", f"({orphan}) < /dev/null & "], log=Log(tmp_path / "log", held))
    with pytest.raises(LabError, match="a build to end"), locked(tmp_path / "lock", "a build", 0.1, print):
        pass
    marker.touch()
    with locked(tmp_path / "lock", "a build", 5, print) as held:
        assert held > 0
