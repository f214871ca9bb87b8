"""Who has the master's commits when they are acknowledged: the slave, or another server that copies from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runbook.mysql.dialects.dialect import Dialect


@dataclass(frozen=True)
class Copier:
    """A server that copies the master's binary log now."""

    host: str
    """From where its session comes; empty where it did not say."""
    id: str
    """Its server_uuid, or its server_id where the server tells no other."""
    acknowledges: bool | None
    """None where the server cannot tell who of them does."""

    def __str__(self) -> str:
        word = "server_id" if self.id.isdigit() else "server_uuid"
        return f"{self.host or 'a server'} ({word} {self.id or 'unknown'})"


def copiers(rows: Iterable[Mapping[str, Any]]) -> list[Copier]:
    """Of the rows that a dialect's question `copying` is answered with: MySQL's own, or SHOW SLAVE HOSTS."""
    found = []
    for row in rows:
        if "acknowledges" in row:
            found.append(Copier(row["host"] or "", str(row["id"] or ""), bool(row["acknowledges"])))
        else:
            found.append(Copier(row["Host"] or "", str(row["Server_id"]), None))
    return found


def besides(found: Iterable[Copier], slave_ids: Iterable[str], clients: int, *, slave_does: bool) -> str | None:
    """Who acknowledges besides the slave, known by one of `slave_ids`, a host among them; empty when nobody does.

    `clients` is how many the master counts, `slave_does` whether the slave says that it is one of them. None when there
    are more than are known.
    """
    others, own = [], 0
    for each in found:
        if {each.id, each.host} & set(slave_ids):
            own += 1
        elif each.acknowledges is not False:
            others.append(each)
    if not others:
        return "" if clients <= max(own, slave_does) else None
    more = len(others) if all(each.acknowledges for each in others) else clients - (own if slave_does else 0)
    if more < 1:
        return ""
    return (" and " if more >= len(others) else " or ").join(map(str, others))


def way_out(dialect: Dialect) -> str:
    """How another server is kept from acknowledging; it may copy all the same."""
    off = f"{dialect.named('rpl_semi_sync_replica_enabled')} = OFF"
    thread = f"{dialect.replica} IO_THREAD"
    return (
        f"In {dialect.client} on that server: SET GLOBAL {off}; STOP {thread}; START {thread}, "
        f"and {off} in its my.cnf; it goes on copying"
    )
