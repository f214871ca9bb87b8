"""Who is the master, as the hosts remember it: a record on each, with a counter that only a change of roles raises."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from runbook.core.host_paths import ROLE
from runbook.core.lock import operator
from runbook.core.moment import utc
from runbook.core.notes import noted, number
from runbook.settings.settings import Role, Settings

QUESTION = f"cat {ROLE} 2>/dev/null || true"
FIRST_EPOCH = 1
SWITCHOVER, PROMOTE = "switchover", "promote"
"""The commands that change the roles, and end what they began when they are called again."""
ROLES: Mapping[str, Role] = {"master": "master", "slave": "slave"}


@dataclass(frozen=True)
class Record:
    """What one host remembers; `since` is in UTC, `by` who changed the roles, `why` the command.

    `own` is where in its binary log a slave by position was when it became one: until there it wrote as the master.
    """

    role: Role
    epoch: int
    since: str
    by: str
    why: str
    own: str = ""

    def text(self) -> str:
        """As it stands in the host's file."""
        return (
            f"role={self.role}\nepoch={self.epoch}\nsince={self.since}\nby={self.by}\nwhy={self.why}\nown={self.own}\n"
        )

    def __str__(self) -> str:
        return f"since {self.since}, epoch {self.epoch} ({self.why}, by {self.by})"


Records = Mapping[Role, Record | None]
"""By what hosts.env makes of a host: what that host itself remembers, None where it has no record.

A host that could not be asked is not among them.
"""


def made_now(epoch: int, why: str) -> Record:
    """What the master of a change of roles that the operator makes now is to remember."""
    return Record("master", epoch, utc(), operator(), why)


def by_hosts_env(settings: Settings) -> Record:
    """What the master of a pair is to remember of which no host remembers anything."""
    return made_now(max(FIRST_EPOCH, settings.roles_epoch), "bootstrap")


def parse(text: str) -> Record | None:
    """What a host's file says; None where it is not there or not whole."""
    found = noted(text)
    role, epoch = ROLES.get(found.get("role", "")), number(found.get("epoch"))
    if not role or not epoch or "why" not in found:
        return None
    return Record(role, epoch, found.get("since", ""), found.get("by", ""), found["why"], found.get("own", ""))


def newest(records: Records) -> Record | None:
    """The last change of roles that any host knows of."""
    return max(filter(None, records.values()), key=lambda record: record.epoch, default=None)


def contradiction(settings: Settings, records: Records) -> str | None:
    """Why nothing may be done by this hosts.env, with the way out; None where no host's record speaks against it."""
    last = newest(records)
    # A host that was away while the roles changed is no authority over a hosts.env that knows of it.
    if last is None or last.epoch < settings.roles_epoch:
        return None
    told = {role: record for role, record in records.items() if record and record.epoch == last.epoch}
    if len({record.role for record in told.values()}) < len(told):
        return (
            f"both hosts' records say that they are the {last.role} {last}\n"
            f"Nothing was done. One of the two was copied or edited: remove {ROLE} on the host where it is wrong"
        )
    for role, record in told.items():
        if record.role != role and not _is_left_alone(role, records):
            return (
                f"{settings.source} is stale: {settings.node(role).address}, which it calls the {role}, is the "
                f"{record.role} {record}\n"
                "Nothing was done. inv sync-hosts-env exchanges the lines of the two hosts, and keeps a copy"
                f"{_or_end(last)}"
            )
    return None


def _or_end(last: Record) -> str:
    if last.why not in (SWITCHOVER, PROMOTE):
        return ""
    return f"; where that {last.why} was cut off, inv {last.why} brings it to its end, hosts.env included"


def _is_left_alone(role: Role, records: Records) -> bool:
    """Whether hosts.env makes a master of the one that is left of a pair: its peer is there, and is a new host."""
    return role == "master" and records.get("slave", records["master"]) is None


def wanted(records: Records, made: Record) -> Record:
    """The change of roles that both hosts are to remember: the last one, or `made`, which may be one of its own."""
    last = newest(records)
    if last is None:
        return made
    if records.get(last.role) == last:
        return last
    return replace(made, epoch=max(made.epoch, last.epoch + 1))
