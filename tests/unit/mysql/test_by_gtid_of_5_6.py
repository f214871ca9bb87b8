"""MySQL 5.6 by GTID, as a real pair of 5.6.24 answers, whose slave root has written to by accident."""

from collections.abc import Callable

import pytest
from fake import FakeMysqld, captured_json, link_of, mysqld_of, pair_of
from variables_server import Variables

from runbook.core.step import ensure
from runbook.mysql.dialects.dialect import COMMENT_QUESTION, dialect_of
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.mysql.replication.replicates import why_not
from runbook.mysql.tracking.status import parse_replica_status
from runbook.mysql.variables import InForce, Manner, wanted
from runbook.pair.pair import Pair
from runbook.settings.settings import Role, Settings

pytestmark = pytest.mark.usefixtures("fake_mysql")

REAL = captured_json("mysql56_by_gtid.json")
VERSION = REAL["version"]["version"]
STATUS = parse_replica_status(REAL["slave_status"])
ERRANT = f"{REAL['slave']['server_uuid']}:1"


def speaks(mysqld: FakeMysqld, role: Role) -> FakeMysqld:
    mysqld.says(COMMENT_QUESTION, REAL["version"])
    for name, value in REAL[role].items():
        scope = "" if name == "server_uuid" else "GLOBAL."
        mysqld.says(f"SELECT @@{scope}{name}", {name: value})
    return mysqld


@pytest.fixture
def gtid_pair(settings_of: Callable[..., Settings]) -> Pair:
    pair = pair_of(settings_of(REPLICATION="gtid"))
    for role, side in pair.sides.items():
        speaks(mysqld_of(side), role)
        link_of(side).says(PROGRAM_QUESTION, "mysqld  Ver 5.6.24 for Linux on x86_64 (MySQL Community Server (GPL))\n")
    return pair


def test_what_the_slave_made_itself_is_what_the_master_lacks(gtid_pair: Pair) -> None:
    tracking, slave, master = gtid_pair.slave.tracking, gtid_pair.slave.server, gtid_pair.master.server
    assert tracking.by_gtid and STATUS.auto_position
    has = tracking.of_slave(slave, STATUS).plus(tracking.received(STATUS))
    assert str(has.minus(tracking.of_master(master))) == ERRANT
    assert not tracking.of_master(master).minus(has)
    assert list(tracking.own_since(slave, "")) == [ERRANT]
    assert tracking.own(slave) == ERRANT and list(tracking.own_since(slave, ERRANT)) == []


def test_replication_is_not_started_over_it_and_the_way_out_is_in_words_of_5_6(gtid_pair: Pair) -> None:
    slave, master = gtid_pair.slave.server, gtid_pair.master.server
    refusal = why_not(STATUS, STATUS.source, slave, master, gtid_pair.slave.tracking)
    assert refusal and ERRANT in refusal and "RESET MASTER" in refusal


def test_all_that_was_received_is_applied_and_nothing_says_where_to_go_on(gtid_pair: Pair) -> None:
    slave, tracking = gtid_pair.slave.server, gtid_pair.slave.tracking
    assert tracking.applied(slave, STATUS)
    assert tracking.place(STATUS, gtid_pair.master.server) == {}
    assert not tracking.purged(slave)


@pytest.mark.parametrize("role", ["master", "slave"])
def test_its_settings_are_in_force_as_it_shows_them(settings: Settings, role: Role) -> None:
    side = pair_of(settings).sides[role]
    mysqld_of(side, Variables(dict(REAL["variables"][role]), set()))
    values = wanted(Manner(settings, side.node, dialect_of(VERSION), by_gtid=True, semi_sync=False))
    assert values["gtid_mode"] == values["log_slave_updates"] == "ON"
    assert ensure(side.host, InForce(side.server, values, (), lambda host, why: None)).status == "ok"
