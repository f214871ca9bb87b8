"""Files on a host: read, backed up once, written whole, and never shown when they are secret."""

import base64
import grp
import os
import pwd
from pathlib import Path

import pytest
from fake import FakeLink, LocalLink, captured, file_is, host_of

from runbook.core.host import CommandFailed, Host
from runbook.core.step import Change, NotConverged, ensure
from runbook.settings.settings import Settings
from runbook.system.resources import BACKUP_SUFFIX, OURS, File

ME = f"{pwd.getpwuid(os.geteuid()).pw_name}:{grp.getgrgid(os.getegid()).gr_name}"
OUR_TEXT = f"# {OURS}\nport = 3306\n"


@pytest.fixture
def here(settings: Settings) -> Host:
    """This machine, for files in the test's folder."""
    return host_of(settings, LocalLink())


def test_a_real_file_is_read(host: Host, link: FakeLink) -> None:
    step = File("/usr/local/bin/stop.sh", "")
    head, _, body = captured("file_script.txt").partition("\n")
    file_is(link, step.path, base64.b64decode(body).decode(), head)
    state = step.read(host)
    assert state["mode"] == "764"
    assert state["owner"] == "root:root"
    assert str(state["content"]).startswith("#!/bin/bash\n# keepalived calls it when it stops")
    assert str(state["content"]).endswith("close_writes\n")


def test_a_file_that_is_not_there_has_no_facts(host: Host, link: FakeLink) -> None:
    step = File("/etc/nosuch", "text")
    link.says(next(iter(step.questions())), "")
    assert step.read(host) == {}


def test_a_new_file_is_written_and_then_right(here: Host, tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.conf"
    step = File(str(path), OUR_TEXT, mode=0o640, owner=ME)
    outcome = ensure(here, step)
    assert outcome.status == "changed"
    assert [change.fact for change in outcome.gap] == ["content", "mode", "owner"]
    assert path.read_text() == OUR_TEXT
    assert ensure(here, step).status == "ok"
    assert not Path(f"{path}{BACKUP_SUFFIX}").exists()


def test_a_file_of_others_is_backed_up_once_with_its_mode(here: Host, tmp_path: Path) -> None:
    path, backup = tmp_path / "x.conf", tmp_path / f"x.conf{BACKUP_SUFFIX}"
    path.write_text("theirs\n")
    path.chmod(0o600)
    assert ensure(here, File(str(path), OUR_TEXT, owner=ME)).status == "changed"
    assert backup.read_text() == "theirs\n"
    assert backup.stat().st_mode & 0o777 == 0o600
    path.write_text("theirs again\n")
    ensure(here, File(str(path), OUR_TEXT, owner=ME))
    assert backup.read_text() == "theirs\n"


def test_a_file_of_our_own_is_not_backed_up(here: Host, tmp_path: Path) -> None:
    path = tmp_path / "x.conf"
    path.write_text(f"# {OURS}\nport = 1\n")
    ensure(here, File(str(path), OUR_TEXT, owner=ME))
    assert [each.name for each in tmp_path.glob("x.conf*")] == ["x.conf"]


def test_what_a_link_points_to_is_backed_up_and_the_link_replaced(here: Host, tmp_path: Path) -> None:
    (tmp_path / "real.conf").write_text("theirs\n")
    path = tmp_path / "x.conf"
    path.symlink_to("real.conf")
    ensure(here, File(str(path), OUR_TEXT, owner=ME))
    assert (tmp_path / f"x.conf{BACKUP_SUFFIX}").read_text() == "theirs\n"
    assert path.read_text() == OUR_TEXT
    assert (tmp_path / "real.conf").read_text() == "theirs\n"


def test_a_wrong_mode_alone_is_a_gap_and_put_right(here: Host, tmp_path: Path) -> None:
    path = tmp_path / "x.conf"
    path.write_text(OUR_TEXT)
    path.chmod(0o666)
    outcome = ensure(here, File(str(path), OUR_TEXT, mode=0o600, owner=ME))
    assert outcome.gap == [Change("mode", "666", "600")]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_no_text_is_replaced_too(here: Host, tmp_path: Path) -> None:
    path = tmp_path / "x.conf"
    path.write_bytes(b"\xff\xfe\x00")
    assert ensure(here, File(str(path), OUR_TEXT, owner=ME)).status == "changed"
    assert (tmp_path / f"x.conf{BACKUP_SUFFIX}").read_bytes() == b"\xff\xfe\x00"


def test_a_folder_in_its_place_is_an_error_that_names_it(here: Host, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=str(tmp_path)):
        ensure(here, File(str(tmp_path), OUR_TEXT, owner=ME))
    assert tmp_path.is_dir()


def test_a_secret_file_never_shows_its_content(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "secret.conf"
    path.write_text("PASSWORD=old-sesame\n")
    step = File(str(path), "PASSWORD=new-sesame\n", mode=0o600, owner=ME, secret=True)
    dry = host_of(settings, LocalLink(), dry=True)
    outcome = ensure(dry, step)
    assert outcome.status == "would change"
    assert [change.fact for change in outcome.gap] == ["content", "mode"]
    assert "sesame" not in f"{outcome} {step.want()} {step.read(dry)}"
    here = host_of(settings, LocalLink())
    assert ensure(here, step).status == "changed"
    assert ensure(here, step).status == "ok"


def test_a_secret_file_that_cannot_be_kept_is_not_shown_either(host: Host, link: FakeLink) -> None:
    step = File("/etc/secret.conf", "PASSWORD=new-sesame\n", secret=True)
    file_is(link, "/etc/secret.conf", "PASSWORD=old-sesame\n")
    host.do = lambda *_, **__: ""  # type: ignore[method-assign]
    with pytest.raises(NotConverged) as caught:
        ensure(host, step)
    assert "sesame" not in str(caught.value)
