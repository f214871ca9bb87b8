"""What an operator relies on after bootstrap, as the servers themselves tell it."""

import re

import pymysql
import pytest
from commandline import until
from outside import READ_ONLY, OutsideHost, OutsidePair, SqlError

SEEN_SECONDS = 10
SCRIPTS = ("mysql_check.sh", "master.sh", "backup.sh", "stop.sh")
EVERYBODY = ("everybody", 'every\'body "else"')  # an account with all privileges, and its password


def test_a_write_through_the_vip_is_on_the_slave(healthy_pair: OutsidePair) -> None:
    with healthy_pair.client() as connection, connection.cursor() as cursor:
        cursor.execute("REPLACE INTO runbook.ledger (run, writer, seq) VALUES ('through-the-vip', 1, 1)")
    query = "SELECT COUNT(*) FROM runbook.ledger WHERE run = 'through-the-vip'"
    until("the row on the slave", SEEN_SECONDS, lambda: healthy_pair.slave.value(query) == "1")


@pytest.mark.parametrize("statement", ["CREATE SCHEMA nobodys", "INSERT INTO runbook.ledger VALUES ('x', 1, 1, NOW())"])
def test_the_slave_refuses_writes_of_root(healthy_pair: OutsidePair, statement: str) -> None:
    with pytest.raises(SqlError) as refused:
        healthy_pair.slave.sql(statement)
    assert refused.value.code == READ_ONLY


def test_the_slave_refuses_writes_of_an_account_with_all_privileges(healthy_pair: OutsidePair) -> None:
    user, password = EVERYBODY
    healthy_pair.master.sql(
        f"CREATE USER IF NOT EXISTS {user}@'%' IDENTIFIED BY {healthy_pair.master.literal(password)}; "
        f"GRANT ALL PRIVILEGES ON *.* TO {user}@'%' WITH GRANT OPTION"
    )
    query = f"SELECT COUNT(*) FROM mysql.user WHERE user = '{user}'"
    until("the account on the slave", SEEN_SECONDS, lambda: healthy_pair.slave.value(query) == "1")
    try:
        with healthy_pair.client(healthy_pair.slave.address, user, password) as connection:
            with pytest.raises(pymysql.MySQLError) as refused, connection.cursor() as cursor:
                cursor.execute("REPLACE INTO runbook.ledger (run, writer, seq) VALUES ('everybody', 1, 1)")
            assert refused.value.args[0] == READ_ONLY
    finally:
        healthy_pair.master.sql(f"DROP USER {user}@'%'")


ON_BOTH = {
    "sync_binlog": "1",
    "innodb_flush_log_at_trx_commit": "1",
    "gtid_mode": "ON",
    "enforce_gtid_consistency": "ON",
    "binlog_format": "ROW",
    "log_bin": "1",
    "log_replica_updates": "1",
    "relay_log_recovery": "1",
    "character_set_server": "utf8mb4",
}


@pytest.mark.parametrize(("variable", "value"), ON_BOTH.items())
def test_both_servers_are_durable_and_replicate_by_gtid(healthy_pair: OutsidePair, variable: str, value: str) -> None:
    assert [host.value(f"SELECT @@GLOBAL.{variable}") for host in healthy_pair.hosts] == [value, value]


def test_the_settings_come_back_with_a_restart(healthy_pair: OutsidePair) -> None:
    for host in healthy_pair.hosts:
        at_start = host.sh("mysqld --print-defaults")
        for wanted in ("sync_binlog=1", "innodb_flush_log_at_trx_commit=1", "super_read_only=ON", "gtid_mode=ON"):
            assert f"--{wanted}" in at_start.replace(" = ", "="), at_start


