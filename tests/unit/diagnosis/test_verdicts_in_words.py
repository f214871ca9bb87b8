"""The verdicts as an operator reads them at three in the morning: whole sentences, with the host and the next command.

Each is to be read as a text: is it true of this state, and can it be done as it stands there?
"""

import re
from dataclasses import replace

import pytest
from pair_facts import (
    ASTRAY,
    CLOSED,
    DEAD,
    ELSEWHERE,
    ERRANT,
    FULL,
    GONE,
    GONE_FOR_GOOD,
    HANGS,
    HUNG,
    MASTER,
    NO_VIP,
    OPEN,
    REFUSED,
    SLAVE,
    STOPPED,
    STUCK,
    TAKEN_OVER,
    TWIN,
    UUID,
    VARIABLES,
    Changes,
    facts,
)
from progress_text import parse

from runbook.commandline.program import in_order
from runbook.diagnosis.rules import diagnose
from runbook.mysql.replication.filters import Filter
from runbook.mysql.stranger import Stranger
from runbook.pair.alone import Alone
from runbook.steps.deploy_scripts import CONFIG
from tasks import namespace

NC = Stranger(77, "nobody", "nc")
OLD: Changes = {"super_read_only": None, "version": "5.6.51"}
ERRANT_MARIADB: Changes = {"errant": parse("0-2-99"), "errant_names": ("0-2-98", "0-2-99")}

