"""What the hosts remember of their roles, and when hosts.env contradicts it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fake import link_of, pair_of

from runbook.core.host_paths import ROLE
from runbook.core.step import NotConverged, ensure
from runbook.errors import BadInput
from runbook.pair import roles
from runbook.pair.pair import Pair
from runbook.pair.role_record import RoleRecord, RolesInSchema
from runbook.pair.roles import Record, contradiction, newest, parse, wanted
from runbook.settings.settings import Role, Settings
from runbook.steps import start

MASTER = Record("master", 3, "2026-11-27T15:00:00Z", "anna@desk", "switchover")
SLAVE = replace(MASTER, role="slave")
OLD_MASTER, OLD_SLAVE = replace(MASTER, epoch=2, why="bootstrap"), replace(SLAVE, epoch=2, why="bootstrap")


def remember(pair: Pair, master: Record | None, slave: Record | None) -> None:
    for side, record in ((pair.master, master), (pair.slave, slave)):
        link_of(side).says(roles.QUESTION, record.text() if record else "")


@pytest.mark.parametrize("record", [MASTER, OLD_SLAVE, replace(MASTER, by="a=b@c", why="promote")])
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    assert parse(record.text()) == record


@pytest.mark.parametrize(
    "text",
    [
        "",
        "role=master\nepoch=3\n",
        MASTER.text()[:40],
        MASTER.text().replace("role=master", "role=both"),
        MASTER.text().replace("epoch=3", "epoch=0"),
        MASTER.text().replace("epoch=3", "epoch=-3"),
        MASTER.text().replace("epoch=3", "epoch=99999999999999999999"),
        "\0\0\0\0",
    ],
)
def test_what_is_no_whole_record_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("master", "slave"),
    [
        (None, None),
        (MASTER, SLAVE),
        (MASTER, None),
        (None, SLAVE),
        # It was away, and does not know yet.
        (MASTER, OLD_MASTER),
        (OLD_SLAVE, SLAVE),
    ],
)
def test_nothing_speaks_against_a_hosts_env_that_the_last_change_of_roles_agrees_with(
    settings: Settings, master: Record | None, slave: Record | None
) -> None:
    assert contradiction(settings, {"master": master, "slave": slave}) is None


@pytest.mark.parametrize(
    ("master", "slave", "called", "address"),
    [
        (SLAVE, MASTER, "master", "192.168.152.128"),
        (None, MASTER, "slave", "192.168.152.129"),
        (OLD_MASTER, MASTER, "slave", "192.168.152.129"),
        (SLAVE, OLD_SLAVE, "master", "192.168.152.128"),
    ],
)
def test_a_hosts_env_that_the_last_change_of_roles_contradicts_is_stale(
    settings: Settings, master: Record | None, slave: Record | None, called: str, address: str
) -> None:
    why = contradiction(settings, {"master": master, "slave": slave})
    assert why is not None
    assert f"is stale: {address}, which it calls the {called}, is the" in why
    assert "since 2026-11-27T15:00:00Z, epoch 3 (switchover, by anna@desk)" in why
    assert "Nothing was done. inv sync-hosts-env" in why


@pytest.mark.parametrize("command", ["switchover", "promote"])
def test_the_command_that_was_cut_off_is_the_one_that_ends_it(settings: Settings, command: str) -> None:
    why = contradiction(settings, {"slave": replace(MASTER, why=command)})
    assert f"where that {command} was cut off, inv {command} brings it to its end" in (why or "")


def test_who_changed_the_roles_by_hosts_env_is_not_told_of_a_command_that_was_cut_off(settings: Settings) -> None:
    assert "cut off" not in (contradiction(settings, {"slave": replace(MASTER, why="bootstrap")}) or "")


@pytest.mark.parametrize(
    ("known", "master", "slave", "is_stale"),
    [
        # It was away while its peer was promoted, which cannot be asked now, or is a new host.
        (4, SLAVE, None, False),
        (4, None, MASTER, False),
        (4, OLD_SLAVE, SLAVE, False),
        # What it knows of itself is as new as what they remember, or older.
        (3, SLAVE, MASTER, True),
        (2, SLAVE, MASTER, True),
        (0, SLAVE, MASTER, True),
    ],
)
def test_a_host_that_was_away_is_no_authority_over_a_hosts_env_that_knows_of_a_later_change(
    settings_of: Callable[..., Settings], known: int, master: Record | None, slave: Record | None, is_stale: bool
) -> None:
    why = contradiction(settings_of(ROLES_EPOCH=str(known)), {"master": master, "slave": slave})
    assert (why is not None) is is_stale


def test_one_that_could_not_be_asked_is_no_new_host(settings: Settings) -> None:
    assert contradiction(settings, {"master": SLAVE, "slave": None}) is None, (
        "what is left of a pair becomes its master"
    )
    assert "is stale" in (contradiction(settings, {"master": SLAVE}) or "")


def test_that_one_is_left_of_a_pair_is_a_change_of_roles() -> None:
    made = Record("master", 1, "now", "me", "bootstrap")
    assert wanted({"master": SLAVE, "slave": None}, made) == replace(made, epoch=4)
    assert wanted({"master": MASTER, "slave": None}, made) == MASTER
    assert wanted({"master": None, "slave": SLAVE}, made) == SLAVE
    assert wanted({"master": OLD_SLAVE, "slave": SLAVE}, made) == SLAVE
    assert wanted({"master": None, "slave": None}, made) == made


def test_a_change_that_hosts_env_knows_of_is_not_fallen_behind() -> None:
    """Both hosts were away, or were restored, and call themselves by the roles of long ago."""
    made = Record("master", 5, "now", "me", "bootstrap")
    assert wanted({"master": OLD_SLAVE, "slave": OLD_MASTER}, made) == made
    assert wanted({"master": None, "slave": None}, made) == made
    assert wanted({"master": SLAVE, "slave": MASTER}, replace(made, epoch=2)) == replace(made, epoch=4)


@pytest.mark.parametrize(("known", "epoch"), [(None, 1), ("0", 1), ("4", 4)])
def test_a_new_pair_remembers_the_change_that_hosts_env_knows_of(
    settings_of: Callable[..., Settings], known: str | None, epoch: int
) -> None:
    pair = pair_of(settings_of(ROLES_EPOCH=known))
    of_hosts, of_data = start.phases(pair, lambda side, why: None)[-2:]
    record, row = of_hosts.items(pair.slave)[0], of_data.items(pair.master)[0]
    assert isinstance(record, RoleRecord) and isinstance(row, RolesInSchema)
    assert record.made.epoch == row.made.epoch == epoch


@pytest.mark.parametrize("role", ["master", "slave"])
def test_two_that_claim_one_role_in_one_epoch_are_told_of(settings: Settings, role: Role) -> None:
    record = replace(MASTER, role=role)
    why = contradiction(settings, {"master": record, "slave": record})
    assert why is not None and f"both hosts' records say that they are the {role}" in why and ROLE in why


def test_the_last_change_is_the_one_of_the_highest_epoch() -> None:
    assert newest({"master": None, "slave": None}) is None
    assert newest({"master": OLD_MASTER, "slave": MASTER}) == MASTER


def test_a_stale_hosts_env_is_refused_by_what_the_hosts_say(settings: Settings) -> None:
    pair = pair_of(settings)
    remember(pair, SLAVE, MASTER)
    with pytest.raises(BadInput, match="is stale"):
        pair.refuse_stale()
    pair = pair_of(settings)
    remember(pair, MASTER, SLAVE)
    pair.refuse_stale()


@pytest.mark.parametrize(
    ("master", "slave", "role", "gap"),
    [
        (None, None, "master", {"role": "master", "epoch": 1}),
        (None, None, "slave", {"role": "slave", "epoch": 1}),
        (MASTER, SLAVE, "slave", {}),
        (MASTER, None, "slave", {"role": "slave", "epoch": 3}),
        (MASTER, OLD_MASTER, "slave", {"role": "slave", "epoch": 3}),
    ],
)
def test_a_host_is_to_remember_the_last_change_that_either_knows_of(
    settings: Settings, master: Record | None, slave: Record | None, role: Role, gap: dict[str, object]
) -> None:
    pair = pair_of(settings, dry=True)
    remember(pair, master, slave)
    side = pair.sides[role]
    outcome = ensure(side.host, RoleRecord(pair, side, Record("master", 1, "now", "me", "bootstrap")))
    assert {change.fact: change.want for change in outcome.gap} == gap


def test_what_is_written_is_what_the_other_host_remembers(settings: Settings) -> None:
    pair = pair_of(settings)
    remember(pair, MASTER, None)
    link_of(pair.slave).says_where(f"mv -f {ROLE}.runbook-new", "")
    with pytest.raises(NotConverged):
        ensure(pair.slave.host, RoleRecord(pair, pair.slave, OLD_MASTER))
    assert SLAVE.text() in link_of(pair.slave).stdins
