"""What a drill's result has to tell in its report: headline, scorecard and timeline."""

from collections.abc import Iterator

from runbook.drill.frame.promises import promises
from runbook.drill.frame.result import Result
from runbook.drill.frame.takeover import Takeover
from runbook.observe.recorder import Findings, MarkKind
from runbook.observe.scorecard import Score, within

RELAY_SECONDS = 60
"""What the article lets a takeover wait for the slave's relay log."""


def findings(fault: str, result: Result, vip_target: float | None, reads_target: float | None) -> Findings:
    """From a result and the seconds within which the VIP had to be on the slave, and reads had to be served again."""
    return Findings(
        headline=_headline(fault, result),
        scorecard=(*_times(result, vip_target, reads_target), *promises(result)),
        moments=tuple(moments(result)),
        ledger=result.ledger,
        refusal=result.takeover.refusal if result.takeover else "",
        afterwards=result.verdict.sentence,
        figures=result.as_dict(),
    )


def moments(result: Result) -> Iterator[tuple[float, MarkKind, str]]:
    """What happened when, in seconds from the fault; not in order."""
    if result.takeover:
        yield from _moments(result.takeover)
    if result.partition:
        healing_at, one_vip_after = result.partition.healing_seconds, result.partition.one_vip_seconds
        yield result.partition.vip_seconds, "note", "the VIP is on the slave too"
        if one_vip_after is not None:
            yield healing_at + one_vip_after, "note", "the slave let go of the VIP"
    if result.no_takeover and result.no_takeover.alert_seconds is not None:
        yield result.no_takeover.alert_seconds, "note", "told to people, and seen by clients"
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
    elif result.no_takeover:
        came = (
            f"the VIP stayed; writes stood still for {result.no_takeover.write_stall_seconds:.2f} s at the longest, "
            f"reads for {result.no_takeover.read_stall_seconds:.2f} s"
        )
    elif result.home_seconds is None:
        came = "no write was acknowledged any more"
    else:
        came = f"the pair came home by itself, writes {result.home_seconds:.2f} s after the heal"
    return f"After {fault} {came}; {lost}."


def _times(result: Result, vip_target: float | None, reads_target: float | None) -> Iterator[Score]:
    if result.takeover:
        yield within("The VIP is on the slave", result.takeover.vip_seconds, vip_target)
        yield within("Reads are served again", result.takeover.reads_seconds, reads_target)
    if result.relay_seconds is not None:
        yield within("All that the slave had received is applied", result.relay_seconds, RELAY_SECONDS)
