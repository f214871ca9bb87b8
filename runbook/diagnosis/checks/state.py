"""Checks that the gathered facts answer. Pure."""

from collections.abc import Iterator

from runbook.diagnosis.checks import Check, Status, not_checked
from runbook.diagnosis.facts import Facts, SideFacts
from runbook.diagnosis.of_host import ITS_ALERTS, ITS_FILTERS, ITS_SCRIPTS, THE_OTHER
from runbook.diagnosis.words import end_hung, start_copying
from runbook.mysql.tracking import progress
from runbook.mysql.tracking.status import ReplicaStatus
from runbook.settings.settings import Settings

LAG_SECONDS = 5
SETTLED_SECONDS = 10


def checks(facts: Facts, settings: Settings) -> Iterator[Check]:
    """Reachability, services, versions, the VIP, who takes writes, replication."""
    master, slave = facts["master"], facts["slave"]
    for side in (master, slave):
        yield from _of_host(side, settings)
    yield from _sight(master, slave, settings)
    yield _versions(master, slave)
    yield _vip(master, slave, settings)
    for side in (master, slave):
        if side.answers:
            yield _read_only(side)
    if slave.answers:
        yield _threads(slave, master)
        if slave.replication and slave.replication.runs:
            yield _lag(slave.replication)
        yield _transactions(master, slave)
    if not slave.holds_vip:
        yield from (_semi_sync(side) for side in (master, slave) if side.semi_sync is not None)
    yield from (_filters(side) for side in (master, slave) if side.answers and ITS_FILTERS not in side.unknown)
    for side in (master, slave):
        yield from (Check(side.role, key, "OK", found) for key, found in side.chosen.items())
        if side.write_through:
            yield _write_through(side)


def _of_host(side: SideFacts, settings: Settings) -> Iterator[Check]:
    if side.unreachable:
        todo = f"Is the host up? Does `ssh {settings.node(side.role).ssh_host}` get in?"
        yield Check(side.role, "SSH", "FAIL", side.unreachable, side.refused or todo)
        return
    yield Check(side.role, "SSH", "OK", "answers")
    if side.answers:
        yield Check(side.role, "mysqld", "OK", f"{side.mysqld}, root logs in")
    else:
        todo = f"End it: kill {side.stranger.pid}" if side.stranger else "See its error log and its disk"
        yield Check(side.role, "mysqld", "FAIL", f"{side.mysqld}; {side.sql}", todo)
    yield from _keepalived(side, settings)
    if settings.alert_channels and ITS_ALERTS not in side.unknown:
        yield _alerts(side)
    for what, why in side.unknown.items():
        todo = "Is the host busy or a disk of it slow? Run inv verify again in a moment"
        yield Check(side.role, f"{what}: not known", "WARN", why, todo)


def _keepalived(side: SideFacts, settings: Settings) -> Iterator[Check]:
    if side.keepalived == "unknown":
        return
    if side.hangs:
        yield Check(side.role, "keepalived", "FAIL", f"{side.keepalived}, but hangs: {side.hangs}", end_hung(side))
        return
    runs = side.keepalived == "active"
    state = f"{side.keepalived}, {side.vrrp}" if runs and side.vrrp else side.keepalived
    if runs and side.vrrp != "FAULT":
        yield Check(side.role, "keepalived", "OK", state)
        if ITS_SCRIPTS not in side.unknown:
            yield _settled(side, settings)
    else:
        yield Check(side.role, "keepalived", "FAIL", state, "See journalctl -u keepalived on that host")


def _settled(side: SideFacts, settings: Settings) -> Check:
    """The scripts come with each check of keepalived's; without their work a takeover stops halfway."""
    name, seconds = "scripts", side.settled_seconds
    if seconds is not None and seconds <= SETTLED_SECONDS + settings.check_interval:
        return Check(side.role, name, "OK", "do their work")
    found = "have not done their work since the boot" if seconds is None else f"last did their work {seconds} s ago"
    todo = f"ssh {settings.node(side.role).ssh_host} journalctl -t mysql-runbook says what stands in their way"
    return Check(side.role, name, "FAIL", found, todo)


def _alerts(side: SideFacts) -> Check:
    if not side.unsent:
        return Check(side.role, "alerts", "OK", "none that could not be delivered")
    todo = "inv alert.test tries it now; journalctl -t mysql-runbook on that host has what people were not told"
    return Check(side.role, "alerts", "WARN", side.unsent, todo)


def _sight(master: SideFacts, slave: SideFacts, settings: Settings) -> Iterator[Check]:
    """Each host gets to the other's mysqld, where that one runs."""
    for side, peer in ((master, slave), (slave, master)):
        name, where = "sees the other's mysqld", f"{peer.address}:{settings.mysql_port}"
        if side.unreachable or THE_OTHER in side.unknown:
            continue
        if side.sees_peer:
            yield Check(side.role, name, "OK", "yes")
        elif peer.greets:
            todo = "Is the network between the hosts cut, or does a firewall drop the port? inv prep-os"
            yield Check(side.role, name, "FAIL", f"no answer from {where}, which runs", todo)
        else:
            yield not_checked(side.role, name, f"mysqld at {where} does not answer")


