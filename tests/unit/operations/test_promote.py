"""promote: what it asks before it acts, in which order it acts, and how one that was cut off comes to its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake import FakeLink, link_of, mysqld_of, pair_of
from hosts_env_text import lines, write
from pair_facts import CLOSED, DEAD, GONE, TAKEN_OVER, facts

from runbook.core.host import Host
from runbook.core.report import Report
from runbook.core.step import Step
from runbook.diagnosis.facts import Facts
from runbook.errors import BadInput, Drift, HostError, RunbookError
from runbook.operations import run as run_module
from runbook.operations.failback import Refused
from runbook.operations.roles import handover
from runbook.operations.roles import promote as module
from runbook.operations.roles.lost_logs import LostLogs
from runbook.operations.roles.promotion_proof import Proof
from runbook.operations.run import Run
from runbook.pair import alone, roles
from runbook.pair.alone import Alone
from runbook.pair.pair import Pair
from runbook.pair.roles import Record
from runbook.pair.side import Side
from runbook.settings.settings import Node, Settings

pytestmark = pytest.mark.usefixtures("fake_mysql", "own_home")

RECORD = Record("master", 2, "2026-11-27T15:00:00Z", "anna@desk", "promote")
BEFORE = replace(RECORD, epoch=1, why="bootstrap")
ALONE = Alone(2, "2026-11-27T15:00:00Z", "anna@desk", "mysql-bin.000002:99", "mysql-bin.000007:120")
LOST: Facts = facts(GONE, TAKEN_OVER | {"sees_peer": False})
PROVEN, UNPROVEN = Proof(True, "all is there"), Proof(False, "nobody knows")
OLD, NEW = "192.168.152.128", "192.168.152.129"


class World:
    """The two hosts at the end of a run, what it finds, and what it did."""

    def __init__(self) -> None:
        self.acts: list[str] = []
        self.links: dict[str, FakeLink] = {}
        self.records: dict[str, Record | None] = {"master": BEFORE, "slave": replace(BEFORE, role="slave")}
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

    def act(pair: Pair, report: Report, logs: LostLogs | None) -> None:
        found.acts.append("promoted")

    def finish(pair: Pair, last: Record, report: Report) -> None:
        found.acts.append(f"finished {last.epoch}")

    def asked(question: str) -> str:
        found.acts.append("asked")
        return found.typed

    monkeypatch.setattr(Pair, "locked", locked)
    monkeypatch.setattr(run_module, "Link", found.link)
    monkeypatch.setattr(run_module, "answer", asked)
    monkeypatch.setattr(module, "answer", asked)
    monkeypatch.setattr(module, "gather", lambda _: found.facts)
    monkeypatch.setattr(module, "_lost_logs", lambda *_: found.logs)
    monkeypatch.setattr(module, "_unapplied", lambda _: "")
    monkeypatch.setattr(module.promotion_proof, "proof_of", lambda *_, **__: found.proof)
    monkeypatch.setattr(module, "_act", act)
    monkeypatch.setattr(module, "_finish", finish)
    return found


def run_on(folder: Path, *, dry: bool = False, yes: bool = False, **keys: str) -> Run:
    path = write(folder, lines(SEMI_SYNC="on", **keys))
    return Run({"HOSTS_ENV": str(path)}, folder, dry=dry, yes=yes)


# ---- what it asks before it acts ----


@pytest.mark.parametrize(
    ("proof", "yes", "unproven", "typed", "acts"),
    [
        (PROVEN, False, False, "y", ["asked", "promoted"]),
        (PROVEN, False, False, "", ["asked"]),
        (PROVEN, True, False, "", ["promoted"]),
        (UNPROVEN, False, False, "y", ["asked"]),
        (UNPROVEN, False, False, "unproven", ["asked", "promoted"]),
        # Yes to whatever is asked is no word for writes that may be missing.
        (UNPROVEN, True, False, "", ["asked"]),
        (UNPROVEN, True, True, "", ["promoted"]),
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
    assert world.acts == ["promoted"]
    assert world.links[OLD].calls == []


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
    world.records = records
    if records["master"] is None:
        world.silent = {"master"}
    module.promote(run_on(tmp_path))
    assert world.acts == ["finished 2"]


def test_another_change_of_roles_is_not_finished_by_it(world: World, tmp_path: Path) -> None:
    switched = replace(RECORD, why="switchover")
    world.records = {"master": replace(switched, role="slave"), "slave": switched}
    with pytest.raises(BadInput, match="is stale"):
        module.promote(run_on(tmp_path, yes=True))
    assert world.acts == []


# ---- the acts ----


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to the hosts, in its order."""
    done: list[str] = []

    @contextmanager
    def held(host: Host) -> Iterator[None]:
        done.append(f"hold {host.node.address}")
        yield
        done.append(f"release {host.node.address}")

    def noted(name: str) -> Callable[..., None]:
        return lambda *_, **__: done.append(name)

    def do(host: Host, command: str, **_: object) -> str:
        done.append(f"{host.node.address}: {'take the role' if command == handover.TAKE else command}")
        return ""

    def lay_ready(side: Side, record: Record) -> None:
        done.append(f"{side.node.address}: files of the {side.role} lie ready")
        lie_ready(side)

    monkeypatch.setattr(module, "HeldScripts", held)
    monkeypatch.setattr(Host, "do", do)
    monkeypatch.setattr(Host, "put", lambda host, path, *_, **__: done.append(f"{host.node.address}: write {path}"))
    monkeypatch.setattr(module, "ensure", lambda host, step: done.append(f"{host.node.address}: {name_of(step)}"))
    monkeypatch.setattr(module.handover, "lay_ready", lay_ready)
    monkeypatch.setattr(module, "configuration", lambda *_: "")
    monkeypatch.setattr(Side, "interface", "host0")
    monkeypatch.setattr(Side, "keepalived", (2, 3, 4))
    monkeypatch.setattr(Side, "holds_vip", lambda _: True)
    monkeypatch.setattr(module, "replica_status", lambda _: None)
    monkeypatch.setattr(module, "_complete", noted("complete"))
    return done


