"""promote: what it asks before it acts, and what it does not do without the operator's word."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fake import FakeLink
from hosts_env_text import lines, write
from pair_facts import CLOSED, DEAD, GONE, TAKEN_OVER, facts

from runbook.core.host import Host
from runbook.core.report import Report
from runbook.diagnosis import of_host
from runbook.diagnosis.facts import Facts
from runbook.errors import BadInput, Drift
from runbook.operations import run as run_module
from runbook.operations.failback import Refused
from runbook.operations.roles import cut_off, unseen_slave
from runbook.operations.roles import promote as module
from runbook.operations.roles.lost_logs import LostLogs
from runbook.operations.roles.promotion_proof import Proof
from runbook.operations.run import Run
from runbook.pair import roles
from runbook.pair.pair import Pair
from runbook.pair.roles import Record
from runbook.pair.side import Side
from runbook.settings.settings import Node, Settings

pytestmark = pytest.mark.usefixtures("fake_mysql", "own_home")

RECORD = Record("master", 2, "2026-11-27T15:00:00Z", "anna@desk", "promote")
BEFORE = replace(RECORD, epoch=1, why="bootstrap")
LOST: Facts = facts(GONE, TAKEN_OVER | {"sees_peer": False})
PROVEN, UNPROVEN = Proof(True, "all is there"), Proof(False, "nobody knows")
OLD, NEW = "192.168.152.128", "192.168.152.129"
PROMOTED = ["promoted", f"told of the master {NEW}"]


class World:
    """The two hosts at the end of a run, what it finds, and what it did."""

    def __init__(self) -> None:
        self.acts: list[str] = []
        self.foreseen: set[str] = set()
        self.links: dict[str, FakeLink] = {}
        self.records: dict[str, Record | None] = {"master": BEFORE, "slave": replace(BEFORE, role="slave")}
        self.left: dict[str, Record] = {}
        self.silent: set[str] = set()
        self.facts = LOST
        self.proof = PROVEN
        self.logs: LostLogs | None = None
        self.typed = ""

    def link(self, node: Node, _: Settings) -> FakeLink:
        if str(node.address) not in self.links:
            link = self.links[str(node.address)] = FakeLink(node.role)
            record = self.records[node.role]
            link.says(roles.QUESTION, record.text() if record else "")
            left = self.left.get(node.role)
            link.says(cut_off.QUESTION, left.text() if left else "")
            link.silent = "it does not answer within 2 s" if node.role in self.silent else None
        return self.links[str(node.address)]

    @property
    def changed(self) -> list[str]:
        """What was done to any host."""
        return [each for link in self.links.values() for each in link.changed]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A lost master, and a slave that has taken over."""
    found = World()

    @contextmanager
    def locked(pair: Pair, *_: object) -> Iterator[None]:
        yield

    def foresee(side: Side) -> None:
        found.foreseen.add(side.role)

    def act(pair: Pair, report: Report, logs: LostLogs | None) -> Pair:
        found.acts.append("promoted")
        return pair.turned()

    def tell(pair: Pair, report: Report) -> None:
        found.acts.append(f"told of the master {pair.master.node.address}")

    def finished(pair: Pair, last: Record, report: Report) -> Pair:
        found.acts.append(f"finished {last.epoch}")
        return pair.turned()

    def asked(question: str) -> str:
        found.acts.append("asked")
        return found.typed

    monkeypatch.setattr(Pair, "locked", locked)
    monkeypatch.setattr(run_module, "Link", found.link)
    monkeypatch.setattr(of_host, "greet_ahead", foresee)
    monkeypatch.setattr(run_module, "answer", asked)
    monkeypatch.setattr(module, "answer", asked)
    monkeypatch.setattr(module, "gather", lambda _: found.facts)
    monkeypatch.setattr(module, "_lost_logs", lambda *_: found.logs)
    monkeypatch.setattr(module, "_unapplied", lambda _: "")
    monkeypatch.setattr(module.promotion_proof, "proof_of", lambda *_, **__: found.proof)
    monkeypatch.setattr(module, "_act", act)
    monkeypatch.setattr(module, "tell", tell)
    monkeypatch.setattr(module, "_finished", finished)
    return found


