"""What undoes a change is on the host before the change, and runs there whatever becomes of who made it."""

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake import FakeLink, LocalLink, host_of

from runbook.core import undo
from runbook.core.host import ChangedInDryRun, Host
from runbook.core.undo import Undo, UndoFailed, left_behind, run_left_behind
from runbook.core.wait import until
from runbook.errors import HostError
from runbook.settings.settings import Settings

NAME = "drill.freeze-master"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a host that is this machine."""
    monkeypatch.setattr(undo, "UNDO", str(tmp_path / "undo"))
    monkeypatch.setattr(undo, "RUN", str(tmp_path / "run"))
    monkeypatch.setitem(Host.put.__kwdefaults__, "owner", f"{os.getuid()}:{os.getgid()}")
    return tmp_path / "undo"


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "undone"


@pytest.fixture
def link() -> LocalLink:
    return LocalLink()


@pytest.fixture
def host(settings: Settings, link: LocalLink) -> Host:
    return host_of(settings, link)


Left = Callable[[str, str], None]


@pytest.fixture
def left(folder: Path) -> Left:
    """Leaves a script as a run does whose process on the host is gone, as after a reboot."""

    def leave(name: str, script: str) -> None:
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(script)

    return leave


def test_a_script_waits_for_root_alone_and_undoes_nothing_while_it_is_held(
    host: Host, folder: Path, mark: Path
) -> None:
    left = Undo(host, NAME, f"touch {mark}")
    assert left_behind(host) == [NAME]
    assert not mark.exists()
    assert [path.stat().st_mode & 0o777 for path in (folder, folder / NAME)] == [0o700, 0o700]
    left.run()
    assert mark.exists()
    assert left_behind(host) == []


def test_a_script_runs_when_the_connection_ends(host: Host, link: LocalLink, mark: Path) -> None:
    Undo(host, NAME, f"touch {mark}")
    link.close()
    until("the undoing", 5, mark.exists, pause=0.01)
    until("the script's end", 5, lambda: left_behind(host) == [], pause=0.01)


def test_a_script_runs_when_its_time_is_over(
    host: Host, link: LocalLink, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "LIFETIME_SECONDS", 0.2)
    Undo(host, NAME, f"touch {mark}")
    until("the undoing", 5, mark.exists, pause=0.01)
    link.close()


def test_a_process_that_does_not_start_is_an_error(settings: Settings, mark: Path) -> None:
    class Dead(LocalLink):
        def process(self, script: str) -> Any:
            return super().process("exit 1")

    with pytest.raises(HostError, match="does not start"):
        Undo(host_of(settings, Dead()), NAME, f"touch {mark}")


def test_a_dry_run_leaves_nothing(settings: Settings, mark: Path) -> None:
    with pytest.raises(ChangedInDryRun):
        Undo(host_of(settings, FakeLink(), dry=True), NAME, f"touch {mark}")


def test_what_a_dead_run_left_is_run_once_and_told(host: Host, left: Left, mark: Path) -> None:
    left(NAME, f"echo once >> {mark}")
    left("drill.full-disk", f"echo once >> {mark}")
    told: list[str] = []
    run_left_behind(host, told.append)
    assert told == [f"{host}: undone what {name} had left there" for name in (NAME, "drill.full-disk")]
    assert mark.read_text() == "once\n" * 2
    run_left_behind(host, told.append)
    assert len(told) == 2


def test_a_host_on_which_nothing_was_ever_left_is_not_changed(host: Host, link: LocalLink, folder: Path) -> None:
    run_left_behind(host, pytest.fail)
    assert len(link.calls) == 1
    assert not folder.parent.joinpath("run").exists()


def test_a_file_that_was_not_written_to_its_end_is_not_run(host: Host, left: Left, mark: Path) -> None:
    left(f"{NAME}.runbook-new", f"touch {mark}")
    run_left_behind(host, pytest.fail)
    assert not mark.exists()


def test_a_script_that_fails_is_told_with_its_way_out_and_stays(
    host: Host, left: Left, folder: Path, mark: Path
) -> None:
    left("drill.a", "echo the switch does not answer >&2; exit 4")
    left("drill.b", f"touch {mark}")
    told: list[str] = []
    with pytest.raises(UndoFailed) as failed:
        run_left_behind(host, told.append)
    file = folder / "drill.a"
    assert "what drill.a left there to undo it did not succeed: the switch does not answer" in str(failed.value)
    assert f"bash {file} && rm {file}" in str(failed.value)
    assert mark.exists()
    assert (left_behind(host), len(told)) == (["drill.a"], 1)
    file.write_text("exit 0")
    run_left_behind(host, told.append)
    assert left_behind(host) == []


def test_every_script_that_fails_is_named(host: Host, left: Left) -> None:
    for name in ("drill.a", "drill.b"):
        left(name, "exit 4")
    with pytest.raises(UndoFailed, match=r"(?s)what drill\.a left.*exit code 4.*what drill\.b left.*exit code 4"):
        run_left_behind(host, pytest.fail)


def test_a_script_that_hangs_is_ended(host: Host, left: Left, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo, "UNDO_SECONDS", 0.2)
    left(NAME, "sleep 60")
    with pytest.raises(UndoFailed, match=re.escape(NAME)):
        run_left_behind(host, pytest.fail)
    assert left_behind(host) == [NAME]


def test_a_script_runs_once_when_the_hosts_process_and_a_healer_want_it_at_once(
    host: Host, link: LocalLink, mark: Path
) -> None:
    Undo(host, NAME, f"echo begins >> {mark}; sleep 0.5; echo ends >> {mark}")
    ending = threading.Thread(target=link.processes[0].close)
    ending.start()
    until("the undoing", 5, mark.exists, pause=0.01)
    run_left_behind(host, lambda line: None)
    ending.join()
    assert mark.read_text() == "begins\nends\n"
    assert left_behind(host) == []
