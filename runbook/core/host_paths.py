"""Where our things lie on a host: the one source for Python and for the scripts there, which read it as paths.sh."""

from runbook.core.templates import shell_variables

SCRIPTS = "/usr/local/bin"
LIBRARY = "/usr/local/lib/mysql-runbook"
PATHS = f"{LIBRARY}/paths.sh"
CONFIG = "/etc/mysql-runbook.conf"
ALERT_CONFIG = "/etc/mysql-runbook-alert.conf"

RUN = "/run/mysql-runbook"
"""What is known until the next boot; root's own: in a folder that is everybody's, anybody could have a lock's name."""
LAST_CONFIG = f"{RUN}/last.conf"
"""The last configuration that was whole."""
LOCK = f"{RUN}/lock"
"""One script at a time."""
OPERATOR_LOCK = f"{RUN}/operator.lock"
"""One operator at a time."""
SETTLED = f"{RUN}/settled"
"""When the scripts last brought this host to what it must be, in seconds of the epoch."""
CHECKED = f"{RUN}/checked"
"""When keepalived last called its check, in seconds of the epoch; not there once it has ended."""
FINDING = f"{RUN}/finding"
"""Until when what checker.sh found last holds, in seconds of the epoch, and what: serves, fails, or asks (just now)."""
OPENED = f"{RUN}/opened"
"""Which mysqld the scripts opened for writes, until they have closed it."""
HELD = f"{RUN}/held"
"""There from the VIP's coming until the sessions that came by it are ended."""
LAST_SAID = f"{RUN}/said"
VRRP_STATE = f"{RUN}/vrrp"
"""What keepalived last told its scripts: MASTER, BACKUP, FAULT or STOPPED."""
HEARD = f"{RUN}/heard"
WATCH = f"{RUN}/watch"
ALERTS = f"{RUN}/alerts"
"""What people should know now, what is news, and what each channel was told."""
KEEPALIVED_LOADED = f"{RUN}/keepalived-loaded"
"""The digest of the configuration that keepalived has read; its unit writes it at each start and reload."""

WITNESSED = f"{RUN}/witnessed"
"""The slave's record of its master: when nothing acknowledged was last missing here, since when that one is silent."""

STATE = "/var/lib/mysql-runbook"
"""What is known beyond a boot."""
TAKEOVER = f"{STATE}/takeover"
"""The slave's record of its takeover, while it has the VIP."""
ROLE = f"{STATE}/role"
"""What this host is, since which change of roles."""
ALONE = f"{STATE}/alone"
"""An operator's word that this host is the master and has no slave: of which change of roles, since when, by whom."""
MAINTENANCE = f"{STATE}/maintenance"
"""There on both hosts while the slave's is in maintenance: since when, by whom, until when, and what is not told."""
SEEDING = f"{STATE}/seeding"
"""There on both hosts while one's data are replaced by the other's: whose, since when, by whom, how far it came."""
SEED_PID = f"{RUN}/seed.pid"
"""The process on the host that fills the new data directory."""
DEFERRED = f"{STATE}/deferred"
"""The master's mark that it is without the VIP: after a boot of both it lets the slave have it first."""
UNDO = f"{STATE}/undo"
"""What undoes a change that a run made for a while, a script each."""
UNDO_LOCK = f"{RUN}/undo.lock"

_OF_SCRIPTS = {
    "CONFIG": CONFIG,
    "ALERT_CONFIG": ALERT_CONFIG,
    "RUN": RUN,
    "LAST_CONFIG": LAST_CONFIG,
    "LOCK": LOCK,
    "SETTLED": SETTLED,
    "CHECKED": CHECKED,
    "FINDING": FINDING,
    "OPENED": OPENED,
    "HELD": HELD,
    "LAST_SAID": LAST_SAID,
    "VRRP_STATE": VRRP_STATE,
    "HEARD": HEARD,
    "WATCH": WATCH,
    "WITNESSED": WITNESSED,
    "ALERTS": ALERTS,
    "STATE": STATE,
    "TAKEOVER": TAKEOVER,
    "ROLE_RECORD": ROLE,
    "ALONE": ALONE,
    "MAINTENANCE": MAINTENANCE,
    "DEFERRED": DEFERRED,
}


def paths_for_scripts() -> str:
    """The text of paths.sh, but for its first lines."""
    return shell_variables(_OF_SCRIPTS)
