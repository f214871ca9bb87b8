"""No secret is where others can read it. What no command may print, every test asks of every run (commandline.py)."""

from commandline import PROJECT
from leaks import exposed, holding
from outside import OutsidePair


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
