"""Questions that share a command: each answer is the one that the question alone would have got."""

from pathlib import Path

import pytest
from fake import FakeLink, LocalLink, file_is, host_of
from local_link import stub

from runbook.core.host import CommandFailed, Host, NotInTime
from runbook.core.ssh import Ran
from runbook.settings.settings import Settings
from runbook.system.questions import FileQuestion, UnitQuestion

UNITS = ("mysql", "gone.socket", "keepalived.service")
STATES = [UnitQuestion("state", unit) for unit in UNITS]
ACTIVE = [UnitQuestion("active", unit) for unit in UNITS]
RELOADS = [UnitQuestion("reload", unit) for unit in (*UNITS, "mysql-runbook-alert.path")]
LOADS = [UnitQuestion("load", *UNITS[:2])]

# systemctl by what it must do: each unit's facts, and what `is-enabled` says of it.
SYSTEMCTL = """
case $1 in
is-active) [ "$2" = mysql.service ] && echo active || echo inactive ;;
is-enabled)
  shift
  for unit; do
    case $unit in
    mysql.service) echo enabled ;;
    gone.socket) {of_the_gone} ;;
    *) echo masked ;;
    esac
  done ;;
show)
  more=
  for unit; do
    case $unit in show | -p | Id | LoadState | ActiveState | NeedDaemonReload | SourcePath) continue ;; esac
    [ -z "$more" ] || echo
    more=yes
    case $* in *LoadState*) echo Id=$unit && echo LoadState=loaded ;; esac
    case $* in *ActiveState*) [ $unit = mysql.service ] && echo ActiveState=active || echo ActiveState=inactive ;; esac
    case $* in *SourcePath*) echo SourcePath={source} ;; esac
    [ $unit = mysql.service ] && reload=yes || reload=no
    case $* in *NeedDaemonReload*) echo NeedDaemonReload=$reload ;; esac
  done ;;
esac
"""
NEW, SILENT, ENDS = "echo not-found", "echo Failed >&2", "echo Failed >&2; exit 1"


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    folder = tmp_path / "commands"
    folder.mkdir()
    return folder


def asked_alone_and_together(settings: Settings, questions: list[str], commands: Path | None = None) -> int:
    """How many commands the answers took together, which are what each question alone is answered."""
    alone, together = host_of(settings, LocalLink(commands)), host_of(settings, LocalLink(commands))
    together.foresee(questions)
    assert [together.ask(each) for each in questions] == [alone.ask(each) for each in questions]
    return len(together.link.calls)  # type: ignore[attr-defined]


def test_files_that_are_there_and_files_that_are_not(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("one\ntwo")
    (tmp_path / "with a blank").write_bytes(b"\xff\x00")
    (tmp_path / "empty").touch(mode=0o600)
    (tmp_path / "link").symlink_to("text")
    (tmp_path / "dangling").symlink_to("nowhere")
    names = ("gone", "text", "with a blank", "empty", "link", "dangling", "gone too")
    assert asked_alone_and_together(settings, [FileQuestion(str(tmp_path / name)) for name in names]) == 1


def test_files_of_which_none_is_there(settings: Settings, tmp_path: Path) -> None:
    assert asked_alone_and_together(settings, [FileQuestion(str(tmp_path / name)) for name in ("a", "b")]) == 1


def test_a_folder_in_a_files_place_fails_alone(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text\n")
    folder, file = FileQuestion(str(tmp_path)), FileQuestion(str(tmp_path / "text"))
    host = host_of(settings, LocalLink())
    host.foresee([folder, file])
    assert host.ask(file).endswith("  -\n")
    with pytest.raises(CommandFailed, match=str(tmp_path)):
        host.ask(folder)


@pytest.mark.parametrize("of_the_gone", [NEW, SILENT, ENDS])
def test_units_by_every_is_enabled(settings: Settings, commands: Path, of_the_gone: str) -> None:
    stub(commands, "systemctl", SYSTEMCTL.format(of_the_gone=of_the_gone, source=""))
    assert asked_alone_and_together(settings, [*STATES, *ACTIVE, *RELOADS, *LOADS], commands) == 1


@pytest.mark.parametrize("questions", [RELOADS, STATES[:1], LOADS, ACTIVE], ids=["reload", "state", "load", "active"])
def test_units_of_which_only_one_thing_is_asked(settings: Settings, commands: Path, questions: list[str]) -> None:
    stub(commands, "systemctl", SYSTEMCTL.format(of_the_gone=NEW, source=""))
    assert asked_alone_and_together(settings, questions, commands) == 1


def test_units_of_old_scripts_are_asked_one_by_one(settings: Settings, commands: Path) -> None:
    stub(commands, "systemctl", SYSTEMCTL.format(of_the_gone=NEW, source="/etc/init.d/mysql"))
    assert asked_alone_and_together(settings, [*STATES], commands) == 1 + len(STATES)


def test_a_silent_service_manager_leaves_each_question_to_itself(settings: Settings, commands: Path) -> None:
    stub(commands, "systemctl", "exit 1")
    assert asked_alone_and_together(settings, [*STATES], commands) == 1 + len(STATES)


def test_one_file_that_hangs_takes_no_other_files_answer(host: Host, link: FakeLink) -> None:
    hangs, other = FileQuestion("/net/hangs"), FileQuestion("/etc/x")
    link.says(hangs, Ran(124, "", ""))
    file_is(link, other.path, "text")
    host.foresee([hangs, other])
    calls = len(link.calls)
    assert host.ask(other).startswith("644 root:root")
    with pytest.raises(NotInTime):
        host.ask(hangs)
    assert len(link.calls) == calls
