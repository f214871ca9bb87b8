"""The slave's replication: read from a real server's words, and started when nothing can be lost by it."""

import pytest
from certificate_files import OTHER_PEM, PEM
from fake import Clock, FakeMysqld, Row, captured_json, file_is, link_of, mysqld_of, pair_of
from replica_server import HEALTHY, MASTER_UUID, PASSWORD, SLAVE_UUID, ReplicaServer, configured, runs, server, step

from runbook.core import wait
from runbook.core.host import ChangedInDryRun
from runbook.core.step import Change, ensure
from runbook.core.wait import DeadlinePassed
from runbook.errors import RunbookError
from runbook.mysql.replication.known_source import KnownSource
from runbook.mysql.replication.replicates import (
    SYSTEM_SCHEMAS,
    WORKER_ERROR,
    parse_replica_status,
    replica_status,
    user_schemas,
)
from runbook.mysql.session import KEY_FILE_QUESTION, SqlFailed
from runbook.mysql.tls.authority import AUTHORITY_QUESTION, SPEAKS_TLS
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings

pytestmark = pytest.mark.usefixtures("fake_mysql")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(wait, "time", clock)
    return clock


@pytest.fixture
def master(pair: Pair) -> ReplicaServer:
    return server(pair, "master")


@pytest.fixture
def slave(pair: Pair, master: ReplicaServer) -> ReplicaServer:
    """Blank: never configured, no transaction, no schema."""
    return server(pair, "slave")


def words(slave: ReplicaServer) -> list[str]:
    return [" ".join(statement.split()[:2]) for statement in slave.changed]


# ---- reading ----


def test_a_real_status_is_read() -> None:
    status = parse_replica_status(HEALTHY)
    assert status.source == "192.168.152.128:3306"
    assert (status.user, status.auto_position, status.connect_retry) == ("replica", True, 1)
    assert status.runs
    assert (status.receiver_error, status.applier_error) == ("", "")
    assert status.lag_seconds == 0
    assert status.executed == status.retrieved == f"{MASTER_UUID}:1-4"
    assert (status.source_file, status.source_position) == ("binlog.000003", HEALTHY["Exec_Source_Log_Pos"])


def test_a_stopped_and_broken_status_is_read() -> None:
    broken = {
        "Seconds_Behind_Source": None,
        "Last_SQL_Errno": 1062,
        "Last_SQL_Error": "Duplicate entry '1'",
        "Executed_Gtid_Set": f"{MASTER_UUID}:1-4,\n{SLAVE_UUID}:1",
    }
    status = parse_replica_status(HEALTHY | runs("Connecting", "No") | broken)
    assert not status.runs
    assert status.lag_seconds is None
    assert status.applier_error == "error 1062: Duplicate entry '1'"
    assert status.executed == f"{MASTER_UUID}:1-4,{SLAVE_UUID}:1"


def test_where_the_applier_has_workers_theirs_is_the_error_that_is_told(pair: Pair, slave: ReplicaServer) -> None:
    coordinator = "See performance_schema.replication_applier_status_by_worker table for more details"
    slave.status = HEALTHY | runs("Yes", "No") | {"Last_SQL_Errno": 1062, "Last_SQL_Error": coordinator}
    slave.says(WORKER_ERROR, {"code": 1062, "text": f"failed executing transaction '{MASTER_UUID}:5'; table app.t"})
    status = replica_status(pair.slave.server)
    assert status is not None
    assert status.applier_error == f"error 1062: failed executing transaction '{MASTER_UUID}:5'; table app.t"


def test_a_server_that_never_was_a_slave_has_no_status(pair: Pair, slave: ReplicaServer) -> None:
    assert replica_status(pair.slave.server) is None


def test_the_servers_own_schemas_and_ours_are_not_somebodys_data(pair: Pair) -> None:
    mysqld = FakeMysqld()
    mysqld_of(pair.master, mysqld)
    rows = captured_json("server_master.json")["schemas"]
    assert {row["name"] for row in rows} <= set(SYSTEM_SCHEMAS)
    names = ", ".join(map(repr, SYSTEM_SCHEMAS))
    mysqld.says(
        f"SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN ({names}) ORDER BY 1",
        {"name": "hive"},
    )
    assert user_schemas(pair.master.server) == ["hive"]


# ---- what is started ----


def test_replication_that_is_right_is_left_alone(pair: Pair, slave: ReplicaServer) -> None:
    configured(slave)
    assert ensure(pair.slave.host, step(pair)).status == "ok"
    assert slave.changed == []


