"""reseed: whose data count, where the old ones go, where a run that was broken off is taken up."""

from dataclasses import replace

import pytest
from pair_facts import CLOSED, DEAD, ERRANT, GONE, NO_VIP, OPEN, TAKEN_OVER, UUID, Changes, facts

from runbook.errors import BadInput
from runbook.mysql.seeding.route import Progress
from runbook.mysql.tracking.progress import GtidSet
from runbook.operations.reseed import decisions, programs
from runbook.operations.reseed.decisions import Old, Room
from runbook.operations.reseed.progress import bar, words
from runbook.operations.reseed.recipient import Folders, folders
from runbook.operations.reseed.reseed import reseed
from runbook.operations.run import Run
from runbook.pair.seeding import Seeding
from runbook.settings.settings import Role, Settings

GB = 1 << 20
RECORD = Seeding("10.0.0.2", "10.0.0.1", "2026-11-27T19:26:00Z", "anna@desk", "clone", "replacing")


@pytest.mark.parametrize(
    ("recipient", "master", "slave", "told"),
    [
        ("slave", {}, {}, None),
        ("slave", {}, DEAD, None),
        ("slave", {}, GONE, "the slave 192.168.152.129 is not reached"),
        ("slave", {}, TAKEN_OVER, "holds the VIP: the pair is failed over"),
        ("slave", NO_VIP, {}, "does not hold the VIP"),
        ("slave", DEAD, {}, "does not answer, and its data are wanted"),
        ("slave", CLOSED, {}, "holds the VIP and takes no writes"),
        ("master", DEAD, TAKEN_OVER, None),
        ("master", NO_VIP, TAKEN_OVER, None),
        ("master", GONE, TAKEN_OVER, "the master 192.168.152.128 is not reached"),
        ("master", {}, {}, "does not hold the VIP: the master's data are the pair's"),
        ("master", {}, TAKEN_OVER, "the master's data are the pair's"),
        ("master", DEAD, TAKEN_OVER | {"takeover": {}}, "has no record of a takeover"),
        ("master", DEAD, TAKEN_OVER | OPEN, "takes writes"),
        ("master", DEAD, TAKEN_OVER | {"sql": "it does not run"}, "does not answer, and its data are wanted"),
    ],
)
def test_only_the_host_that_serves_gives_its_data(
    recipient: Role, master: Changes, slave: Changes, told: str | None
) -> None:
    why = decisions.why_not(facts(master, slave), recipient)
    if told is None:
        assert why is None
    else:
        assert why is not None and told in why.splitlines()[0]
        assert why.endswith(f"then: inv reseed --host={recipient}") and "Nothing was changed" in why


