"""Writes that the slave must refuse, tried by those who may do everything."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pymysql
import pytest
from fake import link_of, mysqld_of, pair_of
from fake_mysqld import FakeConnection

from runbook.core.report import Report
from runbook.core.wait import until
from runbook.diagnosis.checks.writes import NO_ROW
from runbook.drill import rehearsal
from runbook.drill.faults.crash_master import CrashMaster
from runbook.observe import intruder
from runbook.observe.intruder import Intruder, drop_account, make_account
from runbook.observe.recorder import Recorder
from runbook.settings.settings import Settings

READ_ONLY = pymysql.err.OperationalError(1290, "The MySQL server is running with the --super-read-only option")
SOMETHING_ELSE = pymysql.err.ProgrammingError(1146, "Table 'runbook.heartbeat' doesn't exist")
KNOWN = "SELECT 1 FROM mysql.user WHERE user = 'runbook_drill' AND host = '127.0.0.1'"
DROP = "DROP USER 'runbook_drill'@'127.0.0.1'"
GRANT = "GRANT ALL PRIVILEGES ON *.* TO 'runbook_drill'@'127.0.0.1'"


@pytest.fixture
def rollbacks(fake_mysql: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done to transactions; nothing else is fast."""
    done: list[str] = []
    monkeypatch.setattr(intruder, "PACE_SECONDS", 0.002)
    monkeypatch.setattr(FakeConnection, "autocommit", lambda self, on: done.append(f"autocommit {on}"), raising=False)
    monkeypatch.setattr(FakeConnection, "rollback", lambda self: done.append("rollback"), raising=False)
    return done


def soon(what: str, is_so: Callable[[], bool]) -> None:
    until(what, 5, is_so, pause=0.002)


def test_refusals_are_counted(settings: Settings, rollbacks: list[str]) -> None:
    pair = pair_of(settings)
    mysqld_of(pair.slave).takes(NO_ROW, READ_ONLY)
    with Intruder(pair.slave, "root", settings.mysql_root_password) as root:
        soon("refusals", lambda: root.refused > 2)
    assert root.accepted == 0


def test_an_accepted_write_is_counted_and_rolled_back(settings: Settings, rollbacks: list[str]) -> None:
    pair = pair_of(settings)
    mysqld_of(pair.slave).takes(NO_ROW)
    with Intruder(pair.slave, "root", settings.mysql_root_password) as root:
        soon("writes", lambda: root.accepted > 2)
    assert root.refused == 0
    assert rollbacks[:2] == ["autocommit False", "rollback"]


def test_what_failed_for_another_reason_was_no_attempt_and_is_tried_again(
    settings: Settings, rollbacks: list[str]
) -> None:
    pair = pair_of(settings)
    mysqld = mysqld_of(pair.slave)
    mysqld.takes(NO_ROW, SOMETHING_ELSE)
    with Intruder(pair.slave, "root", settings.mysql_root_password) as root:
        soon("attempts", lambda: len(mysqld.changed) > 2)
        assert (root.refused, root.accepted) == (0, 0)
        mysqld.takes(NO_ROW, READ_ONLY)
        soon("refusals", lambda: root.refused > 2)


def test_the_account_is_made_anew_with_a_password_of_its_own_and_dropped_where_it_is(
    settings: Settings, fake_mysql: None
) -> None:
    pair = pair_of(settings)
    mysqld = mysqld_of(pair.master)
    for side in pair.sides.values():
        mysqld_of(side, mysqld if side.role == "master" else None).says(KNOWN, {"1": 1})
    made: list[str] = []

    def take(password: str) -> str:
        mysqld.takes(f"CREATE USER IF NOT EXISTS 'runbook_drill'@'127.0.0.1' IDENTIFIED BY '{password}'")
        mysqld.takes(
            f"ALTER USER 'runbook_drill'@'127.0.0.1' IDENTIFIED BY '{password}' PASSWORD EXPIRE NEVER ACCOUNT UNLOCK"
        )
        made.append(password)
        return password

    tokens = iter(("one-password", "another-password"))
    mysqld.takes(DROP)
    mysqld.takes(GRANT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intruder.secrets, "token_urlsafe", lambda size: take(next(tokens)))
        passwords = [make_account(pair).reveal() for _ in range(2)]
    assert passwords == made
    drop_account(pair)
    assert mysqld.changed.count(DROP) == 3
    assert mysqld.changed[-1] == DROP


def test_where_there_is_no_such_account_nothing_is_done(settings: Settings, fake_mysql: None) -> None:
    pair = pair_of(settings)
    mysqlds = [mysqld_of(side) for side in pair.sides.values()]
    for mysqld in mysqlds:
        mysqld.says(KNOWN)
    drop_account(pair)
    assert [mysqld.changed for mysqld in mysqlds] == [[], []]


@pytest.mark.parametrize("keeper", ["master", "slave"])
def test_an_account_that_a_power_cut_took_from_one_server_is_dropped_on_both(
    settings: Settings, fake_mysql: None, keeper: str
) -> None:
    pair = pair_of(settings)
    for side in pair.sides.values():
        rows = ({"1": 1},) if side.role == keeper else ()
        mysqld_of(side).says(KNOWN, *rows)
    master = link_of(pair.master).mysqlds["127.0.0.1", settings.mysql_port]
    account = "'runbook_drill'@'127.0.0.1' IDENTIFIED BY 'once-more'"
    made = [f"CREATE USER IF NOT EXISTS {account}", f"ALTER USER {account} PASSWORD EXPIRE NEVER ACCOUNT UNLOCK"]
    for statement in (*made, DROP):
        master.takes(statement)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intruder.secrets, "token_urlsafe", lambda size: "once-more")
        drop_account(pair)
    assert master.changed == [*made, DROP]


@pytest.mark.parametrize("dropped", [True, False])
def test_a_drill_that_is_cut_off_drops_the_account_where_the_master_takes_writes(
    settings: Settings, fake_mysql: None, monkeypatch: pytest.MonkeyPatch, dropped: bool
) -> None:
    pair = pair_of(settings)
    mysqld = mysqld_of(pair.slave)
    mysqld.says("SELECT @@GLOBAL.gtid_executed", {"executed": "a:1-9"})
    mysqld.says("SELECT @@server_uuid", {"uuid": "b"})
    mysqld.says(KNOWN, {"1": 1})
    mysqld = mysqld_of(pair.master)
    mysqld.says(KNOWN, {"1": 1})
    mysqld.takes(DROP, None if dropped else READ_ONLY)
    monkeypatch.setattr(rehearsal, "make_account", lambda pair: settings.probe_password)

    @contextmanager
    def cut_off(*_: object) -> Iterator[None]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(rehearsal, "_watching", cut_off)
    with pytest.raises(KeyboardInterrupt):
        rehearsal.rehearse(pair, CrashMaster(), Report(str), Recorder())
    assert mysqld.changed == [DROP]
