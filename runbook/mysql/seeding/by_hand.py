"""Words for a slave that lacks what the master's binary logs no longer hold, and the way by hand. Pure."""

from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.tracking.progress import Progress

GONE = "the master's binary logs no longer hold transactions that the slave lacks"
NEXT = "inv reseed --host=slave brings it the master's data, while the master serves"


def by_hand(slave: str, dialect: Dialect, *, by_gtid: bool) -> str:
    """How the slave at this address is made a copy of the master. Tried on MySQL 9.7 by GTID."""
    opened = "SET GLOBAL super_read_only = OFF; " if dialect.has_super_read_only else ""
    return (
        "By hand, over the slave's data: on the master "
        f"{dialect.dump_all(by_gtid=by_gtid)} > FILE; on {slave} systemctl stop keepalived mysql-runbook-fence, "
        f"then in {dialect.client} STOP {dialect.replica}; {dialect.reset}; {opened}SET GLOBAL read_only = OFF, then "
        f"{dialect.client} < FILE, and restart mysqld there; then: inv bootstrap"
    )


def why(gone: Progress) -> str:
    """The reason, and the way out."""
    return f"{GONE}: {gone}\n{NEXT}."
