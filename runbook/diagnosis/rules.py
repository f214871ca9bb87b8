"""Facts of both hosts -> one Verdict: what is so, in words for three in the morning, and what to do next. Pure."""

from collections.abc import Callable

from runbook.core.host_paths import CONFIG
from runbook.diagnosis import replication_rules as of_replication
from runbook.diagnosis import role_rules, seeding_rules, vip_rules
from runbook.diagnosis.facts import Facts, SideFacts
from runbook.diagnosis.verdict import Kind, Verdict
from runbook.diagnosis.words import (
    Words,
    bring_back,
    close_it,
    how_old,
    if_lost,
    let_in,
    look_into,
    serves,
    vip_holders,
    whose_writes,
    witness,
)
from runbook.mysql.tracking import progress

__all__ = ["Kind", "Verdict", "diagnose"]

GONE_FOR_GOOD = "If it is gone for good, or users cannot wait for it: inv promote"
ITS_FAILS = "The FAILs of inv verify say"


def diagnose(facts: Facts) -> Verdict:
    """The verdict of the first rule that holds."""
    master, slave = facts["master"], facts["slave"]
    for kind, rule in RULES.items():
        words = rule(master, slave)
        if words:
            return Verdict(kind, *words)
    return Verdict(
        Kind.HEALTHY,
        f"The pair is healthy: the master {master.address} holds the VIP and takes writes, "
        f"the slave {slave.address} copies them and refuses its own.",
        "Nothing to do.",
    )


def _both_unreachable(master: SideFacts, slave: SideFacts) -> Words | None:
    if not (master.unreachable and slave.unreachable):
        return None
    return (
        f"Neither host can be reached by SSH, so nothing is known of the pair: "
        f"master: {master.unreachable}; slave: {slave.unreachable}.",
        "Look at the network from here first, then at the hosts' power; then: inv verify",
    )


def _not_bootstrapped(master: SideFacts, slave: SideFacts) -> Words | None:
    blank = [side for side in (master, slave) if side.lacks and side.lacks != (CONFIG,)]
    if not blank or (master.alone and master not in blank):
        return None
    missing = "; ".join(f"{side} lacks {', '.join(side.lacks)}" for side in blank)
    next_step = "inv plan shows what is missing, inv bootstrap brings it"
    if slave.holds_vip and not master.holds_vip and "mysqld" in master.lacks:
        next_step = (
            "The slave's data may be the only copy: back them up first (mysqldump on the slave). Then: inv reseed "
            "--host=master installs a server there and brings them to it. "
            f"{GONE_FOR_GOOD}"
        )
    return (f"The pair is not completely set up: {missing}. The VIP is on {vip_holders(master, slave)}.", next_step)


def _two_writers(master: SideFacts, slave: SideFacts) -> Words | None:
    if master.read_only is not False or slave.read_only is not False:
        return None
    return (
        f"DANGER: both servers take writes, so their data can part; the VIP is on {vip_holders(master, slave)}.",
        f"{close_it(slave)} At once; then inv verify shows whether the slave took writes of its own.",
    )


def _slave_writable(master: SideFacts, slave: SideFacts) -> Words | None:
    if not slave.open:
        return None
    return (
        f"DANGER: the slave {slave.address} takes {whose_writes(slave)}; what is written there, the master will lack.",
        f"{close_it(slave)} Then inv verify shows whether it took any.",
    )


def _writable_without_vip(master: SideFacts, slave: SideFacts) -> Words | None:
    if not master.open or master.holds_vip:
        return None
    return (
        f"DANGER: the master {master.address} takes {whose_writes(master)} without holding the VIP, "
        f"which is on {vip_holders(master, slave)}.",
        f"{close_it(master)} Then inv verify.",
    )


def _diverged(master: SideFacts, slave: SideFacts) -> Words | None:
    lacking = [progress.in_words(slave.errant, slave.errant_names)] if slave.errant else []
    lacking += slave.own if slave.takeover else ()
    if not lacking:
        return None
    return (
        f"The slave has what the master lacks, {', '.join(lacking)}"
        + (" (the slave holds the VIP)." if slave.holds_vip else "."),
        "inv reconcile shows what each of them did, and gives it up or runs it on the master, as you say. "
        "Until then overwrite nothing; the VIP does not come home.",
    )


def _vip_without_mysqld(master: SideFacts, slave: SideFacts) -> Words | None:
    holder = next((side for side in (master, slave) if side.holds_vip and not (side.answers or side.greets)), None)
    if holder is None:
        return None
    then = "then: inv failback" if holder is slave else f"ssh {holder.address} systemctl stop keepalived moves the VIP"
    return (
        f"NOBODY SERVES: {holder} holds the VIP, and its mysqld ({holder.mysqld}) does not answer: {holder.sql}.",
        f"If that lasts for more than some seconds, the takeover has failed: look at journalctl -t mysql-runbook and "
        f"at mysqld's error log on {holder.address}; {then}",
    )


def _configuration_lost(master: SideFacts, slave: SideFacts) -> Words | None:
    without = [side for side in (master, slave) if CONFIG in side.lacks]
    if not without:
        return None
    then = "inv failback" if slave.holds_vip else "inv verify"
    return (
        f"The scripts have no whole configuration {CONFIG} on {' and '.join(map(str, without))}; "
        f"the VIP is on {vip_holders(master, slave)}.",
        f"inv deploy-scripts writes it anew; then: {then}",
    )


