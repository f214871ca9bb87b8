"""Facts of a healthy pair, and what changes them to what a diagnosis must tell apart."""

from dataclasses import replace
from typing import Any

from runbook.diagnosis.facts import Facts, SideFacts
from runbook.keepalived.running import Running, Source
from runbook.mysql.replication.replicates import ReplicaStatus
from runbook.mysql.tracking.progress import GtidSet

Changes = dict[str, Any]
UUID = "20891e2e-e695-11f1-a153-024af2b436f4"
RUNS = ReplicaStatus(
    source="192.168.152.128:3306",
    user="replica",
    auto_position=True,
    connect_retry=1,
    receiver="Yes",
    applier="Yes",
    receiver_error="",
    applier_error="",
    lag_seconds=0,
    retrieved=f"{UUID}:1-4",
    executed=f"{UUID}:1-4",
    source_file="binlog.000002",
    source_position=1484,
)
STOPPED = replace(RUNS, receiver="No", receiver_error="error 2003: no connection")
REFUSED = replace(RUNS, receiver="Connecting", receiver_error="error 3118: Account is locked")
STUCK = replace(RUNS, applier="No", applier_error="error 1062: a row")
ELSEWHERE = replace(RUNS, source="10.0.0.9:3306")
WELL: Changes = {
    "mysqld": "active", "keepalived": "active", "greets": True, "version": "9.7.4",
    "executed": GtidSet.parse(f"{UUID}:1-4"),
    "semi_sync": True, "sees_peer": True, "settled_seconds": 1,
}  # fmt: skip
MASTER = SideFacts(
    "master", "192.168.152.128", holds_vip=True, vrrp="MASTER", read_only=False, super_read_only=False, **WELL
)
SLAVE = SideFacts(
    "slave",
    "192.168.152.129",
    vrrp="BACKUP",
    read_only=True,
    super_read_only=True,
    replication=RUNS,
    behind=GtidSet({}),
    **WELL,
)
HANGS: Changes = {"hangs": "process 77 stands still, as after SIGSTOP"}
DEFAULTS = Source("/etc/default/keepalived", 4, 'DAEMON_ARGS="-f /etc/other.conf"')
ASTRAY: Changes = {"running": Running("/etc/other.conf", "/etc/other.conf", (DEFAULTS,))}
NOT_SERVED: Changes = {"turned_away": "192.168.152.130:3306 does not answer"}
UNKNOWN: Changes = {
    "greets": False, "version": "", "read_only": None, "super_read_only": None, "executed": None, "semi_sync": None,
    "replication": None,
}  # fmt: skip
DEAD: Changes = UNKNOWN | {"mysqld": "failed", "sql": "it does not run", "keepalived": "inactive", "holds_vip": False}
HUNG: Changes = UNKNOWN | {"sql": "it accepts connections and says nothing for 3 s"}
FULL: Changes = UNKNOWN | {"greets": True, "sql": "Too many connections"}
GONE: Changes = DEAD | {"unreachable": "timed out", "mysqld": "", "keepalived": "", "vrrp": "", "sees_peer": False}
CLOSED: Changes = {"read_only": True, "super_read_only": True}
OPEN: Changes = {"read_only": False, "super_read_only": False}
ERRANT: Changes = {
    "errant": GtidSet.parse(f"{UUID}:5-7"),
    "errant_names": (f"{UUID}:5", f"{UUID}:6", f"{UUID}:7"),
}
TAKEN_OVER: Changes = {
    "holds_vip": True, "vrrp": "MASTER", "replication": STOPPED, "takeover": {"at": "2026-11-22T17:03:48Z"},
}  # fmt: skip
NO_VIP: Changes = {"holds_vip": False} | CLOSED


def facts(master: Changes | None = None, slave: Changes | None = None) -> Facts:
    """A healthy pair but for these changes."""
    return {"master": replace(MASTER, **(master or {})), "slave": replace(SLAVE, **(slave or {}))}