def run_on(folder: Path, *, dry: bool = False, yes: bool = False, **keys: str) -> Run:
    path = write(folder, lines(SEMI_SYNC="on", **keys))
    return Run({"HOSTS_ENV": str(path)}, folder, dry=dry, yes=yes)


# ---- what it asks before it acts ----


@pytest.mark.parametrize(
    ("proof", "yes", "unproven", "typed", "acts"),
    [
        (PROVEN, False, False, "y", ["asked", *PROMOTED]),
        (PROVEN, False, False, "", ["asked"]),
        (PROVEN, True, False, "", PROMOTED),
        (UNPROVEN, False, False, "y", ["asked"]),
        (UNPROVEN, False, False, "unproven", ["asked", *PROMOTED]),
        # Yes to whatever is asked is no word for writes that may be missing.
        (UNPROVEN, True, False, "", ["asked"]),
        (UNPROVEN, True, True, "", PROMOTED),
        (UNPROVEN, False, True, "", ["asked"]),
    ],
)
def test_what_nobody_can_prove_wants_its_own_word(
    world: World, tmp_path: Path, proof: Proof, yes: bool, unproven: bool, typed: str, acts: list[str]
) -> None:
    world.proof, world.typed = proof, typed
    run = run_on(tmp_path, yes=yes)
    if "promoted" in acts:
        module.promote(run, unproven=unproven)
    else:
        with pytest.raises(BadInput, match="Not confirmed: nothing was changed"):
            module.promote(run, unproven=unproven)
    assert world.acts == acts
    assert world.changed == []


