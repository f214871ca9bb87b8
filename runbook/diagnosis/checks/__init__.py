"""The checks of verify: from the facts, by the steps of bootstrap, and by writing through the VIP."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["OK", "WARN", "FAIL"]

NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, on the master, the slave or the pair: what was found, and what to do about it.

    `topic` gathers checks that a reader takes in as one when all of them are right.
    """

    host: str
    name: str
    status: Status
    found: str
    todo: str = ""
    topic: str = ""


def not_checked(host: str, name: str, why: str) -> Check:
    """A check that could not be made; what stands in its way fails by a check of its own."""
    return Check(host, name, "WARN", why, topic=NOT_CHECKED)
