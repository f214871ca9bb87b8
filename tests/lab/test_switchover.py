"""The two hosts exchange their roles, by one command there and by the same one back; nothing is lost by it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import row
from commandline import stays, until
from hosts_env_file import settings
from outside import OutsideHost, OutsidePair

FAILED, BAD_INPUT, DRIFT = 1, 2, 3
SETTLED_SECONDS = 15
LONG_SECONDS = 2.5
STAYS_SECONDS = 4
EVENT = "SELECT status FROM information_schema.events WHERE event_name = 'tidy'"
ROLE = "var/lib/mysql-runbook/role"


def is_open(host: OutsideHost) -> bool:
    return host.value(row.CLOSED) == "0"


def remembers(host: OutsideHost) -> str:
    """The role in the host's own record, read without SSH."""
    return (host.machine.home / "upper" / ROLE).read_text().partition("\n")[0]


@pytest.fixture
def changing_pair(healthy_pair: OutsidePair) -> Iterator[OutsidePair]:
    """A pair whose roles its test changes; the master of before is the master again afterwards."""
    before = settings(healthy_pair.lab.hosts_env)
    yield healthy_pair
    if healthy_pair.vip_is_on() != ["master"]:
        healthy_pair.inv("switchover").expect(0, "The pair is healthy")
    until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)
    after = settings(healthy_pair.lab.hosts_env)
    assert {key: after[key] for key in before} | {"ROLES_EPOCH": ""} == before | {"ROLES_EPOCH": ""}


@pytest.mark.story
def test_the_roles_change_and_a_hosts_env_of_before_is_stale(changing_pair: OutsidePair, tmp_path: Path) -> None:
    pair, of_before = changing_pair, changing_pair.operator_with(tmp_path)
    pair.master.sql("CREATE EVENT runbook.tidy ON SCHEDULE EVERY 1 HOUR DO SELECT 1")
    pair.inv("switchover").expect(
        0,
        "runs the events runbook.tidy now",
        "writes stood still for",
        "Both servers have every one of the",
        "is healthy",
    )
    assert pair.vip_is_on() == ["slave"]
    assert is_open(pair.slave) and pair.master.refuses_root()
    assert pair.slave.value(EVENT) == "ENABLED" != pair.master.value(EVENT)
    pair.slave.sql("DROP EVENT runbook.tidy")
    assert (remembers(pair.master), remembers(pair.slave)) == ("role=slave", "role=master")
    assert pair.master.replicates() and pair.slave.sql(row.STATUS) == []
    pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")

    for command in ("verify", "bootstrap", "failback", "plan"):
        of_before.inv(command).expect(BAD_INPUT, "is stale", "inv sync-hosts-env", "Nothing was done")
    assert pair.vip_is_on() == ["slave"]
    of_before.inv("--dry", "sync-hosts-env").expect(DRIFT, f"would write MASTER_HOST={pair.slave.address}")
    of_before.inv("sync-hosts-env").expect(0, f"writes MASTER_HOST={pair.slave.address}")
    of_before.inv("verify").expect(0, "The pair is healthy")


def test_what_would_be_cut_off_is_named_and_nothing_changes(changing_pair: OutsidePair) -> None:
    pair = changing_pair
    with pair.client() as client, client.cursor() as at:
        client.begin()
        at.execute("SELECT COUNT(*) FROM runbook.ledger FOR UPDATE")
        time.sleep(LONG_SECONDS)
        said = "runbook_probe", "a transaction open for", "The roles were not changed"
        pair.inv("switchover").expect(FAILED, *said)
        client.rollback()
    assert pair.is_healthy()


def test_a_change_of_roles_that_was_cut_off_leaves_one_writer_or_none_and_is_finished_by_the_same_command(
    changing_pair: OutsidePair,
) -> None:
    pair = changing_pair
    run = pair.operator.start("switchover")
    until("the first role", SETTLED_SECONDS, lambda: remembers(pair.master) == "role=slave", pause=0.002)
    run.kill()
    stays("a closed old master", STAYS_SECONDS, lambda: not is_open(pair.master))
    pair.inv("switchover").expect(0, "The pair is healthy")
    assert pair.vip_is_on() == ["slave"]
    assert is_open(pair.slave)
    pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")


def test_the_drill_goes_there_and_back_and_accounts_for_every_write(changing_pair: OutsidePair) -> None:
    pair = changing_pair
    told = pair.inv("drill.switchover", "--json").expect(0)
    document = json.loads(told.out)
    assert document["verdict"] in ("passed", "late"), told.out
    ledger = document["ledger"]
    assert ledger["acknowledged"] > 0 and ledger["lost"] == []
    kept = {score["promise"]: score["met"] for score in document["scorecard"]}
    assert kept["One writer, ever"] is True
    assert document["figures"].keys() == {"standstill_seconds", "standstill_seconds_back"}
    assert pair.is_healthy()


@pytest.mark.long
def test_after_a_change_of_roles_the_other_host_takes_over_and_the_vip_comes_home_to_the_new_master(
    changing_pair: OutsidePair,
) -> None:
    pair = changing_pair
    pair.inv("switchover").expect(0)
    pair.inv("drill.kill-master").expect(0)
    assert pair.vip_is_on() == ["master"]
    assert pair.master.refuses_root()
    pair.inv("failback").expect(0, "The pair is healthy")
    assert pair.vip_is_on() == ["slave"]
