"""Hosts and servers that answer to the gathering of facts as those of a healthy pair do."""

from case_files import case
from fake import FakeMysqld, captured_json, link_of, mysqld_of
from pair_facts import UUID

from runbook.alerts.deployment import UNSENT_QUESTION
from runbook.diagnosis import facts as gathering
from runbook.diagnosis import of_host
from runbook.keepalived.running import RUNNING_QUESTION
from runbook.keepalived.version import VERSION_QUESTION
from runbook.mysql.dialects.mysql import MySQL
from runbook.mysql.replication.filters import FILES_QUESTION
from runbook.pair.side import Side
from runbook.steps.deploy_scripts import LAST_LINE
from runbook.system.family import OS_QUESTION
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.resources import service_question
from runbook.system.server_names import UNITS_QUESTION

RUNS = case("replica_status", "mysql_9_7_by_gtid").said | {"Retrieved_Gtid_Set": f"{UUID}:1-4"}
EXECUTED = "SELECT @@GLOBAL.gtid_executed"
RECORD = "at=2026-11-22T17:03:48Z\nreceived=a:1-4\nexecuted=a:1-4\n"


def teach(side: Side, **said: str) -> None:
    """What a host that is well answers to the gathering of facts, but for `said`."""
    preflight, link = captured_json(f"preflight_{side.role}.json"), link_of(side)
    link.says(OS_QUESTION, preflight["os"])
    link.says(UNITS_QUESTION, preflight["units"])
    link.says(ADDRESSES_QUESTION, said.get("addresses", preflight["addresses"]))
    link.says(service_question("mysql"), said.get("mysql", "active enabled\n"))
    for other in ("mysqld", "mariadb"):
        link.says(service_question(other), "inactive not-found\n")
    link.says(service_question("keepalived"), said.get("keepalived", "active enabled\n"))
    link.says(VERSION_QUESTION, "2.3.4 (06/10,2025)\n")
    link.says(of_host.CONFIG_QUESTION, said.get("config", LAST_LINE))
    link.says(of_host.SETTLED_QUESTION, said.get("settled", "1\n"))
    link.says(of_host.CHECKED_QUESTION, said.get("checked", "1\n"))
    link.says(RUNNING_QUESTION, said.get("running", ""))
    link.says(of_host.TAKEOVER_QUESTION, said.get("takeover", ""))
    link.says(of_host.VRRP_QUESTION, said.get("vrrp", "BACKUP\n"))
    link.says(UNSENT_QUESTION, said.get("unsent", ""))
    link.says(FILES_QUESTION, said.get("files", ""))
    link.says_where("ss -ltnp", said.get("listens", ""))
    link.says_where("/dev/tcp/127.0.0.1/", said.get("greets", "0\n"))
    link.says_where(f"/dev/tcp/{side.peer.address}/", said.get("sees_peer", "0\n"))


def answering(side: Side) -> FakeMysqld:
    """A server as facts are gathered from it, both with the transactions 1 to 4."""
    mysqld = mysqld_of(side)
    mysqld.says("SELECT VERSION() AS version, @@version_comment AS comment", {"version": "9.7.4", "comment": "Debian"})
    closed = "ON" if side.role == "slave" else "OFF"
    flags = [{"Variable_name": name, "Value": closed} for name in ("read_only", "super_read_only")]
    own = {"server_uuid": "a0a" if side.role == "slave" else "b0b", "lower_case_table_names": "0"}
    own |= {"innodb_page_size": "16384", "datadir": "/var/lib/mysql/", "replica_exec_mode": "STRICT"}
    flags += [{"Variable_name": name, "Value": value} for name, value in own.items()]
    mysqld.says(gathering.FLAGS_QUESTION, *flags)
    mysqld.says(EXECUTED, {"executed": f"{UUID}:1-4"})
    source = [("source_status", "ON"), ("source_clients", "1")]
    status = source if side.role == "master" else [("replica_status", "ON")]
    mysqld.says(gathering.SEMI_SYNC_QUESTION, *({"Variable_name": f"Rpl_semi_sync_{n}", "Value": v} for n, v in status))
    mysqld.says("SHOW BINARY LOG STATUS", {"File": "binlog.000001", "Binlog_Do_DB": "", "Binlog_Ignore_DB": ""})
    mysqld.says(MySQL.filters_without_a_channel)
    mysqld.says("SHOW REPLICA STATUS", *([RUNS] if side.role == "slave" else []))
    return mysqld
