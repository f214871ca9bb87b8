"""MySQL's tarball: what it becomes on a host, and what it is refused for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake import FakeLink, file_is

from runbook.core.host import Host
from runbook.core.step import Change, NotReady, ensure
from runbook.errors import RunbookError
from runbook.settings.settings import Settings
from runbook.settings.source import Source
from runbook.steps.server_tarball import (
    DATA,
    HOME,
    DataDirectory,
    Libraries,
    OwnMyCnf,
    Programs,
    Unpacked,
    tarball_steps,
)
from runbook.system import debian, redhat
from runbook.system.resources import File

NAME = "mysql-5.6.24-linux-x86_64.tar.gz"
VERSION = f"{HOME}/bin/mysqld --no-defaults --version"


@pytest.fixture
def archive(tmp_path: Path) -> Source:
    file = tmp_path / NAME
    file.write_bytes(b"a tarball")
    return Source("tarball", str(file))


def test_it_is_carried_and_unpacked_once(host: Host, link: FakeLink, archive: Source) -> None:
    step = Unpacked(archive, None)
    (question,) = step.questions()
    link.says(question, "")
    link.says_where("tar -xf", lambda stdin: link.says(question, f"{NAME}\n") or "")
    assert ensure(host, step).gap == [Change("tarball", None, NAME)]
    assert link.changed == ["carried"]
    assert ensure(host, step).status == "ok"


@pytest.mark.parametrize("there", ["another\n", "mysql-5.7.44-linux-x86_64.tar.gz\n"])
def test_what_is_there_already_is_not_replaced(host: Host, link: FakeLink, archive: Source, there: str) -> None:
    step = Unpacked(archive, None)
    link.says(next(iter(step.questions())), there)
    with pytest.raises(RunbookError, match=rf"{HOME} is there already.*\n.*Nothing is replaced"):
        ensure(host, step)
    assert link.changed == []


@pytest.mark.parametrize(
    ("family", "missing", "packages"),
    [
        (debian, "libaio.so.1", ["libaio1"]),
        (redhat, "libncurses.so.5\nlibtinfo.so.5", ["ncurses-compat-libs"]),
    ],
)
def test_its_libraries_come_from_the_distribution(
    host: Host, link: FakeLink, monkeypatch: pytest.MonkeyPatch, family: object, missing: str, packages: list[str]
) -> None:
    done: list[str] = []

    def install(host: Host, *names: str) -> None:
        done.extend(names)
        link.says_where("ldd", "")

    monkeypatch.setattr(family, "install", install)
    link.says_where("echo there", "there\n")
    link.says_where("ldd", missing)
    assert ensure(host, Libraries(family)).status == "changed"  # type: ignore[arg-type]
    assert done == packages


def test_a_library_that_nobody_knows_is_named(host: Host, link: FakeLink) -> None:
    link.says_where("echo there", "there\n")
    link.says_where("ldd", "libstrange.so.9\n")
    with pytest.raises(RunbookError, match=r"libstrange\.so\.9.*\nInstall the package that has it"):
        ensure(host, Libraries(debian))


def test_libraries_wait_for_the_tarball(host: Host, link: FakeLink) -> None:
    link.says_where("echo there", "")
    with pytest.raises(NotReady):
        Libraries(debian).read(host)


def test_its_own_programs_are_called_with_the_servers_socket(
    host: Host, link: FakeLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Programs(debian, debian.FROM_TARBALL.socket)
    (question,) = step.questions()
    put: dict[str, str] = {}

    def write(host: Host, path: str, content: str, **_: object) -> None:
        put[path] = content
        link.says(question, "")

    monkeypatch.setattr(Host, "put", write)
    link.says(question, "mysqld\nmysql\n")
    link.says_where("echo there", "there\n")
    assert ensure(host, step).status == "changed"
    assert list(put) == ["/usr/sbin/mysqld", "/usr/bin/mysql"]
    assert f"MYSQL_UNIX_PORT=/run/mysqld/mysqld.sock exec {HOME}/bin/mysql" in put["/usr/bin/mysql"]


def test_clients_that_it_lacks_are_the_distributions(
    host: Host, link: FakeLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Programs(debian, debian.FROM_TARBALL.socket)
    (question,) = step.questions()
    done: list[str] = []

    def install(host: Host, *names: str) -> None:
        done.extend(names)
        link.says(question, "")

    monkeypatch.setattr(debian, "install", install)
    link.says(question, "mysql\nmysqladmin\n")
    link.says_where("echo there", "")
    link.says(debian.candidate_question("default-mysql-client"), "1.1.0\n")
    assert ensure(host, step).status == "changed"
    assert done == ["default-mysql-client"]


@pytest.mark.parametrize(
    ("said", "by", "not_by"),
    [
        ("mysqld  Ver 5.6.24 for Linux on x86_64 (MySQL Community Server (GPL))\n", "--bootstrap", "--initialize"),
        ("mysqld  Ver 5.7.44 for Linux on x86_64 (MySQL Community Server (GPL))\n", "--initialize", "--bootstrap"),
        ("mysqld  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)\n", "--initialize", "--bootstrap"),
    ],
)
def test_the_data_directory_is_made_as_the_version_does_it(
    host: Host, link: FakeLink, said: str, by: str, not_by: str
) -> None:
    step = DataDirectory()
    (question,) = step.questions()
    link.says(question, "")
    link.says_where("useradd", "")
    link.says(VERSION, said)
    link.says_where("log=$(mktemp)", lambda stdin: link.says(question, "yes\n") or "")
    assert ensure(host, step).status == "changed"
    made = next(call for call in link.calls if "mktemp" in call)
    assert by in made and not_by not in made
    # The folder that says it is initialised comes last.
    assert made.rindex(f"mv {DATA}/.new/mysql {DATA}/") > made.rindex("mv $each")


def test_an_operators_my_cnf_stays(host: Host, link: FakeLink) -> None:
    step = OwnMyCnf("/etc/my.cnf", "ours")
    file_is(link, "/etc/my.cnf", "[mysqld]\n")
    assert ensure(host, step).status == "ok"


def test_its_unit_is_of_the_names_that_all_else_uses(settings_of: Callable[..., Settings], archive: Source) -> None:
    names = debian.FROM_TARBALL
    *_, unit = tarball_steps(settings_of(MYSQL_SOURCE=archive.place), debian, names)
    assert isinstance(unit, File)
    assert unit.path == f"/etc/systemd/system/{names.unit}.service"
    assert f"--defaults-file={names.my_cnf}" in unit.content
    assert f"--socket={names.socket}" in unit.content
