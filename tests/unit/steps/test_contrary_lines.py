"""Lines of other option files: which ones ours cannot overrule, by a real shell on real files."""

from pathlib import Path

import pytest
from case_files import Case, cases
from fake import LocalLink

from runbook.core.host import DryHost, Host
from runbook.core.step import ensure
from runbook.settings.settings import Settings
from runbook.steps.contrary_lines import TAKEN_OUT, ContraryLines

WANTED = {"binlog_format": "ROW", "server_id": "1", "replica_skip_errors": "OFF", "skip_name_resolve": "OFF"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "etc" / "conf.d"
    folder.mkdir(parents=True)
    (folder / "zz-runbook.cnf").write_text("[mysqld]\nserver_id=1\nbinlog_format=ROW\nread_only=ON\n")
    return folder


@pytest.fixture
def host(settings: Settings, tmp_path: Path) -> Host:
    return Host(settings.master, LocalLink(tmp_path))


def step(folder: Path) -> ContraryLines:
    ours = str(folder / "zz-runbook.cnf")
    return ContraryLines.of(str(folder.parent / "my.cnf"), str(folder), ours, WANTED)


@cases("contrary_line")
def test_what_cannot_be_unsaid_goes_wherever_it_stands(host: Host, folder: Path, case: Case) -> None:
    assert case.means == "taken out"
    line = case.said
    my_cnf, other = folder.parent / "my.cnf", folder / "a.cnf"
    text = f"[mysqld]\nport=3306\n {line}\n"
    my_cnf.write_text(f"{text}!includedir {folder}/\n")
    other.write_text(text)
    assert ensure(host, step(folder)).status == "changed"
    for file in (my_cnf, other):
        assert file.read_text().splitlines()[1:3] == ["port=3306", f"{TAKEN_OUT} {line}"]
        assert f" {line}" in Path(f"{file}.before-runbook").read_text().splitlines()
    assert ensure(host, step(folder)).status == "ok"


def test_what_is_read_after_ours_goes_too(host: Host, folder: Path) -> None:
    my_cnf, last = folder.parent / "my.cnf", folder / "zzz.cnf"
    before = "[mysqld]\nserver_id=9\nread_only=0\n"
    my_cnf.write_text(f"{before}!includedir {folder}\n[mariadb-10.11]\nread-only=0\n")
    last.write_text("[server]\nbinlog_format=MIXED\n")
    outcome = ensure(host, step(folder))
    assert f"{my_cnf}:6: read-only=0" in str(outcome.gap)
    assert my_cnf.read_text() == f"{before}!includedir {folder}\n[mariadb-10.11]\n{TAKEN_OUT}read-only=0\n"
    assert last.read_text() == f"[server]\n{TAKEN_OUT}binlog_format=MIXED\n"


def test_what_ours_overrules_and_what_is_not_the_servers_stays(host: Host, folder: Path) -> None:
    my_cnf = folder.parent / "my.cnf"
    my_cnf.write_text(
        f"[mysqld]\nserver_id=9\n!includedir {folder}\n[mysql]\nserver_id=9\n# read_only=0\n[mysqld]\nport=1\n"
    )
    (folder / "a.cnf").write_text("[mysqld]\nread_only=0\n")
    assert ensure(host, step(folder)).status == "ok"


def test_a_dry_run_shows_the_lines_and_leaves_them(settings: Settings, tmp_path: Path, folder: Path) -> None:
    my_cnf = folder.parent / "my.cnf"
    my_cnf.write_text("[mysqld]\nslave-skip-errors=all\n")
    outcome = ensure(DryHost(settings.master, LocalLink(tmp_path)), step(folder))
    assert outcome.status == "would change"
    assert "slave-skip-errors=all" in str(outcome.gap)
    assert my_cnf.read_text() == "[mysqld]\nslave-skip-errors=all\n"


def test_hosts_without_any_option_file_have_none(host: Host, tmp_path: Path) -> None:
    assert ensure(host, step(tmp_path / "nowhere")).status == "ok"
