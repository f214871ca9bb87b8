"""Checks by the very steps that bootstrap takes: what one of them would change is what is wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import pymysql

from runbook.core.host import CommandFailed, Host, NotInTime
from runbook.core.ssh import Unreachable
from runbook.core.step import Condition, Gap, Item, Step, gap_between
from runbook.diagnosis.checks import Check, not_checked
from runbook.diagnosis.facts import Facts, reason
from runbook.errors import RunbookError
from runbook.mysql.accounts import PeerLogin
from runbook.mysql.heartbeat import SeenOnSlave
from runbook.mysql.login import CLIENT_ERRORS
from runbook.mysql.replication.likeness import Alike
from runbook.mysql.replication.replicates import StillToBeHad
from runbook.mysql.session import LoginRefused, SqlFailed, TooManyConnections
from runbook.pair.pair import ROLES, Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role
from runbook.steps.article import TASKS
from runbook.steps.start import Serves

IN_THE_FACTS = Alike | StillToBeHad | SeenOnSlave | Serves


class Planned(NamedTuple):
    """A step or condition of a task on a host."""

    task: str
    role: Role
    item: Item


def checks(pair: Pair, facts: Facts) -> list[Check]:
    """One check a step and host; those that ask one server side by side, those that ask both one after the other."""
    reachable = tuple(role for role in ROLES if not facts[role].unreachable)
    if not reachable:
        return []
    planned, unplanned = _planned(pair, facts, reachable)
    silent = {role: facts[role].sql for role in ROLES if not facts[role].answers}
    alone = pair.side_by_side(partial(_of_side, planned, silent), reachable)
    of_both = [each for each in planned if len(each.item.servers) > 1]
    found = [*unplanned, *(check for role in reachable for check in alone[role])]
    pair.side_by_side(partial(_foresee, of_both), reachable)
    for role in reachable:
        found += _read_all(pair.sides[role].host, [each for each in of_both if each.role == role], silent)
    if facts["slave"].holds_vip and not facts["master"].holds_vip:
        return [replace(c, todo=f"After inv failback: {c.todo}") if c.status == "FAIL" else c for c in found]
    return found


def _planned(pair: Pair, facts: Facts, reachable: Sequence[Role]) -> tuple[list[Planned], list[Check]]:
    """All steps of bootstrap on these hosts, each once, but those whose answer the facts and the writes give.

    With them, a check for each task of which a host did not tell what its steps are.
    """
    planned: dict[tuple[str, str], Planned] = {}
    unplanned: list[Check] = []
    phases = ((task.name, phase) for task in TASKS for phase in task.phases(pair, _never))
    for task, phase, role in ((*each, role) for each in phases for role in each[1].roles if role in reachable):
        try:
            items = phase.items(pair.sides[role])
        except CommandFailed as error:
            unplanned.append(not_checked(role, f"steps of {task}", reason(error, pair.sides[role].host)))
            continue
        for item in items:
            blind = isinstance(item, PeerLogin) and not facts[role].sees_peer
            if not blind and not isinstance(item, IN_THE_FACTS):
                planned.setdefault((role, item.name), Planned(task, role, item))
    return list(planned.values()), unplanned


def _never(side: Side, why: str) -> None:
    raise AssertionError(f"verify wanted to restart mysqld on {side.host} for {why}")


def _of_side(planned: Iterable[Planned], silent: Mapping[Role, str], side: Side) -> list[Check]:
    own = [each for each in planned if each.role == side.role and len(each.item.servers) < 2]
    _foresee(own, side)
    return _read_all(side.host, own, silent)


def _foresee(planned: Iterable[Planned], side: Side) -> None:
    theirs = (each.item for each in planned if each.role == side.role)
    side.host.foresee(question for item in theirs for question in item.questions())


def _read_all(host: Host, planned: Iterable[Planned], silent: Mapping[Role, str]) -> list[Check]:
    """Read the steps; what fell silent (`silent`: why a server does not answer) is not waited for again."""
    found, silent, lost = [], dict(silent), ""
    for each in planned:
        mute = next((role for role in ROLES if role in each.item.servers and role in silent), None)
        if lost or mute:
            why = lost or (f"mysqld on the {mute}: {silent[mute]}" if mute else "")
            found.append(not_checked(each.role, each.item.name, why))
            continue
        try:
            check = _looked_at(each, host)
        except (TooManyConnections, NotInTime) as unknown:
            found.append(not_checked(each.role, each.item.name, reason(unknown, host)))
        except (RunbookError, pymysql.MySQLError) as error:
            why = reason(error, host)
            _, *way_out = str(error).splitlines()
            found.append(Check(each.role, each.item.name, "FAIL", why, " ".join(way_out), each.task))
            if each.item.servers and _fell_silent(error):
                silent |= dict.fromkeys(each.item.servers, why)
            elif isinstance(error, Unreachable):
                lost = why
        else:
            found.append(check)
    return found


def _looked_at(planned: Planned, host: Host) -> Check:
    task, role, item = planned
    if isinstance(item, Condition):
        return met(role, item.name, item.reason(host), host, task)
    assert isinstance(item, Step), item
    found = item.read(host)
    gap = gap_between(found, item.want())
    if not gap and (caveat := item.caveat(found)):
        what, *todo = caveat.splitlines()
        return Check(role, item.name, "WARN", what, " ".join(todo), task)
    return judged(role, item.name, gap, task)


def met(role: Role, name: str, why: str | None, host: Host, task: str) -> Check:
    """A condition without a reason is met; else the reason's first line is what was found, and the rest the way out."""
    if why is None:
        return Check(role, name, "OK", "as wanted", topic=task)
    _, *way_out = why.splitlines()
    return Check(role, name, "FAIL", reason(RunbookError(why), host), " ".join(way_out), task)


def _fell_silent(error: Exception) -> bool:
    """Whether an error says that nobody answers, rather than what somebody answered."""
    if isinstance(error, SqlFailed):
        return error.code == 0 or error.code in CLIENT_ERRORS
    return not isinstance(error, LoginRefused | CommandFailed)


def judged(host: str, name: str, gap: Gap, task: str) -> Check:
    """A step without a gap is right; else its gap in a few words, and the task that closes it."""
    if not gap:
        return Check(host, name, "OK", "as wanted", topic=task)
    todo = f"`inv plan` shows the difference, `inv {task}` makes it right"
    return Check(host, name, "FAIL", found_in(gap), todo, task)


def found_in(gap: Gap) -> str:
    """What was found where something else is wanted; of a text only that it differs."""
    if all(change.now is None for change in gap):
        return "is missing"
    parts = []
    for change in gap:
        if "\n" in str(change.want) or change.fact == "content":
            parts.append(f"{change.fact} differs")
        else:
            parts.append(f"{change.fact} is {'absent' if change.now is None else change.now}, not {change.want}")
    return "; ".join(parts)
