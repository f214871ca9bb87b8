"""The keepalived that runs: which configuration it has read and will read, by whose word, and whether it moves."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from case_files import Case, cases
from fake import LocalLink, link_of, pair_of
from local_link import stub

from runbook.core.host import DryHost, Host
from runbook.core.step import Change, ensure
from runbook.diagnosis.of_host import hangs
from runbook.errors import BadInput
from runbook.keepalived import started
from runbook.keepalived.configuration import CONFIG
from runbook.keepalived.running import RUNNING_QUESTION, Running, Source
from runbook.keepalived.started import TAKEN_OUT, StartedByOurs, why_not
from runbook.settings.settings import Settings
from runbook.system.network import ADDRESSES_QUESTION

OTHER = "/etc/other.conf"


@cases("keepalived_running")
def test_what_runs_is_read_from_the_process_and_its_unit(case: Case) -> None:
    found = Running.parse(case.text)
    assert (found.file, found.next_file) == (case.means["file"], case.means["next_file"])
    assert [f"{source.file}:{source.number}" for source in found.sources] == case.means["sources"]
    assert list(found.stopped) == case.means["stopped"]


@pytest.mark.parametrize(
    ("running", "silent", "told"),
    [
        (Running(), 0, ""),
        (Running(), 20, ""),
        (Running(), 21, "it last called its check 21 s ago"),
        (Running(stopped=(7, 8)), 0, "process 7 stands still, as after SIGSTOP"),
    ],
)
def test_a_keepalived_hangs_that_stands_still_or_has_not_called_its_check(
    running: Running, silent: int, told: str
) -> None:
    assert hangs(running, silent, 20) == told


# ---- by a real shell, on a real process ----


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Unit"]:
    """A unit of keepalived in a test's folder; its process is a shell of that name, which waits."""
    unit = Unit(tmp_path)
    monkeypatch.setattr(started, "OPTION_FILES", (str(unit.options),))
    yield unit
    unit.stop()


class Unit:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.options = folder / "default"
        self.unit = folder / "keepalived.service"
        self.unit.write_text("[Service]\nExecStart=/usr/sbin/keepalived --dont-fork $DAEMON_ARGS\n")
        self.options.write_text('# options\nDAEMON_ARGS=""\n')
        (folder / "keepalived").symlink_to("/bin/sh")
        self.process: subprocess.Popen[bytes] | None = None
        self.signal = "TERM"
        self.tell()

    def ends_by(self, signal: str) -> None:
        self.signal = signal
        self.tell()

    def tell(self) -> None:
        stub(
            self.folder,
            "systemctl",
            f"""pid={self.process.pid if self.process else 0}
            [ "$1" = show ] || {{ echo "$*" >> {self.folder}/done; kill -s {self.signal} $pid; exit; }}
            echo MainPID=$pid
            echo 'ExecStart={{ path=/x ; argv[]=/usr/sbin/keepalived --dont-fork $DAEMON_ARGS ; ignore_errors=no ; }}'
            echo 'EnvironmentFiles={self.options} (ignore_errors=yes)'
            echo FragmentPath={self.unit}
            echo DropInPaths=""",
        )

    def start(self, *arguments: str) -> None:
        """A restart ends it, and so the next start is what there is to be told."""
        command = [self.folder / "keepalived", "-c", "read line", *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE)
        self.tell()

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate()

    @property
    def running(self) -> Running:
        return Running.parse(LocalLink(self.folder).run(RUNNING_QUESTION, timeout=5).out)

    @property
    def done(self) -> list[str]:
        done = self.folder / "done"
        return done.read_text().splitlines() if done.exists() else []


def test_one_that_does_not_run_is_told_by_its_next_start(unit: Unit) -> None:
    assert unit.running == Running()
    unit.options.write_text(f'DAEMON_ARGS="-f {OTHER}"\n')
    found = unit.running
    assert (found.file, found.next_file) == (OTHER, OTHER)
    assert found.sources == (Source(str(unit.options), 1, f'DAEMON_ARGS="-f {OTHER}"'),)


def test_a_process_is_told_by_its_own_command_line_and_by_whether_it_moves(unit: Unit) -> None:
    unit.start()
    assert unit.running == Running()
    assert unit.process
    unit.process.send_signal(signal.SIGSTOP)
    assert unit.running.stopped == (unit.process.pid,)


# ---- the step ----


@pytest.fixture
def step(settings: Settings) -> StartedByOurs:
    return StartedByOurs(settings.vip.ip)


