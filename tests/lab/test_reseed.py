"""One host gets the data of the other, which serves on whatever is killed meanwhile; the same command ends it."""

import json
from collections.abc import Iterator

import pytest
import row
from commandline import until
from outside import OutsideHost, OutsidePair
from writer import Writer

FAILED, DRIFT = 1, 3
SETTLED_SECONDS = 20
STALL_SECONDS = 1.0
RECORD = "/var/lib/mysql-runbook/seeding"
DATADIR = "/var/lib/mysql"
BOOT_SECONDS = 60
COPYING, COPIED = r"^copying ", r"^copied: "
TABLE = "CREATE TABLE seeded.t (a INT PRIMARY KEY, b VARCHAR(2000)) ENGINE = InnoDB"
ROWS = ", ".join(f"({number}, REPEAT('x', 2000))" for number in range(500))


@pytest.fixture
def seeded_pair(healthy_pair: OutsidePair) -> Iterator[OutsidePair]:
    """A pair with some rows of somebody's; its test leaves it healthy, and nothing of a reseed."""
    pair = healthy_pair
    pair.master.sql(f"DROP SCHEMA IF EXISTS seeded; CREATE SCHEMA seeded; {TABLE}; INSERT INTO seeded.t VALUES {ROWS}")
    yield pair
    for host in pair.hosts:
        assert host.run(f"ls {RECORD} {DATADIR}/.seed").code != 0, "something of a reseed is left"
    pair.inv("reseed", "--host=slave", "--discard-old").expect(0)
    assert kept(pair.slave) == []
    pair.master.sql("DROP SCHEMA seeded")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


def kept(host: OutsideHost) -> list[str]:
    return host.run(f"ls -d {DATADIR}/.old-* 2>/dev/null").out.split()


def checksum(host: OutsideHost) -> str:
    return host.sql("CHECKSUM TABLE seeded.t")[0][1]


def test_a_slave_is_reseeded_while_the_master_is_written_to(seeded_pair: OutsidePair) -> None:
    pair = seeded_pair
    pair.inv("--dry", "reseed", "--host=slave").expect(DRIFT, "route: clone", "kept beside the new ones")
    made_itself = "SET GLOBAL super_read_only = OFF; SET sql_log_bin = OFF; DELETE FROM seeded.t WHERE a < 250"
    pair.slave.sql(f"{made_itself}; SET sql_log_bin = ON; SET GLOBAL super_read_only = ON")
    with Writer(pair) as writer:
        killed = pair.operator.start("reseed", "--host=slave")
        killed.wait_for_line(COPYING)
        killed.kill()
        pair.inv("verify").expect(FAILED, "SEED_BROKEN", "inv reseed --host=slave begins anew")
        assert pair.slave.replicates(), "an early end has cost the slave something"
        killed = pair.operator.start("reseed", "--host=slave")
        killed.wait_for_line(COPIED)
        killed.kill()
        pair.inv("bootstrap").expect(FAILED, "First: inv reseed --host=slave")
        pair.inv("reseed", "--host=slave").expect(0, "broken off while replacing", "The pair is healthy")
    assert max(writer.gaps()) < STALL_SECONDS
    assert checksum(pair.slave) == checksum(pair.master)
    assert len(kept(pair.slave)) == 1
    accounts = "SELECT COUNT(*) FROM mysql.user WHERE user = 'runbook_seeder'"
    assert [host.value(accounts) for host in pair.hosts] == ["0", "0"]


@pytest.mark.story
@pytest.mark.long_elsewhere
@pytest.mark.skipif(row.OS == "el-like", reason="its package sources have no mydumper")
def test_a_slave_whose_disk_is_lost_gets_its_data_by_one_command(seeded_pair: OutsidePair) -> None:
    pair = seeded_pair
    pair.slave.sh(f"systemctl stop keepalived {row.UNIT}; find {DATADIR} -mindepth 1 -delete")
    pair.inv("verify").expect(FAILED, "If its data are lost: inv reseed --host=slave")
    pair.inv("reseed", "--host=slave").expect(0, "It has no data.", "The pair is healthy")
    assert checksum(pair.slave) == checksum(pair.master)


@pytest.mark.long
def test_the_drill_loses_a_slave_and_accounts_for_every_write(healthy_pair: OutsidePair) -> None:
    told = healthy_pair.inv("drill.lose-slave", "--json").expect(0)
    document = json.loads(told.out)
    assert document["verdict"] in ("passed", "late"), told.out
    ledger = document["ledger"]
    assert ledger["acknowledged"] > 0 and ledger["lost"] == []
    assert document["figures"]["standstill_seconds"] < STALL_SECONDS < document["figures"]["reseed_seconds"]
    assert healthy_pair.is_healthy() and kept(healthy_pair.slave) == []


@pytest.mark.long
def test_a_master_whose_disk_is_lost_gets_the_data_of_the_slave_that_serves(seeded_pair: OutsidePair) -> None:
    pair = seeded_pair
    pair.inv("drill.kill-master").expect(0)
    pair.master.sh(f"find {DATADIR} -mindepth 1 -delete")
    pair.inv("reseed", "--host=slave").expect(FAILED, "holds the VIP: the pair is failed over")
    pair.inv("reseed", "--host=master").expect(0, "Next: inv failback")
    assert pair.vip_is_on() == ["slave"]
    pair.inv("failback").expect(0, "The pair is healthy")
    assert checksum(pair.slave) == checksum(pair.master)


@pytest.mark.long
def test_a_new_host_in_the_masters_place_gets_a_server_and_the_data(seeded_pair: OutsidePair) -> None:
    pair, new = seeded_pair, seeded_pair.master.machine
    new.power_cut()
    until("the VIP on the slave", SETTLED_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    pair.lab.blank(new, print)
    boot(pair.master)
    pair.inv("trust-hosts", "--yes").expect(0)
    pair.inv("verify").expect(FAILED, "inv reseed --host=master installs a server there")
    pair.inv("reseed", "--host=master").expect(0, "Next: inv failback")
    pair.inv("failback").expect(0, "The pair is healthy")
    assert checksum(pair.slave) == checksum(pair.master)
    pair.inv("reseed", "--host=master", "--discard-old").expect(0)


@pytest.mark.long
def test_a_slave_that_loses_power_while_its_data_change_places(seeded_pair: OutsidePair) -> None:
    pair = seeded_pair
    running = pair.operator.start("reseed", "--host=slave")
    running.wait_for_line(COPIED)
    pair.slave.machine.power_cut()
    assert running.end().code == FAILED
    boot(pair.slave)
    pair.inv("verify").expect(FAILED, "SEED_BROKEN")
    pair.inv("reseed", "--host=slave").expect(0, "The pair is healthy")
    assert checksum(pair.slave) == checksum(pair.master)


@pytest.mark.long
def test_a_master_that_loses_power_while_its_data_are_copied(seeded_pair: OutsidePair) -> None:
    pair = seeded_pair
    running = pair.operator.start("reseed", "--host=slave")
    running.wait_for_line(COPYING)
    pair.master.machine.power_cut()
    assert running.end().code == FAILED
    until("the VIP on the slave", SETTLED_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    boot(pair.master)
    pair.inv("failback").expect(FAILED, "SEED_BROKEN")
    assert pair.vip_is_on() == ["master"]
    pair.inv("reseed", "--host=slave").expect(0, "The pair is healthy")


def boot(host: OutsideHost) -> None:
    host.machine.boot()
    host.machine.wait_for_ssh(BOOT_SECONDS)
