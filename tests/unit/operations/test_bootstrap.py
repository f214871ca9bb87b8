"""All steps together: a plan on two blank hosts, and what is reported when one host fails."""

import io
import json
from collections.abc import Callable

import pytest
from fake import captured_json, link_of, pair_of
from rich.console import Console

from runbook.core.host import WHO_QUESTION, Host
from runbook.core.report import Report
from runbook.core.ssh import Ran
from runbook.core.step import Gap, Outcome, State, Step
from runbook.errors import RunbookError
from runbook.keepalived.version import VERSION_QUESTION
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.mysql.socket_login import CLIENT
from runbook.operations import bootstrap
from runbook.operations.bootstrap import NAMES, bring_through
from runbook.operations.preflight import CLOCK_QUESTION
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings
from runbook.steps.article import Task
from runbook.steps.phase import Phase
from runbook.system.family import OS_QUESTION
from runbook.system.network import ADDRESSES_QUESTION

pytestmark = pytest.mark.usefixtures("fake_mysql")

# What a Debian host without MySQL and keepalived says, by what stands in the question.
BLANK = {
    "ps -o comm=": "manager",
    "machine-id": "machine",
    "df -Pk": "space",
    "os-release": "os",
}
NOTHING_YET = {
    "SELINUX=": "none\nDisabled\n",
    "getenforce": "Disabled\n",
    "unattended-upgrade": "",
    "needrestart": "",
    "for f in firewalld ufw": "",
    "dpkg-query": "",
    "temporary password": "",
    "is-enabled": "inactive not-found\n",
    "LoadState": captured_json("units.json")["blank"],
    " policy mysql-server": captured_json("packages.json")["candidate"]["mysql-server"],
    "-p ActiveState keepalived": "ActiveState=inactive\n",
    "grep -qs 'Made by": "yes\n",
    "grep -qsF 'Made by": "",
    "stat -L": "",
    "-p MainPID": "MainPID=0\n",
    "includedir": "",
    "NeedDaemonReload": "NeedDaemonReload=no\n",
    "/dev/udp/": "FAILED\n",
    " policy keepalived": "1:2.3.4-1\n",
    "ls -A /var/lib/mysql": "",
}


def blank(settings: Settings, *, dry: bool) -> Pair:
    pair = pair_of(settings, dry=dry)
    for side in pair.sides.values():
        link, said = link_of(side), captured_json(f"preflight_{side.role}.json")
        link.says(WHO_QUESTION, "0\n")
        without_vip = [line for line in said["addresses"].splitlines(True) if "192.168.152.130" not in line]
        link.says(ADDRESSES_QUESTION, "".join(without_vip))
        link.says(CLOCK_QUESTION, "1000.0\n")
        link.says(VERSION_QUESTION, "")
        link.says(CLIENT, Ran(127, "", "bash: line 1: exec: mysql: not found\n"))
        for part, name in BLANK.items():
            link.says_where(part, said[name])
        for part, answer in NOTHING_YET.items():
            link.says_where(part, answer)
    return pair


@pytest.fixture
def report() -> Report:
    return Report(str, console=Console(file=io.StringIO(), width=100))


def never(question: str) -> bool:
    raise AssertionError(f"nobody may be asked: {question}")


def test_a_plan_for_two_blank_hosts_shows_every_step_and_changes_nothing(settings: Settings, report: Report) -> None:
    pair = blank(settings, dry=True)
    bring_through(pair, NAMES, report, never)
    for side in pair.sides.values():
        assert link_of(side).changed == []
    seen = {(outcome.host, outcome.step): outcome for outcome in report.outcomes}
    for role in ("master", "slave"):
        assert seen[role, "package mysql-server"].status == "would change"
        assert seen[role, "file /etc/keepalived/keepalived.conf"].status == "would change"
        assert seen[role, "service mysql"].status == "waits"
        assert seen[role, "settings in force"].status == "waits"
    assert seen["slave", "replication from the master"].status == "waits"
    assert seen["master", "the master serves"].status == "waits"
    assert not [outcome for outcome in report.outcomes if outcome.status in ("changed", "failed")]


