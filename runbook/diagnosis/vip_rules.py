"""Rules of the verdict that are about keepalived: who has the VIP, and whether a takeover could come about. Pure."""

from runbook.diagnosis.facts import SideFacts
from runbook.diagnosis.words import Words, end_hung, serves_but
from runbook.keepalived.configuration import CONFIG

_BROUGHT_BACK = f"inv install-keepalived brings it back to {CONFIG}, or says which line of which file is against it"


def split_vip(master: SideFacts, slave: SideFacts) -> Words | None:
    """Both hosts hold the VIP."""
    if not (master.holds_vip and slave.holds_vip):
        return None
    stale = [side for side in (slave, master) if side.keepalived not in ("active", "unknown")]
    if stale:
        next_step = (
            f"keepalived on {stale[0]} is {stale[0].keepalived} and left the address behind: "
            f"ssh {stale[0].address} systemctl restart keepalived"
        )
    elif master.hangs:
        # It closes by that, and comes back as BACKUP.
        next_step = f"{_hung(master)} The VIP is on the slave alone then, which only reads: inv failback"
    else:
        next_step = _ill(master, slave) or (
            "The two keepaliveds do not hear each other: look at the network between the hosts, and whether a firewall "
            f"drops protocol 112. Until then: ssh {slave.address} systemctl stop keepalived"
        )
    return (
        "DANGER: both hosts hold the VIP: a client reaches one or the other by chance, and may read old data.",
        next_step,
    )


def no_vip(master: SideFacts, slave: SideFacts) -> Words | None:
    """No host holds the VIP."""
    if master.holds_vip or slave.holds_vip:
        return None
    states = "; ".join(
        f"{side.role}: mysqld {side.mysqld}, keepalived {side.keepalived}{f' ({side.vrrp})' if side.vrrp else ''}"
        for side in (master, slave)
    )
    next_step = "inv failback starts what is stopped and brings the VIP home, if nothing is lost by it"
    if master.answers and slave.answers and not slave.takeover:
        next_step = f"inv start. If that does not help: ssh {master.address} journalctl -u keepalived"
    return (f"NOBODY SERVES: no host holds the VIP; {states}.", _ill(master, slave) or next_step)


def keepalived_down(master: SideFacts, slave: SideFacts) -> Words | None:
    """Of a pair that serves, a keepalived does not run, or does nothing."""
    down = [side for side in (master, slave) if side.keepalived not in ("active", "unknown")]
    if down:
        where = " and ".join(f"{side} ({side.keepalived})" for side in down)
        return (
            f"{serves_but(master)} there is no takeover: keepalived does not run on {where}.",
            _ill(master, slave) or f"inv start. If it stops again: ssh {down[0].address} journalctl -u keepalived",
        )
    hung = [side for side in (master, slave) if side.hangs]
    if not hung:
        return None
    where = " and ".join(f"{side} ({side.hangs})" for side in hung)
    return (
        f"{serves_but(master)} there is no takeover: keepalived hangs on {where}.",
        f"{'; '.join(map(end_hung, hung))}. Then: inv verify",
    )


def keepalived_astray(master: SideFacts, slave: SideFacts) -> Words | None:
    """Of a pair that serves, a keepalived runs, or would start, by another configuration than the pair's."""
    astray = [side for side in (master, slave) if not side.running.ours or side.running.sources]
    if not astray:
        return None
    found = "; ".join(f"on {side} {side.running}" for side in astray)
    return (
        f"{serves_but(master)} a takeover is not the pair's any more: keepalived {found}, not by {CONFIG}.",
        _BROUGHT_BACK,
    )


def _ill(master: SideFacts, slave: SideFacts) -> str:
    """What to do about a keepalived that hangs or is not the pair's, where that may be all that is wrong."""
    for side in (slave, master):
        if side.hangs:
            return f"{_hung(side)} Then: inv verify"
    for side in (slave, master):
        if not side.running.ours:
            return f"keepalived on {side} {side.running}: {_BROUGHT_BACK}"
    return ""


def _hung(side: SideFacts) -> str:
    return f"keepalived on {side} hangs: {side.hangs}. {end_hung(side)}."
