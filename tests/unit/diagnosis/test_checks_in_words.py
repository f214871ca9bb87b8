"""The checks by the facts as an operator reads them: what was found on which host, and what to do about it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pair_facts import (
    CLOSED,
    DEAD,
    ELSEWHERE,
    ERRANT,
    FULL,
    GONE,
    HANGS,
    HUNG,
    NO_VIP,
    OPEN,
    RUNS,
    STOPPED,
    STUCK,
    TAKEN_OVER,
    UUID,
    Changes,
    facts,
)
from progress_text import parse

from runbook.diagnosis import of_host
from runbook.diagnosis.checks import NOT_CHECKED, Check, state
from runbook.mysql.replication.filters import Filter
from runbook.mysql.stranger import Stranger
from runbook.settings.settings import Settings

NC = Stranger(77, "nobody", "nc")
BELOW = "See the verdict below"
SEES, HAS, COPIES, LAG = (
    "sees the other's mysqld",
    "the slave has what the master has",
    "replication",
    "replication lag",
)
VIP = "VIP 192.168.152.130"
BY_POSITION: Changes = {"replication": replace(RUNS, auto_position=False), "behind": parse("b.000003:4..b.000003:104")}
OLD: Changes = {"super_read_only": None, "engine": "MySQL", "version": "5.6.51"}
MARIADB: Changes = {"super_read_only": None, "engine": "MariaDB", "version": "11.8.3"}


def rows(settings: Settings, master: Changes, slave: Changes) -> list[Check]:
    return list(state.checks(facts(master, slave), settings))


def test_a_healthy_pair_is_told_host_by_host_and_then_as_a_pair(settings: Settings) -> None:
    chosen = {"REPLICATION": "gtid, as both servers can"}
    told = rows(settings, {"chosen": chosen}, {"chosen": chosen})
    assert {(check.status, check.todo, check.topic) for check in told} == {("OK", "", "")}
    assert [(check.host, check.name, check.found) for check in told] == [
        ("master", "SSH", "answers"),
        ("master", "mysqld", "active, root logs in"),
        ("master", "keepalived", "active, MASTER"),
        ("master", "scripts", "do their work"),
        ("slave", "SSH", "answers"),
        ("slave", "mysqld", "active, root logs in"),
        ("slave", "keepalived", "active, BACKUP"),
        ("slave", "scripts", "do their work"),
        ("master", "sees the other's mysqld", "yes"),
        ("slave", "sees the other's mysqld", "yes"),
        ("pair", "MySQL versions", "9.7.4"),
        ("pair", "VIP 192.168.152.130", "on the master"),
        ("master", "takes writes", "read_only OFF, super_read_only OFF"),
        ("slave", "refuses writes", "read_only ON, super_read_only ON"),
        ("slave", "replication", "from 192.168.152.128:3306: receiver Yes, applier Yes"),
        ("slave", "replication lag", "0 s"),
        ("slave", HAS, "nothing still to come, and nothing that the master lacks"),
        ("master", "semi-synchronous", "in force"),
        ("slave", "semi-synchronous", "in force"),
        ("master", "filters of replication", "none"),
        ("slave", "filters of replication", "none"),
        ("master", "REPLICATION", "gtid, as both servers can"),
        ("slave", "REPLICATION", "gtid, as both servers can"),
    ]


WAY_IN = "Is the host up? Does `ssh 192.168.152.128` get in?"
OTHER_KEY = GONE | {"unreachable": "its SSH host key CHANGED", "refused": "Was it rebuilt?"}
BUSY = "Is the host busy or a disk of it slow? Run inv verify again in a moment"
SLOW: Changes = {"keepalived": "unknown", "unknown": {"keepalived": "no answer in time from: x"}}
OF_KEEPALIVED = "See journalctl -u keepalived on that host"
OF_SCRIPTS = "ssh 192.168.152.129 journalctl -t mysql-runbook says what stands in their way"
OF_FIREWALL = "Is the network between the hosts cut, or does a firewall drop the port? inv prep-os"
OF_SERIES = "Replication needs one series: install the same on both"
OF_SEMI_SYNC = "It comes back by itself when the slave has caught up; else: inv configure-mycnf, then inv start-slave"
OF_ACCOUNTS = "Take that from accounts of applications (REVOKE READ_ONLY ADMIN on MariaDB, REVOKE SUPER on MySQL 5.6)"
BEGINS_ANEW = (
    "In mysqlbinlog see what they are, and bring to the master what it must have. "
    "Then, in mysql on the slave: {}; its binary log, which nobody reads, begins anew"
)

# Where and what; its status, what was found and what to do; with the master and the slave so.
FOUND: list[tuple[str, str, str, str, str, Changes, Changes]] = [
    # the hosts
    ("master", "SSH", "FAIL", "timed out", WAY_IN, GONE, {}),
    ("master", "mysqld", "FAIL", "failed; it does not run", "See its error log and its disk", DEAD, {}),
    ("slave", "mysqld", "FAIL", "failed; it does not run", "End it: kill 77", {}, DEAD | {"stranger": NC}),
    ("master", "keepalived", "FAIL", "inactive", OF_KEEPALIVED, DEAD, {}),
    ("slave", "keepalived", "FAIL", "active, FAULT", OF_KEEPALIVED, {}, {"vrrp": "FAULT"}),
    ("slave", "keepalived", "FAIL", "failed", OF_KEEPALIVED, {}, {"keepalived": "failed", "vrrp": "MASTER"}),
    ("slave", "keepalived", "OK", "active", "", {}, {"vrrp": ""}),
    (
        "slave", "keepalived", "FAIL", "active, but hangs: process 77 stands still, as after SIGSTOP",
        "ssh 192.168.152.129 systemctl kill -s KILL keepalived: its unit starts it anew at once",
        {}, HANGS,
    ),
    ("slave", "SSH", "FAIL", "its SSH host key CHANGED", "Was it rebuilt?", {}, OTHER_KEY),
    ("master", "keepalived: not known", "WARN", "no answer in time from: x", BUSY, SLOW, {}),
    ("slave", "scripts", "OK", "do their work", "", {}, {"settled_seconds": 11}),
    ("slave", "scripts", "FAIL", "last did their work 12 s ago", OF_SCRIPTS, {}, {"settled_seconds": 12}),
    (
        "slave", "scripts", "FAIL", "have not done their work since the boot", OF_SCRIPTS,
        {}, {"settled_seconds": None},
    ),
    # what each sees of the other
    ("slave", SEES, "FAIL", "no answer from 192.168.152.128:3306, which runs", OF_FIREWALL, {}, {"sees_peer": False}),
    ("master", SEES, "FAIL", "no answer from 192.168.152.129:3306, which runs", OF_FIREWALL, {"sees_peer": False}, {}),
    ("master", SEES, "WARN", "mysqld at 192.168.152.129:3306 does not answer", "", {"sees_peer": False}, DEAD),
    ("slave", SEES, "OK", "yes", "", GONE, {}),
    # the versions
    ("pair", "MySQL versions", "OK", "9.7.4 on the master, 9.7.5 on the slave", "", {}, {"version": "9.7.5"}),
    ("pair", "MySQL versions", "FAIL", "9.7.4 on the master, 8.4.2 on the slave", OF_SERIES, {}, {"version": "8.4.2"}),
    ("pair", "MySQL versions", "WARN", "one of the servers does not answer", "", DEAD, {}),
    # the VIP
    ("pair", VIP, "FAIL", "on both hosts", BELOW, {}, TAKEN_OVER),
    ("pair", VIP, "WARN", "on the master; the slave could not be asked", "", {}, GONE),
    ("pair", VIP, "FAIL", "on the slave", BELOW, NO_VIP, TAKEN_OVER),
    ("pair", VIP, "FAIL", "on the slave; the master could not be asked", BELOW, GONE, TAKEN_OVER),
    ("pair", VIP, "FAIL", "on no host", BELOW, NO_VIP, {}),
    ("pair", VIP, "FAIL", "on no host; the slave could not be asked", BELOW, NO_VIP, GONE),
    ("pair", VIP, "WARN", "no host is reached", "", GONE, GONE),
    # who takes writes
    ("master", "takes writes", "FAIL", "read_only ON, super_read_only ON", BELOW, CLOSED, {}),
    ("master", "takes writes", "FAIL", "read_only ON, super_read_only OFF", BELOW, {"read_only": True}, {}),
    ("master", "takes writes", "OK", "read_only OFF", "", OLD, OLD),
    ("slave", "refuses writes", "OK", "read_only ON", "", MARIADB, MARIADB),
    ("slave", "refuses writes", "FAIL", "read_only OFF", BELOW, OLD, OLD | {"read_only": False}),
    ("slave", "refuses writes", "FAIL", "read_only OFF, super_read_only OFF", BELOW, {}, OPEN),
    ("slave", "refuses writes", "FAIL", "read_only ON, super_read_only OFF", BELOW, {}, {"super_read_only": False}),
    (
        "master", "refuses writes without the VIP", "FAIL", "read_only OFF, super_read_only OFF", BELOW,
        {"holds_vip": False}, TAKEN_OVER,
    ),
    (
        "master", "refuses writes without the VIP", "OK", "read_only ON, super_read_only ON", "", NO_VIP, TAKEN_OVER,
    ),
    # replication
    ("slave", COPIES, "FAIL", "not configured", "inv start-slave", {}, {"replication": None}),
    (
        "slave", COPIES, "FAIL", "from 10.0.0.9:3306: receiver Yes, applier Yes", "inv start-slave",
        {}, {"replication": ELSEWHERE},
    ),
    (
        "slave", COPIES, "FAIL",
        "from 192.168.152.128:3306: receiver No, applier Yes; error 2003: no connection", "inv start-slave",
        {}, {"replication": STOPPED},
    ),
    (
        "slave", COPIES, "FAIL",
        "from 192.168.152.128:3306: receiver No, applier No; error 2003: no connection; error 1062: a row",
        "inv start-slave",
        {}, {"replication": replace(STUCK, receiver="No", receiver_error=STOPPED.receiver_error)},
    ),
    (
        "slave", COPIES, "WARN",
        "from 192.168.152.128:3306: receiver No, applier Yes; it stands still while the slave holds the VIP", "",
        NO_VIP, TAKEN_OVER,
    ),
    ("slave", LAG, "OK", "5 s", "", {}, {"replication": replace(RUNS, lag_seconds=5)}),
    (
        "slave", LAG, "WARN", "6 s, more than 5 s",
        "A takeover now would serve old data until the rest is applied; does a long transaction run?",
        {}, {"replication": replace(RUNS, lag_seconds=6)},
    ),
    (
        "slave", LAG, "WARN", "the server does not know it", "Run inv verify again in a moment",
        {}, {"replication": replace(RUNS, lag_seconds=None)},
    ),
    # what one has and the other lacks
    (
        "slave", HAS, "FAIL", f"what the master lacks, 3 transactions: {UUID}:5, {UUID}:6, {UUID}:7",
        "Overwrite nothing; see the verdict below", {}, ERRANT,
    ),
    (
        "slave", HAS, "OK", "3 transactions still to come, and nothing that the master lacks", "",
        {}, {"behind": parse(f"{UUID}:5-7")},
    ),
    ("slave", HAS, "WARN", "one of the servers does not answer", "", DEAD, {"behind": None}),
    (
        "slave", HAS, "FAIL", "transactions of its own: b.000002:4 Query CREATE, b.000002:9 Query DROP",
        BEGINS_ANEW.format("RESET BINARY LOGS AND GTIDS"),
        {}, BY_POSITION | {"own": ("b.000002:4 Query CREATE", "b.000002:9 Query DROP")},
    ),
    (
        "slave", HAS, "FAIL", "transactions of its own: b.000002:4 Query CREATE", BEGINS_ANEW.format("RESET MASTER"),
        OLD, BY_POSITION | OLD | {"own": ("b.000002:4 Query CREATE",)},
    ),
    (
        "slave", HAS, "OK",
        "100 bytes of b.000003 still to come, and nothing of its own in its binary log since b.000001:4", "",
        {}, BY_POSITION | {"own_since": "b.000001:4"},
    ),
    (
        "slave", HAS, "OK",
        "100 bytes of b.000003 still to come, and its binary log was not looked through for transactions of its own: "
        "that is failback's part", "",
        {}, BY_POSITION,
    ),
    ("slave", HAS, "OK", "nothing still to come, and nothing that the master lacks", "", {}, {"replication": None}),
    # what is acknowledged on both
    (
        "master", "semi-synchronous", "FAIL",
        "not in force: what is acknowledged now may be on one host only", OF_SEMI_SYNC,
        {"semi_sync": False}, {},
    ),
    (
        "slave", "semi-synchronous", "FAIL", "not in force: it does not acknowledge what it receives", OF_SEMI_SYNC,
        {}, {"semi_sync": False},
    ),
    (
        "slave", "filters of replication", "FAIL",
        "replicate_do_db = a (set at run time); replicate_do_table = a.b (f:2)", BELOW,
        {}, {"filters": (Filter("replicate_do_db", "a"), Filter("replicate_do_table", "a.b", ("f:2",)))},
    ),
    (
        "slave", "accounts that write through", "WARN",
        "app@%, role admins can write although read_only is on", OF_ACCOUNTS,
        MARIADB, MARIADB | {"write_through": ("app@%", "role admins")},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("host", "name", "status", "found", "todo", "master", "slave"), FOUND)
def test_what_was_found_is_told_with_what_to_do(
    settings: Settings, host: str, name: str, status: str, found: str, todo: str, master: Changes, slave: Changes
) -> None:
    (check,) = [each for each in rows(settings, master, slave) if (each.host, each.name) == (host, name)]
    assert (check.status, check.found, check.todo) == (status, found, todo)


@pytest.mark.parametrize(
    ("master", "slave", "unasked"),
    [
        (GONE, {}, {("master", name) for name in ("mysqld", "keepalived", "scripts", SEES)}),
        ({}, GONE, {("slave", name) for name in ("mysqld", "keepalived", "scripts", SEES)}),
        (HUNG, {}, {("master", "takes writes"), ("master", "filters of replication"), ("master", "semi-synchronous")}),
        ({}, FULL, {("slave", name) for name in ("refuses writes", COPIES, LAG, HAS, "filters of replication")}),
        ({}, {"keepalived": "failed"}, {("slave", "scripts")}),
        ({}, HANGS, {("slave", "scripts")}),
        ({}, SLOW, {("slave", "keepalived"), ("slave", "scripts")}),
        ({}, {"sees_peer": False, "unknown": {of_host.THE_OTHER: "x"}}, {("slave", SEES)}),
        ({"unknown": {of_host.ITS_FILTERS: "x"}}, {}, {("master", of_host.ITS_FILTERS)}),
        ({}, {"settled_seconds": None, "unknown": {"the scripts": "x"}}, {("slave", "scripts")}),
        ({}, {"replication": STOPPED}, {("slave", LAG)}),
        (NO_VIP, TAKEN_OVER, {("master", "semi-synchronous"), ("slave", "semi-synchronous")}),
        ({}, {}, {("slave", "accounts that write through"), ("master", "alerts"), ("slave", "alerts")}),
    ],
)
def test_of_what_cannot_be_known_there_is_no_check(
    settings: Settings, master: Changes, slave: Changes, unasked: set[tuple[str, str]]
) -> None:
    assert unasked.isdisjoint({(check.host, check.name) for check in rows(settings, master, slave)})


@pytest.mark.parametrize(
    ("master", "slave", "host", "name"),
    [
        ({"sees_peer": False}, DEAD, "master", SEES),
        (DEAD, {}, "pair", "MySQL versions"),
        (GONE, GONE, "pair", VIP),
        ({}, {"behind": None}, "slave", HAS),
    ],
)
def test_a_check_that_could_not_be_made_counts_neither_for_nor_against(
    settings: Settings, master: Changes, slave: Changes, host: str, name: str
) -> None:
    (check,) = [each for each in rows(settings, master, slave) if (each.host, each.name) == (host, name)]
    assert (check.status, check.topic) == ("WARN", NOT_CHECKED)


def test_the_scripts_have_as_long_as_keepalived_takes_between_two_checks(settings_of: Callable[..., Settings]) -> None:
    slow = settings_of(CHECK_INTERVAL="10")
    for seconds, status in ((20, "OK"), (21, "FAIL")):
        (check,) = [c for c in rows(slow, {}, {"settled_seconds": seconds}) if (c.host, c.name) == ("slave", "scripts")]
        assert check.status == status


def test_alerts_that_people_were_not_told_are_told_here(settings_of: Callable[..., Settings]) -> None:
    settings = settings_of(ALERT_WEBHOOK_URL="https://example.org/hook")
    unsent = "webhook: connection refused"
    told = [check for check in rows(settings, {}, {"unsent": unsent}) if check.name == "alerts"]
    assert told == [
        Check("master", "alerts", "OK", "none that could not be delivered"),
        Check(
            "slave", "alerts", "WARN", unsent,
            "inv alert.test tries it now; journalctl -t mysql-runbook on that host has what people were not told",
        ),
    ]  # fmt: skip
