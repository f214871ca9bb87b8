"""Which route is taken, and why. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.seeding.backup import Backup
from runbook.mysql.seeding.clone import Clone
from runbook.mysql.seeding.dump import Dump
from runbook.mysql.seeding.mydumper import Mydumper
from runbook.mysql.seeding.route import Route

NAMED = 5
# The first is the fastest, and disturbs the donor least.
ROUTES: tuple[Route, ...] = (Clone(), Backup(), Dump(), Mydumper())


@dataclass(frozen=True)
class Chosen:
    """The route, and why `auto` took it; or why there is none."""

    route: Route | None
    why: str

    def __str__(self) -> str:
        return f"{self.route.name if self.route else 'none'}: {self.why}"


def choose(wanted: str, donor: Dialect, recipient: Dialect, left_empty: Mapping[str, Sequence[str]]) -> Chosen:
    """By SEED; `left_empty` are the tables that a route of that name would leave without their rows."""
    against: list[str] = []
    for route in ROUTES:
        if wanted not in ("auto", route.name):
            continue
        why_not = route.why_not(donor, recipient) or _empty(left_empty.get(route.name, ()))
        if why_not is None:
            why = "; ".join(against) or f"the first that {donor.engine} {donor.series} has"
            return Chosen(route, why if wanted == "auto" else f"SEED={wanted}")
        against.append(f"not {route.name}, {why_not}")
    return Chosen(None, "; ".join(against))


def _empty(tables: Sequence[str]) -> str | None:
    if not tables:
        return None
    more = f" and {len(tables) - NAMED} more" if len(tables) > NAMED else ""
    return f"which would leave these tables empty: {', '.join(tables[:NAMED])}{more}"