def name_of(step: Step) -> str:
    return type(step).__name__


def lie_ready(side: Side, text: str = "role=master\n") -> None:
    link_of(side).says_where(f"cat /var/lib/mysql-runbook/role{handover.NEXT}", text)


def lost_pair(settings: Settings, acts: list[str], *, silent: bool = True) -> Pair:
    """The old master is gone, or its host is there; the slave takes each statement, which is noted."""
    pair = pair_of(settings)
    link_of(pair.master).silent = "timed out" if silent else None
    pair.leave_out_after(2)
    link_of(pair.master).says(roles.QUESTION, BEFORE.text())
    new = mysqld_of(pair.slave)
    for statement in ("STOP REPLICA", "RESET REPLICA ALL", "SET GLOBAL read_only = OFF"):
        new.takes(statement, lambda statement=statement: acts.append(f"{NEW}: {statement}"))
    link_of(pair.slave).says(roles.QUESTION, RECORD.text())
    return pair


READY = [f"{NEW}: files of the master lie ready", f"{NEW}: Configuration", f"{NEW}: ConfigurationRead"]
FENCED = [
    f"{OLD}: systemctl stop keepalived 2>/dev/null || true",
    f"{OLD}: files of the slave lie ready",
    f"{OLD}: take the role",
]
HOLD, ALONE_WRITTEN = [f"{NEW}: Keepalived", f"hold {NEW}"], f"{NEW}: write /var/lib/mysql-runbook/alone"
TAKEN = [
    f"{NEW}: take the role",
    f"{NEW}: [ ! -e /var/lib/mysql-runbook/takeover ] || "
    "mv -f /var/lib/mysql-runbook/takeover /var/lib/mysql-runbook/takeover.last",
]
OPENED = [f"{NEW}: RolesInSchema", ALONE_WRITTEN, f"{NEW}: SET GLOBAL read_only = OFF", f"release {NEW}", "complete"]


def test_nothing_is_opened_before_the_scripts_may_know_that_it_is_alone(
    settings: Settings, acts: list[str], report: Report
) -> None:
    module._act(lost_pair(settings, acts), report, None)
    assert acts == [*READY, *HOLD, *TAKEN, *OPENED]


def test_an_old_host_that_is_reached_is_fenced_before_the_new_one_takes_its_role(
    settings: Settings, acts: list[str], report: Report
) -> None:
    module._act(lost_pair(settings, acts, silent=False), report, None)
    assert acts == [*READY, *FENCED, *HOLD, *TAKEN, *OPENED]


