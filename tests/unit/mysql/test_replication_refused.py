"""Replication that is not started, because something could be lost by it: the reason and the way out."""

import pytest
from fake import pair_of
from replica_server import MASTER_UUID, PASSWORD, SLAVE_UUID, ReplicaServer, configured, runs, server, step

from runbook.core.step import ensure
from runbook.errors import RunbookError
from runbook.mysql.replication.replicates import StillToBeHad
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings

pytestmark = pytest.mark.usefixtures("fake_mysql")


@pytest.fixture
def master(pair: Pair) -> ReplicaServer:
    return server(pair, "master")


@pytest.fixture
def slave(pair: Pair, master: ReplicaServer) -> ReplicaServer:
    """Blank: never configured, no transaction, no schema."""
    return server(pair, "slave")


def refusal(pair: Pair, slave: ReplicaServer) -> str:
    """Why replication is not started; then nothing was touched."""
    before = dict(slave.status or {})
    with pytest.raises(RunbookError) as caught:
        ensure(pair.slave.host, step(pair))
    assert slave.changed == []
    assert (slave.status or {}) == before
    told = str(caught.value)
    assert told.startswith("slave 192.168.152.129: replication is not started: ")
    assert len(told.splitlines()) > 1, "the way out is missing"
    assert PASSWORD not in told
    return told


@pytest.mark.parametrize("repaired", [False, True])
def test_an_applier_that_stopped_tries_again_and_skips_nothing(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer, repaired: bool
) -> None:
    error = "Could not execute Write_rows event on table hive.t; Duplicate entry '7' for key 't.PRIMARY'"
    configured(slave, **runs("Yes", "No"), Last_SQL_Errno=1062, Last_SQL_Error=error)
    master.executed = slave.executed
    if repaired:
        slave.on_start = lambda row: row.update(runs("Yes", "Yes") | {"Last_SQL_Errno": 0, "Last_SQL_Error": ""})
        assert ensure(pair.slave.host, step(pair)).status == "changed"
    else:
        slave.on_start = lambda row: None
        with pytest.raises(RunbookError, match=r"error 1062: .*\n.*Repair the row it names on the slave"):
            ensure(pair.slave.host, step(pair))
    assert slave.changed == ["START REPLICA"]


def test_a_stopped_applier_does_not_hide_what_the_master_lacks(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer
) -> None:
    configured(slave, **runs("Yes", "No"), Last_SQL_Errno=1950, Last_SQL_Error="out-of-order sequence number")
    master.executed = f"{MASTER_UUID}:1-3"
    told = refusal(pair, slave)
    assert "error 1950: out-of-order sequence number" in told
    assert f"the master lacks: {MASTER_UUID}:4" in told


def test_a_slave_with_transactions_of_its_own_is_refused(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer
) -> None:
    master.executed = f"{MASTER_UUID}:1-4"
    slave.executed = f"{MASTER_UUID}:1-4,\n{SLAVE_UUID}:1-2"
    told = refusal(pair, slave)
    assert f"transactions that the master lacks: {SLAVE_UUID}:1, {SLAVE_UUID}:2\n" in told
    assert "mysqlbinlog" in told


def test_a_slave_that_is_ahead_of_its_master_is_refused(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer
) -> None:
    configured(slave, **runs("No", "No"), Last_IO_Errno=1236, Last_IO_Error="Replica has more GTIDs than the source")
    master.executed = f"{MASTER_UUID}:1-3"
    assert f"{MASTER_UUID}:4" in refusal(pair, slave)


def test_a_slave_of_another_master_with_its_data_is_refused_by_name(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer
) -> None:
    configured(slave, Source_Host="192.168.152.77")
    master.executed = f"{SLAVE_UUID}:1"
    told = refusal(pair, slave)
    assert "it replicates from 192.168.152.77:3306" in told
    assert f"lacks: {MASTER_UUID}:1, {MASTER_UUID}:2, {MASTER_UUID}:3, {MASTER_UUID}:4\n" in told


def test_binary_logs_that_are_gone_are_refused(pair: Pair, master: ReplicaServer, slave: ReplicaServer) -> None:
    configured(slave, **runs("No", "Yes"), Last_IO_Errno=1236, Last_IO_Error="purged required binary logs")
    master.executed, master.purged = f"{MASTER_UUID}:1-9", f"{MASTER_UUID}:1-6"
    told = refusal(pair, slave)
    assert f"no longer hold transactions that the slave lacks: {MASTER_UUID}:5-6" in told
    assert told.splitlines()[-1].startswith("inv reseed --host=slave")


def still_to_be_had(pair: Pair) -> StillToBeHad:
    return StillToBeHad(pair.slave.server, pair.master.server, pair.slave.tracking)


@pytest.mark.parametrize("dry", [False, True], ids=["bootstrap", "plan"])
def test_a_slave_that_replicates_and_lacks_what_was_purged_is_refused(settings: Settings, dry: bool) -> None:
    pair = pair_of(settings, dry=dry)
    master, slave = server(pair, "master"), server(pair, "slave")
    configured(slave, Retrieved_Gtid_Set=f"{MASTER_UUID}:5")
    master.executed, master.purged = f"{MASTER_UUID}:1-9", f"{MASTER_UUID}:1-7"
    told = still_to_be_had(pair).reason(pair.slave.host) or ""
    assert told.startswith("slave 192.168.152.129: the master's binary logs no longer hold transactions that the slave")
    assert told.splitlines()[0].endswith(f"lacks: {MASTER_UUID}:6-7")
    assert told.splitlines()[-1].startswith("inv reseed --host=slave")
    assert slave.changed == []


@pytest.mark.parametrize("purged", ["", f"{MASTER_UUID}:1-4"])
def test_what_was_purged_and_came_is_no_matter(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer, purged: str
) -> None:
    configured(slave)
    master.executed, master.purged = f"{MASTER_UUID}:1-9", purged
    assert still_to_be_had(pair).reason(pair.slave.host) is None


def test_a_slave_with_schemas_of_its_own_is_refused(pair: Pair, slave: ReplicaServer) -> None:
    slave.schemas = ["hive", "ranger"]
    told = refusal(pair, slave)
    assert "the slave holds schemas of its own: hive, ranger" in told
    assert "exchange MASTER_HOST and SLAVE_HOST" in told


def test_a_masters_data_that_stand_in_no_binary_log_are_refused(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer
) -> None:
    master.schemas = ["hive"]
    assert "schemas that stand in no binary log: hive" in refusal(pair, slave)


def test_a_master_that_does_not_run_is_no_reason_to_start(pair: Pair) -> None:
    slave = server(pair, "slave")
    with pytest.raises(RunbookError, match=r"master 192\.168\.152\.128: mysqld does not run"):
        ensure(pair.slave.host, step(pair))
    assert slave.changed == []
