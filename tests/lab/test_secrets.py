"""No secret is where others can read it. What no command may print, every test asks of every run (commandline.py).

Needs a healthy pair, best one with a history of drills and accidents, and leaves it.
"""

import stat
from collections.abc import Iterator
from pathlib import Path

from commandline import PROJECT
from outside import OutsideHost, OutsidePair

LOGS = ("var/log/", "root/.", "home/")


def test_no_file_that_others_can_read_and_no_log_holds_a_secret(seasoned_pair: OutsidePair) -> None:
    for host in seasoned_pair.hosts:
        paths = list(exposed(host))
        names = {str(path) for path in paths}
        assert any(name.endswith("usr/local/bin/mysql_check.sh") for name in names), "it looked at the wrong files"
        assert any("/var/log/" in name for name in names), "it looked at no log"
        assert holding(paths, seasoned_pair.operator.secret_cores) == []


def test_no_journal_holds_a_secret(seasoned_pair: OutsidePair) -> None:
    for host in seasoned_pair.hosts:
        journal = host.sh("journalctl --no-pager -o export -a")
        assert "keepalived" in journal, "it is not the journal of a host of the pair"
        assert [core for core in seasoned_pair.operator.secret_cores if core in journal] == []


def test_nothing_was_left_on_this_machine(seasoned_pair: OutsidePair) -> None:
    reports = [path for path in PROJECT.joinpath("reports").rglob("*") if path.is_file()]
    logs = [*seasoned_pair.lab.home.rglob("*.log"), *reports]
    assert holding(logs, seasoned_pair.operator.secret_cores) == []


def test_what_holds_a_secret_is_found(seasoned_pair: OutsidePair) -> None:
    """The tests above can fail."""
    path = "/var/tmp/left-behind"
    seasoned_pair.slave.sh(f"umask 022; cat > {path}", stdin=seasoned_pair.operator.secret_cores[0])
    try:
        found = holding(exposed(seasoned_pair.slave), seasoned_pair.operator.secret_cores)
        assert [name for name in found if name.endswith(path)] == found != []
    finally:
        seasoned_pair.slave.sh(f"rm {path}")


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
