"""Scheduled events: they run on the master alone, and a change of roles has to take them along.

A replicated event is SLAVESIDE_DISABLED on the slave, REPLICA_SIDE_DISABLED on newer ones (manuals: The
INFORMATION_SCHEMA EVENTS Table).
"""

from runbook.mysql.session import Server

ENABLED = (
    "SELECT event_schema AS `schema`, event_name AS name FROM information_schema.events "
    "WHERE status = 'ENABLED' ORDER BY 1, 2"
)
WAITING = (
    "SELECT event_schema AS `schema`, event_name AS name, definer AS definer FROM information_schema.events "
    "WHERE status IN ('SLAVESIDE_DISABLED', 'REPLICA_SIDE_DISABLED') ORDER BY 1, 2"
)


def enabled(server: Server) -> set[tuple[str, str]]:
    """The events that a server runs, by schema and name."""
    return {(row["schema"], row["name"]) for row in server.ask(ENABLED)}


def waiting(server: Server) -> set[tuple[str, str]]:
    """The events that its master runs, of a slave."""
    return {(row["schema"], row["name"]) for row in server.ask(WAITING)}


def enable(server: Server, events: set[tuple[str, str]]) -> list[str]:
    """Have the new master run these; their names. Without DEFINER they would become root's (manual: ALTER EVENT)."""
    names = []
    for row in server.ask(WAITING):
        if (row["schema"], row["name"]) in events:
            user, _, host = row["definer"].rpartition("@")
            name = f"{_quoted(row['schema'])}.{_quoted(row['name'])}"
            server.execute(f"ALTER DEFINER = %s@%s EVENT {name} ENABLE", user, host)
            names.append(f"{row['schema']}.{row['name']}")
    return names


def _quoted(name: str) -> str:
    # PyMySQL takes a % for its own where there are arguments.
    return "`" + name.replace("`", "``").replace("%", "%%") + "`"
