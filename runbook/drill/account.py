"""What a drill's result has to tell in its report: headline, scorecard and timeline."""

from collections.abc import Iterator

from runbook.drill.recorder import Account, MarkKind
from runbook.drill.result import BOTH_WITH_VIP_SECONDS, Result
from runbook.drill.scorecard import Score, kept, within
from runbook.drill.split import LET_GO_SECONDS, Split
from runbook.drill.steady import Steady
from runbook.drill.takeover import Takeover

RELAY_SECONDS = 60
"""What the article lets a takeover wait for the slave's relay log."""


def account(fault: str, result: Result, vip_target: float | None, reads_target: float | None) -> Account:
    """From a result and the seconds within which the VIP had to be on the slave, and reads had to be served again."""
    return Account(
        headline=_headline(fault, result),
        scorecard=tuple(_scores(result, vip_target, reads_target)),
        moments=tuple(moments(result)),
        broken=tuple(result.broken_promises),
        ledger=result.ledger,
        refusal=result.takeover.refusal if result.takeover else "",
        afterwards=result.verdict.sentence,
        figures=result.as_dict(),
    )


def books_score(result: Result) -> Iterator[Score]:
    """Whether both servers have the same, once they were compared."""
    if result.books:
        apart = result.books.broken_promises
        found = "; ".join(apart) or "the same rows, the same transactions"
        yield kept("Both servers have the same, at home", "all acknowledged writes", found, met=not apart)


def moments(result: Result) -> Iterator[tuple[float, MarkKind, str]]:
    """What happened when, in seconds from the fault; not in order."""
    if result.takeover:
        yield from _moments(result.takeover)
    if result.split:
        yield result.split.vip_seconds, "note", "the VIP is on the slave too"
        if result.split.one_vip_seconds is not None:
            yield result.split.healing_seconds + result.split.one_vip_seconds, "note", "the slave let go of the VIP"
    if result.steady and result.steady.alert_seconds is not None:
        yield result.steady.alert_seconds, "note", "told to people, and seen by clients"
    if result.undone:
        yield result.healed_seconds, "heal", result.undone
    if result.home_seconds is not None:
        yield result.healed_seconds + result.home_seconds, "writes", "the first write acknowledged after that"


def _moments(takeover: Takeover) -> Iterator[tuple[float, MarkKind, str]]:
    if takeover.last_write_seconds is not None:
        yield takeover.last_write_seconds, "note", "the last write acknowledged by the master"
    if takeover.vip_gone_seconds is not None:
        yield takeover.vip_gone_seconds, "note", "the VIP is gone from the master"
    yield takeover.vip_seconds, "takeover", "the VIP is on the slave"
    yield takeover.reads_seconds, "reads", "reads through the VIP again, answered by the slave"
    yield takeover.lasting_reads_seconds, "note", "reads again for a client that was connected before"
    yield takeover.first_refusal_seconds, "refusal", "the first write refused by the slave"


def _headline(fault: str, result: Result) -> str:
    takeover, ledger = result.takeover, result.ledger
    lost = f"{len(ledger.missing)} of {ledger.acknowledged} acknowledged writes were lost"
    if not ledger.missing:
        lost = f"none of {ledger.acknowledged} acknowledged writes was lost"
    if takeover:
        came = (
            f"the slave had the VIP in {takeover.vip_seconds:.2f} s and served reads in {takeover.reads_seconds:.2f} s"
        )
    elif result.missed:
        came = f"what must come of it did not come: {result.missed}"
    elif result.steady:
        came = (
            f"the VIP stayed; writes stood still for {result.steady.write_stall_seconds:.2f} s at the longest, "
            f"reads for {result.steady.read_stall_seconds:.2f} s"
        )
    elif result.home_seconds is None:
        came = "no write was acknowledged any more"
    else:
        came = f"the pair came home by itself, writes {result.home_seconds:.2f} s after the heal"
    return f"After {fault} {came}; {lost}."


