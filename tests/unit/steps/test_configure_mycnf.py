"""Step 3 of the article: the include, our option file, and what the server accepts of it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fake import FakeLink, LocalLink, file_is, host_of, link_of, pair_of

from runbook.core.host import CommandFailed, Host
from runbook.core.ssh import Ran
from runbook.core.step import ensure
from runbook.mysql.dialects.mysql import MySQL
from runbook.mysql.program import PROGRAM_QUESTION
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings
from runbook.steps import configure_mycnf
from runbook.steps.configure_mycnf import IncludeFolder, OptionFile, refusals


def test_the_two_hosts_are_never_restarted_at_once(pair: Pair) -> None:
    assert [phase.roles for phase in configure_mycnf.phases(pair, lambda side, why: None)] == [("slave",), ("master",)]


@pytest.mark.parametrize(
    ("text", "included"),
    [
        ("!includedir /etc/mysql/conf.d/\n!includedir /etc/mysql/mysql.conf.d/\n", True),
        ("  !includedir   /etc/mysql/mysql.conf.d  \n", True),
        ("!includedir /etc/mysql/conf.d/\n", False),
        ("#!includedir /etc/mysql/mysql.conf.d/\n", False),
        ("!includedir /etc/mysql/mysql.conf.d.old/\n", False),
        ("", False),
    ],
)
def test_whether_the_folder_is_included(settings: Settings, tmp_path: Path, text: str, included: bool) -> None:
    my_cnf = tmp_path / "my.cnf"
    my_cnf.write_text(text)
    host = host_of(settings, LocalLink())
    step = IncludeFolder(str(my_cnf), "/etc/mysql/mysql.conf.d")
    assert (step.read(host) == step.want()) is included


def test_an_include_is_added_once_and_the_old_file_kept(settings: Settings, tmp_path: Path) -> None:
    my_cnf = tmp_path / "my.cnf"
    my_cnf.write_text("[mysqld]\nport = 3306")
    host = host_of(settings, LocalLink())
    step = IncludeFolder(str(my_cnf), str(tmp_path / "conf.d"))
    assert ensure(host, step).status == "changed"
    assert ensure(host, step).status == "ok"
    assert my_cnf.read_text() == f"[mysqld]\nport = 3306\n!includedir {tmp_path}/conf.d/\n"
    assert (tmp_path / "my.cnf.before-runbook").read_text() == "[mysqld]\nport = 3306"
    assert (tmp_path / "conf.d").is_dir()


OUR_FILE = "/etc/mysql/mysql.conf.d/zz-runbook.cnf"
VALIDATE = f"mysqld --defaults-file={OUR_FILE}.candidate --validate-config"


@pytest.fixture
def option_link(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> FakeLink:
    """The slave with no option file of ours yet; what is put there is kept as `changed` paths."""
    link = link_of(pair.slave)
    file_is(link, OUR_FILE, None)

    def put(host: Host, path: str, content: str, **_: object) -> None:
        link.changed.append(path)
        if path == OUR_FILE:
            file_is(link, OUR_FILE, content)

    monkeypatch.setattr(Host, "put", put)
    link.takes(f"rm -f {OUR_FILE}.candidate")
    link.says_where("cp -pL", "")
    return link


def test_mysqld_accepts_the_file_before_it_takes_its_place(pair: Pair, option_link: FakeLink) -> None:
    option_link.takes(VALIDATE)
    assert (
        ensure(pair.slave.host, OptionFile(OUR_FILE, "text", validation=MySQL((9, 7)).validation)).status == "changed"
    )
    assert option_link.changed == [f"{OUR_FILE}.candidate", VALIDATE, f"rm -f {OUR_FILE}.candidate", OUR_FILE]


TRIAL = (
    f"mysqld --defaults-file={OUR_FILE}.candidate --user=mysql --datadir=/nonexistent --skip-log-bin --verbose --help "
    "> /dev/null"
)


@pytest.mark.parametrize(
    ("version", "command", "code", "said"),
    [
        ((9, 7), VALIDATE, 1, "[ERROR] [MY-000067] [Server] unknown variable 'nosuch=1'."),
        # 5.6.24 in the lab: a wrong value, a character set that it does not have, an option that it does not know.
        ((5, 6, 24), TRIAL, 1, "[ERROR] /usr/local/mysql/bin/mysqld: Error while setting value 'FOO' to 'sql_mode'"),
        ((5, 6, 24), TRIAL, 1, "mysqld: Character set 'foo' is not a compiled character set and is not specified"),
        ((5, 6, 24), TRIAL, 7, "[ERROR] mysqld: unknown variable 'rpl_semi_sync_slave_enabled=ON'"),
    ],
)
def test_a_file_that_mysqld_refuses_never_takes_its_place(
    pair: Pair, option_link: FakeLink, version: tuple[int, ...], command: str, code: int, said: str
) -> None:
    option_link.takes(command, answer=Ran(code, "", said))
    with pytest.raises(CommandFailed, match=re.escape(said)):
        ensure(pair.slave.host, OptionFile(OUR_FILE, "text", validation=MySQL(version).validation))
    assert OUR_FILE not in option_link.changed
    assert option_link.changed[-1] == f"rm -f {OUR_FILE}.candidate"


@pytest.mark.parametrize(
    ("there", "reason"),
    [("", "SEMI_SYNC: .*came without semisync_master.so"), ("/usr/lib64/mysql/plugin/semisync_master.so\n", None)],
)
def test_semi_sync_that_the_server_came_without_is_refused_by_its_key(
    settings_of: Callable[..., Settings], there: str, reason: str | None
) -> None:
    side = pair_of(settings_of(SEMI_SYNC="on")).slave
    link_of(side).says(PROGRAM_QUESTION, "mysqld  Ver 5.6.24 for Linux on x86_64 (MySQL Community Server (GPL))\n")
    link_of(side).says_where("semisync_master.so", there)
    found = refusals(side)
    assert (found == []) if reason is None else re.match(reason, found[0])
