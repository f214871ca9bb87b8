"""A pair whose servers have settings of their own, such as companies have: none of them is ours to change."""

from collections.abc import Iterator

import pytest
from commandline import until
from outside import OutsidePair

SETTLED_SECONDS = 15
THEIRS = {
    "autocommit": "OFF",
    "completion_type": "CHAIN",
    "require_secure_transport": "ON",
    "sql_mode": "'ANSI,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'",
    "sql_require_primary_key": "ON",
    "transaction_isolation": "'SERIALIZABLE'",
    "wait_timeout": "2",
}
TIME_ZONES = ("'+08:00'", "'-03:30'")


@pytest.fixture
def pair_of_theirs(healthy_pair: OutsidePair) -> Iterator[OutsidePair]:
    for host, time_zone in zip(healthy_pair.hosts, TIME_ZONES, strict=True):
        values = THEIRS | {"time_zone": time_zone}
        host.sql("".join(f"SET GLOBAL {name} = {value};" for name, value in values.items()))
    yield healthy_pair
    for host in healthy_pair.hosts:
        host.sql("".join(f"SET GLOBAL {name} = DEFAULT;" for name in (*THEIRS, "time_zone")))


def test_settings_of_theirs_neither_stop_us_nor_are_changed(pair_of_theirs: OutsidePair) -> None:
    pair = pair_of_theirs
    pair.inv("bootstrap").expect(0, "0 changed")
    pair.inv("verify").expect(0, "healthy")
    pair.inv("drill.kill-master").expect(0, "0 lost")
    pair.inv("failback").expect(0, "healthy")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)
    assert pair.slave.sql("SELECT @@GLOBAL.autocommit, @@GLOBAL.wait_timeout") == [["0", THEIRS["wait_timeout"]]]
