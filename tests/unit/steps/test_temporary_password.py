"""The temporary root password of EL's packages: found in the error log, changed outside the binary log."""

from pathlib import Path

import pytest
from case_files import Case, case, cases
from fake import FakeLink, LocalLink, host_of

from runbook.core.host import Host
from runbook.core.ssh import Ran
from runbook.core.step import ensure
from runbook.mysql.optionfile import client_section
from runbook.mysql.socket_login import CLIENT
from runbook.settings.settings import Secret, Settings
from runbook.steps.temporary_password import KNOWS_IT, TemporaryPassword
from runbook.system import redhat

(TEMPORARY,) = case("error_log", "mysql_9_7_initialized").means
MUST_CHANGE = Ran(1, "", case("mysql_client", "1820_at_a_line").text)
DENIED = Ran(1, "", "ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: YES)\n")


class Server:
    """root's password of a server, behind its socket."""

    def __init__(self, wanted: Secret) -> None:
        self.wanted = client_section("root", wanted)
        self.temporary = True
        self.statements: list[str] = []

    def answer(self, stdin: str | None) -> Ran:
        options, _, statement = (stdin or "").partition("\0")
        if options == self.wanted:
            return DENIED if self.temporary else Ran(0, "1\n", "")
        if not self.temporary or options != client_section("root", Secret(TEMPORARY)) + KNOWS_IT:
            return DENIED
        if not statement.startswith("ALTER USER"):
            return MUST_CHANGE
        self.statements.append(statement)
        self.temporary = False
        return Ran(0, "", "")


@pytest.fixture
def step(settings: Settings) -> TemporaryPassword:
    return TemporaryPassword(redhat.MYSQL, settings.mysql_root_password)


@pytest.fixture
def server(settings: Settings, link: FakeLink, step: TemporaryPassword) -> Server:
    server = Server(settings.mysql_root_password)
    (question,) = step.questions()
    link.says(question, f"{TEMPORARY}\n")
    link.says(CLIENT, server.answer)
    return server


@cases("error_log")
def test_it_is_read_from_a_real_error_log(
    settings: Settings, tmp_path: Path, step: TemporaryPassword, case: Case
) -> None:
    log = tmp_path / "mysqld.log"
    if case.said is not None:
        log.write_text(case.text)
    (question,) = step.questions()
    asked = question.replace(redhat.MYSQL.error_log, str(log))
    assert host_of(settings, LocalLink()).ask(asked) == "".join(f"{password}\n" for password in case.means)


def test_it_is_changed_while_the_server_writes_no_binary_log(
    host: Host, link: FakeLink, step: TemporaryPassword, server: Server
) -> None:
    before, after = (
        "systemctl set-environment MYSQLD_OPTS=--skip-log-bin && systemctl restart mysqld",
        "systemctl unset-environment MYSQLD_OPTS && systemctl restart mysqld",
    )
    changed_at: list[bool] = []
    link.takes(before, lambda: changed_at.append(server.temporary))
    link.takes(after, lambda: changed_at.append(server.temporary))
    assert ensure(host, step).status == "changed"
    assert changed_at == [True, False]
    assert len(server.statements) == 1


def test_one_that_the_server_does_not_take_leaves_it_with_its_binary_log(
    host: Host, link: FakeLink, step: TemporaryPassword, server: Server
) -> None:
    link.says_where("set-environment MYSQLD_OPTS=", "")
    link.takes("systemctl unset-environment MYSQLD_OPTS && systemctl restart mysqld")
    policy = Ran(1, "", "ERROR 1819 (HY000): Your password does not satisfy the current policy requirements\n")
    link.says(CLIENT, lambda stdin: policy if "ALTER USER" in (stdin or "") else server.answer(stdin))
    with pytest.raises(Exception, match="does not satisfy the current policy"):
        ensure(host, step)
    assert link.changed == ["systemctl unset-environment MYSQLD_OPTS && systemctl restart mysqld"]


def test_one_that_was_changed_long_ago_is_no_gap(host: Host, step: TemporaryPassword, server: Server) -> None:
    server.temporary = False
    assert ensure(host, step).status == "ok"


def test_a_log_without_one_costs_no_login(host: Host, link: FakeLink, step: TemporaryPassword) -> None:
    (question,) = step.questions()
    link.says(question, "")
    assert ensure(host, step).status == "ok"
    assert link.calls == [question]


def test_it_is_in_no_command(host: Host, link: FakeLink, step: TemporaryPassword, server: Server) -> None:
    link.says_where("MYSQLD_OPTS", "")
    ensure(host, step)
    assert not [call for call in link.calls if TEMPORARY in call]