def _versions(master: SideFacts, slave: SideFacts) -> Check:
    name = "MySQL versions"
    if not (master.version and slave.version):
        return not_checked("pair", name, "one of the servers does not answer")
    if master.dialect.series == slave.dialect.series:
        return Check("pair", name, "OK", master.version if master.version == slave.version else _both(master, slave))
    return Check("pair", name, "FAIL", _both(master, slave), "Replication needs one series: install the same on both")


def _both(master: SideFacts, slave: SideFacts) -> str:
    return f"{master.version} on the master, {slave.version} on the slave"


def _vip(master: SideFacts, slave: SideFacts, settings: Settings) -> Check:
    name = f"VIP {settings.vip.ip}"
    if master.unreachable and slave.unreachable:
        return not_checked("pair", name, "no host is reached")
    unknown = next((f"; the {side.role} could not be asked" for side in (master, slave) if side.unreachable), "")
    match master.holds_vip, slave.holds_vip:
        case True, True:
            return Check("pair", name, "FAIL", "on both hosts", "See the verdict below")
        case True, False:
            return Check("pair", name, "WARN" if unknown else "OK", f"on the master{unknown}")
        case False, True:
            return Check("pair", name, "FAIL", f"on the slave{unknown}", "See the verdict below")
    return Check("pair", name, "FAIL", f"on no host{unknown}", "See the verdict below")


def _read_only(side: SideFacts) -> Check:
    name = "takes writes" if side.role == "master" else "refuses writes"
    opened = side.role == "master" and side.holds_vip
    status: Status = "OK" if opened != side.read_only and side.open == opened else "FAIL"
    flags = f"read_only {_word(side.read_only)}"
    flags += "" if side.super_read_only is None else f", super_read_only {_word(side.super_read_only)}"
    if side.role == "master" and not side.holds_vip:
        name = "refuses writes without the VIP"
    return Check(side.role, name, status, flags, "" if status == "OK" else "See the verdict below")


def _word(flag: bool | None) -> str:
    return "ON" if flag else "OFF"


def _threads(slave: SideFacts, master: SideFacts) -> Check:
    name, status = "replication", slave.replication
    if status is None:
        return Check("slave", name, "FAIL", "not configured", "inv start-slave")
    found = f"from {status.source}: receiver {status.receiver}, applier {status.applier}"
    errors = "; ".join(filter(None, (status.receiver_error, status.applier_error)))
    if status.runs and status.source.rpartition(":")[0] == master.address:
        return Check("slave", name, "OK", found)
    if slave.holds_vip:
        return Check("slave", name, "WARN", f"{found}; it stands still while the slave holds the VIP")
    return Check("slave", name, "FAIL", f"{found}{f'; {errors}' if errors else ''}", start_copying(status))


def _lag(status: ReplicaStatus) -> Check:
    name, lag = "replication lag", status.lag_seconds
    if lag is None:
        return Check("slave", name, "WARN", "the server does not know it", "Run inv verify again in a moment")
    if lag > LAG_SECONDS:
        todo = "A takeover now would serve old data until the rest is applied; does a long transaction run?"
        return Check("slave", name, "WARN", f"{lag} s, more than {LAG_SECONDS} s", todo)
    return Check("slave", name, "OK", f"{lag} s")


def _transactions(master: SideFacts, slave: SideFacts) -> Check:
    name = "the slave has what the master has"
    if slave.behind is None:
        return not_checked("slave", name, "one of the servers does not answer")
    if slave.errant:
        found = f"what the master lacks, {progress.in_words(slave.errant, slave.errant_names)}"
        return Check("slave", name, "FAIL", found, "Overwrite nothing; see the verdict below")
    if slave.own:
        reset = slave.dialect.reset
        todo = "In mysqlbinlog see what they are, and bring to the master what it must have. Then, in mysql on the "
        todo += f"slave: {reset}; its binary log, which nobody reads, begins anew"
        return Check("slave", name, "FAIL", f"transactions of its own: {', '.join(slave.own)}", todo)
    to_come = slave.behind.amount() if slave.behind else "nothing"
    lacking = "nothing that the master lacks"
    if slave.replication and not slave.replication.auto_position:
        lacking = f"nothing of its own in its binary log since {slave.own_since}"
        if not slave.own_since:
            lacking = "its binary log was not looked through for transactions of its own: that is failback's part"
    return Check("slave", name, "OK", f"{to_come} still to come, and {lacking}")


def _filters(side: SideFacts) -> Check:
    name = "filters of replication"
    if not side.filters:
        return Check(side.role, name, "OK", "none")
    return Check(side.role, name, "FAIL", "; ".join(map(str, side.filters)), "See the verdict below")


def _write_through(side: SideFacts) -> Check:
    """This server has no super_read_only: it is its accounts that must not be able to."""
    found = f"{', '.join(side.write_through)} can write although read_only is on"
    todo = "Take that from accounts of applications (REVOKE READ_ONLY ADMIN on MariaDB, REVOKE SUPER on MySQL 5.6)"
    return Check(side.role, "accounts that write through", "WARN", found, todo)


def _semi_sync(side: SideFacts) -> Check:
    name = "semi-synchronous"
    if side.semi_sync:
        return Check(side.role, name, "OK", "in force")
    found = "not in force: what is acknowledged now may be on one host only"
    if side.role == "slave":
        found = "not in force: it does not acknowledge what it receives"
    todo = "It comes back by itself when the slave has caught up; else: inv configure-mycnf, then inv start-slave"
    return Check(side.role, name, "FAIL", found, todo)
