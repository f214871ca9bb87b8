"""A master without the VIP is closed, whatever is in the way: a statement, an account, a file, a user of the host."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pymysql
import pytest
from commandline import stays, until
from outside import OutsideHost, OutsidePair

FAILED = 1
KILL_SECONDS = 5
SETTLED_SECONDS = 30
STAYS_SECONDS = 5
RUN = "/run/mysql-runbook"
CONFIG = "/etc/mysql-runbook.conf"
CLOSED = "SELECT @@GLOBAL.super_read_only"
# An ordinary account's statement that KILL does not end: a regular expression that tries for ever.
STUCK = (
    "INSERT INTO runbook.ledger (run, writer, seq) SELECT 'stuck', 1, JSON_SCHEMA_VALID("
    """'{"type": "string", "pattern": "^(a+)+$"}', '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"')"""
)


def is_closed(host: OutsideHost) -> bool:
    return host.value(CLOSED) == "1"


def alert(host: OutsideHost, kind: str) -> str:
    """What the host has raised of this kind, or nothing."""
    return host.run(f"cat {RUN}/alerts/now/{kind}").out if kind in host.run(f"ls {RUN}/alerts/now").out else ""


def ended_and_back(host: OutsideHost, pid: int | None) -> None:
    """Wait for the alert that mysqld with this pid was killed, and for the next one's first answer."""
    until("the alert", SETTLED_SECONDS, lambda: "not closed for" in alert(host, "mysqld-killed"))
    until("another mysqld", SETTLED_SECONDS, lambda: host.daemon("mysqld") not in (None, pid))
    until("its answer", SETTLED_SECONDS, lambda: host.run("mysqladmin ping").code == 0)


def comes_home(pair: OutsidePair) -> None:
    pair.inv("failback").expect(0, "The pair is healthy")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


@contextmanager
def soon_killed(pair: OutsidePair, folder: Path) -> Iterator[None]:
    """A pair whose mysqld is killed when it does not let itself be closed for KILL_SECONDS."""
    pair.operator_with(folder, CLOSE_KILL_SECONDS=str(KILL_SECONDS)).inv("deploy-scripts", "--yes").expect(0)
    try:
        yield
    finally:
        pair.inv("deploy-scripts").expect(0)


@contextmanager
def stuck(pair: OutsidePair) -> Iterator[None]:
    """A client whose statement holds up every SET GLOBAL read_only, and which cannot be killed."""

    def work() -> None:
        with pytest.raises(pymysql.err.MySQLError), pair.client() as client, client.cursor() as cursor:
            cursor.execute(STUCK)

    thread = Thread(target=work, daemon=True)
    thread.start()
    until("the statement at work", SETTLED_SECONDS, lambda: "JSON_SCHEMA_VALID" in str(processes(pair.master)))
    yield
    thread.join(SETTLED_SECONDS)


def processes(host: OutsideHost) -> list[list[str]]:
    return host.sql("SELECT info FROM performance_schema.processlist WHERE user = 'runbook_probe'")


def test_who_is_not_root_can_touch_nothing_of_the_scripts(healthy_pair: OutsidePair) -> None:
    pair = healthy_pair
    for host in pair.hosts:
        assert host.sh(f"stat -c '%a %U' {RUN}") == "700 root"
        for path in ("lock", "operator.lock", "settled", "alerts/now"):
            assert host.run(f"setpriv --reuid=nobody --clear-groups ls {RUN}/{path}").code != 0
        # What the scripts of before used, and anybody can have.
        host.sh(
            "setpriv --reuid=nobody --clear-groups sh -c 'mkdir /run/lock/mysql-runbook.scripts "
            "/run/lock/mysql-runbook.lock; :'"
        )
    pair.master.sh("systemctl kill -s KILL keepalived && systemctl stop keepalived")
    until("the VIP on the slave alone", SETTLED_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    until("a closed master", SETTLED_SECONDS, lambda: is_closed(pair.master))
    until(
        "the takeover's record",
        SETTLED_SECONDS,
        lambda: pair.slave.run("cat /var/lib/mysql-runbook/takeover").code == 0,
    )
    comes_home(pair)


def test_a_statement_that_cannot_be_killed_ends_with_mysqld_which_starts_closed(
    healthy_pair: OutsidePair, tmp_path: Path
) -> None:
    pair = healthy_pair
    with soon_killed(pair, tmp_path), stuck(pair):
        pid = pair.master.daemon("mysqld")
        pair.master.sh("systemctl stop keepalived")
        ended_and_back(pair.master, pid)
        stays("a closed master", STAYS_SECONDS, lambda: is_closed(pair.master))
    comes_home(pair)


@pytest.mark.parametrize(("state", "words"), [("ACCOUNT LOCK", "ERROR 3118"), ("PASSWORD EXPIRE", "expired")])
def test_an_account_that_is_refused_moves_nothing_and_is_put_right(
    healthy_pair: OutsidePair, state: str, words: str
) -> None:
    pair = healthy_pair
    pair.master.sql(f"SET sql_log_bin = OFF; ALTER USER runbook_check@localhost {state}")
    until("the alert", SETTLED_SECONDS, lambda: words in alert(pair.master, "login-refused"))
    stays("the VIP on the master", STAYS_SECONDS, lambda: pair.vip_is_on() == ["master"])
    pair.inv("verify").expect(FAILED, "runbook_check@localhost", "inv create-replica-user")
    pair.inv("create-replica-user").expect(0)
    until("the end of the alert", SETTLED_SECONDS, lambda: not alert(pair.master, "login-refused"))
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)
    pair.inv("verify").expect(0)


