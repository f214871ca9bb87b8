"""Somebody who answers in the place of the master's mysqld."""

from collections.abc import Iterator
from contextlib import contextmanager

from commandline import until
from outside import OutsidePair

PORT = 3306
SETTLED_SECONDS = 30
TAKEOVER_SECONDS = 8


@contextmanager
def in_the_masters_place(pair: OutsidePair, name: str, program: str) -> Iterator[None]:
    """The master's mysqld is down, and `nobody` runs this Python program there, a unit of that name; then healed.

    What is at /var/tmp/NAME.* is removed in the end.
    """
    master, files = pair.master, f"/var/tmp/{name}"
    master.sh("systemctl stop mysql")
    until("the VIP on the slave", TAKEOVER_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    master.sh(f"rm -f {files}.log; cat > {files}.py", stdin=program)
    master.sh(f"systemd-run --quiet --collect --unit={name} --uid=nobody python3 {files}.py")
    until(f"the {name} to listen", SETTLED_SECONDS, lambda: f":{PORT} " in master.sh("ss -ltn"))
    yield
    master.run(f"systemctl stop {name}; rm -f {files}.*")
    pair.inv("failback").expect(0, "The pair is healthy")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)
