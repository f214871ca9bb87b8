"""mysqld is started with our option file whole: one that was cut off kept it from starting, and no command led out."""

import pytest
from fake import FakeLink, captured_pair, link_of

from runbook.core.host import Host
from runbook.core.step import ensure
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings
from runbook.steps.configure_mycnf import our_option_file
from runbook.steps.mysqld import Mysqld, last_line_question
from runbook.system.resources import service_question

DOWN, UP = "failed enabled\n", "active enabled\n"


@pytest.fixture
def pair(settings: Settings) -> Pair:
    return captured_pair(settings)


@pytest.fixture
def link(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> FakeLink:
    """The slave, whose mysqld is down; what is put there is among what is changed."""
    link, side = link_of(pair.slave), pair.slave

    def put(host: Host, path: str, content: str, *, mode: int, **_: object) -> None:
        host.changing(path)
        link.changed.append(path)

    monkeypatch.setattr(Host, "put", put)
    link.says(service_question(side.names.unit), DOWN)
    link.takes(
        f"systemctl reset-failed {side.names.unit} 2>/dev/null; systemctl start {side.names.unit}",
        lambda: link.says(service_question(side.names.unit), UP),
    )
    file = our_option_file(side)
    link.takes(file.validation(f"{file.path}.candidate"))
    link.takes(f"rm -f {file.path}.candidate")
    link.says_where("cp -pL", "")
    return link


@pytest.mark.parametrize(
    ("ends_with", "written"), [("port =\n", True), ("empty\n", True), ("super_read_only = ON\n", False), ("", False)]
)
def test_a_file_that_was_cut_off_is_written_anew_before_the_start(
    pair: Pair, link: FakeLink, ends_with: str, written: bool
) -> None:
    path = our_option_file(pair.slave).path
    link.says(last_line_question(path), ends_with)
    assert ensure(pair.slave.host, Mysqld.of(pair.slave)).status == "changed"
    assert (path in link.changed) == written
    assert "systemctl start" in link.changed[-1]


def test_of_one_that_runs_no_file_is_touched(pair: Pair, link: FakeLink) -> None:
    link.says(service_question(pair.slave.names.unit), UP)
    assert ensure(pair.slave.host, Mysqld.of(pair.slave)).status == "ok"
    assert link.changed == []