@pytest.mark.long
def test_a_master_that_lets_the_scripts_in_no_more_is_closed_by_its_end(
    healthy_pair: OutsidePair, tmp_path: Path
) -> None:
    pair = healthy_pair
    with soon_killed(pair, tmp_path):
        pair.master.sql("SET sql_log_bin = OFF; ALTER USER runbook_check@localhost ACCOUNT LOCK")
        ended = pair.master.daemon("mysqld")
        pair.master.sh("systemctl stop keepalived")
        ended_and_back(pair.master, ended)
        pid = pair.master.daemon("mysqld")
        stays("a closed master", 2 * KILL_SECONDS, lambda: is_closed(pair.master))
        assert pair.master.daemon("mysqld") == pid, "it was killed again, although it had started closed"
    pair.inv("failback").expect(FAILED, "runbook_check", "The VIP was not moved", "inv create-replica-user")
    pair.inv("create-replica-user").expect(0)
    comes_home(pair)


def test_a_master_that_stood_still_while_keepalived_was_stopped_is_closed_once_it_goes_on(
    healthy_pair: OutsidePair,
) -> None:
    pair = healthy_pair
    pair.master.sh("systemctl kill -s STOP mysql; systemctl stop keepalived")
    until("the VIP on the slave", SETTLED_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    pair.master.sh("systemctl kill -s CONT mysql")
    until("a closed master", SETTLED_SECONDS, lambda: is_closed(pair.master))
    stays("a closed master", STAYS_SECONDS, lambda: is_closed(pair.master))
    comes_home(pair)


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param(f"rm {CONFIG}", marks=pytest.mark.long),
        pytest.param(f"truncate -s 200 {CONFIG}", marks=pytest.mark.long),
        f"rm -r {CONFIG} {RUN}/last.conf",
    ],
)
def test_a_lost_configuration_moves_nothing_and_keeps_nobody_from_closing(healthy_pair: OutsidePair, lost: str) -> None:
    pair = healthy_pair
    pair.master.sh(lost)
    until("the alert", SETTLED_SECONDS, lambda: CONFIG in alert(pair.master, "configuration-lost"))
    stays("the VIP on the master", STAYS_SECONDS, lambda: pair.vip_is_on() == ["master"])
    pair.inv("verify").expect(FAILED, f"no whole configuration {CONFIG} on the master", "inv deploy-scripts")
    pair.master.sh("systemctl stop keepalived")
    until("a closed master", SETTLED_SECONDS, lambda: is_closed(pair.master))
    pair.inv("failback").expect(FAILED, "inv deploy-scripts")
    pair.inv("deploy-scripts").expect(0)
    comes_home(pair)
    assert not alert(pair.master, "configuration-lost")


def test_a_master_that_could_not_be_closed_in_time_is_closed_later(healthy_pair: OutsidePair) -> None:
    pair = healthy_pair
    pair.master.sh("systemctl kill -s STOP mysql")
    try:
        pair.master.sh("systemctl stop keepalived")
        until("the VIP on the slave", SETTLED_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    finally:
        pair.master.sh("systemctl kill -s CONT mysql")
    until("a closed master", SETTLED_SECONDS, lambda: is_closed(pair.master))
    comes_home(pair)