def test_a_commit_waits_for_the_slave(healthy_pair: OutsidePair) -> None:
    status = dict(healthy_pair.master.sql("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_source_%'"))
    assert (status["Rpl_semi_sync_source_status"], status["Rpl_semi_sync_source_clients"]) == ("ON", "1")
    assert healthy_pair.master.value("SELECT @@GLOBAL.rpl_semi_sync_source_wait_point") == "AFTER_SYNC"


def test_one_writer_and_one_holder_of_the_vip(healthy_pair: OutsidePair) -> None:
    assert healthy_pair.vip_is_on() == ["master"]
    assert [host.value("SELECT @@GLOBAL.super_read_only") for host in healthy_pair.hosts] == ["0", "1"]
    assert healthy_pair.slave.replicates()
    position = "SELECT auto_position FROM performance_schema.replication_connection_configuration"
    assert healthy_pair.slave.value(position) == "1"


def test_both_daemons_start_at_boot(healthy_pair: OutsidePair) -> None:
    for host in healthy_pair.hosts:
        assert host.sh("systemctl is-enabled mysql keepalived").split() == ["enabled", "enabled"]


def test_keepalived_never_preempts(healthy_pair: OutsidePair) -> None:
    texts = {host: read(host, "etc/keepalived/keepalived.conf") for host in healthy_pair.hosts}
    master, slave = texts[healthy_pair.master], texts[healthy_pair.slave]
    for text in (master, slave):
        assert re.findall(r"^ *state +(\w+)", text, re.MULTILINE) == ["BACKUP"]
        assert not re.search(r"^ *weight\b", text, re.MULTILINE)
        assert re.search(r"^ *unicast_peer\b", text, re.MULTILINE)
    assert re.search(r"^ *nopreempt$", master, re.MULTILINE)
    priority = re.compile(r"^ *priority +(\d+)", re.MULTILINE)
    assert int(priority.findall(master)[0]) > int(priority.findall(slave)[0])


def read(host: OutsideHost, path: str) -> str:
    """A file of a host."""
    return (host.machine.root / path).read_text()


def test_scripts_are_roots_and_what_holds_secrets_is_roots_alone(healthy_pair: OutsidePair) -> None:
    for host in healthy_pair.hosts:
        scripts = host.sh(f"cd /usr/local/bin && stat -c '%a %U %G' {' '.join(SCRIPTS)}")
        assert set(scripts.splitlines()) == {"764 root root"}
        configurations = host.sh("stat -c '%a %U %G' /etc/mysql-runbook.conf /etc/keepalived/keepalived.conf")
        assert set(configurations.splitlines()) == {"600 root root"}


def test_accounts_have_what_they_need_and_no_more(healthy_pair: OutsidePair) -> None:
    everywhere = {"replica": {"REPLICATION SLAVE"}, "runbook_probe": set()}
    for host in healthy_pair.hosts:
        accounts = {tuple(row) for row in host.sql("SELECT user, host FROM mysql.user WHERE host <> 'localhost'")}
        assert accounts == {
            ("replica", "%"),
            ("runbook_probe", "%"),
            ("root", "127.0.0.1"),
            ("runbook_check", "127.0.0.1"),
        }
        assert host.sql("SELECT user FROM mysql.user WHERE user = ''") == []
        for user, wanted in everywhere.items():
            grants = host.sql(f"SHOW GRANTS FOR {user}@'%'")
            on_everything = {right for (grant,) in grants for right in rights(grant, "*.*")}
            assert on_everything - {"USAGE"} == wanted, grants
        check = [grant for (grant,) in host.sql("SHOW GRANTS FOR runbook_check@localhost")]
        assert not [
            grant for grant in check if re.search(r"ALL PRIVILEGES|SUPER|INSERT|CREATE USER|GRANT OPTION", grant)
        ]


def rights(grant: str, scope: str) -> set[str]:
    """The rights that one line of SHOW GRANTS gives on a scope."""
    found = re.match(rf"GRANT (.+) ON {re.escape(scope)} TO ", grant)
    return {right.strip() for right in found[1].split(",")} if found else set()