def test_the_proof_and_what_will_be_are_said_first(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.proof = UNPROVEN
    with pytest.raises(BadInput):
        module.promote(run_on(tmp_path))
    said = capsys.readouterr().out
    assert "UNPROVEN: nobody knows" in said
    assert f"before: master {OLD}, slave {NEW}" in said and f"after:  master {NEW}, alone" in said
    assert f"{OLD} must be off, or cut off from clients, until inv rejoin" in said


def test_a_dry_run_says_the_same_and_changes_nothing(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Drift):
        module.promote(run_on(tmp_path, dry=True))
    assert (world.acts, world.changed) == ([], [])
    assert "PROVEN: all is there" in capsys.readouterr().out


def test_a_master_that_is_not_lost_is_none_to_promote_instead_of(world: World, tmp_path: Path) -> None:
    world.facts = facts()
    with pytest.raises(Refused, match="takes writes, so it is not lost"):
        module.promote(run_on(tmp_path, yes=True))
    assert (world.acts, world.changed) == ([], [])


def test_a_host_that_does_not_answer_is_not_waited_for(world: World, tmp_path: Path) -> None:
    world.silent = {"master"}
    module.promote(run_on(tmp_path, yes=True))
    assert world.acts == PROMOTED
    assert (world.links[OLD].calls, world.foreseen) == ([], {"slave"})


@pytest.mark.parametrize("host", ["", "db1", "Master"])
def test_a_host_that_is_none_of_the_two_is_asked_for(world: World, tmp_path: Path, host: str) -> None:
    with pytest.raises(BadInput, match="inv promote --host=master"):
        module.promote(run_on(tmp_path), host=host)
    assert world.links == {}


# ---- one that was cut off ----


@pytest.mark.parametrize(
    "records",
    [
        {"master": None, "slave": RECORD},
        {"master": BEFORE, "slave": RECORD},
        {"master": replace(RECORD, role="slave"), "slave": RECORD},
        # Its first act was to fence the old master.
        {"master": replace(RECORD, role="slave"), "slave": replace(BEFORE, role="slave")},
    ],
)
def test_one_that_was_cut_off_once_a_role_was_written_is_finished_without_a_word(
    world: World, tmp_path: Path, records: dict[str, Record | None]
) -> None:
    world.records, world.left = records, {"slave": RECORD}
    if records["master"] is None:
        world.silent = {"master"}
    module.promote(run_on(tmp_path))
    assert world.acts == ["finished 2", f"told of the master {NEW}"]


def test_what_one_that_was_cut_off_has_left_holds_no_later_one_up(world: World, tmp_path: Path) -> None:
    world.records, world.left = {"master": RECORD, "slave": replace(RECORD, role="slave")}, {"master": RECORD}
    module.promote(run_on(tmp_path, yes=True))
    assert world.acts == PROMOTED


@pytest.mark.parametrize("left", [{}, {"master": replace(RECORD, epoch=1)}], ids=["nothing", "of an older one"])
def test_one_that_came_to_its_end_is_not_done_again_by_a_stale_hosts_env(
    world: World, tmp_path: Path, left: dict[str, Record]
) -> None:
    """The slave that the pair has got since would be fenced, and the master be told that it is alone."""
    world.records, world.left = {"master": replace(RECORD, role="slave"), "slave": RECORD}, left
    with pytest.raises(BadInput, match="is stale"):
        module.promote(run_on(tmp_path, yes=True))
    assert (world.acts, world.changed) == ([], [])


def test_another_change_of_roles_is_not_finished_by_it(world: World, tmp_path: Path) -> None:
    switched = replace(RECORD, why="switchover")
    world.records, world.left = {"master": replace(switched, role="slave"), "slave": switched}, {"slave": switched}
    with pytest.raises(BadInput, match="is stale"):
        module.promote(run_on(tmp_path, yes=True))
    assert world.acts == []


# ---- a master that does not see its slave ----


def unseen(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A master that stays closed; the files that are written on its host."""
    world.facts = facts(CLOSED, GONE)
    written: list[str] = []

    def put(host: Host, path: str, content: str, **_: object) -> None:
        written.append(f"{host.node.address}: {path} {content.splitlines()[0]}")

    monkeypatch.setattr(Host, "put", put)
    monkeypatch.setattr(unseen_slave, "gather", lambda _: world.facts)
    monkeypatch.setattr(unseen_slave, "until", lambda what, *_, **__: written.append(what))
    monkeypatch.setattr(module, "tell", lambda *_: written.append("told"))
    return written


def test_a_master_opens_alone_by_the_typed_vip(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.records = {"master": replace(BEFORE, epoch=3), "slave": None}
    written = unseen(world, monkeypatch)
    world.typed = "192.168.152.130"
    module.promote(run_on(tmp_path), host="master")
    assert written == [f"{OLD}: /var/lib/mysql-runbook/alone epoch=3", f"master {OLD} open for writes", "told"]


def test_one_without_a_record_gets_one_that_the_word_is_good_for(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.records = {"master": None, "slave": None}
    written = unseen(world, monkeypatch)
    module.promote(run_on(tmp_path, yes=True), host="master")
    assert written == [
        f"{OLD}: /var/lib/mysql-runbook/role role=master",
        f"{OLD}: /var/lib/mysql-runbook/alone epoch=1",
        f"master {OLD} open for writes",
        "told",
    ]


def test_without_the_vip_typed_it_stays_closed(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = unseen(world, monkeypatch)
    world.typed = "y"
    with pytest.raises(BadInput, match="Not confirmed: nothing was changed"):
        module.promote(run_on(tmp_path), host="master")
    with pytest.raises(Drift):
        module.promote(run_on(tmp_path, dry=True), host="master")
    assert (written, world.changed) == ([], [])


@pytest.mark.parametrize("found", [facts(), facts({}, DEAD), facts(CLOSED, {}), LOST])
def test_a_master_that_stays_closed_for_another_reason_or_is_open_is_left_alone(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Facts
) -> None:
    written = unseen(world, monkeypatch)
    world.facts = found
    with pytest.raises(Refused, match="That is for a master that stays closed because it does not see its slave"):
        module.promote(run_on(tmp_path, yes=True), host="master")
    assert (written, world.changed) == ([], [])
