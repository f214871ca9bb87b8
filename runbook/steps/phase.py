"""A phase of a task: which hosts, and what must be so on each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runbook.core.step import Item
from runbook.pair.pair import ROLES
from runbook.pair.side import Side
from runbook.settings.settings import Role

Restart = Callable[[Side, str], None]
"""Restarts mysqld on a side, for a reason. As that may concern both hosts, it is an operation that a step is given."""


@dataclass(frozen=True)
class Phase:
    """Steps and conditions for each of these hosts; the hosts work side by side."""

    items: Callable[[Side], Sequence[Item]]
    roles: tuple[Role, ...] = ROLES