def _failed_over(master: SideFacts, slave: SideFacts) -> Words | None:
    if not slave.holds_vip or master.answers:
        return None
    since = f" since {slave.takeover['at']}" if "at" in slave.takeover else ""
    reads = how_old(slave)
    if master.unreachable:
        why = f"the master's host is not reached: {master.unreachable}, {witness(slave)}"
        next_step = f"{bring_back(master)}, then: inv failback. {GONE_FOR_GOOD}"
    else:
        why = f"the master's mysqld ({master.mysqld}) does not answer: {master.sql}"
        next_step = f"{look_into(master)}; then: inv failback{if_lost(master)}. {GONE_FOR_GOOD}"
    return (
        f"The pair is failed over{since}: the slave {slave.address} holds the VIP and "
        f"{serves(slave, 'serves reads only')}{reads}; {why}.",
        next_step,
    )


def _master_back(master: SideFacts, slave: SideFacts) -> Words | None:
    if not slave.holds_vip:
        return None
    return (
        f"The master's mysqld is back and waits for failback: the VIP is still on the slave {slave.address}, "
        f"which {serves(slave, 'serves reads')}{how_old(slave)}; nobody takes writes.",
        "inv failback",
    )


def _master_unreachable(master: SideFacts, slave: SideFacts) -> Words | None:
    if not master.unreachable:
        return None
    return (
        f"The master's host is not reached: {master.unreachable}, {witness(slave)}; the slave does not hold the VIP.",
        f"{master.refused} Then: inv verify"
        if master.refused
        else "If clients can write through the VIP, only SSH from here is broken. If not, the slave should have taken "
        f"over: see journalctl -u keepalived ({slave.keepalived}) on {slave.address}",
    )


def _slave_unreachable(master: SideFacts, slave: SideFacts) -> Words | None:
    if not slave.unreachable:
        return None
    vip = (
        f"holds the VIP and {serves(master, 'serves alone')}"
        if master.holds_vip
        else "does not hold the VIP; the slave may"
    )
    return (
        f"The slave's host is not reached: {slave.unreachable}; the master {master.address} {vip}.",
        f"{slave.refused} Then: inv verify"
        if slave.refused
        else f"{bring_back(slave)}: until then nothing takes over from the master. Then: inv verify",
    )


def _login_refused(master: SideFacts, slave: SideFacts) -> Words | None:
    closed = next((side for side in (master, slave) if side.greets and not side.answers), None)
    if closed is None:
        return None
    return (
        f"mysqld on {closed} runs, but does not let the runbook in, so little is known of it: {closed.sql}.",
        let_in(closed),
    )


def _master_read_only(master: SideFacts, slave: SideFacts) -> Words | None:
    if not master.read_only:
        return None
    return (
        f"The master {master.address} holds the VIP and refuses writes: it is read-only.",
        f"{ITS_FAILS} what keeps its scripts from opening it: do what they say; ssh {master.address} journalctl -t "
        f"mysql-runbook says who closed it. If nothing speaks against it, in mysql on {master.address}: SET GLOBAL "
        "read_only = OFF",
    )


def _slave_down(master: SideFacts, slave: SideFacts) -> Words | None:
    if slave.answers:
        return None
    return (
        f"The master {serves(master, 'serves alone')}: mysqld on the slave {slave.address} ({slave.mysqld}) does not "
        f"answer: {slave.sql}. "
        "Nothing can take over.",
        f"{look_into(slave)}; then: inv start. Replication goes on by itself{if_lost(slave)}",
    )


RULES: dict[Kind, Callable[[SideFacts, SideFacts], Words | None]] = {
    Kind.BOTH_UNREACHABLE: _both_unreachable,
    Kind.NOT_BOOTSTRAPPED: _not_bootstrapped,
    Kind.TWO_WRITERS: _two_writers,
    Kind.SPLIT_VIP: vip_rules.split_vip,
    Kind.SLAVE_WRITABLE: _slave_writable,
    Kind.WRITABLE_WITHOUT_VIP: _writable_without_vip,
    Kind.MASTER_ALONE: role_rules.master_alone,
    Kind.DIVERGED: _diverged,
    Kind.VIP_WITHOUT_MYSQLD: _vip_without_mysqld,
    Kind.CONFIGURATION_LOST: _configuration_lost,
    Kind.SEEDING: seeding_rules.seeding,
    Kind.SEED_BROKEN: seeding_rules.seed_broken,
    Kind.FAILED_OVER: _failed_over,
    Kind.MASTER_BACK: _master_back,
    Kind.MAINTENANCE: role_rules.maintenance,
    Kind.PEER_UNSEEN: role_rules.peer_unseen,
    Kind.MASTER_UNREACHABLE: _master_unreachable,
    Kind.SLAVE_UNREACHABLE: _slave_unreachable,
    Kind.NO_VIP: vip_rules.no_vip,
    Kind.LOGIN_REFUSED: _login_refused,
    Kind.MASTER_READ_ONLY: _master_read_only,
    Kind.SLAVE_DOWN: _slave_down,
    Kind.KEEPALIVED_DOWN: vip_rules.keepalived_down,
    Kind.KEEPALIVED_ASTRAY: vip_rules.keepalived_astray,
    Kind.SAME_SERVER_UUID: of_replication.same_server_uuid,
    Kind.UNLIKE_SERVERS: of_replication.unlike_servers,
    Kind.PURGED: of_replication.purged,
    Kind.REPLICATION_BROKEN: of_replication.broken,
    Kind.FILTERED: of_replication.filtered,
    Kind.ACKNOWLEDGED_ELSEWHERE: of_replication.acknowledged_elsewhere,
}
