"""A slave that holds data of its own is not what a bootstrap thinks it is."""

from commandline import until
from outside import OutsidePair

FAILED = 1
SETTLED_SECONDS = 20


def test_a_slave_with_data_of_its_own_is_left_alone(healthy_pair: OutsidePair) -> None:
    slave = healthy_pair.slave
    unlogged = "SET GLOBAL super_read_only = OFF; SET sql_log_bin = OFF; {}; SET GLOBAL super_read_only = ON"
    slave.sh("systemctl stop keepalived")
    slave.sql("STOP REPLICA; RESET REPLICA ALL; SET GLOBAL super_read_only = OFF; RESET BINARY LOGS AND GTIDS")
    slave.sql(unlogged.format("CREATE SCHEMA precious; CREATE TABLE precious.t (a INT PRIMARY KEY)"))
    try:
        healthy_pair.inv("start-slave").expect(FAILED, "schemas of its own", "precious", "Nothing is overwritten")
        assert slave.value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'precious'") == "1"
        assert slave.sql("SHOW REPLICA STATUS") == []
    finally:
        slave.sql(unlogged.format("DROP SCHEMA IF EXISTS precious; DROP SCHEMA IF EXISTS runbook"))
    healthy_pair.inv("bootstrap").expect(0)
    until("a healthy pair", SETTLED_SECONDS, healthy_pair.is_healthy)