def test_what_a_blank_host_gets_in_one_go_is_foretold_once(settings: Settings, report: Report) -> None:
    pair = blank(settings, dry=True)
    for side in pair.sides.values():
        link_of(side).says(PROGRAM_QUESTION, "")
    bring_through(pair, NAMES, report, never)
    for role in ("master", "slave"):
        told = [each for each in report.outcomes if each.host == role and each.status == "would change"]
        (server,) = [each for each in told if each.step == "package mysql-server"]
        assert [change.fact for change in server.gap] == ["installed", "keepalived"]
        assert "package keepalived" not in {each.step for each in report.outcomes}
        names = [each.step for each in told]
        option_file = "file /etc/mysql/mysql.conf.d/zz-runbook.cnf"
        assert names.count(option_file) == 1
        assert names.index("package mysql-server") < names.index(option_file)


def test_a_server_that_finds_data_gets_its_option_file_after_its_first_start(
    settings: Settings, report: Report
) -> None:
    pair = blank(settings, dry=True)
    for side in pair.sides.values():
        link_of(side).says(PROGRAM_QUESTION, "")
        link_of(side).says_where("ls -A /var/lib/mysql", "ibdata1\n")
    bring_through(pair, ["install-mysql"], report, never)
    assert not [each for each in report.outcomes if "zz-runbook.cnf" in each.step]


@pytest.mark.parametrize(
    ("names", "keepalived", "source", "along"),
    [
        (NAMES, "", None, True),
        (["install-mysql"], "", None, False),
        (NAMES, "2.3.4 (06/10,2025)\n", None, False),
        (NAMES, "", "http://127.0.0.1:9/mysql-apt-config_0.8.33-1_all.deb", True),
        (NAMES, "", "http://127.0.0.1:9/mysql-5.6.24-linux-glibc2.5-x86_64.tar.gz", False),
    ],
    ids=["both missing", "one task alone", "keepalived is there", "a release package", "a tarball"],
)
def test_keepalived_comes_with_a_server_of_the_package_sources(
    settings_of: Callable[..., Settings],
    report: Report,
    names: list[str],
    keepalived: str,
    source: str | None,
    along: bool,
) -> None:
    pair = blank(settings_of(MYSQL_SOURCE=source) if source else settings_of(), dry=True)
    for side in pair.sides.values():
        link_of(side).says(PROGRAM_QUESTION, "")
        link_of(side).says(VERSION_QUESTION, keepalived)
        for part in ("for program in mysqld", "from-tarball", "bin/mysqld ]", "/var/lib/mysql/mysql"):
            link_of(side).says_where(part, "")
    bring_through(pair, names, report, never)
    assert [side.come_with_server for side in pair.sides.values()] == [("keepalived",) if along else ()] * 2


def test_a_plan_goes_on_where_the_server_is_known_only_once_it_is_there(
    settings_of: Callable[..., Settings], report: Report
) -> None:
    pair = blank(settings_of(MYSQL_SOURCE="http://127.0.0.1:9/mysql-apt-config_0.8.33-1_all.deb"), dry=True)
    for side in pair.sides.values():
        link_of(side).says(PROGRAM_QUESTION, "")
    bring_through(pair, NAMES, report, lambda question: False)
    (waits,) = [each for each in report.outcomes if each.step == "configure-mycnf" and each.host == "slave"]
    assert waits.status == "waits"
    assert "MYSQL_SOURCE" in waits.note
    assert report.outcomes[-1].step == "the master is not alone"


