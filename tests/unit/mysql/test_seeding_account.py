"""The account and the plugin by which data are fetched: there for as long as that lasts, and in no binary log."""

import pytest
from fake import FakeMysqld, mysqld_of, pair_of

from runbook.errors import HostError
from runbook.mysql.seeding import clone
from runbook.mysql.seeding.account import HOSTS, forget, seeder
from runbook.mysql.session import Server
from runbook.settings.settings import Settings

pytestmark = pytest.mark.usefixtures("fake_mysql")

FROM = "10.0.0.2"
ACCOUNT = f"'runbook_seeder'@'{FROM}'"
FOUND = HOSTS.replace("%s", "'runbook_seeder'")


@pytest.fixture
def server(settings: Settings) -> Server:
    """A donor that is closed, as a slave that serves is."""
    return pair_of(settings).slave.server


@pytest.fixture
def mysqld(server: Server, settings: Settings) -> FakeMysqld:
    pair = pair_of(settings)
    pair.slave.server, pair.slave.host = server, server.host
    mysqld = mysqld_of(pair.slave)
    mysqld.closed(True)
    mysqld.unlogged()
    mysqld.says(FOUND)

    def made() -> None:
        mysqld.says(FOUND, {"host": FROM})

    mysqld.takes(f"CREATE USER IF NOT EXISTS {ACCOUNT} IDENTIFIED BY 'sesame'", made)
    mysqld.takes(f"ALTER USER {ACCOUNT} IDENTIFIED BY 'sesame' PASSWORD EXPIRE NEVER ACCOUNT UNLOCK")
    mysqld.takes(f"GRANT BACKUP_ADMIN ON *.* TO {ACCOUNT}")
    mysqld.takes(f"DROP USER {ACCOUNT}", lambda: mysqld.says(FOUND))
    mysqld.says(clone.PLUGIN)
    mysqld.takes(
        "INSTALL PLUGIN clone SONAME 'mysql_clone.so'", lambda: mysqld.says(clone.PLUGIN, {"status": "ACTIVE"})
    )
    mysqld.takes("UNINSTALL PLUGIN clone", lambda: mysqld.says(clone.PLUGIN))
    return mysqld


def unlogged(changed: list[str]) -> list[str]:
    """What was done between the switching off of the binary log and its switching on; the rest must be neither."""
    done, off = [], False
    for statement in changed:
        if statement.startswith("SET SESSION sql_log_bin"):
            off = statement.endswith("OFF")
        elif not statement.startswith("SET GLOBAL super_read_only"):
            assert off, f"in the binary log: {statement}"
            done.append(statement.split(" ")[0])
    return done


def test_it_is_gone_whatever_ended_the_copy(server: Server, mysqld: FakeMysqld) -> None:
    with pytest.raises(HostError, match="no room"), seeder(server, FROM, "sesame", ("BACKUP_ADMIN",)):
        assert mysqld.run(FOUND) == [{"host": FROM}]
        raise HostError("slave", "no room")
    assert mysqld.run(FOUND) == []
    assert unlogged(mysqld.changed) == ["CREATE", "ALTER", "GRANT", "DROP"]
    assert mysqld.run("SELECT @@GLOBAL.super_read_only") == [{"closed": 1}]


def test_what_an_earlier_run_left_is_taken_away_first(server: Server, mysqld: FakeMysqld) -> None:
    mysqld.says(FOUND, {"host": FROM})
    with seeder(server, FROM, "sesame", ("BACKUP_ADMIN",)):
        pass
    assert unlogged(mysqld.changed) == ["DROP", "CREATE", "ALTER", "GRANT", "DROP"]


def test_where_it_is_not_nothing_is_changed(server: Server, mysqld: FakeMysqld) -> None:
    forget(server)
    clone.forget(server)
    assert mysqld.changed == []


@pytest.mark.parametrize(("had", "done"), [(False, ["INSTALL", "UNINSTALL"]), (True, [])])
def test_the_plugin_stays_where_it_was_before(server: Server, mysqld: FakeMysqld, had: bool, done: list[str]) -> None:
    if had:
        mysqld.says(clone.PLUGIN, {"status": "ACTIVE"})
    with clone.plugin(server):
        assert mysqld.run(clone.PLUGIN) == [{"status": "ACTIVE"}]
    assert unlogged(mysqld.changed) == done
