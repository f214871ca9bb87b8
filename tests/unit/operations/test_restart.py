"""A pair that runs: a restart of mysqld that is due and allowed, and a gtid_mode that stays as it is."""

import pymysql
import pytest
from case_files import case
from fake import FakeMysqld, captured_json, link_of, mysqld_of

from runbook.core.host import CommandFailed
from runbook.core.host_paths import DEFERRED
from runbook.core.ssh import Ran
from runbook.core.step import ensure
from runbook.errors import RunbookError
from runbook.mysql.replication.replicates import SYSTEM_SCHEMAS
from runbook.mysql.session import SqlFailed
from runbook.operations.restart import restart_mysqld
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role
from runbook.steps import configure_mycnf
from runbook.steps.configure_mycnf import GTID_MODE, OneGtidMode, OptionFile
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.server_names import UNITS_QUESTION

pytestmark = pytest.mark.usefixtures("fake_mysql")

RESTART = "systemctl restart mysql"
STOP, START = "systemctl stop keepalived", "systemctl start keepalived"
STOP_RECEIVER, START_REPLICA = "STOP REPLICA IO_THREAD", "START REPLICA"
USER_SCHEMAS = (
    "SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN "
    f"({', '.join(map(repr, SYSTEM_SCHEMAS))}) ORDER BY 1"
)
VIP = "2: host0    inet 192.168.152.130/24 scope global secondary host0\n"


class Asked:
    """An operator who answers always the same."""

    def __init__(self, answer: bool) -> None:
        self.questions: list[str] = []
        self._answer = answer

    def __call__(self, question: str) -> bool:
        self.questions.append(question)
        return self._answer


@pytest.fixture
def running(pair: Pair) -> Pair:
    """A pair that runs but serves nobody yet."""
    for side in pair.sides.values():
        link = link_of(side)
        link.says_where("/etc/os-release", captured_json("preflight_master.json")["os"])
        link.says(UNITS_QUESTION, captured_json("units.json")["mysql"])
        link.says(ADDRESSES_QUESTION, "")
        link.takes(RESTART)
        mysqld = mysqld_of(side)
        mysqld.closed(True)
        mysqld.says(USER_SCHEMAS)
        mysqld.says("SELECT 1", {"1": 1})
    return pair


def server_of(side: Side) -> FakeMysqld:
    return link_of(side).mysqlds["127.0.0.1", side.settings.mysql_port]


def restart(pair: Pair, role: Role, operator: Asked) -> None:
    restart_mysqld(pair, operator, pair.sides[role], "gtid_mode")


def test_a_slave_restarts_unasked(running: Pair) -> None:
    operator = Asked(False)
    restart(running, "slave", operator)
    assert operator.questions == []
    assert link_of(running.slave).changed == [RESTART]


def test_a_blank_master_restarts_unasked(running: Pair) -> None:
    operator = Asked(False)
    server_of(running.master).closed(False)
    restart(running, "master", operator)
    assert operator.questions == []
    assert link_of(running.master).changed == [RESTART]


def test_a_master_that_takes_writes_for_somebodys_schemas_is_asked_for(running: Pair) -> None:
    mysqld = server_of(running.master)
    mysqld.closed(False)
    mysqld.says(USER_SCHEMAS, {"name": "hive"})
    operator = Asked(False)
    with pytest.raises(RunbookError) as caught:
        restart(running, "master", operator)
    told = str(caught.value)
    assert "master 192.168.152.128: mysqld must be restarted for: gtid_mode" in told
    assert "--yes" in told
    assert "gtid_mode" in operator.questions[0]
    assert link_of(running.master).changed == []


