"""Packages, services and drop-ins: what is read from real output, what is done, and what is left alone."""

import fcntl
import os
from pathlib import Path

import pytest
from case_files import Case, case, cases
from fake import FakeLink, LocalLink, captured_json, file_is, host_of
from local_link import stub

from runbook.core.host import ChangedInDryRun, CommandFailed, Host
from runbook.core.ssh import Ran
from runbook.core.step import Change, ensure
from runbook.settings.settings import Settings
from runbook.system import debian
from runbook.system.family import offer_of
from runbook.system.resources import OURS, File, Package, Service, service_question
from runbook.system.unit import DropIn, drop_in_path

OUR_TEXT = f"# {OURS}\nport = 3306\n"
MYSQL_RUNS, KEEPALIVED_RUNS = (case("service", unit).said for unit in ("mysql", "keepalived"))
STOPPED, NO_SUCH_UNIT = (case("service", unit).said for unit in ("debug_shell", "nosuch"))
PACKAGES = captured_json("packages.json")["installed"]


# ---- Package ----


def package(name: str) -> Package:
    return Package(name, debian)


@pytest.mark.parametrize("name", ["mysql-server", "keepalived"])
def test_an_installed_package_is_left_alone_in_its_version(host: Host, link: FakeLink, name: str) -> None:
    link.says(debian.version_question(name), PACKAGES[name])
    assert ensure(host, package(name)).status == "ok"


def test_a_missing_package_would_be_installed(dry_host: Host, link: FakeLink) -> None:
    link.says(debian.version_question("firewalld"), PACKAGES["firewalld"])
    outcome = ensure(dry_host, package("firewalld"))
    assert outcome.gap == [Change("installed", None, "yes")]


def test_a_missing_package_is_installed(host: Host, link: FakeLink, monkeypatch: pytest.MonkeyPatch) -> None:
    question = debian.version_question("keepalived")
    link.says(question, PACKAGES["nosuch"])
    monkeypatch.setattr(debian, "install", lambda on, name: link.says(question, PACKAGES[name]))
    assert ensure(host, package("keepalived")).status == "changed"


@cases("dpkg")
def test_only_a_completely_installed_package_counts(settings: Settings, tmp_path: Path, case: Case) -> None:
    stub(tmp_path, "dpkg-query", f"printf '{case.said}'; [ -n '{case.said}' ]")
    host = host_of(settings, LocalLink(tmp_path))
    assert (package("mysql-server").read(host) == {"installed": "yes"}) is case.means


def test_an_install_takes_up_what_was_cut_off_and_updates_stale_lists(settings: Settings, tmp_path: Path) -> None:
    log = tmp_path / "log"
    stub(tmp_path, "dpkg", f"echo dpkg $* >> {log}")
    stub(tmp_path, "apt-get", f"echo apt-get ${{1}} >> {log}; [ $1 = update ] || [ -e {log}.updated ]; c=$?; "
         f"[ $1 = update ] && touch {log}.updated; exit $c")  # fmt: skip
    debian.install(host_of(settings, LocalLink(tmp_path)), "keepalived")
    assert log.read_text().splitlines() == [
        "dpkg --configure -a",
        "apt-get install",
        "apt-get update",
        "apt-get install",
    ]


