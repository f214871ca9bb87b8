"""A restart of mysqld: on a master that serves with the operator's consent only, and without moving the VIP."""

from collections.abc import Callable

from runbook.core.host_paths import DEFERRED
from runbook.core.wait import until
from runbook.errors import RunbookError
from runbook.keepalived.configuration import UNIT
from runbook.mysql import variables
from runbook.mysql.replication.replicates import user_schemas
from runbook.pair.pair import Pair
from runbook.pair.side import Side

VIP_SECONDS = 30

Consent = Callable[[str], bool]
"""A yes-or-no question to the operator."""


def restart_mysqld(pair: Pair, consent: Consent, side: Side, why: str) -> None:
    """Restart mysqld on a side; RunbookError when it serves and the operator does not agree, with nothing done."""
    host, unit = side.host, side.names.unit
    serves = side.role == "master" and _serves(side)
    if serves and not consent(f"mysqld on the serving {host} must restart for: {why}. Restart it now?"):
        raise RunbookError(
            f"{host}: mysqld must be restarted for: {why}; it serves, and nobody allowed it",
            "The option file is written. Run the same command with --yes when a pause of some seconds is welcome.",
        )
    if serves and side.holds_vip():
        _restart_under_the_vip(pair)
    else:
        variables.restart_mysqld(host, side.server, unit)


def _serves(master: Side) -> bool:
    writable = not master.server.closed()
    return master.holds_vip() or (writable and bool(user_schemas(master.server)))


def _restart_under_the_vip(pair: Pair) -> None:
    """keepalived ends with mysqld. With the slave's stopped meanwhile, the VIP can only come back to the master.

    A master with its slave attached takes 11 s to shut down, else 3 (measured on 9.7): the receiver is stopped too,
    once stop.sh has closed the master, so that nothing is acknowledged without the slave.
    """
    master, slave = pair.master, pair.slave
    host = master.host
    slave.host.do(f"systemctl stop {UNIT}")
    try:
        host.do(f"systemctl stop {UNIT}")
        host.do(f"rm -f {DEFERRED}")
        slave.server.execute(f"STOP {slave.server.dialect.replica} IO_THREAD")
        variables.restart_mysqld(host, master.server, master.names.unit)
        host.do(f"systemctl start {UNIT}")
        until(f"{host}: the VIP back after the restart of mysqld", VIP_SECONDS, master.holds_vip)
    finally:
        slave.host.do(f"systemctl start {UNIT}")
        slave.server.execute(f"START {slave.server.dialect.replica}")
