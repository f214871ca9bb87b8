"""The verdict: of all that is wrong the most dangerous, in words that say what is so and what to do."""

from dataclasses import replace

import pytest
from pair_facts import (
    ASTRAY,
    CLOSED,
    DEAD,
    ELSEWHERE,
    ERRANT,
    FULL,
    GONE,
    GONE_FOR_GOOD,
    HANGS,
    HUNG,
    NO_VIP,
    NOT_SERVED,
    OPEN,
    REFUSED,
    STOPPED,
    STUCK,
    TAKEN_OVER,
    TWIN,
    UUID,
    VARIABLES,
    Changes,
    facts,
)

from runbook.core.host_paths import CONFIG
from runbook.diagnosis.rules import RULES, Kind, diagnose
from runbook.mysql.replication.filters import Filter
from runbook.pair.alone import Alone
from runbook.pair.maintenance import Maintenance
from runbook.pair.seeding import Seeding

WRITTEN, SET = (Filter("binlog_do_db", "a", ("f:2",)),), (Filter("replicate_do_db", "a"),)


ALIKE = replace(STOPPED, receiver_error="error 13117: Fatal error: source and replica have equal MySQL server ids")
PATCHED = Maintenance("2026-11-27T15:00:00Z", "anna@desk", 2_000_000_000)
ON_ITS_OWN = Alone(2, "2026-11-27T15:00:00Z", "anna@desk")
SEEDED = Seeding(
    "192.168.152.129", "192.168.152.128", "2026-11-27T19:26:00Z", "anna@desk", "clone", "replacing", ".old-x", "b.3", 4
)
LIVING = replace(SEEDED, alive=True)
TO_MASTER = replace(SEEDED, recipient=SEEDED.donor, donor=SEEDED.recipient, phase="copying")
CASES: list[tuple[Kind, Changes, Changes, str, str]] = [
    (Kind.HEALTHY, {}, {}, "healthy", "Nothing"),
    (Kind.BOTH_UNREACHABLE, GONE, GONE, "Neither host", "network"),
    (Kind.NOT_BOOTSTRAPPED, {"lacks": ("mysqld", "keepalived")}, {}, "lacks mysqld, keepalived", "inv bootstrap"),
    (Kind.NOT_BOOTSTRAPPED, DEAD | {"lacks": ("mysqld",)}, TAKEN_OVER, "on the slave", "wait for it: inv promote"),
    (Kind.CONFIGURATION_LOST, {"lacks": (CONFIG,)}, {}, f"no whole configuration {CONFIG} on the master", "inv verify"),
    (Kind.CONFIGURATION_LOST, DEAD | {"lacks": (CONFIG,)}, TAKEN_OVER, "on the slave", "inv deploy-scripts writes"),
    (Kind.TWO_WRITERS, {"lacks": (CONFIG,)}, OPEN, "both servers take writes", "super_read_only = ON"),
    (Kind.TWO_WRITERS, {}, OPEN, "both servers take writes", "192.168.152.129: SET GLOBAL super_read_only = ON"),
    (Kind.SPLIT_VIP, {}, TAKEN_OVER, "both hosts hold the VIP", "protocol 112"),
    (Kind.SPLIT_VIP, {"keepalived": "failed"}, TAKEN_OVER, "both", "ssh 192.168.152.128 systemctl restart keepalived"),
    (Kind.SPLIT_VIP, HANGS, TAKEN_OVER, "both", "ssh 192.168.152.128 systemctl kill -s KILL keepalived"),
    (Kind.SPLIT_VIP, {}, TAKEN_OVER | HANGS, "both", "ssh 192.168.152.129 systemctl kill -s KILL keepalived"),
    (Kind.SPLIT_VIP, {}, TAKEN_OVER | ASTRAY, "both", "inv install-keepalived"),
    (Kind.SLAVE_WRITABLE, DEAD, OPEN | TAKEN_OVER, "slave 192.168.152.129 takes writes", "super_read_only = ON"),
    (Kind.SLAVE_WRITABLE, {}, {"super_read_only": False}, "takes root's writes", "super_read_only = ON"),
    (Kind.WRITABLE_WITHOUT_VIP, {"holds_vip": False}, TAKEN_OVER, "on the slave", "192.168.152.128: SET GLOBAL"),
    (Kind.WRITABLE_WITHOUT_VIP, {"holds_vip": False}, GONE, "on no host that was reached", "192.168.152.128: SET"),
    (Kind.DIVERGED, {}, ERRANT, f"3 transactions: {UUID}:5, {UUID}:6, {UUID}:7", "inv reconcile"),
    (Kind.DIVERGED, NO_VIP, TAKEN_OVER | ERRANT, "the slave holds the VIP", "the VIP does not come home"),
    (Kind.VIP_WITHOUT_MYSQLD, HUNG, {}, "NOBODY SERVES: the master", "systemctl stop keepalived"),
    (Kind.VIP_WITHOUT_MYSQLD, DEAD, TAKEN_OVER | HUNG, "NOBODY SERVES: the slave", "inv failback"),
    (Kind.FAILED_OVER, DEAD, TAKEN_OVER, "since 2026-11-22T17:03:48Z", "inv failback"),
    (Kind.FAILED_OVER, HUNG | {"holds_vip": False}, TAKEN_OVER, "says nothing", "hangs or is still recovering"),
    (Kind.FAILED_OVER, GONE, TAKEN_OVER | {"sees_peer": False}, "does not answer the slave", "power, network"),
    (Kind.FAILED_OVER, GONE, TAKEN_OVER, "though its mysqld answers the slave", "inv failback"),
    (Kind.MASTER_BACK, NO_VIP, TAKEN_OVER, "waits for failback", "inv failback"),
    (Kind.MASTER_UNREACHABLE, GONE, {}, "timed out, though its mysqld answers", "192.168.152.129"),
    (Kind.SLAVE_UNREACHABLE, {}, GONE, "serves alone", "power, network"),
    (Kind.SLAVE_UNREACHABLE, NO_VIP, GONE, "does not hold the VIP", "power, network"),
    (Kind.NO_VIP, NO_VIP, {}, "no host holds the VIP; master: mysqld active", "inv start"),
    (Kind.NO_VIP, DEAD, {"keepalived": "inactive"}, "master: mysqld failed", "inv failback"),
    (Kind.NO_VIP, NO_VIP | HANGS, {}, "no host", "ssh 192.168.152.128 systemctl kill -s KILL keepalived"),
    (Kind.NO_VIP, NO_VIP | ASTRAY, {}, "no host", "inv install-keepalived"),
    (Kind.LOGIN_REFUSED, FULL, {}, "Too many connections", "max_connections in mysql on 192.168.152.128"),
    (Kind.LOGIN_REFUSED, {}, FULL, "mysqld on the slave 192.168.152.129 runs", "MYSQL_ROOT_PASSWORD"),
    (Kind.MASTER_READ_ONLY, CLOSED, {}, "refuses writes", "SET GLOBAL read_only = OFF"),
    (Kind.MASTER_READ_ONLY, {"read_only": True}, {}, "refuses writes", "journalctl -t mysql-runbook"),
    (Kind.SLAVE_DOWN, {}, DEAD, "serves alone", "inv start"),
    (Kind.SLAVE_DOWN, {}, HUNG, "says nothing", "restart it there"),
    (Kind.KEEPALIVED_DOWN, {}, {"keepalived": "inactive"}, "slave 192.168.152.129 (inactive)", "inv start"),
    (Kind.KEEPALIVED_DOWN, {"keepalived": "failed"}, {}, "master 192.168.152.128 (failed)", "inv start"),
    (Kind.KEEPALIVED_DOWN, {}, ASTRAY | {"keepalived": "activating"}, "(activating)", "inv install-keepalived brings"),
    (Kind.KEEPALIVED_DOWN, {}, HANGS, "hangs on the slave 192.168.152.129 (process 77", "systemctl kill -s KILL"),
    (Kind.KEEPALIVED_ASTRAY, {}, ASTRAY, "runs by /etc/other.conf, as /etc/default/keepalived:4", "install-keepalived"),
    (Kind.SAME_SERVER_UUID, TWIN, TWIN | {"replication": STOPPED}, f"the server_uuid {UUID}", "auto.cnf.before"),
    (
        Kind.UNLIKE_SERVERS,
        {},
        {"variables": VARIABLES | {"lower_case_table_names": "1"}},
        "lower_case_table_names is 0 on the master and 1 on the slave",
        "write lower_case_table_names = 0 under [mysqld]",
    ),
    (Kind.PURGED, {}, GONE_FOR_GOOD, "lacks 50 transactions for good: the master's binary", "inv reseed --host=slave"),
    (Kind.REPLICATION_BROKEN, {}, {"replication": None}, "not configured", "inv start-slave"),
    (Kind.REPLICATION_BROKEN, {}, {"replication": ELSEWHERE}, "10.0.0.9", "inv start-slave"),
    (Kind.REPLICATION_BROKEN, {}, {"replication": STOPPED}, "receiver No, applier Yes; error 2003", "inv start-slave"),
    (Kind.REPLICATION_BROKEN, {}, {"replication": ALIKE}, "equal MySQL server ids", "inv bootstrap sets"),
    (Kind.REPLICATION_BROKEN, {}, {"replication": REFUSED}, "error 3118", "inv create-replica-user"),
    (Kind.REPLICATION_BROKEN, {}, {"replication": STUCK}, "error 1062: a row", "nothing is skipped"),
    (Kind.MAINTENANCE, {"maintenance": PATCHED}, {}, "by anna@desk: the master", "inv maintenance.end"),
    (Kind.MAINTENANCE, {"maintenance": PATCHED}, DEAD, "the slave is away: nothing can take over", "maintenance.end"),
    (Kind.MAINTENANCE, {}, {"maintenance": PATCHED}, "since 2026-11-27T15:00:00Z", "inv maintenance.end"),
    (Kind.MASTER_ALONE, {"alone": ON_ITS_OWN}, GONE, "since 2026-11-27T15:00:00Z, by anna@desk", "inv rejoin"),
    (Kind.MASTER_ALONE, {"alone": ON_ITS_OWN}, DEAD | {"lacks": ("mysqld",)}, "has no slave", "a new host in its"),
    (Kind.MASTER_ALONE, {"alone": ON_ITS_OWN}, ERRANT, "nothing can take over", "inv rejoin"),
    (Kind.PEER_UNSEEN, CLOSED, GONE, "its host is not reached (timed out)", "inv promote --host=master"),
    (Kind.PEER_UNSEEN, CLOSED, DEAD, "its mysqld (failed) does not answer", "opens by itself within seconds"),
    (Kind.SEEDING, {"seeding": SEEDED}, {"seeding": LIVING}, "serves meanwhile", "Wait for it"),
    (Kind.SEEDING, {"seeding": LIVING}, DEAD | {"seeding": SEEDED}, "by clone since", "Wait for it"),
    (Kind.SEED_BROKEN, {"seeding": SEEDED}, DEAD, "nothing can take over", "inv reseed --host=slave goes on"),
    (Kind.SEED_BROKEN, {"seeding": SEEDED, "maintenance": PATCHED}, {}, "nobody is at it", "inv reseed --host=slave"),
    (
        Kind.SEED_BROKEN,
        DEAD,
        TAKEN_OVER | {"seeding": TO_MASTER},
        "the master 192.168.152.128 gets",
        "=master --discard",
    ),
    (Kind.SEEDING, NO_VIP, TAKEN_OVER | {"seeding": replace(TO_MASTER, alive=True)}, "serves reads", "Wait for it"),
    # That nobody serves is worse.
    (Kind.NO_VIP, NO_VIP | {"seeding": SEEDED}, {}, "no host holds the VIP", "inv start"),
    # Whoever is in maintenance: that nobody takes writes is said first.
    (Kind.MASTER_BACK, NO_VIP | {"maintenance": PATCHED}, TAKEN_OVER, "waits for failback", "inv failback"),
    (Kind.FILTERED, {"filters": WRITTEN}, {}, "on the master 192.168.152.128: binlog_do_db = a (f:2)", "take out f:2"),
    (Kind.FILTERED, {}, {"filters": SET}, "replicate_do_db = a (set at run time)", "CHANGE REPLICATION FILTER"),
    (
        Kind.FILTERED,
        {},
        {"filters": SET, "engine": "MariaDB", "version": "10.11.18"},
        "replicate_do_db = a",
        "SET GLOBAL replicate_do_db = ''",
    ),
    (
        Kind.ACKNOWLEDGED_ELSEWHERE,
        {"acknowledged_by": "10.0.0.9 (server_id 9)"},
        {},
        "10.0.0.9 (server_id 9) acknowledges it",
        "SET GLOBAL rpl_semi_sync_replica_enabled = OFF",
    ),
]


