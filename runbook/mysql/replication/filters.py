"""Filters of replication: what a server leaves out of its binary log, and what it leaves out of its master's.

Names of the status columns: MySQL's manual, SHOW BINARY LOG STATUS and SHOW REPLICA STATUS; MariaDB's manual, SHOW
SLAVE STATUS and CHANGE MASTER TO.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pymysql.constants import ER

from runbook.core.host import Host
from runbook.mysql import option_lines
from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.option_lines import Line
from runbook.mysql.session import Server, SqlFailed

OPTION = re.compile(r"\s*(?:loose[-_])?([\w-]+)\s*=\s*(.*?)\s*(?:#.*)?$", re.IGNORECASE)
OF_BINARY_LOG = ("binlog_do_db", "binlog_ignore_db")
OF_APPLIER = (
    "replicate_do_db",
    "replicate_ignore_db",
    "replicate_do_table",
    "replicate_ignore_table",
    "replicate_wild_do_table",
    "replicate_wild_ignore_table",
    "replicate_rewrite_db",
)
# Of CHANGE MASTER TO alone; no option file has them.
OF_RECEIVER = ("replicate_ignore_server_ids", "replicate_do_domain_ids", "replicate_ignore_domain_ids")
ANSWER_SECONDS = 2
NAMES = (*OF_BINARY_LOG, *OF_APPLIER, *OF_RECEIVER)

FILES_QUESTION = option_lines.question("/etc/my.cnf /etc/mysql/my.cnf")


@dataclass(frozen=True)
class Filter:
    """A filter, what it names, and the lines of option files that write it; none for one that was set at run time."""

    name: str
    value: str
    places: tuple[str, ...] = ()
    in_force: bool = True

    def __str__(self) -> str:
        where = ", ".join(self.places) or "set at run time"
        return f"{self.name} = {self.value} ({where}{'' if self.in_force else ', not in force yet'})"


def of(host: Host, server: Server | None) -> tuple[Filter, ...]:
    """All filters of a host, by its option files and, where its server answers, by what is in force."""
    return merged(in_force(server) if server else {}, written(host.read(FILES_QUESTION, option_lines.lines)))


def in_force(server: Server) -> dict[str, str]:
    """The filters that the running server has."""
    dialect = server.dialect
    # It hangs while a commit waits for room on the disk [M on 9.7]; what an option file says is known all the same.
    log = server.ask_within(ANSWER_SECONDS, dialect.binary_log_status) or []
    rows = [*log, *server.ask(dialect.replica_status)]
    shown = {name.lower(): value for row in rows for name, value in row.items()} | _without_a_channel(server)
    return {name: str(shown[name]) for name in NAMES if shown.get(name)}


def _without_a_channel(server: Server) -> dict[str, object]:
    try:
        rows = [tuple(row.values()) for row in server.ask(server.dialect.filters_without_a_channel)]
    except SqlFailed as error:
        if error.code != ER.NO_SUCH_TABLE:
            raise
        return {}
    return {str(name).lower(): rule for name, rule in rows if rule}


def written(lines: Iterable[Line]) -> Iterator[tuple[str, str, str]]:
    """Name, value and place of each filter in option files."""
    for line in option_lines.for_the_server(lines):
        if (option := OPTION.match(line.text)) and (name := option[1].lower().replace("-", "_")) in NAMES:
            yield name, option[2].strip("\"'"), f"{line.file}:{line.number}"


def merged(running: Mapping[str, str], written: Iterable[tuple[str, str, str]]) -> tuple[Filter, ...]:
    """One filter a name, with all the lines that write it."""
    lines: dict[str, list[tuple[str, str]]] = {}
    for name, value, place in written:
        lines.setdefault(name, []).append((value, place))
    return tuple(
        Filter(
            name,
            running.get(name) or ",".join(value for value, _ in lines[name]),
            tuple(place for _, place in lines.get(name, ())),
            name in running,
        )
        for name in NAMES
        if name in running or name in lines
    )


def way_out(filters: Iterable[Filter], dialect: Dialect) -> str:
    """How these filters go, in the order that works, and what is missing then."""
    found = tuple(filters)
    places = [place for each in found for place in each.places]
    statements = [_unset(each.name, dialect) for each in found if each.in_force and not each.places]
    acts = [f"take out {', '.join(places)} and restart mysqld there"] if places else []
    acts += [f"in {dialect.client} there: {'; '.join(statements)}"] if statements else []
    return (
        f"{'; '.join(acts)}. What was left out does not come by itself: while nobody writes to it, on the "
        f"master: {dialect.dump} --databases SCHEMA > FILE, then {dialect.client} < FILE, which replicates"
    )


def _unset(name: str, dialect: Dialect) -> str:
    word, replica = name.removeprefix("replicate_").upper(), dialect.replica
    if name in OF_RECEIVER:
        change = "CHANGE MASTER" if replica == "SLAVE" else "CHANGE REPLICATION SOURCE"
        return f"STOP {replica}; {change} TO {word} = (); START {replica}"
    return dialect.unset_filter(name)


def refusal(host: str, filters: Iterable[Filter], dialect: Dialect) -> str | None:
    """Why a host with these filters is no half of a pair, with the way out; None where there are none."""
    found = tuple(filters)
    if not found:
        return None
    return (
        f"{host}: replication is filtered: {'; '.join(map(str, found))}\n"
        "Rows that a filter keeps back are acknowledged on the master and are not on the slave.\n"
        f"Nothing was changed. Next: {way_out(found, dialect)}."
    )