def test_the_questions_of_a_phase_share_a_round_trip(settings: Settings, report: Report) -> None:
    pair = blank(settings, dry=True)
    bring_through(pair, ["deploy-scripts"], report, never)
    (about_files,) = (call for call in link_of(pair.slave).calls if "stat -L" in call)
    files = [each.step for each in report.outcomes if each.host == "slave" and each.step.startswith("file ")]
    assert files
    assert all(f" {step.removeprefix('file ')} " in about_files for step in files)


def test_the_questions_of_all_tasks_share_a_round_trip_where_nothing_is_to_be_installed(
    settings: Settings, report: Report
) -> None:
    pair = blank(settings, dry=True)
    for side in pair.sides.values():
        link_of(side).says(VERSION_QUESTION, "2.3.4 (06/10,2025)\n")
    bring_through(pair, ["configure-mycnf", "install-keepalived", "deploy-scripts"], report, never)
    for side in pair.sides.values():
        (about_files,) = (call for call in link_of(side).calls if "stat -L" in call)
        assert all(text in about_files for text in ("zz-runbook.cnf", "keepalived.conf", "master.sh", "dpkg-query"))


def test_a_task_by_itself_is_that_task_alone(settings: Settings, report: Report) -> None:
    bring_through(blank(settings, dry=True), ["prep-os"], report, never)
    assert {outcome.step for outcome in report.outcomes} == {
        "SELinux permissive",
        "firewall rules",
        "automatic upgrades",
    }


def test_no_password_of_the_pair_is_in_a_plan(settings: Settings) -> None:
    screen = io.StringIO()
    report = Report(str, as_json=True, console=Console(file=screen, width=100))
    bring_through(blank(settings, dry=True), NAMES, report, never)
    report.totals("plan")
    assert json.loads(screen.getvalue())["outcomes"]
    assert "sesame" not in screen.getvalue()


class Fails(Step):
    """A step that fails on one host and is right on the other."""

    name = "a step"

    def __init__(self, role: str) -> None:
        self._role = role

    def want(self) -> State:
        return {}

    def read(self, host: Host) -> State:
        if host.name == self._role:
            raise RunbookError(f"{host}: the disk is full")
        return {}

    def fix(self, host: Host, gap: Gap) -> None:
        raise AssertionError("there is no gap")


@pytest.mark.parametrize(("role", "other"), [("master", "slave"), ("slave", "master")])
def test_both_outcomes_are_reported_when_one_host_fails(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, role: str, other: str
) -> None:
    tasks = [
        Task("one", lambda pair, restart: [Phase(lambda side: [Fails(role)])]),
        Task("two", lambda pair, restart: [Phase(lambda side: pytest.fail("nothing comes after a failure"))]),
    ]
    monkeypatch.setattr(bootstrap, "TASKS", tasks)
    with pytest.raises(RunbookError, match="the disk is full"):
        bring_through(blank(settings, dry=True), ["one", "two"], report, never)
    assert set(map(str, report.outcomes)) == {
        str(Outcome(role, "a step", "failed")),
        str(Outcome(other, "a step", "ok")),
    }


def test_two_systems_are_a_warning(settings: Settings) -> None:
    screen = io.StringIO()
    pair = blank(settings, dry=True)
    link_of(pair.slave).says(OS_QUESTION, "debian||Debian GNU/Linux 12 (bookworm)")
    bring_through(pair, ["prep-os"], Report(str, console=Console(file=screen, width=400)), never)
    assert "warning: the master runs Debian GNU/Linux forky/sid, the slave Debian GNU/Linux 12" in screen.getvalue()


def test_clocks_that_differ_are_a_warning(settings: Settings) -> None:
    screen = io.StringIO()
    pair = blank(settings, dry=True)
    link_of(pair.slave).says(CLOCK_QUESTION, "1060.0\n")
    bring_through(pair, ["prep-os"], Report(str, console=Console(file=screen, width=200)), never)
    assert "warning: the hosts' clocks are" in screen.getvalue()
    assert "NTP" in screen.getvalue()