@pytest.fixture
def order(running: Pair) -> list[str]:
    """The master holds the VIP; everything that a restart under it may do, in the order in which it is done."""
    done: list[str] = []
    link_of(running.master).says(ADDRESSES_QUESTION, VIP)
    for side in running.sides.values():
        link = link_of(side)
        for command in (STOP, f"rm -f {DEFERRED}", RESTART, START):
            link.takes(command, lambda each=f"{side.role}: {command}": done.append(each))
        for statement in (STOP_RECEIVER, START_REPLICA):
            server_of(side).takes(statement, lambda each=f"{side.role}: {statement}": done.append(each))
    return done


def test_a_master_that_serves_restarts_when_allowed_and_keeps_the_vip(running: Pair, order: list[str]) -> None:
    restart(running, "master", Asked(True))
    assert order.index(f"slave: {STOP}") < order.index(f"master: {STOP}") < order.index(f"master: {RESTART}")
    assert order.index(f"master: {RESTART}") < order.index(f"master: {START}") < order.index(f"slave: {START}")
    assert order.index(f"master: {STOP}") < order.index(f"slave: {STOP_RECEIVER}") < order.index(f"master: {RESTART}")
    assert f"slave: {START_REPLICA}" in order


def test_a_master_with_the_vip_is_not_restarted_unallowed(running: Pair) -> None:
    link_of(running.master).says(ADDRESSES_QUESTION, VIP)
    with pytest.raises(RunbookError):
        restart(running, "master", Asked(False))
    assert link_of(running.master).changed == link_of(running.slave).changed == []


def test_the_slave_is_as_before_even_when_the_master_does_not_come_back(running: Pair, order: list[str]) -> None:
    link_of(running.master).takes(RESTART, answer=Ran(1, "", "Job for mysql.service failed."))
    with pytest.raises(CommandFailed, match=r"Job for mysql\.service failed"):
        restart(running, "master", Asked(True))
    assert {f"slave: {START}", f"slave: {START_REPLICA}"} <= set(order)


def test_the_slaves_keepalived_comes_back_even_when_its_replication_does_not(running: Pair, order: list[str]) -> None:
    broken = pymysql.err.OperationalError(1872, "Replica failed to initialize relay log info structure")
    server_of(running.slave).takes(START_REPLICA, broken)
    with pytest.raises(SqlFailed, match="1872"):
        restart(running, "master", Asked(True))
    assert order[-1] == f"slave: {START}"


@pytest.mark.parametrize(
    ("slave", "master", "replicates", "status"),
    [
        ("OFF", "OFF", True, "failed"),
        ("ON_PERMISSIVE", "ON_PERMISSIVE", True, "failed"),
        ("OFF", "ON", True, "ok"),  # the slave alone has drifted, and is brought back
        ("ON", "ON", True, "ok"),
        ("OFF", "OFF", False, "ok"),
    ],
)
def test_a_pair_that_replicates_keeps_its_gtid_mode(
    pair: Pair, slave: str, master: str, replicates: bool, status: str
) -> None:
    rows = [case("replica_status", "mysql_9_7_by_gtid").said] if replicates else []
    servers = {side.role: mysqld_of(side) for side in pair.sides.values()}
    servers["slave"].says(GTID_MODE, {"mode": slave})
    servers["slave"].says("SHOW REPLICA STATUS", *rows)
    servers["master"].says(GTID_MODE, {"mode": master})
    step = OneGtidMode(pair, "ON", "/etc/my.cnf.d/zz-runbook.cnf")
    if status == "ok":
        assert ensure(pair.slave.host, step).status == "ok"
        return
    with pytest.raises(RunbookError, match=f"gtid_mode = {slave}; ON takes both servers stopped"):
        ensure(pair.slave.host, step)


def test_its_gtid_mode_is_looked_at_before_the_file_is_written(running: Pair) -> None:
    phases = configure_mycnf.phases(running, lambda side, why: None)
    slave, master = (phase.items(running.sides[phase.roles[0]]) for phase in phases)
    kinds = [type(step) for step in slave]
    assert kinds.index(OneGtidMode) < kinds.index(OptionFile)
    assert OneGtidMode not in map(type, master)