def test_an_old_host_that_cannot_be_fenced_is_named_and_holds_nothing_up(
    settings: Settings, acts: list[str], report: Report, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    usual = module.handover.lay_ready

    def lay_ready(side: Side, record: Record) -> None:
        if side.role == "slave":
            raise HostError(str(side.host), "no space left on device")
        usual(side, record)

    monkeypatch.setattr(module.handover, "lay_ready", lay_ready)
    module._act(lost_pair(settings, acts, silent=False), report, None)
    assert acts[-len(OPENED) :] == OPENED
    said = capsys.readouterr().out
    assert "could not be fenced" in said and "switch it off" in said


def test_what_it_lacked_is_run_while_it_is_closed_and_its_scripts_stand_still(
    settings: Settings, acts: list[str], report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.lost_logs, "bring", lambda *_: acts.append("bring what it lacks"))
    module._act(lost_pair(settings, acts), report, LostLogs("mysqlbinlog", (), whole=True))
    assert acts == [*READY, *HOLD, *TAKEN, "bring what it lacks", *OPENED]


def test_what_does_not_run_there_opens_nothing(
    settings: Settings, acts: list[str], report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RunbookError("a transaction does not run")

    monkeypatch.setattr(module.lost_logs, "bring", fail)
    with pytest.raises(RunbookError, match="does not run"):
        module._act(lost_pair(settings, acts), report, LostLogs("mysqlbinlog", (), whole=True))
    assert not set(OPENED) & set(acts)


@pytest.mark.parametrize("ready", ["role=master\n", ""], ids=["before it took its role", "after that"])
def test_one_that_was_cut_off_goes_through_all_of_it_again(
    settings: Settings, acts: list[str], report: Report, monkeypatch: pytest.MonkeyPatch, ready: str
) -> None:
    pair = lost_pair(settings, acts, silent=False)
    turned = {"master": replace(LOST["slave"], role="master"), "slave": replace(LOST["master"], role="slave")}
    monkeypatch.setattr(module, "gather", lambda _: turned)
    lie_ready(pair.slave, ready)
    module._finish(pair, RECORD, report)
    assert acts == [*READY, *FENCED, *HOLD, *TAKEN, *OPENED]


def test_it_is_not_finished_beside_an_old_master_that_takes_writes(
    settings: Settings, acts: list[str], report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = facts()
    turned = {"master": replace(well["slave"], role="master"), "slave": replace(well["master"], role="slave")}
    monkeypatch.setattr(module, "gather", lambda _: turned)
    with pytest.raises(Refused, match="the old master, takes writes"):
        module._finish(lost_pair(settings, acts, silent=False), RECORD, report)
    assert acts == []


def test_a_dry_run_finishes_nothing(settings: Settings, acts: list[str], report: Report) -> None:
    pair = pair_of(settings, dry=True)
    with pytest.raises(Drift):
        module._finish(pair, RECORD, report)
    assert acts == []


def test_where_the_two_parted_is_not_forgotten_by_a_second_run(settings: Settings, acts: list[str]) -> None:
    turned = lost_pair(settings, acts).turned()
    link_of(turned.master).says(alone.QUESTION, ALONE.text())
    assert module._alone(turned, None) == ALONE
    link_of(turned.master).says(alone.QUESTION, replace(ALONE, epoch=1).text())
    turned = lost_pair(settings, acts).turned()
    assert (module._alone(turned, None).epoch, module._alone(turned, None).own) == (2, "")


# ---- a master that does not see its slave ----


def unseen(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A master that stays closed; the files that are written on its host."""
    world.facts = facts(CLOSED, GONE)
    written: list[str] = []

    def put(host: Host, path: str, content: str, **_: object) -> None:
        written.append(f"{host.node.address}: {path} {content.splitlines()[0]}")

    monkeypatch.setattr(Host, "put", put)
    monkeypatch.setattr(module, "until", lambda *_, **__: None)
    monkeypatch.setattr(module, "_tell", lambda *_: written.append("told"))
    return written


def test_a_master_opens_alone_by_the_typed_vip(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.records = {"master": replace(BEFORE, epoch=3), "slave": None}
    written = unseen(world, monkeypatch)
    world.typed = "192.168.152.130"
    module.promote(run_on(tmp_path), host="master")
    assert written == [f"{OLD}: /var/lib/mysql-runbook/alone epoch=3", "told"]


def test_one_without_a_record_gets_one_that_the_word_is_good_for(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.records = {"master": None, "slave": None}
    written = unseen(world, monkeypatch)
    module.promote(run_on(tmp_path, yes=True), host="master")
    assert written == [
        f"{OLD}: /var/lib/mysql-runbook/role role=master",
        f"{OLD}: /var/lib/mysql-runbook/alone epoch=1",
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
