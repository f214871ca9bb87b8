"""The binary logs of a master that does not start: what the slave lacks of them, read by the host's own shell."""

from dataclasses import replace
from pathlib import Path

import pytest
from case_files import case
from fake import link_of, mysqld_of, pair_of
from local_link import LocalLink, stub
from pair_facts import RUNS, UUID

from runbook.core.host import CommandFailed, Host
from runbook.core.report import Report
from runbook.core.ssh import Ran
from runbook.errors import HostError, RunbookError
from runbook.mysql.binary_log import Logged
from runbook.mysql.session import Server
from runbook.mysql.tracking.progress import GtidSet, Position, Progress
from runbook.mysql.tracking.status import ReplicaStatus
from runbook.operations.roles import lost_logs
from runbook.operations.roles.lost_logs import LostLogs
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings

pytestmark = pytest.mark.usefixtures("fake_mysql")

PRINTED = case("binary_log", "mysql_9_7_by_gtid").text
LOGGED = Logged(f"{UUID}:5", ("INSERT",), (), "")


class OldHost:
    """A host whose mysqld does not start, with three binary logs and the program that prints them."""

    def __init__(self, folder: Path, pair: Pair) -> None:
        self.data, self.commands, self.asked = folder / "data", folder / "bin", folder / "asked"
        for each in (self.data, self.commands):
            each.mkdir()
        (self.data / "mysql-bin.index").write_text("./mysql-bin.000001\n/var/lib/mysql/mysql-bin.000002\nmysql-bin.3\n")
        (folder / "printed").write_text(PRINTED)
        self.prints(f"cat {folder}/printed")
        pair.master.host.link = LocalLink(self.commands)
        mysqld_of(pair.slave).says("SELECT @@log_bin_basename", {"name": f"{self.data}/mysql-bin"})

    def prints(self, script: str, *, name: str = "mysqlbinlog") -> None:
        (self.commands / name).unlink(missing_ok=True)
        stub(self.commands, name, f'echo "${{0##*/}} $*" >> {self.asked}; {script}')

    @property
    def asked_for(self) -> str:
        return self.asked.read_text().splitlines()[0].removesuffix(" --base64-output=DECODE-ROWS -vv")


def the_slave_has(monkeypatch: pytest.MonkeyPatch, has: Progress, status: ReplicaStatus | None = RUNS) -> None:
    monkeypatch.setattr(Side, "progress", lambda _: has)
    monkeypatch.setattr(lost_logs, "replica_status", lambda _: status)


@pytest.fixture
def pair(settings: Settings) -> Pair:
    return pair_of(settings)


@pytest.fixture
def old(tmp_path: Path, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> OldHost:
    the_slave_has(monkeypatch, GtidSet.parse(f"{UUID}:1-4"))
    return OldHost(tmp_path, pair)


def test_by_gtid_all_logs_are_read_but_for_what_the_slave_has(pair: Pair, old: OldHost) -> None:
    found = lost_logs.read(pair)
    logs = "mysql-bin.000001 mysql-bin.000002 mysql-bin.3"
    assert old.asked_for == f"mysqlbinlog --no-defaults --exclude-gtids={UUID}:1-4 {logs}"
    assert found.whole and len(found.logged) == len(case("binary_log", "mysql_9_7_by_gtid").means)


def test_by_position_they_are_read_from_where_the_slave_received_last(
    pair: Pair, old: OldHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = replace(RUNS, received_file="mysql-bin.000002", received_position=1484)
    the_slave_has(monkeypatch, Position.parse("mysql-bin.000002:99"), status)
    lost_logs.read(pair)
    assert old.asked_for == "mysqlbinlog --no-defaults --start-position=1484 mysql-bin.000002 mysql-bin.3"


def test_mariadbs_own_program_comes_first(pair: Pair, old: OldHost) -> None:
    old.prints("echo '# nothing'", name="mariadb-binlog")
    assert lost_logs.read(pair).logged == ()
    assert old.asked_for.startswith("mariadb-binlog ")


def test_logs_that_break_off_are_not_whole(pair: Pair, old: OldHost) -> None:
    old.prints(f"cat {old.asked.parent}/printed; echo 'read error' >&2; exit 1")
    found = lost_logs.read(pair)
    assert found.logged and not found.whole


@pytest.mark.parametrize("lost", ["folder", "index", "empty index", "program", "the slave's place"])
def test_where_nothing_can_be_read_that_is_said(
    pair: Pair, old: OldHost, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    index = old.data / "mysql-bin.index"
    if lost == "folder":
        old.data.rename(old.data.with_name("elsewhere"))
    elif lost == "index":
        index.unlink()
    elif lost == "empty index":
        index.write_text("")
    elif lost == "program":
        (old.commands / "mysqlbinlog").unlink()
    else:
        the_slave_has(monkeypatch, Position.parse("mysql-bin.000009:4"), None)
    with pytest.raises(HostError, match="its binary logs cannot be read"):
        lost_logs.read(pair)


def test_what_is_more_than_anybody_can_look_through_is_left(
    pair: Pair, old: OldHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_logs, "MOST_BYTES", 100)
    with pytest.raises(HostError, match="the slave lacks more than"):
        lost_logs.read(pair)


# ---- what is done with them ----


def test_without_a_transaction_that_it_lacks_nothing_is_opened(
    pair: Pair, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "opened_for_root", lambda *_, **__: pytest.fail("it was opened"))
    lost_logs.bring(pair.master, pair.slave, LostLogs("mysqlbinlog", (), whole=True), report)
    assert link_of(pair.master).calls == link_of(pair.slave).calls == []


def test_what_does_not_run_is_named_and_nobody_takes_writes(
    pair: Pair, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(host: Host, *_: object, **__: object) -> None:
        raise CommandFailed(str(host), "mysql", Ran(1, "", "ERROR 1146 (42S02): Table 'a.b' doesn't exist\n"))

    new = mysqld_of(pair.slave)
    new.closed(True)
    monkeypatch.setattr(lost_logs, "replay", fail)
    link_of(pair.master).says("{ mysqlbinlog x; } | base64", "eA==\n")
    with pytest.raises(RunbookError, match="ERROR 1146") as told:
        lost_logs.bring(pair.master, pair.slave, LostLogs("mysqlbinlog x", (LOGGED,), whole=True), report)
    assert "Nobody takes writes" in str(told.value) and "then: inv promote" in str(told.value)
    assert new.run("SELECT @@GLOBAL.super_read_only")[0]["closed"] == 1, "it is closed again"
