"""Two servers that cannot be a pair: refused before anything changes, with a way out."""

import pytest
from fake import FakeMysqld, link_of, mysqld_of, pair_of

from runbook.core.step import NotReady, ensure
from runbook.errors import RunbookError
from runbook.mysql.dialects.dialect import dialect_of
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.mysql.replication import likeness
from runbook.mysql.replication.likeness import Alike, make_anew
from runbook.operations.bootstrap import refuse_when_no_pair
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings
from runbook.steps import install_mysql

pytestmark = pytest.mark.usefixtures("fake_mysql")

QUESTION = f"SHOW GLOBAL VARIABLES WHERE variable_name IN {likeness.READ}"
USUAL = {"lower_case_table_names": "0", "innodb_page_size": "16384", "datadir": "/data/mysql/"}


def server(side: Side, **variables: str) -> FakeMysqld:
    mysqld = mysqld_of(side)
    shown = USUAL | {"server_uuid": side.role} | variables
    mysqld.says(QUESTION, *({"Variable_name": name, "Value": value} for name, value in shown.items()))
    mysqld.says("SELECT 1", {"1": 1})
    return mysqld


def alike(pair: Pair) -> Alike:
    (condition,) = [
        item
        for phase in install_mysql.phases(pair, lambda side, why: None)
        for item in (phase.items(pair.slave) if phase.roles == ("slave",) else ())
        if isinstance(item, Alike)
    ]
    return condition


REFUSED = {
    "the case of names": (
        {"lower_case_table_names": "1"},
        "lower_case_table_names is 0 on the master and 1 on the slave",
        "write lower_case_table_names = 0 under [mysqld] in a file of yours, move all that is in /data/mysql "
        "elsewhere, mysqld --no-defaults --initialize-insecure --user=mysql "
        "--datadir=/data/mysql --lower-case-table-names=0, start mysqld",
    ),
    "InnoDB's pages": (
        {"innodb_page_size": "8192"},
        "innodb_page_size is 16384 on the master and 8192 on the slave",
        "write innodb_page_size = 16384 under",
    ),
    "one server_uuid": (
        {"server_uuid": "master"},
        "both servers have the server_uuid master",
        "ssh 192.168.152.129 'systemctl stop mysql && mv /data/mysql/auto.cnf /data/mysql/auto.cnf.before && "
        "systemctl start mysql'",
    ),
}


@pytest.mark.parametrize("dry", [False, True], ids=["bootstrap", "plan"])
@pytest.mark.parametrize(("slave", "found", "way_out"), REFUSED.values(), ids=REFUSED)
def test_servers_that_are_no_pair_are_refused_before_anything_changes(
    settings: Settings, slave: dict[str, str], found: str, way_out: str, dry: bool
) -> None:
    pair = pair_of(settings, dry=dry)
    server(pair.master)
    server(pair.slave, **slave)
    with pytest.raises(RunbookError) as refused:
        refuse_when_no_pair(pair)
    first, *rest = str(refused.value).splitlines()
    assert first.startswith("slave 192.168.152.129: ") and found in first
    assert way_out in "\n".join(rest) and "Nothing was changed." in rest
    assert [link_of(side).changed for side in pair.sides.values()] == [[], []]


def test_servers_that_are_alike_are_a_pair(pair: Pair) -> None:
    for side in pair.sides.values():
        server(side)
    refuse_when_no_pair(pair)
    assert ensure(pair.slave.host, alike(pair)).status == "ok"


def test_a_server_that_does_not_say_so_is_not_accused(pair: Pair) -> None:
    """MariaDB has no server_uuid."""
    for side in pair.sides.values():
        server(side).says(QUESTION)
    assert ensure(pair.slave.host, alike(pair)).status == "ok"


def test_a_blank_host_is_looked_at_once_it_has_its_server(pair: Pair) -> None:
    server(pair.master)
    link_of(pair.slave).says(PROGRAM_QUESTION, "")
    link_of(pair.slave).says_where(" policy ", "")
    refuse_when_no_pair(pair)
    with pytest.raises(NotReady):
        ensure(pair.slave.host, alike(pair))
    server(pair.slave, lower_case_table_names="1")
    with pytest.raises(RunbookError, match="cannot be a pair"):
        ensure(pair.slave.host, alike(pair))


@pytest.mark.parametrize(
    ("version", "command"),
    [
        ("5.6.24", "mysql_install_db"),
        ("9.7.4", "--initialize-insecure"),
        ("10.11.18-MariaDB", "mariadb-install"),
    ],
)
def test_a_data_directory_is_made_anew_in_the_servers_own_words(version: str, command: str) -> None:
    assert command in make_anew("10.0.0.1", dialect_of(version), USUAL, {"innodb_page_size": "4096"})