@pytest.mark.parametrize(
    ("room", "old"),
    [
        (Room(needed=GB, free=3 * GB, old=GB), "kept"),
        (Room(needed=GB, free=GB, old=GB), "gone"),
        (Room(needed=GB, free=GB // 2, old=GB), None),
        (Room(needed=GB, free=3 * GB, old=20), "none"),
        (Room(needed=GB, free=GB, old=20), None),
    ],
)
def test_the_old_data_are_kept_where_there_is_room(room: Room, old: Old | None) -> None:
    assert decisions.where_the_old_go(room) == old


def test_without_room_it_is_said_how_much_is_missing() -> None:
    told = decisions.why_no_room("slave 10.0.0.2", Room(3 * GB, GB, 2 * GB), "slave")
    assert told.startswith("slave 10.0.0.2: 3.0 GB come, and 1.0 GB are free beside 2.0 GB of its own data\n")
    assert "inv reseed --host=slave --discard-old" in told


@pytest.mark.parametrize(
    ("recipient", "master", "slave", "errant"),
    [
        ("slave", {}, {}, ""),
        ("slave", {}, ERRANT, f"{UUID}:5-7"),
        ("slave", {}, DEAD, None),
        ("master", NO_VIP, TAKEN_OVER, ""),
        ("master", NO_VIP | {"executed": GtidSet.parse(f"{UUID}:1-9")}, TAKEN_OVER, f"{UUID}:5-9"),
        ("master", DEAD, TAKEN_OVER, None),
    ],
)
def test_what_the_recipient_alone_has(recipient: Role, master: Changes, slave: Changes, errant: str | None) -> None:
    assert decisions.errant_of_recipient(facts(master, slave), recipient) == errant


@pytest.mark.parametrize(
    ("errant", "old", "refused"),
    [("", "gone", False), (None, "gone", False), ("u:5", "kept", False), ("u:5", "none", False), ("u:5", "gone", True)],
)
def test_what_nobody_else_has_is_not_removed(errant: str | None, old: Old, refused: bool) -> None:
    why = decisions.why_errant_is_lost(facts({}, {})["slave"], errant, old, "slave")
    assert (why is not None) == refused
    if why:
        assert "inv reconcile" in why and "u:5" in why


@pytest.mark.parametrize(
    ("errant", "old", "told"),
    [
        ("", "kept", "Nothing is on the slave 192.168.152.129 that the other lacks. Its data are kept"),
        ("u:5", "kept", "On the slave 192.168.152.129 is what the other lacks: u:5."),
        (None, "gone", "REMOVED before the new ones come"),
        (None, "none", "It has no data."),
    ],
)
def test_the_operator_is_told_what_is_lost(errant: str | None, old: Old, told: str) -> None:
    assert told in decisions.what_is_lost(facts({}, {})["slave"], errant, old)


@pytest.mark.parametrize(
    ("record", "whole", "there", "goes_on"),
    [
        (None, False, False, False),
        (replace(RECORD, phase="copying"), False, True, False),
        # All has come, and nobody has written down at which place.
        (replace(RECORD, phase="copying"), True, True, False),
        (RECORD, True, True, True),
        (RECORD, False, True, False),
        # It has taken its place already.
        (RECORD, False, False, True),
        (replace(RECORD, phase="following"), False, False, True),
        (replace(RECORD, donor="10.0.0.2", recipient="10.0.0.1"), True, True, False),
    ],
)
def test_a_run_goes_on_where_the_new_data_are_whole(
    record: Seeding | None, whole: bool, there: bool, goes_on: bool
) -> None:
    assert decisions.goes_on(record, "10.0.0.1", "10.0.0.2", {"b.3"}, whole=whole, there=there) == goes_on


@pytest.mark.parametrize(("file", "goes_on"), [("b.3", True), ("b.2", False), ("", True)])
def test_a_run_begins_anew_where_what_came_after_the_copy_is_purged(file: str, goes_on: bool) -> None:
    record = replace(RECORD, phase="following", file=file)
    assert decisions.goes_on(record, "10.0.0.1", "10.0.0.2", {"b.3"}, whole=False, there=False) == goes_on


def test_only_a_copy_can_be_given_up() -> None:
    assert decisions.why_not_discarded(None, "slave") is None
    assert decisions.why_not_discarded(replace(RECORD, phase="copying"), "slave") is None
    told = decisions.why_not_discarded(RECORD, "slave")
    assert told is not None and told.endswith("First: inv reseed --host=slave, which goes on")


def test_by_position_a_master_cannot_get_its_slaves_data() -> None:
    assert decisions.why_not_by_position("slave", by_gtid=False) is None
    assert decisions.why_not_by_position("master", by_gtid=True) is None
    assert "inv promote" in (decisions.why_not_by_position("master", by_gtid=False) or "")


def test_a_master_gets_no_dump_of_its_slave() -> None:
    assert decisions.why_not_by_dump("slave", "dump") is None
    assert decisions.why_not_by_dump("master", "clone") is None
    assert "then inv rejoin" in (decisions.why_not_by_dump("master", "dump") or "")


def test_a_slave_that_has_not_applied_all_gives_nothing() -> None:
    assert decisions.why_not_applied("slave 10.0.0.2", applied=True) is None
    assert "not all applied" in (decisions.why_not_applied("slave 10.0.0.2", applied=False) or "")


@pytest.mark.parametrize("host", ["", "db1", "Slave"])
def test_a_host_that_is_none_of_the_two_is_asked_for(settings: Settings, host: str) -> None:
    with pytest.raises(BadInput, match="--host=slave"):
        reseed(Run({"HOSTS_ENV": str(settings.source)}, settings.source.parent), host)


@pytest.mark.parametrize(
    ("progress", "seconds", "told"),
    [
        (Progress("an empty server on this host", 0, GB), 3, "an empty server on this host"),
        (Progress("the clone", 512 * 1024, GB), 8, "the clone: 512 MB of 1.0 GB, 64 MB/s, 9 s left"),
        (Progress("the clone", GB, 121 * GB), 1, "the clone: 1.0 GB of 121.0 GB, 1.0 GB/s, 2 min 1 s left"),
        (Progress("the stream", 2 * GB, GB), 8, "the stream: 2.0 GB of 1.0 GB, 256 MB/s"),
        (Progress("the stream", GB), 0, "the stream: 1.0 GB"),
    ],
)
def test_how_far_it_is_is_told_with_rate_and_time_left(progress: Progress, seconds: float, told: str) -> None:
    assert words(progress, seconds) == told


@pytest.mark.parametrize(("done", "of", "full"), [(0, GB, 0), (GB // 2, GB, 15), (2 * GB, GB, 30), (5, 0, 0)])
def test_the_bar_is_as_full_as_the_folder(done: int, of: int, full: int) -> None:
    assert bar(Progress("the clone", done, of)).count("━") == full


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("none\n", None),
        ("1000\n200\n-\n-\n", Folders("/d", 1000, 200, (), False, False)),
        # What a run that was broken off has left is removed before the next copy.
        ("1000\n200\n50\n-\n.old-a\n.old-b\n", Folders("/d", 1050, 200, (".old-a", ".old-b"), True, False)),
        ("1000\n200\n50\nwhole\n", Folders("/d", 1050, 200, (), True, True)),
    ],
)
def test_what_is_in_the_data_directory(said: str, found: Folders | None) -> None:
    assert folders(said, "/d") == found


def test_a_tool_is_not_worth_a_server() -> None:
    told = programs.why_not_installed("slave 10.0.0.2", "mariadb-backup", ["mysql-server"])
    assert told.startswith("slave 10.0.0.2: to install mariadb-backup would remove mysql-server\nNothing was changed")
