"""Progress from its text: the three forms do not look alike."""

from runbook.mysql.tracking.progress import MARIADB_GTID, POSITION, DomainState, GtidSet, Position, Progress


def parse(text: str) -> Progress:
    """What a server, or a record of our scripts, wrote."""
    first = text.strip().split(",")[0]
    if MARIADB_GTID.fullmatch(first):
        return DomainState.parse(text)
    if POSITION.search(first):
        return Position.parse(text)
    return GtidSet.parse(text)
