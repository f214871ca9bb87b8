"""How keepalived looks whether mysqld is well."""

from runbook.settings import values as read
from runbook.settings.key import Key, KeyTable

_times = read.whole(1, 60)


class Check(KeyTable):
    """keepalived's check of mysqld (steps 6 and 7)"""

    check_interval = Key(
        read=read.whole(1, 600, " of seconds"),
        default="1",
        article="10 (the slave's 120 in the text, 10 in the kit)",
        help="Seconds from one check to the next.",
    )
    check_timeout = Key(
        read=read.seconds,
        default="2.5",
        article="has none",
        help="Seconds that mysqld has to answer a check, and to come back when it is not there.",
    )
    check_fall = Key(
        read=_times,
        default="1",
        help="Failed checks in a row after which the host gives the VIP up.",
    )
    check_rise = Key(
        read=_times,
        default="2",
        help="Good checks in a row after which the host counts as well again.",
    )
    close_kill_seconds = Key(
        read=read.whole(0, 3600, " of seconds"),
        default="30",
        article="has none",
        help=(
            "How long a server without the VIP may refuse to be closed for writes before mysqld is killed; 0: never.\n"
            "It starts closed, and nothing acknowledged is lost. The seconds count from the first try that failed."
        ),
    )
    relay_lock_seconds = Key(
        read=read.whole(0, 50, " of seconds"),
        default="5",
        article="has none",
        help=(
            "How long a takeover waits for a lock before the sessions that hold it are ended; 0: never.\n"
            "What still waits for one after a minute is not applied, and the reads stay old until failback.\n"
            "In 5 s most transactions end by themselves; a backup of the slave is cut off, and can be made again."
        ),
    )
