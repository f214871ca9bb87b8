"""Which transactions a server made itself while it should have made none."""

import pytest
from fake import mysqld_of, pair_of

from runbook.drill.transactions import UUID, made_since
from runbook.settings import Settings

MASTER, SLAVE = "8587cfea-e694-11f1-a2a7-aa973a0c2499", "91d7f2aa-e694-11f1-b0b0-12973a0c2499"
BEFORE = f"{MASTER}:1-15"


@pytest.mark.parametrize(
    ("new", "own"),
    [
        ("", ""),
        (f"{MASTER}:16-20", ""),
        (f"{SLAVE}:1", f"{SLAVE}:1"),
        (f"{MASTER}:16-20,{SLAVE}:1-2:tagged:7", f"{SLAVE}:1-2:tagged:7"),
    ],
)
def test_only_its_own_transactions_count(settings: Settings, fake_mysql: None, new: str, own: str) -> None:
    pair = pair_of(settings)
    mysqld = mysqld_of(pair.slave)
    mysqld.says(UUID, {"@@server_uuid": SLAVE})
    mysqld.says(f"SELECT REPLACE(GTID_SUBTRACT(@@GLOBAL.gtid_executed, '{BEFORE}'), '\\n', '')", {"new": new})
    assert made_since(pair.slave.server, BEFORE) == own
