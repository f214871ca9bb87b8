"""Step 3 of the article: the include, our option file, and a restart that is due and allowed."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pymysql
import pytest
from fake import FakeLink, FakeMysqld, LocalLink, captured_json, host_of, link_of, mysqld_of, pair_of

from runbook.errors import RunbookError
from runbook.host import CommandFailed, Host
from runbook.keepalived import GAVE_WAY
from runbook.mysql.mysql import MySQL
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.mysql.replication import SYSTEM_SCHEMAS
from runbook.mysql.session import SqlFailed
from runbook.pair import Pair, Side
from runbook.settings import Role, Settings
from runbook.ssh import Ran
from runbook.step import ensure
from runbook.steps import configure_mycnf
from runbook.steps.configure_mycnf import (
    GTID_MODE,
    IncludeFolder,
    OneGtidMode,
    OptionFile,
    RestartOfMysqld,
    refusals,
)
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.server_names import UNITS_QUESTION

pytestmark = pytest.mark.usefixtures("fake_mysql")


def test_the_two_hosts_are_never_restarted_at_once(pair: Pair) -> None:
    assert [phase.roles for phase in configure_mycnf.phases(pair, lambda question: False)] == [("slave",), ("master",)]


@pytest.mark.parametrize(
    ("text", "included"),
    [
        ("!includedir /etc/mysql/conf.d/\n!includedir /etc/mysql/mysql.conf.d/\n", True),
        ("  !includedir   /etc/mysql/mysql.conf.d  \n", True),
        ("!includedir /etc/mysql/conf.d/\n", False),
        ("#!includedir /etc/mysql/mysql.conf.d/\n", False),
        ("!includedir /etc/mysql/mysql.conf.d.old/\n", False),
        ("", False),
    ],
)
def test_whether_the_folder_is_included(settings: Settings, tmp_path: Path, text: str, included: bool) -> None:
    my_cnf = tmp_path / "my.cnf"
    my_cnf.write_text(text)
    host = host_of(settings, LocalLink())
    step = IncludeFolder(str(my_cnf), "/etc/mysql/mysql.conf.d")
    assert (step.read(host) == step.want()) is included


def test_an_include_is_added_once_and_the_old_file_kept(settings: Settings, tmp_path: Path) -> None:
    my_cnf = tmp_path / "my.cnf"
    my_cnf.write_text("[mysqld]\nport = 3306")
    host = host_of(settings, LocalLink())
    step = IncludeFolder(str(my_cnf), str(tmp_path / "conf.d"))
    assert ensure(host, step).status == "changed"
    assert ensure(host, step).status == "ok"
    assert my_cnf.read_text() == f"[mysqld]\nport = 3306\n!includedir {tmp_path}/conf.d/\n"
    assert (tmp_path / "my.cnf.before-runbook").read_text() == "[mysqld]\nport = 3306"
    assert (tmp_path / "conf.d").is_dir()


OUR_FILE = "/etc/mysql/mysql.conf.d/zz-runbook.cnf"
VALIDATE = f"mysqld --defaults-file={OUR_FILE}.candidate --validate-config"


@pytest.fixture
def option_link(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> FakeLink:
    """The slave with no option file of ours yet; what is put there is kept as `changed` paths."""
    link = link_of(pair.slave)
    question = next(iter(OptionFile(OUR_FILE, "text", validation=MySQL((9, 7)).validation).questions()))
    link.says(question, "")

    def put(host: Host, path: str, content: str, **_: object) -> None:
        link.changed.append(path)
        if path == OUR_FILE:
            link.says(question, "644 root:root\n" + base64.b64encode(content.encode()).decode())

    monkeypatch.setattr(Host, "put", put)
    link.takes(f"rm -f {OUR_FILE}.candidate")
    link.says_where("cp -pL", "")
    return link


def test_mysqld_accepts_the_file_before_it_takes_its_place(pair: Pair, option_link: FakeLink) -> None:
    option_link.takes(VALIDATE)
    assert (
        ensure(pair.slave.host, OptionFile(OUR_FILE, "text", validation=MySQL((9, 7)).validation)).status == "changed"
    )
    assert option_link.changed == [f"{OUR_FILE}.candidate", VALIDATE, f"rm -f {OUR_FILE}.candidate", OUR_FILE]


TRIAL = (
    f"mysqld --defaults-file={OUR_FILE}.candidate --user=mysql --datadir=/nonexistent --skip-log-bin --verbose --help "
    "> /dev/null"
)


@pytest.mark.parametrize(
    ("version", "command", "code", "said"),
    [
        ((9, 7), VALIDATE, 1, "[ERROR] [MY-000067] [Server] unknown variable 'nosuch=1'."),
        # 5.6.24 in the lab: a wrong value, a character set that it does not have, an option that it does not know.
        ((5, 6, 24), TRIAL, 1, "[ERROR] /usr/local/mysql/bin/mysqld: Error while setting value 'FOO' to 'sql_mode'"),
        ((5, 6, 24), TRIAL, 1, "mysqld: Character set 'foo' is not a compiled character set and is not specified"),
        ((5, 6, 24), TRIAL, 7, "[ERROR] mysqld: unknown variable 'rpl_semi_sync_slave_enabled=ON'"),
    ],
)
def test_a_file_that_mysqld_refuses_never_takes_its_place(
    pair: Pair, option_link: FakeLink, version: tuple[int, ...], command: str, code: int, said: str
) -> None:
    option_link.takes(command, answer=Ran(code, "", said))
    with pytest.raises(CommandFailed, match=re.escape(said)):
        ensure(pair.slave.host, OptionFile(OUR_FILE, "text", validation=MySQL(version).validation))
    assert OUR_FILE not in option_link.changed
    assert option_link.changed[-1] == f"rm -f {OUR_FILE}.candidate"


@pytest.mark.parametrize(
    ("there", "reason"),
    [("", "SEMI_SYNC: .*came without semisync_master.so"), ("/usr/lib64/mysql/plugin/semisync_master.so\n", None)],
)
def test_semi_sync_that_the_server_came_without_is_refused_by_its_key(
    settings_of: Callable[..., Settings], there: str, reason: str | None
) -> None:
    side = pair_of(settings_of(SEMI_SYNC="on")).slave
    link_of(side).says(PROGRAM_QUESTION, "mysqld  Ver 5.6.24 for Linux on x86_64 (MySQL Community Server (GPL))\n")
    link_of(side).says_where("semisync_master.so", there)
    found = refusals(side)
    assert (found == []) if reason is None else re.match(reason, found[0])


# ---- a restart, and who allows it ----

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
    side = pair.sides[role]
    RestartOfMysqld(pair, side, operator)(side.host, "gtid_mode")


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
        for command in (STOP, f"rm -f {GAVE_WAY}", RESTART, START):
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


# ---- gtid_mode of a pair that replicates ----


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
    rows = captured_json("replica_status.json") if replicates else []
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
    phases = configure_mycnf.phases(running, lambda question: True)
    slave, master = (phase.steps(running.sides[phase.roles[0]]) for phase in phases)
    kinds = [type(step) for step in slave]
    assert kinds.index(OneGtidMode) < kinds.index(OptionFile)
    assert OneGtidMode not in map(type, master)
