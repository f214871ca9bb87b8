"""The account by which data are fetched: for this once, with a password that nobody else knows, in no binary log.

So root's own password comes to no host. A run that was cut off leaves it behind; the next one takes it away.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from runbook.core.step import NotReady
from runbook.errors import HostError
from runbook.mysql.session import Server

USER = "runbook_seeder"
HOSTS = "SELECT host AS host FROM mysql.user WHERE user = %s"


@contextmanager
def seeder(donor: Server, from_host: str, password: str, privileges: Sequence[str]) -> Iterator[None]:
    """On the donor for as long as this lasts, whatever ends it."""
    forget(donor)
    with donor.opened_for_root(logged=False):
        for statement in donor.dialect.make_account:
            donor.execute(statement, USER, from_host, password)
        donor.execute(f"GRANT {', '.join(privileges)} ON *.* TO %s@%s", USER, from_host)
    try:
        yield
    finally:
        donor.close()
        with suppress(HostError, NotReady):
            forget(donor)


def forget(server: Server) -> None:
    """Take it away, from wherever it may log in: it comes along with the data, too."""
    rows = server.ask(HOSTS, USER)
    if rows:
        with server.opened_for_root(logged=False):
            for row in rows:
                server.execute("DROP USER %s@%s", USER, row["host"])
