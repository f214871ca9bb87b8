"""What must hold between several keys, to the letter and to its limits."""

from pathlib import Path

import pytest
from hosts_env_text import complaint, lines, write

from runbook.settings.load import load

M, S, V = "192.168.152.128", "192.168.152.129", "192.168.152.130"
TOO_SMALL = "a subnet this small has no room for both hosts and the VIP; give the prefix the hosts have"
EDGE = "is the network or broadcast address of its subnet; take a free address between"
OUTSIDE = "is outside the VIP's subnet; correct it, or the VIP and its prefix"
HOST_ON_EDGE = "is the network or broadcast address of the VIP's subnet; give the host's own"
OFFSET = "MySQL ignores an offset above AUTO_INCREMENT_INCREMENT; lower it, or raise the increment"
ADVERT = "VRRP 3 takes 0.01 to 40.95 by 0.01, VRRP 2 whole seconds to 255; fit it to VRRP_VERSION"
MOVES = "is the VIP, which moves; give a name of the host itself"
ONE_FILE = "is for one file; a folder has a SHA256SUMS in it, the distribution's packages are signed; delete the line"
NO_TARBALL = "a tarball is taken for MySQL's only; give MariaDB's packages, or ENGINE=mysql"
NO_AUTH = "VRRP 3 has no authentication; delete the line, or set VRRP_VERSION=2"
NO_ALERTS = "there is no address to send alerts to; add ALERT_DINGTALK_URL, or delete this line"
NO_ROBOT = "signs what goes to ALERT_DINGTALK_URL, and there is none; add the robot's address, or delete this line"
NO_PRIORITY = "not above SLAVE_PRIORITY, so the slave could take the VIP from a healthy master; raise it"
SHA256 = "0" * 64
ROBOT, HOOK = "https://ding.example/robot?access_token=abc", "https://chat.example/hook"

BROKEN: list[tuple[dict[str, str], list[str]]] = [
    ({"SLAVE_HOST": M}, [f"SLAVE_HOST = {M}: is MASTER_HOST too; a pair is two hosts, give the slave's address"]),
    ({"VIP": f"{V}/30"}, [f"VIP = {V}/30: {TOO_SMALL}"]),
    ({"VIP": f"{V}/32"}, [f"VIP = {V}/32: {TOO_SMALL}"]),
    ({"VIP": "192.168.152.131/30"}, [f"VIP = 192.168.152.131/30: {TOO_SMALL}"]),
    ({"VIP": f"{V}/30", "MASTER_HOST": "10.0.0.1"}, [f"VIP = {V}/30: {TOO_SMALL}"]),
    ({"VIP": f"{V}/29"}, [f"MASTER_HOST = {M}: {HOST_ON_EDGE}"]),
    ({"VIP": "192.168.152.0"}, [f"VIP = 192.168.152.0: {EDGE}"]),
    ({"VIP": "192.168.152.255"}, [f"VIP = 192.168.152.255: {EDGE}"]),
    ({"VIP": M}, [f"VIP = {M}: is MASTER_HOST itself; take a free address of the same subnet"]),
    ({"VIP": S}, [f"VIP = {S}: is SLAVE_HOST itself; take a free address of the same subnet"]),
    ({"MASTER_HOST": "192.168.153.1"}, [f"MASTER_HOST = 192.168.153.1: {OUTSIDE}"]),
    ({"SLAVE_HOST": "192.168.151.255"}, [f"SLAVE_HOST = 192.168.151.255: {OUTSIDE}"]),
    ({"MASTER_HOST": "192.168.152.0"}, [f"MASTER_HOST = 192.168.152.0: {HOST_ON_EDGE}"]),
    ({"SLAVE_HOST": "192.168.152.255"}, [f"SLAVE_HOST = 192.168.152.255: {HOST_ON_EDGE}"]),
    ({"MASTER_SSH": S}, [f"MASTER_SSH = {S}: is SLAVE_HOST; give the way to MASTER_HOST, or leave it empty"]),
    ({"SLAVE_SSH": M}, [f"SLAVE_SSH = {M}: is MASTER_HOST; give the way to SLAVE_HOST, or leave it empty"]),
    ({"MASTER_SSH": M, "SLAVE_HOST": M},
     [f"SLAVE_HOST = {M}: is MASTER_HOST too; a pair is two hosts, give the slave's address"]),
    ({"MASTER_SSH": V}, [f"MASTER_SSH = {V}: {MOVES}"]),
    ({"SLAVE_SSH": V}, [f"SLAVE_SSH = {V}: {MOVES}"]),
    ({"MASTER_SSH": "db", "SLAVE_SSH": "db"},
     ["SLAVE_SSH = db: is MASTER_SSH too; a pair is two hosts, give the slave's name"]),
    ({"ENGINE": "mariadb", "MYSQL_SOURCE": "./mysql.tar.gz"}, [f"ENGINE = mariadb: {NO_TARBALL}"]),
    ({"MYSQL_SHA256": SHA256}, [f"MYSQL_SHA256 = {SHA256}: {ONE_FILE}"]),
    ({"MYSQL_SHA256": SHA256, "MYSQL_SOURCE": "./packages"}, [f"MYSQL_SHA256 = {SHA256}: {ONE_FILE}"]),
    ({"CHECK_USER": "replica"},
     ["CHECK_USER = replica: is REPLICA_USER too, and each has rights of its own; rename one"]),
    ({"PROBE_USER": "replica"},
     ["PROBE_USER = replica: is REPLICA_USER too, and each has rights of its own; rename one"]),
    ({"PROBE_USER": "runbook_check"},
     ["PROBE_USER = runbook_check: is CHECK_USER too, and each has rights of its own; rename one"]),
    ({"SLAVE_SERVER_ID": "1"},
     ["SLAVE_SERVER_ID = 1: is the master's too, and replication stops on that; take another number"]),
    ({"MASTER_AUTO_INCREMENT_OFFSET": "2"}, [f"MASTER_AUTO_INCREMENT_OFFSET = 2: {OFFSET}"]),
    ({"SLAVE_AUTO_INCREMENT_OFFSET": "2"}, [f"SLAVE_AUTO_INCREMENT_OFFSET = 2: {OFFSET}"]),
    ({"AUTH_PASS": "1111"}, [f"AUTH_PASS = ***: {NO_AUTH}"]),
    ({"MASTER_PRIORITY": "240"}, [f"MASTER_PRIORITY = 240: {NO_PRIORITY}"]),
    ({"MASTER_PRIORITY": "239"}, [f"MASTER_PRIORITY = 239: {NO_PRIORITY}"]),
    ({"ADVERT_INT": "40.96"}, [f"ADVERT_INT = 40.96: {ADVERT}"]),
    ({"ADVERT_INT": "41"}, [f"ADVERT_INT = 41: {ADVERT}"]),
    ({"ADVERT_INT": "0.005"}, [f"ADVERT_INT = 0.005: {ADVERT}"]),
    ({"ADVERT_INT": "1.5", "VRRP_VERSION": "2"}, [f"ADVERT_INT = 1.5: {ADVERT}"]),
    ({"ADVERT_INT": "256", "VRRP_VERSION": "2"}, [f"ADVERT_INT = 256: {ADVERT}"]),
    ({"VRRP_VERSION": "2"}, [f"ADVERT_INT = 0.15: {ADVERT}"]),
    ({"ALERT_DINGTALK_SECRET": "SEC1"}, [f"ALERT_DINGTALK_SECRET = ***: {NO_ROBOT}"]),
    ({"ALERT_DINGTALK_SECRET": "SEC1", "ALERT_WEBHOOK_URL": HOOK}, [f"ALERT_DINGTALK_SECRET = ***: {NO_ROBOT}"]),
    ({"ALERT_KEYWORD": "alert"}, [f"ALERT_KEYWORD = alert: {NO_ALERTS}"]),
    ({"VIP": M, "MASTER_PRIORITY": "1", "SLAVE_SERVER_ID": "1"},
     [f"VIP = {M}: is MASTER_HOST itself; take a free address of the same subnet",
      "SLAVE_SERVER_ID = 1: is the master's too, and replication stops on that; take another number",
      f"MASTER_PRIORITY = 1: {NO_PRIORITY}"]),
]  # fmt: skip

