"""Half sentences of the verdict that several rules say."""

from runbook.diagnosis.facts import SideFacts
from runbook.keepalived.running import END
from runbook.mysql.tracking.status import ReplicaStatus

Words = tuple[str, str]
"""Of a rule: the sentence and the next step."""


def vip_holders(master: SideFacts, slave: SideFacts) -> str:
    """Who holds the VIP."""
    return " and ".join(f"the {side.role}" for side in (master, slave) if side.holds_vip) or "no host that was reached"


def witness(slave: SideFacts) -> str:
    """What the slave sees of a master that we do not."""
    return "though its mysqld answers the slave" if slave.sees_peer else "and its mysqld does not answer the slave"


def look_into(side: SideFacts) -> str:
    """What to look at where a mysqld does not answer."""
    if side.stranger:
        return (
            f"{side.stranger} is not mysqld, keeps it from its port and hears what is meant for it: find out who "
            f"started it, then end it: ssh {side.address} kill {side.stranger.pid}"
        )
    if side.greets:
        return let_in(side)
    if side.mysqld == "active":
        return f"mysqld on {side.address} hangs or is still recovering: see its error log and disk, restart it there"
    return f"See in mysqld's error log on {side.address} why it went down"


def if_lost(side: SideFacts) -> str:
    """The other way, of a mysqld that went down by itself."""
    if side.stranger or side.greets or side.mysqld == "active":
        return ""
    return f". If its data are lost: inv reseed --host={side.role}"


def let_in(side: SideFacts) -> str:
    """What to look at where a mysqld runs and does not let us in."""
    room = make_room(side.address)
    return f"Is MYSQL_ROOT_PASSWORD in hosts.env still root's? With too many connections: {room}"


def make_room(address: str) -> str:
    """What to do where all connections of a server are used up."""
    return f"end some, or raise max_connections in mysql on {address}"


def serves(side: SideFacts, so: str = "serves") -> str:
    """What a host with the VIP does for clients, as far as our own client saw it."""
    return f"does not serve verify's own client ({side.turned_away})" if side.turned_away else so


def serves_but(master: SideFacts) -> str:
    """The beginning of a sentence that goes on with what is wrong all the same."""
    return f"The master {serves(master)}, {'and' if master.turned_away else 'but'}"


def is_open(master: SideFacts) -> str:
    """The same, where what is wrong is none of the rules'."""
    found = f"the master {master.address} holds the VIP and is open for writes"
    if master.turned_away:
        return f"{found[0].upper()}{found[1:]}, but {serves(master)}, and"
    return f"The pair serves: {found}; but"


def bring_back(side: SideFacts) -> str:
    """What to do about a host that is not reached."""
    return side.refused.rstrip(".") or f"Bring the {side.role}'s host back (power, network)"


def end_hung(side: SideFacts) -> str:
    """What ends a keepalived that hangs; SIGTERM would wait for it."""
    return f"ssh {side.address} {END}: its unit starts it anew at once"


def start_copying(status: ReplicaStatus) -> str:
    """What makes replication run again; where the master refuses its login, first what mends the account."""
    if status.login_refused:
        return "inv create-replica-user makes its account right; then: inv start-slave"
    if status.settings_forbid:
        return "inv bootstrap sets both servers' settings right, and starts it again"
    return "inv start-slave"


def whose_writes(side: SideFacts) -> str:
    """Whose writes an open server takes."""
    return "root's writes" if side.read_only else "writes"


def close_it(side: SideFacts) -> str:
    """The statement that closes a server."""
    flags = "" if side.super_read_only is None else "super_read_only = ON, GLOBAL "
    return f"In mysql on {side.address}: SET GLOBAL {flags}read_only = ON."


def how_old(slave: SideFacts) -> str:
    """What is to be said of the reads of a slave that took over when replication had already broken."""
    since = slave.takeover.get("broken_since")
    return f", as of {since}, when replication had broken" if since else ""
