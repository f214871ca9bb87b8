"""What every drill does around its fault: look before, heal after, and tell the operator where the pair stands."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from runbook.core.report import Report
from runbook.core.undo import Undo
from runbook.diagnosis.facts import Facts, gather
from runbook.diagnosis.rules import diagnose
from runbook.drill.faults.fault import Fault
from runbook.errors import BadInput, RunbookError
from runbook.observe.client import refuse_without_client
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Role


def agreed(
    pair: Pair,
    against: Sequence[str],
    announcement: Callable[[Facts], Iterable[str]],
    report: Report,
    confirm: Callable[[], bool],
) -> bool:
    """Say what a drill will do, and ask; False in a dry run.

    Raises BadInput for what speaks `against` it on this pair and when the operator does not confirm, RunbookError when
    the pair is not healthy or no client gets in from here.
    """
    if against:
        raise BadInput(*against)
    facts = refuse_unless_healthy(pair)
    refuse_without_client(pair)
    for line in announcement(facts):
        report.say(line)
    if pair.dry:
        return False
    if not confirm():
        raise BadInput("Not confirmed: nothing was done.")
    return True


def refuse_unless_healthy(pair: Pair) -> Facts:
    """What is so on both hosts; RunbookError with the verdict unless all is well."""
    facts = gather(pair)
    verdict = diagnose(facts)
    if not verdict.healthy:
        raise RunbookError(
            verdict.sentence, "Nothing was done: a drill needs a healthy pair.", f"Next: {verdict.next_step}"
        )
    return facts


@contextmanager
def healed(fault: Fault, pair: Pair, report: Report) -> Iterator[None]:
    """What undoes the fault is on the hosts meanwhile, and run at the end, however it comes.

    On a host that is gone by then it stays until failback.
    """
    left: dict[Role, Undo] = {}

    def leave(side: Side) -> None:
        if script := fault.undo(side):
            left[side.role] = Undo(side.host, f"drill.{fault.drill}", script)

    def heal(side: Side) -> None:
        try:
            fault.release(side)
        finally:
            if side.role in left:
                left[side.role].run()

    try:
        pair.side_by_side(leave, fault.roles)
        yield
    finally:
        _, errors = pair.attempt(heal, fault.roles)
        for role, error in errors.items():
            if not isinstance(error, RunbookError):
                raise error
            host = pair.sides[role].host
            report.say(f"{host}: what the drill left there could not be removed; inv failback does it.", "yellow")
            report.say(f"  {error}")


@contextmanager
def ends_with_the_state(pair: Pair, report: Report) -> Iterator[None]:
    """A drill that is cut off, by Ctrl-C too, ends with what is so now and what to do next."""
    try:
        yield
    except BaseException:
        report.say("The drill was cut off. Where the pair stands now:", "yellow")
        try:
            verdict = diagnose(gather(pair))
        except RunbookError as error:
            report.say(f"{error}\nNext: inv verify; if the VIP is on the slave: inv failback")
        else:
            report.say(f"{verdict.sentence}\nNext: {verdict.next_step}")
        raise
