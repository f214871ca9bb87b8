"""yum, or dnf, as a real shell finds it: what it installs and offers, and what rpm says is there."""

from pathlib import Path

import pytest
from case_files import Case, cases
from fake import LocalLink, host_of
from local_link import stub

from runbook.core.host import CommandFailed
from runbook.settings.settings import Settings
from runbook.system import debian, redhat


@pytest.mark.parametrize("manager", ["yum", "dnf"])
def test_the_systems_own_package_manager_installs(settings: Settings, tmp_path: Path, manager: str) -> None:
    stub(tmp_path, manager, f"echo {manager} $* > {tmp_path}/log")
    redhat.install(host_of(settings, LocalLink(tmp_path)), "mysql-community-server-5.6*", "/tmp/a.rpm")
    assert (tmp_path / "log").read_text() == f"{manager} -y install mysql-community-server-5.6* /tmp/a.rpm\n"


def test_files_are_installed_without_the_package_sources_if_they_are_enough(settings: Settings, tmp_path: Path) -> None:
    stub(tmp_path, "yum", f"echo $* >> {tmp_path}/log")
    redhat.install(host_of(settings, LocalLink(tmp_path)), "/tmp/a.rpm", "/tmp/b.rpm")
    assert (tmp_path / "log").read_text() == "-y --disablerepo=* install /tmp/a.rpm /tmp/b.rpm\n"


NEEDS_SOURCES = "case $* in *disablerepo*) echo 'Error: nothing provides libaio'; exit 1 ;; esac"


def test_what_files_need_beside_them_comes_from_the_package_sources(settings: Settings, tmp_path: Path) -> None:
    stub(tmp_path, "yum", f"{NEEDS_SOURCES}; echo $* >> {tmp_path}/log")
    redhat.install(host_of(settings, LocalLink(tmp_path)), "/tmp/a.rpm")
    assert (tmp_path / "log").read_text() == "-y install /tmp/a.rpm\n"


def test_files_that_lack_something_say_what_even_where_no_source_is_reached(settings: Settings, tmp_path: Path) -> None:
    stub(tmp_path, "yum", f"{NEEDS_SOURCES}; echo 'Error: cannot reach base'; exit 1")
    with pytest.raises(CommandFailed, match=r"nothing provides libaio\n.*cannot reach base"):
        redhat.install(host_of(settings, LocalLink(tmp_path)), "/tmp/a.rpm")


def test_an_install_that_fails_says_what_yum_said(settings: Settings, tmp_path: Path) -> None:
    stub(tmp_path, "yum", "echo 'Error: Unable to find a match: keepalived'; exit 1")
    with pytest.raises(CommandFailed, match="Error: Unable to find a match: keepalived"):
        redhat.install(host_of(settings, LocalLink(tmp_path)), "keepalived")


@cases("rpm")
def test_what_rpm_says_of_a_package_is_read(settings: Settings, tmp_path: Path, case: Case) -> None:
    stub(tmp_path, "rpm", f"printf '%s\\n' '{case.said['prints']}'; exit {case.said['exit']}")
    question = redhat.version_question(case.given["package"])
    assert host_of(settings, LocalLink(tmp_path)).ask(question) == case.means


@cases("yum_list")
def test_what_yum_offers_is_read(settings: Settings, tmp_path: Path, case: Case) -> None:
    (tmp_path / "said").write_text("".join(f"{line}\n" for line in case.said["prints"]))
    stub(tmp_path, "yum", f"cat {tmp_path}/said; exit {case.said['exit']}")
    question = redhat.candidate_question(case.given["package"])
    assert host_of(settings, LocalLink(tmp_path)).ask(question) == case.means


@cases("package_file")
def test_a_package_is_told_by_its_files_name(case: Case) -> None:
    assert {"debian": debian, "redhat": redhat}[case.given["family"]].package_of(case.said) == case.means
