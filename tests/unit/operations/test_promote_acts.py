"""promote: in which order it acts, and how one that was cut off comes to its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from fake import link_of, mysqld_of, pair_of
from pair_facts import GONE, TAKEN_OVER, facts

from runbook.core.host import Host
from runbook.core.report import Report
from runbook.core.step import Step
from runbook.diagnosis.facts import Facts
from runbook.errors import Drift, HostError, RunbookError
from runbook.operations.failback import Refused
from runbook.operations.roles import cut_off, handover
from runbook.operations.roles import promote as module
from runbook.operations.roles.lost_logs import LostLogs
from runbook.pair import alone, roles
from runbook.pair.alone import Alone
from runbook.pair.pair import Pair
from runbook.pair.roles import Record
from runbook.pair.side import Side
from runbook.settings.settings import Settings

pytestmark = pytest.mark.usefixtures("fake_mysql", "own_home")

RECORD = Record("master", 2, "2026-11-27T15:00:00Z", "anna@desk", "promote")
BEFORE = replace(RECORD, epoch=1, why="bootstrap")
ALONE = Alone(2, "2026-11-27T15:00:00Z", "anna@desk", "mysql-bin.000002:99", "mysql-bin.000007:120")
LOST: Facts = facts(GONE, TAKEN_OVER | {"sees_peer": False})
OLD, NEW = "192.168.152.128", "192.168.152.129"
OPEN = "SET GLOBAL read_only = OFF"
COMPLETE = module._complete


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
    monkeypatch.setattr(module, "tell", noted("tell"))
    return done


def name_of(step: Step) -> str:
    return type(step).__name__


def lie_ready(side: Side, text: str = "role=master\n") -> None:
    link_of(side).says_where(f"cat /var/lib/mysql-runbook/role{cut_off.NEXT}", text)


def lost_pair(settings: Settings, acts: list[str], *, silent: bool = True) -> Pair:
    """The old master is gone, or its host is there; the slave takes each statement, which is noted."""
    pair = pair_of(settings)
    link_of(pair.master).silent = "timed out" if silent else None
    pair.leave_out_after(2, lambda side: None)
    link_of(pair.master).says(roles.QUESTION, BEFORE.text())
    new = mysqld_of(pair.slave)
    new.closed(True)

    def opened() -> None:
        acts.append(f"{NEW}: {OPEN}")
        new.closed(False)

    for statement in ("STOP REPLICA", "RESET REPLICA ALL"):
        new.takes(statement, lambda statement=statement: acts.append(f"{NEW}: {statement}"))
    new.takes(OPEN, opened)
    link_of(pair.slave).says(roles.QUESTION, RECORD.text())
    return pair


READY = [f"{NEW}: files of the master lie ready"]
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
OPENED = [f"{NEW}: RolesInSchema", ALONE_WRITTEN, f"{NEW}: {OPEN}", f"release {NEW}", "complete"]


def test_nothing_is_opened_before_the_scripts_may_know_that_it_is_alone(
    settings: Settings, acts: list[str], report: Report
) -> None:
    module._act(lost_pair(settings, acts), report, None)
    assert acts == [*READY, *HOLD, *TAKEN, *OPENED]


@pytest.mark.parametrize("silent", [True, False])
def test_keepalived_reads_its_new_configuration_once_the_new_master_serves(
    settings: Settings, acts: list[str], report: Report, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    """A reload may cost it the VIP for a moment; what lay ready is gone from each host that is reached, at the end."""
    monkeypatch.setattr(module, "_complete", COMPLETE)
    monkeypatch.setattr(module, "exchange_hosts_env", lambda _: acts.append("exchange in hosts.env"))
    monkeypatch.setattr(module, "waiting", lambda _: ())
    monkeypatch.setattr(module, "enable", lambda *_: acts.append("enable events"))
    monkeypatch.setattr(module.deploy_scripts, "phases", lambda *_: ())
    turned = module._act(lost_pair(settings, acts, silent=silent), report, None)
    end = len(acts) - acts[::-1].index(f"release {NEW}")
    files = "rm -f /etc/mysql-runbook.conf.next /var/lib/mysql-runbook/role.next"
    told = ["enable events", "exchange in hosts.env"]
    assert acts[end : end + 4] == [*told, f"{NEW}: Configuration", f"{NEW}: ConfigurationRead"]
    assert sorted(acts[end + 4 :]) == [f"{each}: {files}" for each in ((NEW,) if silent else (OLD, NEW))]
    assert str(turned.master.node.address) == NEW


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
    module._finished(pair, RECORD, report)
    assert acts == [*READY, *FENCED, *HOLD, *TAKEN, *OPENED]


def test_the_word_that_it_is_alone_is_good_for_the_role_that_it_has_taken(
    settings: Settings, acts: list[str], report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before that it was asked for its record, which was the one of the change before."""
    pair = lost_pair(settings, acts, silent=False)
    turned = {"master": replace(LOST["slave"], role="master"), "slave": replace(LOST["master"], role="slave")}
    link_of(pair.slave).says(roles.QUESTION, BEFORE.text())

    def looked_at(pair: Pair) -> Facts:
        assert pair.master.record == BEFORE
        return turned

    usual, put = Host.do, dict[str, str]()

    def do(host: Host, command: str, **flags: Any) -> str:
        if command == handover.TAKE and host.node.role == "master":
            link_of(pair.slave).says(roles.QUESTION, RECORD.text())
        return usual(host, command, **flags)

    monkeypatch.setattr(module, "gather", looked_at)
    monkeypatch.setattr(Host, "do", do)
    monkeypatch.setattr(Host, "put", lambda host, path, text, **_: put.update({path: text}))
    module._finished(pair, RECORD, report)
    assert alone.parse(put["/var/lib/mysql-runbook/alone"]).epoch == RECORD.epoch


def test_it_is_not_finished_beside_an_old_master_that_takes_writes(
    settings: Settings, acts: list[str], report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = facts()
    turned = {"master": replace(well["slave"], role="master"), "slave": replace(well["master"], role="slave")}
    monkeypatch.setattr(module, "gather", lambda _: turned)
    with pytest.raises(Refused, match="the old master, takes writes"):
        module._finished(lost_pair(settings, acts, silent=False), RECORD, report)
    assert acts == []


def test_a_dry_run_finishes_nothing(settings: Settings, acts: list[str], report: Report) -> None:
    pair = pair_of(settings, dry=True)
    with pytest.raises(Drift):
        module._finished(pair, RECORD, report)
    assert acts == []


def test_where_the_two_parted_is_not_forgotten_by_a_second_run(settings: Settings, acts: list[str]) -> None:
    turned = lost_pair(settings, acts).turned()
    link_of(turned.master).says(alone.QUESTION, ALONE.text())
    assert module._alone(turned, None) == ALONE
    link_of(turned.master).says(alone.QUESTION, replace(ALONE, epoch=1).text())
    turned = lost_pair(settings, acts).turned()
    assert (module._alone(turned, None).epoch, module._alone(turned, None).own) == (2, "")
