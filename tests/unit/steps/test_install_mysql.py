"""What install-mysql asks of an installed server: its version, and that nothing but its unit starts it."""

import pytest
from fake import FakeLink, FakeMysqld, link_of, mysqld_of

from runbook.core.step import Change, ensure
from runbook.errors import RunbookError
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.pair.pair import Pair
from runbook.steps.install_mysql import NoSocketActivation, WantedVersion, phases
from runbook.system import debian
from runbook.system.resources import service_question

pytestmark = pytest.mark.usefixtures("fake_mysql")


def running(pair: Pair, version: str) -> FakeMysqld:
    mysqld = mysqld_of(pair.master)
    mysqld.says("SELECT VERSION() AS version, @@version_comment AS comment", {"version": version, "comment": "x"})
    return mysqld


@pytest.mark.parametrize("wanted", ["9.7.4", "9.7", "9"])
def test_the_wanted_version_or_series_is_right(pair: Pair, wanted: str) -> None:
    running(pair, "9.7.4")
    assert ensure(pair.master.host, WantedVersion(pair.master.server, wanted)).status == "ok"


@pytest.mark.parametrize("wanted", ["9.7.40", "9.7.3", "9.70", "8.0"])
def test_another_version_is_told_and_nothing_is_done(pair: Pair, wanted: str) -> None:
    running(pair, "9.7.4")
    step = WantedVersion(pair.master.server, wanted)
    with pytest.raises(RunbookError, match=rf"MYSQL_VERSION = {wanted}, and 9\.7\.4 is installed\n.*Nothing is"):
        ensure(pair.master.host, step)
    assert link_of(pair.master).changed == []


def test_a_socket_that_would_start_mariadb_is_switched_off(pair: Pair) -> None:
    step, link = NoSocketActivation("mariadb"), link_of(pair.master)
    question = service_question("mariadb.socket")
    link.says(question, "inactive enabled\n")
    link.takes(
        "systemctl disable mariadb.socket && systemctl stop mariadb.socket",
        lambda: link.says(question, "inactive disabled\n"),
    )
    assert ensure(pair.master.host, step).gap == [Change("enabled", "yes", "no")]


@pytest.mark.parametrize("there", ["inactive not-found\n", "inactive disabled\n", "inactive masked\n"])
def test_no_socket_or_one_that_is_off_is_right(pair: Pair, there: str) -> None:
    link: FakeLink = link_of(pair.master)
    link.says(service_question("mysql.socket"), there)
    assert ensure(pair.master.host, NoSocketActivation("mysql")).status == "ok"


@pytest.mark.parametrize(
    ("before", "after", "brought"),
    [("", "ibdata1\n", True), ("", "", False), ("ibdata1\n", "ibdata1\n", False)],
    ids=["made by the package", "left to the unit", "data that were there"],
)
def test_the_option_file_is_there_before_the_first_start_where_the_package_makes_the_data(
    pair: Pair, before: str, after: str, brought: bool
) -> None:
    link = link_of(pair.master)
    packages, files, *_ = phases(pair, lambda side, why: pytest.fail("nothing is restarted"))
    link.says(PROGRAM_QUESTION, "")
    link.says(debian.DATA_QUESTION, before)
    packages.items(pair.master)
    link.says(PROGRAM_QUESTION, "mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))\n")
    link.says(debian.DATA_QUESTION, after)
    names = [item.name for item in files.items(pair.master)]
    assert ("file /etc/mysql/mysql.conf.d/zz-runbook.cnf" in names) is brought
    assert bool(names) is brought
