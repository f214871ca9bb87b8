"""hosts.env after a change of roles: what belongs to a host goes with it, whatever else stands in the file."""

from pathlib import Path

import pytest
from hosts_env_text import lines, write

from runbook.settings.exchange import exchanged, rewritten
from runbook.settings.hosts_env import read, render_hosts_env
from runbook.settings.load import load

pytestmark = pytest.mark.usefixtures("own_home")


def turned(text: str, folder: Path, epoch: int = 2) -> str:
    """What the text becomes by this change of roles."""
    file = folder / "before.env"
    file.write_text(text)
    file.chmod(0o600)
    return rewritten(text, exchanged(read(file).texts, epoch))


def test_each_host_keeps_what_it_is_and_the_roles_are_exchanged(tmp_path: Path) -> None:
    text = lines(MASTER_SSH="db-one", MASTER_INTERFACE="ens33", SLAVE_SERVER_ID="7", MASTER_PRIORITY="252")
    before = load(write(tmp_path, text))
    after = load(write(tmp_path, turned(text, tmp_path)))
    assert (after.master.address, after.slave.address) == (before.slave.address, before.master.address)
    assert (after.master.server_id, after.slave.server_id) == (7, 1)
    assert (after.slave.ssh_host, after.master.ssh_host) == ("db-one", str(before.slave.address))
    assert (after.slave.interface, after.master.interface) == ("ens33", None)
    assert (after.master.priority, after.slave.priority) == (before.master.priority, before.slave.priority)
    assert after.vip == before.vip
    assert (before.roles_epoch, after.roles_epoch) == (0, 2)


def test_twice_is_as_before(tmp_path: Path) -> None:
    text = lines(MASTER_SSH="db-one", SLAVE_AUTO_INCREMENT_OFFSET="1")
    before = load(write(tmp_path, text))
    after = load(write(tmp_path, turned(turned(text, tmp_path), tmp_path, 3)))
    assert (after.master, after.slave) == (before.master, before.slave)
    assert after.roles_epoch == 3


def test_a_key_that_had_its_default_gets_the_line_that_stands_behind_a_hash() -> None:
    text = render_hosts_env({"MASTER_HOST": "10.0.0.1", "SLAVE_HOST": "10.0.0.2", "VIP": "10.0.0.3"})
    after = rewritten(text, {"MASTER_SERVER_ID": "2", "SLAVE_SERVER_ID": "1"})
    assert "\nMASTER_SERVER_ID=2\n" in after and "\nSLAVE_SERVER_ID=1\n" in after
    assert len(after.splitlines()) == len(text.splitlines())


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_that_are_not_meant_stay_byte_by_byte(end: str) -> None:
    kept = [" # MASTER_HOST=old", "MASTER_HOST_OF_OURS=x", "VIP=10.0.0.3", "MYSQL_ROOT_PASSWORD='MASTER_HOST=1'"]
    text = end.join(["export MASTER_HOST = 10.0.0.1", *kept, "SLAVE_HOST=10.0.0.2"])
    after = rewritten(text, {"MASTER_HOST": "10.0.0.2", "SLAVE_HOST": "10.0.0.1", "SLAVE_SSH": "db"})
    assert after == end.join(["MASTER_HOST=10.0.0.2", *kept, "SLAVE_HOST=10.0.0.1", "SLAVE_SSH=db", ""])