# What is so on the master and on the slave, and what is told: the sentence and the next step.
STATES: dict[str, tuple[Changes, Changes, str, str]] = {
    "healthy": (
        {},
        {},
        "The pair is healthy: the master 192.168.152.128 holds the VIP and takes writes, the slave "
        "192.168.152.129 copies them and refuses its own.",
        "Nothing to do.",
    ),
    "no host is reached": (
        GONE,
        GONE | {"unreachable": "No route to host"},
        "Neither host can be reached by SSH, so nothing is known of the pair: master: timed out; slave: "
        "No route to host.",
        "Look at the network from here first, then at the hosts' power; then: inv verify",
    ),
    "both hosts are blank": (
        {"lacks": ("mysqld", "keepalived", CONFIG), "holds_vip": False},
        {"lacks": ("mysqld",)},
        "The pair is not completely set up: the master 192.168.152.128 lacks mysqld, keepalived, "
        "/etc/mysql-runbook.conf; the slave 192.168.152.129 lacks mysqld. The VIP is on no host that was "
        "reached.",
        "inv plan shows what is missing, inv bootstrap brings it",
    ),
    "the master is blank and the slave serves": (
        DEAD | {"lacks": ("mysqld",)},
        TAKEN_OVER,
        "The pair is not completely set up: the master 192.168.152.128 lacks mysqld. The VIP is on the slave.",
        "The slave's data may be the only copy: back them up first (mysqldump on the slave). Then: inv "
        "reseed --host=master installs a server there and brings them to it. If it is gone for good, or users cannot "
        "wait for it: inv promote",
    ),
    "the master lacks keepalived alone and the slave serves": (
        DEAD | {"lacks": ("keepalived",)},
        TAKEN_OVER,
        "The pair is not completely set up: the master 192.168.152.128 lacks keepalived. The VIP is on the slave.",
        "inv plan shows what is missing, inv bootstrap brings it",
    ),
    "each lacks something": (
        {"lacks": ("mysqld",)},
        {"lacks": ("keepalived",)},
        "The pair is not completely set up: the master 192.168.152.128 lacks mysqld; the slave "
        "192.168.152.129 lacks keepalived. The VIP is on the master.",
        "inv plan shows what is missing, inv bootstrap brings it",
    ),
    "blank and both hold the VIP": (
        {"lacks": ("mysqld",)},
        TAKEN_OVER,
        "The pair is not completely set up: the master 192.168.152.128 lacks mysqld. The VIP is on the "
        "master and the slave.",
        "inv plan shows what is missing, inv bootstrap brings it",
    ),
    "two writers": (
        {},
        OPEN,
        "DANGER: both servers take writes, so their data can part; the VIP is on the master.",
        "In mysql on 192.168.152.129: SET GLOBAL super_read_only = ON, GLOBAL read_only = ON. "
        "At once; then inv verify shows "
        "whether the slave took writes of its own.",
    ),
    "two writers without super_read_only": (
        OLD,
        OLD | {"read_only": False},
        "DANGER: both servers take writes, so their data can part; the VIP is on the master.",
        "In mysql on 192.168.152.129: SET GLOBAL read_only = ON. At once; then inv verify shows whether "
        "the slave took writes of its own.",
    ),
    "a split brain": (
        {},
        TAKEN_OVER,
        "DANGER: both hosts hold the VIP: a client reaches one or the other by chance, and may read old data.",
        "The two keepaliveds do not hear each other: look at the network between the hosts, and whether a"
        " firewall drops protocol 112. Until then: ssh 192.168.152.129 systemctl stop keepalived",
    ),
    "the master's keepalived left the VIP behind": (
        {"keepalived": "failed"},
        TAKEN_OVER,
        "DANGER: both hosts hold the VIP: a client reaches one or the other by chance, and may read old data.",
        "keepalived on the master 192.168.152.128 is failed and left the address behind: ssh "
        "192.168.152.128 systemctl restart keepalived",
    ),
    "both keepaliveds left the VIP behind": (
        {"keepalived": "failed"},
        TAKEN_OVER | {"keepalived": "inactive"},
        "DANGER: both hosts hold the VIP: a client reaches one or the other by chance, and may read old data.",
        "keepalived on the slave 192.168.152.129 is inactive and left the address behind: ssh "
        "192.168.152.129 systemctl restart keepalived",
    ),
    "the master's keepalived hangs, and the slave has taken over": (
        HANGS,
        TAKEN_OVER,
        "DANGER: both hosts hold the VIP: a client reaches one or the other by chance, and may read old data.",
        "keepalived on the master 192.168.152.128 hangs: process 77 stands still, as after SIGSTOP. ssh "
        "192.168.152.128 systemctl kill -s KILL keepalived: its unit starts it anew at once. The VIP is on the slave "
        "alone then, which only reads: inv failback",
    ),
    "the slave's keepalived hangs, and has left the VIP behind": (
        {},
        TAKEN_OVER | HANGS,
        "DANGER: both hosts hold the VIP: a client reaches one or the other by chance, and may read old data.",
        "keepalived on the slave 192.168.152.129 hangs: process 77 stands still, as after SIGSTOP. ssh "
        "192.168.152.129 systemctl kill -s KILL keepalived: its unit starts it anew at once. Then: inv verify",
    ),
    "the slave's keepalived hangs": (
        {},
        HANGS,
        "The master serves, but there is no takeover: keepalived hangs on the slave 192.168.152.129 (process 77 "
        "stands still, as after SIGSTOP).",
        "ssh 192.168.152.129 systemctl kill -s KILL keepalived: its unit starts it anew at once. Then: inv verify",
    ),
    "the slave's keepalived runs by another configuration": (
        {},
        ASTRAY,
        "The master serves, but a takeover is not the pair's any more: keepalived on the slave 192.168.152.129 runs "
        'by /etc/other.conf, as /etc/default/keepalived:4: DAEMON_ARGS="-f /etc/other.conf" says, not by '
        "/etc/keepalived/keepalived.conf.",
        "inv install-keepalived brings it back to /etc/keepalived/keepalived.conf, or says which line of which file "
        "is against it",
    ),
    "the slave's keepalived would start by another configuration": (
        {},
        {"running": replace(ASTRAY["running"], file="/etc/keepalived/keepalived.conf")},
        "The master serves, but a takeover is not the pair's any more: keepalived on the slave 192.168.152.129 would "
        'start by /etc/other.conf next time, as /etc/default/keepalived:4: DAEMON_ARGS="-f /etc/other.conf" says, '
        "not by /etc/keepalived/keepalived.conf.",
        "inv install-keepalived brings it back to /etc/keepalived/keepalived.conf, or says which line of which file "
        "is against it",
    ),
    "the slave takes writes": (
        DEAD,
        OPEN | TAKEN_OVER,
        "DANGER: the slave 192.168.152.129 takes writes; what is written there, the master will lack.",
        "In mysql on 192.168.152.129: SET GLOBAL super_read_only = ON, GLOBAL read_only = ON. "
        "Then inv verify shows whether it took any.",
    ),
    "the slave takes root's writes": (
        {},
        {"super_read_only": False},
        "DANGER: the slave 192.168.152.129 takes root's writes; what is written there, the master will lack.",
        "In mysql on 192.168.152.129: SET GLOBAL super_read_only = ON, GLOBAL read_only = ON. "
        "Then inv verify shows whether it took any.",
    ),
    "the master writes without the VIP": (
        {"holds_vip": False},
        TAKEN_OVER,
        "DANGER: the master 192.168.152.128 takes writes without holding the VIP, which is on the slave.",
        "In mysql on 192.168.152.128: SET GLOBAL super_read_only = ON, GLOBAL read_only = ON. Then inv verify.",
    ),
    "the master takes root's writes without the VIP": (
        {"holds_vip": False, "read_only": True},
        {},
        "DANGER: the master 192.168.152.128 takes root's writes without holding the VIP, which is on no "
        "host that was reached.",
        "In mysql on 192.168.152.128: SET GLOBAL super_read_only = ON, GLOBAL read_only = ON. Then inv verify.",
    ),
    "errant": (
        {},
        ERRANT,
        f"The slave has what the master lacks, 3 transactions: {UUID}:5, {UUID}:6, {UUID}:7.",
        "inv reconcile shows what each of them did, and gives it up or runs it on the master, as you say. "
        "Until then overwrite nothing; the VIP does not come home.",
    ),
    "errant, and failed over": (
        NO_VIP,
        TAKEN_OVER | ERRANT,
        f"The slave has what the master lacks, 3 transactions: {UUID}:5, {UUID}:6, {UUID}:7 (the slave holds the VIP).",
        "inv reconcile shows what each of them did, and gives it up or runs it on the master, as you say. "
        "Until then overwrite nothing; the VIP does not come home.",
    ),
    "errant of MariaDB, and failed over": (
        NO_VIP,
        TAKEN_OVER | ERRANT_MARIADB,
        "The slave has what the master lacks, 2 transactions: 0-2-98, 0-2-99 (the slave holds the VIP).",
        "inv reconcile shows what each of them did, and gives it up or runs it on the master, as you say. "
        "Until then overwrite nothing; the VIP does not come home.",
    ),
    "by position, and failed over": (
        NO_VIP,
        TAKEN_OVER | {"own": ("b.000002:4 Query CREATE", "b.000002:9 Query DROP")},
        "The slave has what the master lacks, b.000002:4 Query CREATE, b.000002:9 Query DROP (the slave "
        "holds the VIP).",
        "inv reconcile shows what each of them did, and gives it up or runs it on the master, as you say. "
        "Until then overwrite nothing; the VIP does not come home.",
    ),
    "the master hangs and has the VIP": (
        HUNG,
        {},
        "NOBODY SERVES: the master 192.168.152.128 holds the VIP, and its mysqld (active) does not "
        "answer: it accepts connections and says nothing for 3 s.",
        "If that lasts for more than some seconds, the takeover has failed: look at journalctl -t "
        "mysql-runbook and at mysqld's error log on 192.168.152.128; ssh 192.168.152.128 systemctl stop "
        "keepalived moves the VIP",
    ),
    "the slave hangs and has the VIP": (
        DEAD,
        TAKEN_OVER | HUNG,
        "NOBODY SERVES: the slave 192.168.152.129 holds the VIP, and its mysqld (active) does not answer:"
        " it accepts connections and says nothing for 3 s.",
        "If that lasts for more than some seconds, the takeover has failed: look at journalctl -t "
        "mysql-runbook and at mysqld's error log on 192.168.152.129; then: inv failback",
    ),
    "no configuration on both": (
        {"lacks": (CONFIG,)},
        {"lacks": (CONFIG,)},
        "The scripts have no whole configuration /etc/mysql-runbook.conf on the master 192.168.152.128 "
        "and the slave 192.168.152.129; the VIP is on the master.",
        "inv deploy-scripts writes it anew; then: inv verify",
    ),
    "no configuration, and failed over": (
        DEAD | {"lacks": (CONFIG,)},
        TAKEN_OVER,
        "The scripts have no whole configuration /etc/mysql-runbook.conf on the master 192.168.152.128; "
        "the VIP is on the slave.",
        "inv deploy-scripts writes it anew; then: inv failback",
    ),
    "failed over": (
        DEAD,
        TAKEN_OVER,
        "The pair is failed over since 2026-11-22T17:03:48Z: the slave 192.168.152.129 holds the VIP and "
        "serves reads only; the master's mysqld (failed) does not answer: it does not run.",
        "See in mysqld's error log on 192.168.152.128 why it went down; then: inv failback. If its data "
        "are lost: inv reseed --host=master. If it is gone for good, or users cannot wait for it: inv promote",
    ),
    "failed over, and a stranger on the master's port": (
        DEAD | {"stranger": NC, "sql": f"it does not run; {NC} listens on port 3306"},
        TAKEN_OVER,
        "The pair is failed over since 2026-11-22T17:03:48Z: the slave 192.168.152.129 holds the VIP and "
        "serves reads only; the master's mysqld (failed) does not answer: it does not run; nc (pid 77, "
        "user nobody) listens on port 3306.",
        "nc (pid 77, user nobody) is not mysqld, keeps it from its port and hears what is meant for it: "
        "find out who started it, then end it: ssh 192.168.152.128 kill 77; then: inv failback. "
        "If it is gone for good, or users cannot wait for it: inv promote",
    ),
    "failed over, and the master hangs": (
        HUNG | {"holds_vip": False},
        TAKEN_OVER,
        "The pair is failed over since 2026-11-22T17:03:48Z: the slave 192.168.152.129 holds the VIP and "
        "serves reads only; the master's mysqld (active) does not answer: it accepts connections and says"
        " nothing for 3 s.",
        "mysqld on 192.168.152.128 hangs or is still recovering: see its error log and disk, restart it "
        "there; then: inv failback. "
        "If it is gone for good, or users cannot wait for it: inv promote",
    ),
    "failed over, and the master's house is full": (
        FULL | {"holds_vip": False},
        TAKEN_OVER,
        "The pair is failed over since 2026-11-22T17:03:48Z: the slave 192.168.152.129 holds the VIP and serves reads "
        "only; the master's mysqld (active) does not answer: Too many connections.",
        "Is MYSQL_ROOT_PASSWORD in hosts.env still root's? With too many connections: end some, or raise "
        "max_connections in mysql on 192.168.152.128; then: inv failback. "
        "If it is gone for good, or users cannot wait for it: inv promote",
    ),
    "failed over, and the master's host is gone": (
        GONE,
        TAKEN_OVER | {"sees_peer": False, "takeover": {}},
        "The pair is failed over: the slave 192.168.152.129 holds the VIP and serves reads only; the "
        "master's host is not reached: timed out, and its mysqld does not answer the slave.",
        "Bring the master's host back (power, network), then: inv failback. "
        "If it is gone for good, or users cannot wait for it: inv promote",
    ),
    "the master is alone": (
        {"alone": Alone(2, "2026-11-27T15:00:00Z", "anna@desk")},
        GONE,
        "MASTER ALONE since 2026-11-27T15:00:00Z, by anna@desk: the master 192.168.152.128 holds the VIP, takes "
        "writes, and has no slave: what it acknowledges is on it alone, and nothing can take over.",
        "Give it a slave: inv rejoin, with 192.168.152.129 or a new host in its place",
    ),
    "a master that was away does not see the slave's host": (
        CLOSED,
        GONE,
        "The master 192.168.152.128 holds the VIP and stays closed: it was away, and the slave 192.168.152.129 may "
        "have become the master since: its host is not reached (timed out).",
        "Bring the slave's host back (power, network): the master opens by itself within seconds of that. If the slave "
        "is gone for good, and was never promoted: inv promote --host=master",
    ),
    "a master that was away does not see the slave's mysqld": (
        CLOSED,
        DEAD,
        "The master 192.168.152.128 holds the VIP and stays closed: it was away, and the slave 192.168.152.129 may "
        "have become the master since: its mysqld (failed) does not answer: it does not run.",
        "See in mysqld's error log on 192.168.152.129 why it went down: the master opens by itself within seconds of "
        "that. If the slave is gone for good, and was never promoted: inv promote --host=master",
    ),
    "the master is back": (
        NO_VIP,
        TAKEN_OVER,
        "The master's mysqld is back and waits for failback: the VIP is still on the slave "
        "192.168.152.129, which serves reads; nobody takes writes.",
        "inv failback",
    ),
    "the master's host is gone": (
        GONE,
        {},
        "The master's host is not reached: timed out, though its mysqld answers the slave; the slave does"
        " not hold the VIP.",
        "If clients can write through the VIP, only SSH from here is broken. If not, the slave should "
        "have taken over: see journalctl -u keepalived (active) on 192.168.152.129",
    ),
    "the slave's host is gone": (
        {},
        GONE,
        "The slave's host is not reached: timed out; the master 192.168.152.128 holds the VIP and serves alone.",
        "Bring the slave's host back (power, network): until then nothing takes over from the master. Then: inv verify",
    ),
    "the slave's host is gone and the master has no VIP": (
        NO_VIP,
        GONE,
        "The slave's host is not reached: timed out; the master 192.168.152.128 does not hold the VIP; the slave may.",
        "Bring the slave's host back (power, network): until then nothing takes over from the master. Then: inv verify",
    ),
    "no VIP": (
        NO_VIP,
        {},
        "NOBODY SERVES: no host holds the VIP; master: mysqld active, keepalived active (MASTER); slave: "
        "mysqld active, keepalived active (BACKUP).",
        "inv start. If that does not help: ssh 192.168.152.128 journalctl -u keepalived",
    ),
    "no VIP and no master": (
        DEAD,
        {"keepalived": "inactive", "vrrp": ""},
        "NOBODY SERVES: no host holds the VIP; master: mysqld failed, keepalived inactive (MASTER); "
        "slave: mysqld active, keepalived inactive.",
        "inv failback starts what is stopped and brings the VIP home, if nothing is lost by it",
    ),
    "no VIP after a takeover": (
        NO_VIP,
        {"takeover": TAKEN_OVER["takeover"]},
        "NOBODY SERVES: no host holds the VIP; master: mysqld active, keepalived active (MASTER); slave: "
        "mysqld active, keepalived active (BACKUP).",
        "inv failback starts what is stopped and brings the VIP home, if nothing is lost by it",
    ),
    "no VIP and no slave": (
        NO_VIP,
        DEAD,
        "NOBODY SERVES: no host holds the VIP; master: mysqld active, keepalived active (MASTER); slave: "
        "mysqld failed, keepalived inactive (BACKUP).",
        "inv failback starts what is stopped and brings the VIP home, if nothing is lost by it",
    ),
    "the master's house is full": (
        FULL,
        {},
        "mysqld on the master 192.168.152.128 runs, but does not let the runbook in, so little is known "
        "of it: Too many connections.",
        "Is MYSQL_ROOT_PASSWORD in hosts.env still root's? With too many connections: end some, or raise "
        "max_connections in mysql on 192.168.152.128",
    ),
    "the slave's house is full": (
        {},
        FULL,
        "mysqld on the slave 192.168.152.129 runs, but does not let the runbook in, so little is known of"
        " it: Too many connections.",
        "Is MYSQL_ROOT_PASSWORD in hosts.env still root's? With too many connections: end some, or raise "
        "max_connections in mysql on 192.168.152.129",
    ),
    "the master is closed": (
        CLOSED,
        {},
        "The master 192.168.152.128 holds the VIP and refuses writes: it is read-only.",
        "The FAILs of inv verify say what keeps its scripts from opening it: do what they say; ssh 192.168.152.128 "
        "journalctl -t mysql-runbook says who closed it. If nothing speaks against it, in mysql on 192.168.152.128: "
        "SET GLOBAL read_only = OFF",
    ),
    "no slave": (
        {},
        DEAD,
        "The master serves alone: mysqld on the slave 192.168.152.129 (failed) does not answer: it does "
        "not run. Nothing can take over.",
        "See in mysqld's error log on 192.168.152.129 why it went down; then: inv start. Replication goes on by "
        "itself. If its data are lost: inv reseed --host=slave",
    ),
    "the slave hangs": (
        {},
        HUNG,
        "The master serves alone: mysqld on the slave 192.168.152.129 (active) does not answer: it "
        "accepts connections and says nothing for 3 s. Nothing can take over.",
        "mysqld on 192.168.152.129 hangs or is still recovering: see its error log and disk, restart it "
        "there; then: inv start. Replication goes on by itself",
    ),
    "no keepalived": (
        {"keepalived": "failed"},
        {"keepalived": "inactive"},
        "The master serves, but there is no takeover: keepalived does not run on the master "
        "192.168.152.128 (failed) and the slave 192.168.152.129 (inactive).",
        "inv start. If it stops again: ssh 192.168.152.128 journalctl -u keepalived",
    ),
    "one server_uuid": (
        TWIN,
        TWIN,
        f"Both servers have the server_uuid {UUID}, so the slave 192.168.152.129 copies nothing: its data directory is "
        "a copy, of the master's or of the same third one.",
        "ssh 192.168.152.129 'systemctl stop mysql && mv /var/lib/mysql/auto.cnf /var/lib/mysql/auto.cnf.before && "
        "systemctl start mysql', then: inv start-slave",
    ),
    "servers that are not alike": (
        {},
        {"variables": VARIABLES | {"lower_case_table_names": "1", "innodb_page_size": "4096"}},
        "The servers are not alike, so what the master acknowledges can fail on the slave: lower_case_table_names is 0 "
        "on the master and 1 on the slave; innodb_page_size is 16384 on the master and 4096 on the slave.",
        "The slave's data directory must be made anew. On 192.168.152.129: stop mysqld, write "
        "lower_case_table_names = 0, innodb_page_size = 16384 under [mysqld] in a file of yours, move all "
        "that is in /var/lib/mysql elsewhere, mysqld --no-defaults --initialize-insecure --user=mysql "
        "--datadir=/var/lib/mysql --lower-case-table-names=0 --innodb-page-size=16384, start mysqld; then: "
        "inv bootstrap",
    ),
    "what the slave lacks is purged": (
        {},
        GONE_FOR_GOOD | {"replication": STOPPED},
        "The slave 192.168.152.129 lacks 50 transactions for good: the master's binary logs no longer hold "
        f"{UUID}:5-54.",
        "inv reseed --host=slave brings it the master's data, while the master serves",
    ),
    "a third server acknowledges": (
        {"acknowledged_by": "10.0.0.9 (server_id 9)"},
        {},
        "What the master acknowledges may not be on the slave: 10.0.0.9 (server_id 9) acknowledges it, too.",
        "In mysql on that server: SET GLOBAL rpl_semi_sync_replica_enabled = OFF; STOP REPLICA IO_THREAD; START "
        "REPLICA IO_THREAD, and rpl_semi_sync_replica_enabled = OFF in its my.cnf; it goes on copying",
    ),
    "no replication": (
        {},
        {"replication": None},
        "The master serves, but the slave 192.168.152.129 falls behind: replication is broken: it is not configured.",
        "inv start-slave",
    ),
    "another master": (
        {},
        {"replication": ELSEWHERE},
        "The master serves, but the slave 192.168.152.129 falls behind: replication is broken: it copies "
        "from 10.0.0.9:3306, not from the master.",
        "inv start-slave",
    ),
    "a stopped receiver": (
        {},
        {"replication": STOPPED},
        "The master serves, but the slave 192.168.152.129 falls behind: replication is broken: receiver "
        "No, applier Yes; error 2003: no connection.",
        "inv start-slave",
    ),
    "a stopped receiver without an error": (
        {},
        {"replication": replace(STOPPED, receiver_error="")},
        "The master serves, but the slave 192.168.152.129 falls behind: replication is broken: receiver "
        "No, applier Yes.",
        "inv start-slave",
    ),
    "a receiver that is not let in": (
        {},
        {"replication": replace(REFUSED, receiver_error=f"{REFUSED.receiver_error}.")},
        "The master serves, but the slave 192.168.152.129 falls behind: replication is broken: receiver Connecting, "
        "applier Yes; error 3118: Account is locked.",
        "inv create-replica-user makes its account right; then: inv start-slave",
    ),
    "a stopped applier": (
        {},
        {"replication": STUCK},
        "The master serves, but the slave 192.168.152.129 falls behind: replication is broken: error 1062: a row.",
        "Repair on the slave the row that the error names, nothing is skipped; then: inv start-slave",
    ),
    "filtered on both": (
        {"filters": (Filter("binlog_do_db", "a", ("f:2",)),)},
        {"filters": (Filter("replicate_do_db", "a"), Filter("replicate_ignore_db", "b"))},
        "Replication is filtered, so what the master acknowledges may not be on the slave: on the master "
        "192.168.152.128: binlog_do_db = a (f:2); on the slave 192.168.152.129: replicate_do_db = a (set "
        "at run time), replicate_ignore_db = b (set at run time).",
        "on the master 192.168.152.128: take out f:2 and restart mysqld there. What was left out does not"
        " come by itself: while nobody writes to it, on the master: mysqldump --set-gtid-purged=OFF "
        "--databases SCHEMA > FILE, then mysql < FILE, which replicates; on the slave 192.168.152.129: in"
        " mysql there: STOP REPLICA SQL_THREAD; CHANGE REPLICATION FILTER REPLICATE_DO_DB = (); START "
        "REPLICA SQL_THREAD; STOP REPLICA SQL_THREAD; CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = ();"
        " START REPLICA SQL_THREAD. What was left out does not come by itself: while nobody writes to it,"
        " on the master: mysqldump --set-gtid-purged=OFF --databases SCHEMA > FILE, then mysql < FILE, "
        "which replicates",
    ),
}


@pytest.mark.parametrize(("master", "slave", "sentence", "next_step"), STATES.values(), ids=STATES)
def test_a_state_is_told_in_these_words(master: Changes, slave: Changes, sentence: str, next_step: str) -> None:
    verdict = diagnose(facts(master, slave))
    assert verdict.sentence == sentence
    assert verdict.next_step == next_step


def test_every_command_that_is_told_is_there_and_goes_to_a_host_of_the_pair() -> None:
    tasks = {name for name, _ in in_order(namespace)}
    for state, (_, _, _, next_step) in STATES.items():
        assert set(re.findall(r"\binv ([\w.-]*\w)", next_step)) <= tasks, state
        assert set(re.findall(r"\bssh (\S+)", next_step)) <= {MASTER.address, SLAVE.address}, state
