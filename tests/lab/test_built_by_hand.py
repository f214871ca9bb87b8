"""A pair that somebody built as the article says, its settings, keepalived and scripts included, is taken over."""

from pathlib import Path

import pytest
import row
from commandline import until
from outside import OutsideHost, OutsidePair
from watchers import Addresses

SECONDS = 20
PASSWORD = "By-hand-2020"
OUR_OPTION_FILE = "zz-runbook.cnf"
INSTALLED = "{ apt-get install -y keepalived || yum install -y keepalived; } >/dev/null 2>&1"
BY_GTID = not row.BY_POSITION and not row.IS_MARIADB
UPDATES, SKIPS = ("log_replica_updates", "replica") if row.IS_MYSQL_9 else ("log_slave_updates", "slave")
CHARACTERS = "utf8" if row.ENGINE == "mysql-5.6" else "utf8mb4"
MY_CNF = f"""
[mysqld]
bind-address=0.0.0.0
server-id={{number}}
log-bin=mysql-bin
{UPDATES}
{SKIPS}-skip-errors=all
auto_increment_increment=2
auto_increment_offset={{number}}
binlog_format=mixed
character_set_server={CHARACTERS}
read_only={{read_only}}
""" + ("gtid_mode=ON\nenforce_gtid_consistency=ON\n" if BY_GTID else "")
KEEPALIVED_CONF = """
global_defs {{
    router_id MySQL-HA
}}
vrrp_script check_run {{
    script "/usr/local/bin/mysql_check.sh"
    interval 10
    weight 2
}}
vrrp_instance VI_1 {{
    state BACKUP
    interface host0
    virtual_router_id 51
    unicast_src_ip {address}
    unicast_peer {{
        {peer}
    }}
    priority {priority}
    advert_int 1
    {nopreempt}
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    track_script {{
        check_run
    }}
    notify_master /usr/local/bin/master.sh
    notify_backup /usr/local/bin/backup.sh
    notify_stop /usr/local/bin/stop.sh
    virtual_ipaddress {{
        {vip}/24 dev host0
    }}
}}
"""
SCRIPTS = {
    "mysql_check.sh": "ps -C mysqld,mariadbd > /dev/null || systemctl stop keepalived",
    **dict.fromkeys(("master.sh", "backup.sh", "stop.sh"), "date >> /tmp/calls"),
}


@pytest.mark.long
@pytest.mark.story
def test_a_pair_built_by_hand_is_taken_over_with_its_data_and_its_vip(renewed_pair: OutsidePair) -> None:
    pair = renewed_pair
    pair.inv("prep-os", "install-mysql").expect(0)
    built_by_hand(pair)
    pair.master.sql("CREATE DATABASE hive; CREATE TABLE hive.t (id INT AUTO_INCREMENT PRIMARY KEY, a INT)")
    written = [write(pair) for _ in range(20)]

    with Addresses(pair.slave) as addresses:
        pair.inv("bootstrap", "--yes").expect(0)
        assert not addresses.came(pair.vip), "the VIP wandered"
    written.append(write(pair))
    until("a healthy pair", SECONDS, pair.is_healthy)
    for host in pair.hosts:
        assert {int(number) for (number,) in host.sql("SELECT id FROM hive.t")} == set(written)
        shown = host.sql(f"SHOW GLOBAL VARIABLES LIKE '{SKIPS}_skip_errors'")
        assert shown == [[f"{SKIPS}_skip_errors", "OFF"]]

    pair.inv("bootstrap").expect(0, "bootstrap: 0 changed")
    pair.inv("verify").expect(0, "healthy")
    pair.inv("drill.kill-master").expect(0, "0 lost")
    pair.inv("failback").expect(0, "healthy")
    until("a healthy pair", SECONDS, pair.is_healthy)


def built_by_hand(pair: OutsidePair) -> None:
    """Steps 3 to 8 as the article has them, the slave by the master's position or, on newer servers, by GTID."""
    for number, host in enumerate(pair.hosts, 1):
        configured_by_hand(pair, host, number)
    (log,) = pair.master.sql(row.LOG_STATUS)
    source = {"HOST": pair.master.address, "USER": "replica", "PASSWORD": PASSWORD}
    place = "MASTER_AUTO_POSITION = 1" if BY_GTID else f"MASTER_LOG_FILE = '{log[0]}', MASTER_LOG_POS = {log[1]}"
    options = ", ".join([*(f"MASTER_{name} = '{value}'" for name, value in source.items()), place])
    if row.IS_MYSQL_9:
        options = f"{options}, MASTER_SSL = 1".replace("MASTER_", "SOURCE_")
        pair.slave.sql(f"CHANGE REPLICATION SOURCE TO {options}; START REPLICA")
    else:
        pair.slave.sql(f"CHANGE MASTER TO {options}; START SLAVE")
    until("replication", SECONDS, pair.slave.replicates)
    for host in pair.hosts:
        host.sh("systemctl start keepalived")
        until("the VIP on the master", SECONDS, lambda: pair.vip_is_on() == ["master"])


def configured_by_hand(pair: OutsidePair, host: OutsideHost, number: int) -> None:
    """Its my.cnf, its accounts, its keepalived and its scripts."""
    is_master = host == pair.master
    # A blank Debian host's server started by our option file.
    host.sh(f"find /etc -name {OUR_OPTION_FILE} -delete")
    my_cnf = host.sh("ls /etc/my.cnf /etc/mysql/my.cnf 2>/dev/null | head -n 1")
    host.sh(f"cat >> {my_cnf}", stdin=MY_CNF.format(number=number, read_only=0 if is_master else 1))
    host.sh(f"systemctl restart {host.sh('systemctl list-units --plain --no-legend mysql* mariadb*').split('.')[0]}")
    host.sql(
        f"SET sql_log_bin = 0; CREATE USER replica IDENTIFIED BY '{PASSWORD}'; "
        f"GRANT REPLICATION SLAVE ON *.* TO replica; CREATE USER app IDENTIFIED BY '{PASSWORD}'; "
        "GRANT ALL PRIVILEGES ON hive.* TO app"
    )
    host.sh(INSTALLED)
    text = KEEPALIVED_CONF.format(
        address=host.address,
        peer=(pair.slave if is_master else pair.master).address,
        priority=150 if is_master else 100,
        nopreempt="nopreempt" if is_master else "",
        vip=pair.vip,
    )
    host.sh("mkdir -p /etc/keepalived && cat > /etc/keepalived/keepalived.conf", stdin=text)
    for name, line in SCRIPTS.items():
        path = Path("/usr/local/bin") / name
        host.sh(f"cat > {path} && chmod 764 {path}", stdin=f"#!/bin/bash\n{line}\n")


def write(pair: OutsidePair) -> int:
    """The id of a row that the pair acknowledged to a client at the VIP."""
    with pair.client(user="app", password=PASSWORD) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO hive.t (a) VALUES (1)")
        return int(cursor.lastrowid)
