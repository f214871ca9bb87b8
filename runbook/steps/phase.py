"""A phase of a task: which hosts, and what must be so on each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runbook.core.step import Step
from runbook.pair.pair import ROLES, Side
from runbook.settings.settings import Role

Consent = Callable[[str], bool]


@dataclass(frozen=True)
class Phase:
    """Steps for each of these hosts; the hosts work side by side."""

    steps: Callable[[Side], Sequence[Step]]
    roles: tuple[Role, ...] = ROLES
