"""Filters of replication: refused and shown by every command, and gone by what the words say.

Needs a healthy pair and leaves one.
"""

import shlex
from collections.abc import Iterator

import pytest
from commandline import until
from hosts_env_file import settings
from outside import MASTER, SLAVE, OutsidePair

REFUSED = 1
SETTLED_SECONDS = 30
FILE = "/etc/mysql/conf.d/theirs.cnf"
WRITE = "CREATE SCHEMA kept_back; USE kept_back; CREATE TABLE t (i INT PRIMARY KEY); INSERT INTO t VALUES (1)"
ROWS = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'kept_back'"


DUMP = "IFS= read -r -d '' o; mysqldump --defaults-file=<(printf %s \"$o\") --set-gtid-purged=OFF --databases kept_back"


@pytest.fixture
def pair(healthy_pair: OutsidePair) -> Iterator[OutsidePair]:
    """A pair whose master writes, in the end, what was kept back anew, by the words of the refusal."""
    yield healthy_pair
    master, slave = healthy_pair.hosts
    password = settings(healthy_pair.lab.hosts_env)["MYSQL_ROOT_PASSWORD"].replace("\\", "\\\\").replace('"', '\\"')
    options = f'[client]\nuser=root\npassword="{password}"\n\0'
    master.sql(master.sh(f"exec bash -c {shlex.quote(DUMP)}", stdin=options))
    until("the rows on the slave", SETTLED_SECONDS, lambda: slave.value(ROWS) == "1")
    healthy_pair.inv("verify").expect(0, "healthy")
    master.sql("DROP SCHEMA kept_back")
    until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)


def expect_refused(pair: OutsidePair, *words: str) -> None:
    verified = pair.inv("verify").expect(REFUSED, "Replication is filtered")
    assert "is healthy" not in verified.out
    for task in ("plan", "bootstrap", "start-slave"):
        pair.inv(task).expect(REFUSED, "replication is filtered", "Nothing was changed", *words)


def test_a_filter_of_the_slave_that_was_set_at_run_time(pair: OutsidePair) -> None:
    change = "STOP REPLICA SQL_THREAD; CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = ({}); START REPLICA SQL_THREAD"
    pair.slave.sql(change.format("kept_back"))
    pair.master.sql(WRITE)
    until("what came on the slave", SETTLED_SECONDS, lambda: pair.slave.has_all_of(pair.master))
    assert pair.slave.value(ROWS) == "0"
    expect_refused(pair, SLAVE, "replicate_ignore_db = kept_back (set at run time)", change.format(""))
    pair.slave.sql(change.format(""))


@pytest.mark.long
def test_a_filter_of_the_master_in_a_file(pair: OutsidePair) -> None:
    master = pair.master
    master.sh(f"printf '[mysqld]\\nbinlog-ignore-db = kept_back\\n' > {FILE}; systemctl restart mysql")
    until("the VIP on the slave", SETTLED_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    pair.inv("failback").expect(REFUSED, "Replication is filtered")
    master.sql(WRITE)
    expect_refused(pair, MASTER, f"binlog_ignore_db = kept_back ({FILE}:2)", f"take out {FILE}:2")
    master.sh(f"sed -i 2d {FILE}; systemctl restart mysql; rm {FILE}")
    until("the VIP on the slave", SETTLED_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    # The filter is gone, and what it kept back is still missing.
    pair.inv("failback").expect(REFUSED, "the slave has every table of the master")