@pytest.mark.parametrize(("kind", "master", "slave", "so", "then"), CASES)
def test_each_state_has_its_verdict_in_words(kind: Kind, master: Changes, slave: Changes, so: str, then: str) -> None:
    verdict = diagnose(facts(master, slave))
    assert verdict.kind is kind
    assert so in verdict.sentence
    assert then in verdict.next_step


def test_every_kind_can_be_so() -> None:
    assert {kind for kind, *_ in CASES} | {Kind.CHECKS_FAILED} == set(Kind)


def test_only_the_healthy_pair_is_healthy() -> None:
    assert {kind for kind, master, slave, *_ in CASES if diagnose(facts(master, slave)).healthy} == {Kind.HEALTHY}


def test_the_kinds_are_listed_in_the_order_in_which_they_are_told() -> None:
    assert [Kind.HEALTHY, *RULES, Kind.CHECKS_FAILED] == list(Kind)


BROKEN: Changes = {"replication": STOPPED}


@pytest.mark.parametrize(
    ("kind", "master", "slave"),
    [
        (Kind.TWO_WRITERS, {}, TAKEN_OVER | OPEN | ERRANT),
        (Kind.SPLIT_VIP, {}, TAKEN_OVER | ERRANT),
        (Kind.SLAVE_WRITABLE, DEAD, OPEN | BROKEN),
        (Kind.WRITABLE_WITHOUT_VIP, {"holds_vip": False}, TAKEN_OVER | ERRANT),
        (Kind.DIVERGED, NO_VIP, TAKEN_OVER | ERRANT | {"keepalived": "failed"}),
        (Kind.VIP_WITHOUT_MYSQLD, HUNG, GONE),
        (Kind.FAILED_OVER, DEAD, TAKEN_OVER | {"keepalived": "failed"}),
        (Kind.MASTER_BACK, NO_VIP | {"keepalived": "inactive"}, TAKEN_OVER),
        (Kind.MASTER_UNREACHABLE, GONE, DEAD),
        (Kind.PEER_UNSEEN, CLOSED, GONE),
        (Kind.SLAVE_UNREACHABLE, {"alone": None}, GONE),
        (Kind.NO_VIP, FULL | NO_VIP, DEAD),
        (Kind.LOGIN_REFUSED, FULL, DEAD),
        (Kind.MASTER_READ_ONLY, CLOSED, {"keepalived": "failed"}),
        (Kind.TWO_WRITERS, {"alone": ON_ITS_OWN}, OPEN),
        (Kind.MASTER_BACK, NO_VIP | {"alone": ON_ITS_OWN}, TAKEN_OVER),
        (Kind.MAINTENANCE, CLOSED | {"maintenance": PATCHED}, DEAD),
        (Kind.SLAVE_DOWN, {"keepalived": "failed"}, DEAD),
        (Kind.KEEPALIVED_DOWN, {}, {"keepalived": "inactive"} | BROKEN),
        (Kind.KEEPALIVED_DOWN, HANGS, {"keepalived": "inactive"}),
        (Kind.KEEPALIVED_DOWN, {}, HANGS | ASTRAY | BROKEN),
        (Kind.KEEPALIVED_ASTRAY, ASTRAY, BROKEN),
        (Kind.MASTER_BACK, NO_VIP, TAKEN_OVER | GONE_FOR_GOOD),
        (Kind.SLAVE_DOWN, {"acknowledged_by": "10.0.0.9 (server_id 9)"}, DEAD),
        (Kind.SAME_SERVER_UUID, TWIN, TWIN | BROKEN),
        (Kind.PURGED, {}, GONE_FOR_GOOD | BROKEN),
    ],
)
def test_of_several_at_once_the_most_dangerous_is_told(kind: Kind, master: Changes, slave: Changes) -> None:
    assert diagnose(facts(master, slave)).kind is kind