def test_an_empty_pair_is_configured_and_started(pair: Pair, slave: ReplicaServer) -> None:
    assert ensure(pair.slave.host, step(pair)).status == "changed"
    assert words(slave) == ["CHANGE REPLICATION", "START REPLICA"]
    assert ensure(pair.slave.host, step(pair)).status == "ok"
    pointed = slave.changed[0]
    for part in (
        "SOURCE_SSL = 1",
        "GET_SOURCE_PUBLIC_KEY = 1",
        "SOURCE_CONNECT_RETRY = 1",
        "SOURCE_RETRY_COUNT = 86400",
    ):
        assert part in pointed


CA_FILE = "/data/mysql/runbook-source-ca.pem"


@pytest.fixture
def known_master(pair: Pair, master: ReplicaServer, slave: ReplicaServer) -> ReplicaServer:
    """A master that has a CA."""
    master.says(AUTHORITY_QUESTION, {"file": "ca.pem", "folder": "/var/lib/mysql/"})
    master.says(SPEAKS_TLS, {"Variable_name": "Ssl_server_not_after", "Value": "Nov 24 11:52:59 2036 GMT"})
    link_of(pair.master).says("cat /var/lib/mysql/ca.pem 2>/dev/null || true", PEM)
    slave.says("SELECT @@datadir", {"@@datadir": "/data/mysql/"})
    return master


def test_a_slave_that_replicates_from_whoever_has_tls_is_told_the_masters_ca(
    pair: Pair, known_master: ReplicaServer, slave: ReplicaServer
) -> None:
    configured(slave)
    known_master.executed = slave.executed
    outcome = ensure(pair.slave.host, step(pair, by_authority=True))
    assert outcome.gap == [Change("master's CA", "", CA_FILE)]
    assert words(slave) == ["STOP REPLICA", "CHANGE REPLICATION", "START REPLICA"]
    assert f"SOURCE_SSL_CA = '{CA_FILE}'" in slave.changed[1]
    assert ensure(pair.slave.host, step(pair, by_authority=True)).status == "ok"


def test_a_slave_that_serves_is_not_stopped_for_it(
    pair: Pair, known_master: ReplicaServer, slave: ReplicaServer
) -> None:
    configured(slave)
    assert ensure(pair.slave.host, step(pair)).status == "ok"
    assert slave.changed == []


def test_where_the_master_has_no_ca_replication_stays_as_it_is(pair: Pair, slave: ReplicaServer) -> None:
    configured(slave, Source_SSL_CA_File="/etc/ours.pem")
    mysqld_of(pair.master)
    assert ensure(pair.slave.host, step(pair, by_authority=True)).status == "ok"
    assert ensure(pair.slave.host, KnownSource(pair.slave.server, pair.master.server)).status == "ok"
    assert slave.changed == []


