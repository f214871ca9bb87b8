"""What the server is called on a host: found from what is installed, else told by hosts.env and the package sources."""

from pathlib import Path
from types import ModuleType

import pytest
from case_files import Case, cases
from fake import FakeLink, captured_json

from runbook.core.host import Host
from runbook.errors import BadInput
from runbook.settings.settings import WantedEngine
from runbook.settings.source import Source
from runbook.system import debian, redhat
from runbook.system.family import names_on
from runbook.system.server_names import SOCKETS, UNITS_QUESTION, ServerNames

DISTRIBUTION = Source("distribution")
UNITS = captured_json("units.json")


@cases("units")
@pytest.mark.parametrize("named", [False, True])
def test_what_is_installed_is_found_whether_hosts_env_names_it_or_not(
    host: Host, link: FakeLink, case: Case, named: bool
) -> None:
    """MariaDB's units have aliases, which are not taken for MySQL's."""
    link.says(UNITS_QUESTION, case.text)
    family = {"debian": debian, "redhat": redhat}[case.given["family"]]
    expected: ServerNames = getattr(family, case.means["names"])
    found = names_on(host, family, expected.engine if named else "auto", DISTRIBUTION)
    assert (found, found.unit) == (expected, case.means["unit"])


@pytest.mark.parametrize(("wanted", "there"), [("mysql", "mariadb"), ("mariadb", "mysql")])
def test_another_engine_than_the_wanted_is_refused_and_not_replaced(
    host: Host, link: FakeLink, wanted: WantedEngine, there: str
) -> None:
    link.says(UNITS_QUESTION, UNITS[there])
    with pytest.raises(BadInput, match=rf"master .*ENGINE = {wanted}.*\n.*ENGINE={there}.*Nothing is replaced"):
        names_on(host, debian, wanted, DISTRIBUTION)


@pytest.mark.parametrize(("wanted", "expected"), [("mysql", debian.MYSQL), ("mariadb", debian.MARIADB)])
def test_on_a_blank_host_hosts_env_decides(
    host: Host, link: FakeLink, wanted: WantedEngine, expected: ServerNames
) -> None:
    link.says(UNITS_QUESTION, UNITS["blank"])
    assert names_on(host, debian, wanted, DISTRIBUTION) == expected


@pytest.mark.parametrize(
    ("mysql", "mariadb", "expected"),
    [("9.7.4-2\n", "", debian.MYSQL), ("", "1:10.11.18-0+deb12u1\n", debian.MARIADB), ("", "", debian.MYSQL)],
)
def test_on_a_blank_host_without_engine_its_package_sources_decide(
    host: Host, link: FakeLink, mysql: str, mariadb: str, expected: ServerNames
) -> None:
    link.says(UNITS_QUESTION, UNITS["blank"])
    link.says(debian.candidate_question("mysql-server"), mysql)
    link.says(debian.candidate_question("mariadb-server"), mariadb)
    assert names_on(host, debian, "auto", DISTRIBUTION) == expected


@pytest.mark.parametrize("family", [debian, redhat])
def test_a_tarball_makes_a_server_of_its_own_name(host: Host, link: FakeLink, family: ModuleType) -> None:
    link.says(UNITS_QUESTION, UNITS["blank"])
    names = names_on(host, family, "auto", Source("tarball", "/srv/mysql.tar.gz"))
    assert (names.engine, names.unit, names.my_cnf) == ("mysql", "mysqld", "/etc/my.cnf")


@pytest.mark.parametrize(
    ("file", "engine"),
    [("mysql-community-server_8.0.36-1_amd64.deb", "mysql"), ("MariaDB-server-10.11.6-1.el9.x86_64.rpm", "mariadb")],
)
def test_a_folder_tells_its_engine(host: Host, link: FakeLink, tmp_path: Path, file: str, engine: str) -> None:
    link.says(UNITS_QUESTION, UNITS["blank"])
    (tmp_path / file).touch()
    assert names_on(host, debian, "auto", Source("folder", str(tmp_path))).engine == engine


@pytest.mark.parametrize("family", [debian, redhat])
def test_the_socket_of_every_server_is_looked_at(family: ModuleType) -> None:
    assert {names.socket for names in (*family.SERVERS, family.FROM_TARBALL)} <= set(SOCKETS)