def test_a_missing_witness_is_no_accusation() -> None:
    """Nothing that could not be asked is taken for wrong."""
    assert diagnose(facts(GONE, {"errant": None, "behind": None})).kind is Kind.MASTER_UNREACHABLE
    assert diagnose(facts({}, {"semi_sync": None, "behind": None})).healthy
    assert diagnose(facts({"keepalived": "unknown"}, {"keepalived": "unknown"})).healthy
    split = diagnose(facts({"keepalived": "unknown"}, TAKEN_OVER | {"keepalived": "unknown"}))
    assert "left the address behind" not in split.next_step


@pytest.mark.parametrize(
    ("master", "slave"),
    [
        (NOT_SERVED, {"keepalived": "failed"}),
        (NOT_SERVED, HANGS),
        (NOT_SERVED, ASTRAY),
        (NOT_SERVED, DEAD),
        (NOT_SERVED, GONE),
        (NOT_SERVED, {"replication": STOPPED}),
        (DEAD, TAKEN_OVER | NOT_SERVED),
        (NO_VIP, TAKEN_OVER | NOT_SERVED),
    ],
)
def test_nobody_is_said_to_serve_where_our_own_client_was_not_served(master: Changes, slave: Changes) -> None:
    sentence = diagnose(facts(master, slave)).sentence
    assert "does not serve verify's own client (192.168.152.130:3306 does not answer)" in sentence
    for claim in ("serves reads", "serves alone", "master serves", "serves,"):
        assert claim not in sentence


@pytest.mark.parametrize(("master", "slave"), [(GONE, {}), (GONE, TAKEN_OVER), ({}, GONE)])
def test_a_host_whose_key_is_another_is_no_case_for_its_power_switch(master: Changes, slave: Changes) -> None:
    way_out = "Was the host rebuilt? Then: ssh-keygen -R it, then `inv trust-hosts`."
    other_key = GONE | {"unreachable": "its SSH host key CHANGED", "refused": way_out}
    verdict = diagnose(facts(*(other_key if side is GONE else side for side in (master, slave))))
    assert "CHANGED" in verdict.sentence
    assert "inv trust-hosts" in verdict.next_step and "power" not in verdict.next_step
