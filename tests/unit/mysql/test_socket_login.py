"""The client on the host: what it is told comes by stdin, and what root has set for himself is not heard."""

from pathlib import Path

import pytest
from fake import LocalLink, host_of
from local_link import stub
from station import FOREIGN

from runbook.mysql import socket_login
from runbook.settings.settings import Settings


@pytest.mark.parametrize("name", ["mysql", "mariadb"])
def test_the_client_gets_its_options_by_a_pipe_and_hears_of_no_others(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    stub(tmp_path, name, 'cat "${1#--defaults-file=}"; cat; env | grep -E "^(LIB)?MYSQL_"; echo "$*" >&2')
    link = LocalLink(tmp_path)
    link._environment |= FOREIGN
    said = socket_login.ask(host_of(settings, link), "[client]\nuser=root\n", "SELECT 1").splitlines()
    assert said == ["[client]", "user=root", "SELECT 1;", "MYSQL_TEST_LOGIN_FILE=/nonexistent"]
