"""What makes a pair of two servers: what SET PERSIST keeps, who each of them is, what was purged, who acknowledges.

Needs a healthy pair and leaves one; each way out is taken by the words that are told.
"""

import re
from collections.abc import Iterator

import pytest
from commandline import Ran, until
from hosts_env_file import settings
from outside import MASTER, SLAVE, OutsidePair
from row import BY_POSITION, IS_MYSQL_9

pytestmark = pytest.mark.skipif(not IS_MYSQL_9 or BY_POSITION, reason="statements of MySQL 8 and newer, by GTID")

REFUSED, DRIFT = 1, 3
SETTLED_SECONDS = 30
KEPT = "SELECT COUNT(*) FROM performance_schema.persisted_variables"
UUID = "SELECT @@server_uuid"
NOBODYS = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
THIRD = "mysql --no-defaults --default-character-set=utf8mb4 -NB -uroot -S /run/third/mysqld.sock"
START_THIRD = (
    "install -d -o mysql /run/third && mysqld --no-defaults --user=mysql --initialize-insecure --datadir=/srv/third && "
    "systemd-run -q --unit=third mysqld --no-defaults --user=mysql --datadir=/srv/third --port=3310 "
    "--socket=/run/third/mysqld.sock --server-id=9 --mysqlx=OFF --gtid-mode=ON --enforce-gtid-consistency=ON "
    "--innodb-buffer-pool-size=32M --plugin-load-add=semisync_replica.so --rpl-semi-sync-replica-enabled=ON"
)


@pytest.fixture
def pair(healthy_pair: OutsidePair) -> Iterator[OutsidePair]:
    yield healthy_pair
    until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)
    healthy_pair.inv("verify").expect(0, "The pair is healthy")


def expect_unhealthy(pair: OutsidePair, *words: str) -> Ran:
    verified = pair.inv("verify").expect(REFUSED, *words)
    assert "is healthy" not in verified.out
    return verified


def expect_refused(pair: OutsidePair, *words: str) -> None:
    for task in ("plan", "bootstrap", "start-slave"):
        pair.inv(task).expect(REFUSED, SLAVE, *words)


def test_what_set_persist_keeps_of_ours_is_drift_and_goes(pair: OutsidePair) -> None:
    pair.slave.sql("SET PERSIST_ONLY super_read_only = OFF; SET PERSIST max_connect_errors = 111")
    pair.master.sql("SET PERSIST sync_binlog = 0")
    told = " ".join(pair.inv("verify").expect(REFUSED, "`inv configure-mycnf` makes it right").out.split())
    assert "what SET PERSIST keeps of ours is super_read_only = OFF, not nothing" in told
    pair.inv("plan").expect(DRIFT, "what SET PERSIST keeps of ours: sync_binlog = 0 → nothing", "sync_binlog: 0 → 1")
    assert pair.inv("configure-mycnf").expect(0).count("changed") == 2
    assert [host.value(KEPT) for host in pair.hosts] == ["0", "1"], "the operator's own stays"
    assert pair.master.value("SELECT @@sync_binlog") == "1"
    pair.slave.sql("RESET PERSIST max_connect_errors")


@pytest.mark.long
def test_one_server_uuid(pair: OutsidePair) -> None:
    slave, uuid = pair.slave, pair.master.value(UUID)
    file = f"{slave.value('SELECT @@datadir')}auto.cnf"
    slave.sh(f"sed -i 's/^server-uuid=.*/server-uuid={uuid}/' {file}; systemctl restart mysql")
    until("keepalived on the slave", SETTLED_SECONDS, lambda: slave.daemon("keepalived") is not None)
    told = expect_unhealthy(pair, f"Both servers have the server_uuid {uuid}")
    expect_refused(pair, f"both servers have the server_uuid {uuid}", "Nothing was changed.")
    command = re.search(rf"Next: ssh {slave.address} '([^']+)', then: inv start-slave", told.out)
    assert command, told.out
    slave.sh(command[1])
    until("the slave's mysqld", SETTLED_SECONDS, lambda: slave.run("mysqladmin ping").code == 0)
    pair.inv("start-slave").expect(0)
    assert slave.value(UUID) != uuid


@pytest.fixture
def third(pair: OutsidePair) -> Iterator[str]:
    """A server on the slave's host that copies from the master, too, and acknowledges; its server_uuid."""
    slave, password = pair.slave, settings(pair.lab.hosts_env)["REPLICA_PASSWORD"]
    slave.sh(START_THIRD)
    try:
        until("the third server", SETTLED_SECONDS, lambda: slave.run(f"{THIRD} -e 'SELECT 1'").code == 0)
        source = f"SOURCE_HOST = '{pair.master.address}', SOURCE_USER = 'replica', SOURCE_AUTO_POSITION = 1"
        secret = f"SOURCE_PASSWORD = {slave.literal(password)}, GET_SOURCE_PUBLIC_KEY = 1"
        statement = f"CHANGE REPLICATION SOURCE TO {source}, {secret}; START REPLICA"
        slave.sh(THIRD, stdin=statement)
        yield slave.sh(f"{THIRD} -e '{UUID}'")
    finally:
        slave.sh("systemctl stop third; rm -rf /srv/third /run/third")


@pytest.mark.long
def test_a_third_server_that_acknowledges(pair: OutsidePair, third: str) -> None:
    clients = "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_source_clients'"
    until("two that acknowledge", SETTLED_SECONDS, lambda: pair.master.sql(clients)[0][1] == "2")
    who = f"{pair.slave.address} (server_uuid {third})"
    told = expect_unhealthy(pair, f"may not be on the slave: {who} acknowledges it, too", MASTER.split()[0])
    way_out = re.search(r"Next: In mysql on that server: (.*?), and", told.out)
    assert way_out, told.out
    pair.slave.sh(THIRD, stdin=way_out[1])
    until("one that acknowledges", SETTLED_SECONDS, lambda: pair.master.sql(clients)[0][1] == "1")
    status = f"{THIRD} -e 'SHOW REPLICA STATUS'"
    until("that it copies all the same", SETTLED_SECONDS, lambda: "Yes\tYes" in pair.slave.sh(status))
    pair.inv("verify").expect(0, "The pair is healthy")


def test_what_was_purged_and_never_came(pair: OutsidePair) -> None:
    """As a dump that was loaded on the master leaves it, whose rows stand in no binary log."""
    master, slave = pair.hosts
    master.sql(
        "SET SESSION sql_log_bin = OFF; CREATE SCHEMA loaded; CREATE TABLE loaded.t (i INT PRIMARY KEY); "
        f"INSERT INTO loaded.t VALUES (1); SET GLOBAL gtid_purged = '+{NOBODYS}:1-50'"
    )
    expect_unhealthy(pair, "lacks 50 transactions for good", f"{NOBODYS}:1-50", "inv reseed --host=slave")
    expect_refused(pair, f"no longer hold transactions that the slave lacks: {NOBODYS}:1-50", "inv reseed --host=slave")
    pair.inv("reseed", "--host=slave").expect(0, "The pair is healthy")
    assert slave.value("SELECT i FROM loaded.t") == "1"
    master.sql("DROP SCHEMA loaded")