@pytest.fixture
def starts(no_units_of_this_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a host where apt-get writes down what condition a start of mysqld has, and if that is met by then."""
    log, drop_in = tmp_path / "log", no_units_of_this_machine / "mysql.service.d" / "runbook-first-start.conf"
    no_units_of_this_machine.mkdir()
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(debian, "DATA_QUESTION", f"ls -A {tmp_path}/data")
    stub(tmp_path, "dpkg", "true")
    stub(tmp_path, "systemctl", f"echo systemctl $* >> {log}")
    stub(tmp_path, "apt-get", f"must_not_be=$(sed -n 's/^ConditionPathExists=!//p' {drop_in} 2>/dev/null); "
         f"[ -n \"$must_not_be\" ] && [ -e $must_not_be ] && echo held >> {log}; true")  # fmt: skip
    return log


def test_a_server_whose_data_directory_is_new_is_not_started_by_its_package(
    settings: Settings, starts: Path, no_units_of_this_machine: Path, tmp_path: Path
) -> None:
    host = host_of(settings, LocalLink(tmp_path))
    assert debian.leaves_first_start(host)
    debian.install(host, "mysql-server")
    assert starts.read_text() == "held\nsystemctl daemon-reload\n"
    assert [each for each in no_units_of_this_machine.rglob("*") if each.is_file()] == []


def test_a_server_that_finds_data_is_started_as_ever(settings: Settings, starts: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "ibdata1").touch()
    host = host_of(settings, LocalLink(tmp_path))
    assert not debian.leaves_first_start(host)
    debian.install(host, "mysql-server")
    assert not starts.exists()


def test_an_install_that_fails_keeps_no_server_from_starting(
    settings: Settings, starts: Path, no_units_of_this_machine: Path, tmp_path: Path
) -> None:
    stub(tmp_path, "apt-get", "echo 'E: no room'; exit 100")
    with pytest.raises(CommandFailed, match="E: no room"):
        debian.install(host_of(settings, LocalLink(tmp_path)), "mysql-server")
    assert [each for each in no_units_of_this_machine.rglob("*") if each.is_file()] == []


def test_an_install_that_fails_says_what_apt_said(settings: Settings, tmp_path: Path) -> None:
    stub(tmp_path, "dpkg", "true")
    stub(tmp_path, "apt-get", "echo 'E: Unable to locate package keepalived'; exit 100")
    with pytest.raises(CommandFailed, match="E: Unable to locate package keepalived"):
        debian.install(host_of(settings, LocalLink(tmp_path)), "keepalived")


@pytest.mark.parametrize(
    "said",
    [
        "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)",
        "E: Could not get lock /var/lib/dpkg/lock - open (11: Resource temporarily unavailable)",
        "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
    ],
    ids=["lists", "dpkg, apt 1", "frontend"],
)
def test_a_lock_of_apts_is_waited_for(settings: Settings, tmp_path: Path, said: str) -> None:
    """As unattended-upgrades holds them for minutes after the boot."""
    log = tmp_path / "log"
    stub(tmp_path, "sleep", f"echo sleep >> {log}")
    stub(
        tmp_path,
        "apt-get",
        f'echo "apt-get $1" >> {log}; [ $(grep -c sleep {log}) = 2 ] || {{ echo "{said}"; exit 100; }}',
    )
    debian.refresh(host_of(settings, LocalLink(tmp_path)))
    assert log.read_text().split() == ["apt-get", "update", "sleep"] * 2 + ["apt-get", "update"]


def test_who_holds_a_lock_for_long_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    script = debian.PATIENT.replace("/var/lib/apt/lists/lock", str(lock)).replace(" -le 120 ", " -le 0 ")
    refused = "sh -c 'echo E: Could not get lock; exit 100'"
    with lock.open("w") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        ran = LocalLink().run(f"{script} patient {refused}; {debian.END}", timeout=20)
    assert ran.code == 100
    assert f"waited 120 s for {lock}, which pid {os.getpid()} holds: " in ran.err
    assert "pytest" in ran.err


def test_an_offer_may_take_long(settings: Settings) -> None:
    """apt-cache without its caches, on a busy host: more than the ten seconds of other questions."""
    seconds: list[float] = []

    class Slow(FakeLink):
        def run(self, script: str, *, timeout: float, stdin: str | None = None) -> Ran:
            seconds.append(timeout)
            return Ran(0, "9.7.4\n", "")

    assert offer_of(host_of(settings, Slow()), debian, "mysql-server") == "9.7.4"
    assert seconds == [60]


# ---- Service ----


def test_a_service_that_runs_and_starts_at_boot_is_right(host: Host, link: FakeLink) -> None:
    link.says(service_question("mysql"), MYSQL_RUNS)
    assert ensure(host, Service("mysql")).status == "ok"


def test_a_stopped_and_disabled_service_is_enabled_and_started(host: Host, link: FakeLink) -> None:
    question = service_question("keepalived")
    link.says(question, STOPPED)
    link.takes("systemctl enable keepalived")
    start = "systemctl reset-failed keepalived 2>/dev/null; systemctl start keepalived"
    link.takes(start, lambda: link.says(question, KEEPALIVED_RUNS))
    outcome = ensure(host, Service("keepalived"))
    assert outcome.gap == [Change("enabled", "disabled", "enabled"), Change("active", "inactive", "active")]
    assert len(link.changed) == 2


def test_a_masked_service_is_unmasked(host: Host, link: FakeLink) -> None:
    question = service_question("mysql")
    link.says(question, "inactive masked\n")
    enable = "systemctl unmask mysql && systemctl enable mysql"
    link.takes(enable, lambda: link.says(question, "inactive enabled\n"))
    assert ensure(host, Service("mysql", starts=False)).status == "changed"


def test_a_service_that_runs_already_is_only_enabled(host: Host, link: FakeLink) -> None:
    question = service_question("mysql")
    link.says(question, "active disabled\n")
    link.takes("systemctl enable mysql", lambda: link.says(question, MYSQL_RUNS))
    assert ensure(host, Service("mysql")).status == "changed"


def test_a_service_that_a_later_step_starts_is_only_enabled(host: Host, link: FakeLink) -> None:
    link.says(service_question("keepalived"), "inactive enabled\n")
    assert ensure(host, Service("keepalived", starts=False)).status == "ok"


@cases("service")
def test_a_units_two_words_are_read(host: Host, dry_host: Host, link: FakeLink, case: Case) -> None:
    link.says(service_question("mysql"), f"{case.said}\n")
    if case.means is None:
        assert Service("mysql").read(host) == {}
        return
    assert Service("mysql").read(host) == case.means
    wanted = {"enabled": "enabled", "active": "active"}
    gap = [Change(fact, case.means[fact], wanted[fact]) for fact in wanted if case.means[fact] != wanted[fact]]
    assert list(ensure(dry_host, Service("mysql")).gap) == gap


def test_a_unit_that_comes_with_a_package_is_waited_for_in_a_dry_run(dry_host: Host, link: FakeLink) -> None:
    link.says(service_question("mysql"), NO_SUCH_UNIT)
    outcome = ensure(dry_host, Service("mysql"))
    assert outcome.status == "waits"
    assert "unit mysql comes with its package" in outcome.note


def test_a_unit_that_is_missing_for_real_is_an_error(host: Host, link: FakeLink) -> None:
    link.says(service_question("mysql"), NO_SUCH_UNIT)
    missing = Ran(1, "", "Failed to enable unit: Unit file mysql.service does not exist.\n")
    link.takes("systemctl enable mysql", answer=missing)
    with pytest.raises(CommandFailed, match=r"mysql\.service does not exist"):
        ensure(host, Service("mysql"))


def test_a_host_without_systemctl_still_gives_two_words(settings: Settings, tmp_path: Path) -> None:
    stub(tmp_path, "systemctl", "exit 127")
    assert host_of(settings, LocalLink(tmp_path)).ask(service_question("mysql")) == "unknown not-found\n"


# ---- DropIn ----

DROP_IN = "/etc/systemd/system/keepalived.service.d/runbook.conf"
NEEDS_RELOAD = "systemctl show -p NeedDaemonReload keepalived.service"


def drop_in() -> DropIn:
    return DropIn(DROP_IN, OUR_TEXT)


def test_a_drop_in_lies_where_systemd_looks() -> None:
    assert drop_in_path("keepalived") == DROP_IN
    assert drop_in().unit == "keepalived.service"


def test_a_drop_in_that_is_there_and_loaded_is_right(host: Host, link: FakeLink) -> None:
    _, loaded = drop_in().questions()
    file_is(link, DROP_IN, OUR_TEXT)
    link.says(loaded, "NeedDaemonReload=no\n")
    assert loaded == NEEDS_RELOAD
    assert ensure(host, drop_in()).status == "ok"


def test_a_drop_in_that_systemd_has_not_read_is_loaded_and_not_written(host: Host, link: FakeLink) -> None:
    _, loaded = drop_in().questions()
    file_is(link, DROP_IN, OUR_TEXT)
    link.says(loaded, "NeedDaemonReload=yes\n")
    link.takes("systemctl daemon-reload", lambda: link.says(loaded, "NeedDaemonReload=no\n"))
    outcome = ensure(host, drop_in())
    assert outcome.gap == [Change("loaded", "no", "yes")]
    assert link.changed == ["systemctl daemon-reload"]


def test_a_new_drop_in_is_written_and_then_loaded(host: Host, link: FakeLink, monkeypatch: pytest.MonkeyPatch) -> None:
    content, loaded = drop_in().questions()
    link.says(content, "")
    link.says(loaded, "NeedDaemonReload=no\n")
    done: list[str] = []
    monkeypatch.setattr(File, "fix", lambda *_: done.append("written"))
    link.takes("systemctl daemon-reload", lambda: [done.append("loaded"), file_is(link, DROP_IN, OUR_TEXT)])
    assert ensure(host, drop_in()).status == "changed"
    assert done == ["written", "loaded"]


# ---- a dry run ----

STEPS = [File("/etc/x", "text"), package("keepalived"), Service("mysql"), drop_in()]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_no_fix_passes_a_dry_host(dry_host: Host, link: FakeLink, step: File | Package | Service) -> None:
    gap = [Change(fact, None, wanted) for fact, wanted in step.want().items()]
    with pytest.raises(ChangedInDryRun):
        step.fix(dry_host, gap)
    assert link.calls == []