def test_the_masters_ca_lies_where_the_slaves_server_can_read_it(
    pair: Pair, known_master: ReplicaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_of(pair.slave)

    def put(path: str, content: str, *, mode: int, owner: str) -> None:
        assert (mode, owner) == (0o644, "root:root")
        file_is(link, path, content)

    monkeypatch.setattr(pair.slave.host, "put", put)
    file_is(link, CA_FILE, OTHER_PEM)
    step = KnownSource(pair.slave.server, pair.master.server)
    assert ensure(pair.slave.host, step).status == "changed"
    assert ensure(pair.slave.host, step).status == "ok"


def test_stopped_threads_are_only_started(pair: Pair, master: ReplicaServer, slave: ReplicaServer) -> None:
    configured(slave, **runs("No", "No"))
    master.executed = slave.executed
    outcome = ensure(pair.slave.host, step(pair))
    assert outcome.gap == [Change("receiver", "No", "Yes"), Change("applier", "No", "Yes")]
    assert words(slave) == ["START REPLICA"]


@pytest.mark.parametrize("in_a_table", [True, False])
def test_a_place_that_a_power_cut_tore_is_forgotten_where_it_stands_in_a_table_too(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer, monkeypatch: pytest.MonkeyPatch, in_a_table: bool
) -> None:
    monkeypatch.setattr(type(pair.slave.tracking), "start_discards", in_a_table)
    configured(slave, **runs("No", "No"))
    master.executed, slave.is_torn = slave.executed, True
    if in_a_table:
        assert ensure(pair.slave.host, step(pair)).status == "changed"
        assert words(slave) == ["RESET REPLICA", "START REPLICA"]
    else:
        with pytest.raises(SqlFailed, match="1201"):
            ensure(pair.slave.host, step(pair))


@pytest.mark.parametrize(
    "changes",
    [
        {"Source_Host": "192.168.152.77"},
        {"Source_Port": 3307},
        {"Source_User": "root"},
        {"Auto_Position": 0},
        {"Connect_Retry": 60},
        {
            "Replica_IO_Running": "Connecting",
            "Last_IO_Errno": 1045,
            "Last_IO_Error": "Access denied for user 'replica'@'192.168.152.129'",
        },
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_slave_that_points_elsewhere_is_pointed_at_the_master(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer, changes: Row
) -> None:
    configured(slave, **changes)
    master.executed = slave.executed
    assert ensure(pair.slave.host, step(pair)).status == "changed"
    assert words(slave) == ["STOP REPLICA", "CHANGE REPLICATION", "START REPLICA"]


def test_another_password_is_noticed_and_neither_is_shown(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer
) -> None:
    configured(slave)
    master.executed = slave.executed
    slave.password = "old-sesame"
    outcome = ensure(pair.slave.host, step(pair))
    assert [change.fact for change in outcome.gap] == ["password"]
    assert "sesame" not in str(outcome)
    assert slave.password == PASSWORD


def test_a_master_with_data_and_all_its_binary_logs_is_copied(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer
) -> None:
    master.executed = f"{MASTER_UUID}:1-500"
    master.schemas = ["hive"]
    assert ensure(pair.slave.host, step(pair)).status == "changed"


def test_a_new_host_with_the_id_of_one_that_wrote_before_would_pass_over_what_that_one_wrote(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer
) -> None:
    master.executed, master.written_by = f"{MASTER_UUID}:1-500", [2, 1]
    with pytest.raises(RunbookError, match=r"under this host's server_id 2.*\n.*SLAVE_SERVER_ID"):
        ensure(pair.slave.host, step(pair))
    assert slave.changed == []


def test_what_was_purged_after_the_slave_had_it_is_no_matter(
    pair: Pair, master: ReplicaServer, slave: ReplicaServer
) -> None:
    configured(slave, **runs("No", "No"))
    master.executed, master.purged = f"{MASTER_UUID}:1-9", f"{MASTER_UUID}:1-3"
    assert ensure(pair.slave.host, step(pair)).status == "changed"


# ---- threads that do not come ----


def test_threads_that_do_not_come_are_waited_for_with_a_deadline_and_the_last_error(
    pair: Pair, slave: ReplicaServer, clock: Clock
) -> None:
    error = {"Last_IO_Errno": 2003, "Last_IO_Error": "Can't connect to MySQL server on '192.168.152.128:3306' (113)"}
    slave.on_start = lambda row: row.update(runs("Connecting", "Yes") | error)
    started = clock.now
    with pytest.raises(DeadlinePassed) as caught:
        ensure(pair.slave.host, step(pair))
    told = str(caught.value)
    assert "slave 192.168.152.129: both replication threads running" in told
    assert "error 2003: Can't connect" in told
    assert clock.now > started


@pytest.mark.parametrize(
    ("threads", "error"),
    [
        (runs("Yes", "No"), {"Last_SQL_Errno": 1032, "Last_SQL_Error": "Can't find record in 't'"}),
        (runs("No", "Yes"), {"Last_IO_Errno": 1236, "Last_IO_Error": "Got fatal error from source"}),
    ],
)
def test_a_thread_that_stops_at_once_is_not_waited_for(
    pair: Pair, slave: ReplicaServer, clock: Clock, threads: Row, error: Row
) -> None:
    slave.on_start = lambda row: row.update(threads | error)
    started = clock.now
    with pytest.raises(RunbookError, match=str(next(iter(error.values())))):
        ensure(pair.slave.host, step(pair))
    assert clock.now == started


# ---- dry ----


def test_replication_is_not_touched_in_a_dry_run(settings: Settings) -> None:
    pair = pair_of(settings, dry=True)
    server(pair, "master")
    slave = server(pair, "slave")
    outcome = ensure(pair.slave.host, step(pair))
    assert outcome.status == "would change"
    assert PASSWORD not in str(outcome)
    with pytest.raises(ChangedInDryRun):
        step(pair).fix(pair.slave.host, outcome.gap)
    assert slave.changed == []


def test_without_a_server_replication_waits_in_a_dry_run(settings: Settings) -> None:
    pair = pair_of(settings, dry=True)
    assert ensure(pair.slave.host, step(pair)).status == "waits"


def test_an_unreadable_status_is_told_as_the_server_tells_it(pair: Pair, slave: ReplicaServer) -> None:
    slave.refusal = (1040, "Too many connections")
    link_of(pair.slave).says(KEY_FILE_QUESTION, "")
    with pytest.raises(RunbookError, match="Too many connections"):
        ensure(pair.slave.host, step(pair))
