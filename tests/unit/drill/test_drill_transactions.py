"""Which transactions a server made itself while it should have made none."""

import pytest
from fake import mysqld_of, pair_of

from runbook.settings.settings import Settings

MASTER, SLAVE = "8587cfea-e694-11f1-a2a7-aa973a0c2499", "91d7f2aa-e694-11f1-b0b0-12973a0c2499"
BEFORE = f"{MASTER}:1-15,{SLAVE}:1-3"


@pytest.mark.parametrize(
    ("new", "own"),
    [
        ("", []),
        (f"{MASTER}:16-20", []),
        (f"{SLAVE}:4", [f"{SLAVE}:4"]),
        (f"{MASTER}:16-20,{SLAVE}:4-5:tagged:7", [f"{SLAVE}:4", f"{SLAVE}:5", f"{SLAVE}:tagged:7"]),
    ],
)
def test_only_its_own_transactions_count(settings: Settings, fake_mysql: None, new: str, own: list[str]) -> None:
    side = pair_of(settings).slave
    mysqld = mysqld_of(side)
    mysqld.says("SELECT @@server_uuid", {"@@server_uuid": SLAVE})
    mysqld.says("SELECT @@GLOBAL.gtid_executed", {"executed": BEFORE})
    before = side.tracking.own(side.server)
    mysqld.says("SELECT @@GLOBAL.gtid_executed", {"executed": f"{BEFORE},{new}".strip(",")})
    assert list(side.tracking.own_since(side.server, before)) == own