def host_at(unit: Unit, settings: Settings, *, vip: bool = False, dry: bool = False) -> Host:
    address = f"2: host0    inet {settings.vip} scope global host0" if vip else ""
    stub(unit.folder, "ip", f"echo '{address}'")
    return (DryHost if dry else Host)(settings.slave, LocalLink(unit.folder))


def test_a_line_of_an_option_file_is_taken_out_and_a_keepalived_without_the_vip_restarted(
    unit: Unit, settings: Settings, step: StartedByOurs
) -> None:
    unit.options.write_text(f'# options\nDAEMON_ARGS="-f {OTHER}"\n')
    unit.start("-f", OTHER)
    host = host_at(unit, settings)
    assert ensure(host_at(unit, settings, dry=True), step).status == "would change"
    assert ensure(host, step).status == "changed"
    assert unit.options.read_text() == f'# options\n{TAKEN_OUT}DAEMON_ARGS="-f {OTHER}"\n'
    assert OTHER in Path(f"{unit.options}.before-runbook").read_text()
    assert unit.done == ["try-restart keepalived"]
    assert ensure(host, step).status == "ok"


def test_one_that_runs_by_ours_already_is_not_restarted_for_a_line_of_the_next_start(
    unit: Unit, settings: Settings, step: StartedByOurs
) -> None:
    unit.start()
    unit.options.write_text(f"DAEMON_ARGS=-f{OTHER}\n")
    assert ensure(host_at(unit, settings, vip=True), step).status == "changed"
    assert unit.done == []


def test_one_that_holds_the_vip_is_left_alone_and_the_way_is_told(
    unit: Unit, settings: Settings, step: StartedByOurs
) -> None:
    unit.options.write_text(f'DAEMON_ARGS="-f {OTHER}"\n')
    unit.start("-f", OTHER)
    before = unit.options.read_text()
    with pytest.raises(BadInput) as refused:
        ensure(host_at(unit, settings, vip=True), step)
    assert f"line 1 out of {unit.options}" in str(refused.value)
    assert "systemctl restart keepalived; then: inv failback" in str(refused.value)
    assert unit.options.read_text() == before and unit.done == []


def test_one_without_the_vip_that_stands_still_is_ended(unit: Unit, settings: Settings, step: StartedByOurs) -> None:
    unit.start()
    assert unit.process
    unit.process.send_signal(signal.SIGSTOP)
    host = host_at(unit, settings)
    assert ensure(host_at(unit, settings, dry=True), step).gap == [Change("stands still", "yes", "no")]
    unit.ends_by("KILL")
    assert ensure(host, step).status == "changed"
    assert unit.done == ["kill -s KILL keepalived"]


LINE = Source("/etc/systemd/system/keepalived.service.d/zz.conf", 3, f"ExecStart=/usr/sbin/keepalived -f {OTHER}")


@pytest.mark.parametrize(
    ("running", "holds_vip", "words"),
    [
        (Running(CONFIG, OTHER, (Source("/etc/default/keepalived", 4, "A=-f"),)), True, ()),
        (Running(OTHER, OTHER, (Source("/etc/default/keepalived", 4, "A=-f"),)), False, ()),
        (Running(OTHER, CONFIG), False, ()),
        (Running(OTHER, CONFIG), True, ("runs by /etc/other.conf", "on that host systemctl restart keepalived")),
        (Running(OTHER, OTHER, (LINE,)), False, (f"line 3 of {LINE.file}", "daemon-reload", "inv install-keepalived")),
        (Running(CONFIG, OTHER, (LINE,)), True, ("would start by /etc/other.conf next time", f"line 3 of {LINE.file}")),
        (Running(stopped=(7,)), False, ()),
        (Running(stopped=(7,)), True, ("stands still (process 7)", "systemctl kill -s KILL", "then: inv failback")),
        (Running(OTHER, OTHER), False, ("out of systemctl cat keepalived",)),
    ],
)
def test_what_is_refused_names_file_and_line(running: Running, holds_vip: bool, words: tuple[str, ...]) -> None:
    told = why_not("slave 10.0.0.2", running, holds_vip=holds_vip)
    if not words:
        assert told is None
        return
    assert told and told.startswith("slave 10.0.0.2: keepalived ")
    assert all(word in told for word in words)


def test_a_host_without_the_unit_is_right(settings: Settings, step: StartedByOurs) -> None:
    side = pair_of(settings).slave
    link_of(side).says(RUNNING_QUESTION, "MainPID=0\n--- files\n--- processes\n--- command\n")
    link_of(side).says(ADDRESSES_QUESTION, "")
    assert ensure(side.host, step).status == "ok"
