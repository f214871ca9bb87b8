"""The server's packages: which one is installed, in which version, and from where."""

from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

import pytest
from fake import FakeLink, LocalLink, captured_json, host_of

from runbook.core.host import CommandFailed, DryHost, Host
from runbook.core.ssh import Ran
from runbook.core.step import Change, NotConverged, Step, ensure
from runbook.errors import BadInput, RunbookError
from runbook.settings.settings import Settings
from runbook.settings.source import SUMS
from runbook.steps.server_packages import CARRIED_TO, ServerPackage, package_steps
from runbook.system import debian, redhat
from runbook.system.resources import File

CANDIDATES = captured_json("packages.json")["candidate"]
EL = captured_json("packages_el.json")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, link: FakeLink) -> Iterator[list[str]]:
    """What is given to the package manager of either family; it is then there."""
    done: list[str] = []

    def install(host: Host, *packages: str) -> None:
        done.extend(packages)
        for family, answer in ((debian, "9.7.4-2"), (redhat, EL["installed"]["mysql-community-server"])):
            for names in (*family.SERVERS, redhat.MYSQL):
                for package in names.packages:
                    link.says(family.version_question(package), answer)

    for family in (debian, redhat):
        monkeypatch.setattr(family, "install", install)
    yield done


# ---- the hosts' own sources ----


def blank(link: FakeLink, family: ModuleType, candidates: dict[str, str]) -> None:
    for names in family.SERVERS:
        for package in names.packages:
            link.says(family.version_question(package), "")
            link.says(family.candidate_question(package), candidates.get(package, ""))


def test_debians_server_is_installed_by_its_name(host: Host, link: FakeLink, installed: list[str]) -> None:
    blank(link, debian, CANDIDATES)
    outcome = ensure(host, ServerPackage(debian.MYSQL, debian, None))
    assert (outcome.status, installed) == ("changed", ["mysql-server"])


def test_on_el_the_vendors_package_goes_before_the_distributions(
    host: Host, link: FakeLink, installed: list[str]
) -> None:
    blank(link, redhat, EL["candidate"] | {"mysql-server": "8.0.36-1.el9_3\n"})
    assert ensure(host, ServerPackage(redhat.MYSQL, redhat, None)).status == "changed"
    assert installed == ["mysql-community-server"]


def test_on_el_a_version_is_named_at_the_install(host: Host, link: FakeLink, installed: list[str]) -> None:
    blank(link, redhat, EL["candidate"])
    ensure(host, ServerPackage(redhat.MYSQL, redhat, "5.6.24"))
    assert installed == ["mysql-community-server-5.6.24[.-]*"]


def test_either_of_els_packages_counts_as_the_server(host: Host, link: FakeLink) -> None:
    link.says(redhat.version_question("mysql-community-server"), "")
    link.says(redhat.version_question("mysql-server"), "8.0.36-1.el9_3\n")
    assert ensure(host, ServerPackage(redhat.MYSQL, redhat, None)).status == "ok"