def _scores(result: Result, vip_target: float | None, reads_target: float | None) -> Iterator[Score]:
    takeover, ledger, seen = result.takeover, result.ledger, result.fencing
    if takeover:
        yield within("The VIP is on the slave", takeover.vip_seconds, vip_target)
        yield within("Reads are served again", takeover.reads_seconds, reads_target)
    if result.relay_seconds is not None:
        yield within("All that the slave had received is applied", result.relay_seconds, RELAY_SECONDS)
    if result.home_seconds is not None:
        yield within("Writes are acknowledged after the heal", result.home_seconds, None)
    if result.missed:
        yield kept("What must come of the fault comes", "in time", result.missed, met=False)
    lost = len(ledger.missing)
    yield kept("No acknowledged write is lost", "0", f"{lost} of {ledger.acknowledged}", met=not lost)
    slaves = (takeover.writes_on_slave if takeover else 0) + len(ledger.unwanted)
    own = result.slave_transactions
    yield kept(
        "The slave takes no write but replication's",
        "0",
        f"{slaves} writes, transactions of its own: {own or 'none'}",
        met=not (slaves or own),
    )
    yield kept(
        "The slave is never open for writes",
        "0 looks",
        f"{seen.slave_open_looks} of {seen.slave_looks} looks",
        met=not seen.slave_open_looks,
    )
    for user, tried in seen.trespasses.items():
        yield kept(
            f"The slave refuses {user}'s writes",
            "all",
            f"{tried.refused} of {tried.refused + tried.accepted}",
            met=bool(tried.refused) and not tried.accepted,
        )
    if takeover:
        yield from _fencing(result, takeover)
    if result.split:
        yield from _split(result.split)
    if result.steady:
        yield from _steady(result.steady)
    yield from books_score(result)
    yield kept(
        "Afterwards the pair is as it must be",
        str(result.expected).replace("_", " "),
        result.unrecovered or str(result.verdict.kind).replace("_", " "),
        met=result.verdict.kind is result.expected and not result.unrecovered,
    )


def _fencing(result: Result, takeover: Takeover) -> Iterator[Score]:
    seen = result.fencing
    yield kept(
        "A master without the VIP is closed",
        f"after {seen.open_allowed_seconds:g} s",
        f"open for {seen.open_without_vip_seconds:.2f} s in {seen.master_looks} looks",
        met=seen.open_without_vip_seconds <= seen.open_allowed_seconds,
    )
    yield kept(
        "One host holds the VIP",
        f"both for at most {BOTH_WITH_VIP_SECONDS:g} s",
        f"both for {takeover.both_had_vip_seconds:.2f} s",
        met=takeover.both_had_vip_seconds <= BOTH_WITH_VIP_SECONDS,
    )


def _steady(steady: Steady) -> Iterator[Score]:
    yield kept(
        "The VIP stays", "on the master", "it moved" if steady.vip_moves else "it stayed", met=not steady.vip_moves
    )
    allowed = steady.write_stall_allowed_seconds
    yield kept(
        "Writes stand still no longer than they must",
        "while it lasts" if allowed is None else f"at most {allowed:g} s",
        f"{steady.write_stall_seconds:.2f} s",
        met=not steady.stalled_too_long,
    )
    told = steady.alert_seconds
    yield kept(
        "People are told", "an alert", "no" if told is None else f"after at most {told:.2f} s", met=told is not None
    )


def _split(split: Split) -> Iterator[Score]:
    yield kept(
        "The master stays the one writer",
        "open in all looks",
        f"closed in {split.master_closed_looks} of {split.master_looks} looks",
        met=not split.master_closed_looks,
    )
    let_go = split.one_vip_seconds
    yield kept(
        "One host holds the VIP after the heal",
        f"within {LET_GO_SECONDS:g} s",
        "not seen" if let_go is None else f"{let_go:.2f} s",
        met=let_go is not None and let_go <= LET_GO_SECONDS,
    )