KEPT: list[dict[str, str]] = [
    {"VIP": f"{V}/29", "MASTER_HOST": "192.168.152.131"},
    {"VIP": "192.168.152.1", "MASTER_HOST": "192.168.152.254"},
    {"MASTER_SSH": M, "SLAVE_SSH": S},
    {"MASTER_SSH": "db-one", "SLAVE_SSH": "db-two"},
    {"MASTER_SSH": "db-one"},
    {"ENGINE": "mysql", "MYSQL_SOURCE": "./mysql.tar.gz", "MYSQL_SHA256": SHA256},
    {"ENGINE": "auto", "MYSQL_SOURCE": "./mysql.tar.gz"},
    {"ENGINE": "mariadb", "MYSQL_SOURCE": "https://vendor.example/a.rpm", "MYSQL_SHA256": SHA256},
    {"ENGINE": "mariadb"},
    {"AUTO_INCREMENT_INCREMENT": "2", "MASTER_AUTO_INCREMENT_OFFSET": "2", "SLAVE_AUTO_INCREMENT_OFFSET": "2"},
    {"AUTH_PASS": "1111", "VRRP_VERSION": "2", "ADVERT_INT": "1"},
    {"MASTER_PRIORITY": "241"},
    {"ADVERT_INT": "40.95"},
    {"ADVERT_INT": "0.01"},
    {"ADVERT_INT": "255", "VRRP_VERSION": "2"},
    {"ADVERT_INT": "1.0", "VRRP_VERSION": "2"},
    {"ALERT_DINGTALK_SECRET": "SEC1", "ALERT_DINGTALK_URL": ROBOT},
    {"ALERT_KEYWORD": "alert", "ALERT_DINGTALK_URL": ROBOT},
    {"ALERT_KEYWORD": "alert", "ALERT_WEBHOOK_URL": HOOK},
]

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a server's packages and a tarball beside hosts.env."""
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "server.rpm").touch()
    (tmp_path / "mysql.tar.gz").touch()
    return tmp_path


@pytest.mark.parametrize(("changes", "told"), BROKEN)
def test_what_contradicts_another_key(folder: Path, changes: dict[str, str], told: list[str]) -> None:
    assert complaint(write(folder, lines(**changes))).splitlines()[1:] == [f"  {line}" for line in told]


@pytest.mark.parametrize("changes", KEPT)
def test_what_just_goes_together(folder: Path, changes: dict[str, str]) -> None:
    load(write(folder, lines(**changes)))


def test_a_rule_waits_until_all_of_its_keys_can_be_read(folder: Path) -> None:
    found = complaint(write(folder, lines(VIP="here", MASTER_HOST="192.168.153.1", SLAVE_HOST="192.168.153.1")))
    assert [line.split()[0] for line in found.splitlines()[1:]] == ["VIP", "SLAVE_HOST"]