@pytest.mark.parametrize("version", [None, "9.7"])
def test_stale_lists_are_renewed_before_it_is_given_up(
    host: Host, link: FakeLink, installed: list[str], monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    blank(link, debian, {})
    offer, install = debian.candidate_question("mysql-server"), debian.install

    def as_the_lists_are(host: Host, *packages: str) -> None:
        if debian.REFRESH not in link.changed:
            raise CommandFailed("master", "apt-get install", Ran(100, "", "E: Unable to locate package mysql-server"))
        install(host, *packages)

    monkeypatch.setattr(debian, "install", as_the_lists_are)
    link.takes(debian.REFRESH, lambda: link.says(offer, CANDIDATES["mysql-server"]))
    assert ensure(host, ServerPackage(debian.MYSQL, debian, version)).status == "changed"
    assert installed == ["mysql-server"]


def test_keepalived_comes_with_the_server_in_one_go(host: Host, link: FakeLink, installed: list[str]) -> None:
    blank(link, debian, CANDIDATES)
    link.says(debian.version_question("keepalived"), "1:2.3.4-1")
    assert ensure(host, ServerPackage(debian.MYSQL, debian, None, ("keepalived",))).status == "changed"
    assert installed == ["mysql-server", "keepalived"]


def test_an_install_that_brought_the_server_alone_did_not_take(
    host: Host, link: FakeLink, installed: list[str]
) -> None:
    blank(link, debian, CANDIDATES)
    link.says(debian.version_question("keepalived"), "")
    with pytest.raises(NotConverged, match="keepalived: is None, wanted 'installed'"):
        ensure(host, ServerPackage(debian.MYSQL, debian, None, ("keepalived",)))
    assert installed == ["mysql-server", "keepalived"]


def test_why_an_install_failed_is_told_where_the_sources_have_the_server(
    host: Host, link: FakeLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    blank(link, debian, CANDIDATES)

    def install(host: Host, *packages: str) -> None:
        raise CommandFailed("master", "apt-get install", Ran(100, "", "E: You don't have enough free space"))

    monkeypatch.setattr(debian, "install", install)
    with pytest.raises(CommandFailed, match="enough free space"):
        ensure(host, ServerPackage(debian.MYSQL, debian, None))


def test_sources_without_the_server_are_named_with_the_ways_out(host: Host, link: FakeLink) -> None:
    blank(link, redhat, {})
    link.says_where("makecache", "")
    with pytest.raises(RunbookError, match=r"no mysql-community-server and no mysql-server\n.*ENGINE.*MYSQL_SOURCE"):
        ensure(host, ServerPackage(redhat.MYSQL, redhat, None))


@pytest.mark.parametrize(
    ("version", "offered", "kept"),
    [
        ("8.0.36", "8.0.36-1debian12", True),
        ("8.0", "8.0.44-1debian12", True),
        ("10.11", "1:10.11.18-0+deb12u1", True),
        ("8.0.3", "8.0.36-1debian12", False),
        ("8.0", "18.0.1", False),
        ("5.6", "5x6.1", False),
    ],
)
def test_debians_pin_is_for_that_version_or_series_alone(version: str, offered: str, kept: bool) -> None:
    import re

    path, text = debian.pin(version) or ("", "")
    assert path.startswith("/etc/apt/preferences.d/")
    pattern = re.search(r"^Pin: version /(.+)/$", text, re.MULTILINE)
    assert pattern and bool(re.search(pattern[1], offered)) is kept


def test_a_version_is_pinned_on_debian_before_the_install(settings_of: Callable[..., Settings]) -> None:
    pin, server = package_steps(settings_of(MYSQL_VERSION="9.7"), debian, debian.MYSQL)
    assert isinstance(pin, File) and "9[.]7" in pin.content
    assert isinstance(server, ServerPackage)


@pytest.mark.parametrize(
    ("version", "there", "meant"),
    [("10.1", "10.1.48-1.el7", True), ("10.1", "10.11.8-1.el9", False), ("5.6.24", "5.6.24-3.el7", True)],
)
def test_yum_is_told_of_that_version_or_series_alone(version: str, there: str, meant: bool) -> None:
    assert fnmatch(f"MariaDB-server-{there}", redhat.at_version("MariaDB-server", version)) is meant


def test_a_series_that_debians_sources_lack_is_refused_before_another_is_installed(
    host: Host, link: FakeLink, installed: list[str]
) -> None:
    blank(link, debian, CANDIDATES)
    with pytest.raises(RunbookError, match=r"MYSQL_VERSION = 8.0: .* have mysql-server 9\.7\."):
        ensure(host, ServerPackage(debian.MYSQL, debian, "8.0"))
    assert installed == []


# ---- files that are carried ----


@pytest.fixture
def release(settings_of: Callable[..., Settings], tmp_path: Path) -> list[Step]:
    file = tmp_path / "mysql-community-release-el7-5.noarch.rpm"
    file.write_bytes(b"rpm")
    return package_steps(settings_of(MYSQL_SOURCE=str(file)), redhat, redhat.MYSQL)


def test_a_release_package_is_known_by_its_name_whatever_its_version(
    host: Host, link: FakeLink, release: list[Step]
) -> None:
    link.says(redhat.version_question("mysql-community-release"), EL["installed"]["mysql-community-release"])
    assert ensure(host, release[0]).status == "ok"


def test_a_release_package_is_carried_installed_and_its_repository_read(
    host: Host, link: FakeLink, release: list[Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    question = redhat.version_question("mysql-community-release")

    def install(host: Host, *packages: str) -> None:
        done.extend(packages)
        link.says(question, EL["installed"]["mysql-community-release"])

    monkeypatch.setattr(redhat, "install", install)
    link.says(question, "")
    link.takes(f"rm -rf {CARRIED_TO}")
    link.says_where("module disable", "")
    link.says_where("makecache", "")
    assert ensure(host, release[0]).status == "changed"
    assert done == [f"{CARRIED_TO}/mysql-community-release-el7-5.noarch.rpm"]
    assert any("makecache" in call for call in link.calls)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "packages"
    folder.mkdir()
    for name in ("mysql-common_5.8+1.1.0_all.deb", "mysql-community-server_8.0.36-1debian12_amd64.deb"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_a_folders_packages_are_all_installed_at_once(
    host: Host,
    link: FakeLink,
    folder: Path,
    settings_of: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (step,) = package_steps(settings_of(MYSQL_SOURCE=str(folder)), debian, debian.MYSQL)
    done: list[tuple[str, ...]] = []
    questions = [debian.version_question(name) for name in ("mysql-common", "mysql-community-server")]

    def install(host: Host, *packages: str) -> None:
        done.append(packages)
        for question in questions:
            link.says(question, "1")

    monkeypatch.setattr(debian, "install", install)
    link.says(questions[0], "5.8+1.1.0")
    link.says(questions[1], "")
    link.takes(f"rm -rf {CARRIED_TO}")
    outcome = ensure(host, step)
    assert outcome.gap == [Change("mysql-community-server", None, "installed")]
    assert done == [tuple(f"{CARRIED_TO}/{file.name}" for file in sorted(folder.iterdir()))]


def test_nothing_is_carried_when_a_checksum_is_wrong(
    host: Host, link: FakeLink, folder: Path, settings_of: Callable[..., Settings]
) -> None:
    (folder / SUMS).write_text("0000  mysql-common_5.8+1.1.0_all.deb\n")
    (step,) = package_steps(settings_of(MYSQL_SOURCE=str(folder)), debian, debian.MYSQL)
    for name in ("mysql-common", "mysql-community-server"):
        link.says(debian.version_question(name), "")
    with pytest.raises(BadInput, match="SHA256SUMS"):
        ensure(host, step)
    assert link.changed == []


def test_a_plan_does_not_fetch(settings_of: Callable[..., Settings]) -> None:
    settings = settings_of(MYSQL_SOURCE="http://127.0.0.1:9/mysql-community-release-el7-5.noarch.rpm")
    link = FakeLink()
    link.says(redhat.version_question("mysql-community-release"), "")
    step, _ = package_steps(settings, redhat, redhat.MYSQL)
    assert ensure(host_of(settings, link, dry=True), step).status == "would change"


def test_a_file_is_carried_whole(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "big.tar.gz"
    file.write_bytes(bytes(range(256)) * 5000)
    host = host_of(settings, LocalLink())
    path = host.carry(file, str(tmp_path / "there"))
    assert Path(path).read_bytes() == file.read_bytes()


def test_a_file_that_did_not_arrive_whole_is_not_there(settings: Settings, tmp_path: Path) -> None:
    file, link = tmp_path / "big.tar.gz", LocalLink()
    file.write_bytes(bytes(range(256)) * 5000)
    link.cut_stdin = 1000
    with pytest.raises(CommandFailed, match="is the disk full"):
        host_of(settings, link).carry(file, str(tmp_path / "there"))
    assert list((tmp_path / "there").iterdir()) == []


def test_a_dry_run_carries_nothing(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "a.rpm"
    file.touch()
    host = host_of(settings, LocalLink(), dry=True)
    assert isinstance(host, DryHost)
    with pytest.raises(AssertionError, match="dry run"):
        host.carry(file, str(tmp_path / "there"))
    assert not (tmp_path / "there").exists()
