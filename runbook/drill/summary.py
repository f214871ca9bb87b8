"""A drill's result as an operator reads it."""

from collections.abc import Iterator, Mapping

from rich.table import Table

from runbook.drill.frame.findings import moments
from runbook.drill.frame.promises import broken_promises
from runbook.drill.frame.result import Result
from runbook.drill.frame.takeover import Takeover


def lines(fault: str, result: Result) -> Iterator[str]:
    """The timeline from the fault on, what the clients saw, the ledger, and every promise that was broken."""
    ledger = result.ledger
    yield "Timeline, in seconds from the fault:"
    for seconds, _, what in sorted([(0.0, "fault", fault), *moments(result)]):
        yield f"  {seconds:+7.3f}  {what}"
    if result.takeover:
        yield from _served(result.takeover)
    if result.relay_seconds is not None:
        yield f"relay   all that the slave had received was applied in {result.relay_seconds:.2f} s, and recorded"
    if result.partition:
        yield f"writes  {result.partition.writes_on_master} acknowledged by the master while both had the VIP"
    if result.no_takeover:
        stay = result.no_takeover
        yield f"writes  {stay.write_stall_seconds:.2f} s without any acknowledged, at the longest"
        yield (
            f"reads   {stay.read_stall_seconds:.2f} s without any, at the longest; "
            f"{stay.new_read_stall_seconds:.2f} s for clients that connect anew"
        )
    yield f"ledger  {ledger.acknowledged} writes acknowledged, {ledger.kept} on the slave, {len(ledger.missing)} lost"
    if ledger.unanswered:
        yield f"        {ledger.unanswered} writes never answered, {ledger.unanswered_kept} of them on the slave"
    yield from comparison_lines(result)
    if not (result.takeover and result.takeover.writes_on_slave) and not result.slave_transactions:
        yield "slave   acknowledged no write and made no transaction of its own"
    yield from _writers(result)
    for promise in broken_promises(result):
        yield f"BROKEN  {promise}"


def comparison_lines(result: Result) -> Iterator[str]:
    """That both servers have the same, once they were compared; what one lacks is a broken promise."""
    if result.comparison and not result.comparison.broken_promises:
        yield (
            f"books   all {result.ledger.acknowledged} acknowledged writes are on both servers, "
            "and neither has a row or a transaction that the other lacks"
        )


def table(results: Mapping[str, Result | str]) -> Table:
    """Several drills' figures, a row each; of one without figures what became of it."""
    shown = Table(title="Seconds from the fault; home: from the heal to the first write")
    shown.add_column("drill", no_wrap=True)
    headings = (
        "VIP on the slave",
        "reads again",
        "no reads, longest",
        "open without VIP",
        "home",
        "acknowledged",
        "lost",
    )
    for heading in headings:
        shown.add_column(heading, justify="right", min_width=4)
    shown.add_column("promises")
    for name, result in results.items():
        if isinstance(result, str):
            shown.add_row(name, *([""] * len(headings)), result)
        else:
            shown.add_row(name, *_figures(result), "; ".join(broken_promises(result)) or "kept")
    return shown


def _figures(result: Result) -> Iterator[str]:
    takeover, ledger = result.takeover, result.ledger
    open_seconds = result.fencing.open_without_vip_seconds
    seconds: list[float | None] = [None] * 4
    if takeover:
        seconds = [takeover.vip_seconds, takeover.reads_seconds, takeover.read_gap_seconds, open_seconds]
    elif result.no_takeover:
        seconds[2] = result.no_takeover.read_stall_seconds
    elif result.partition:
        seconds[0] = result.partition.vip_seconds
    for each in (*seconds, result.home_seconds):
        yield "-" if each is None else f"{each:.2f}"
    yield str(ledger.acknowledged)
    yield str(len(ledger.missing))


def _served(takeover: Takeover) -> Iterator[str]:
    reads, writes = takeover.reads_served, takeover.writes_refused
    yield f"reads   {reads} answered by the slave; {takeover.read_gap_seconds:.2f} s without any, at the longest"
    yield f"writes  {writes} refused by the slave, {takeover.writes_failed} failed on the way. Refused with:"
    yield f"        {takeover.refusal}"


def _writers(result: Result) -> Iterator[str]:
    seen = result.fencing
    if seen.slave_looks:
        closed = seen.slave_looks - seen.slave_open_looks
        yield f"flags   the slave was found read-only in {closed} of {seen.slave_looks} looks"
    for user, tried in seen.intrusions.items():
        yield f"        on its own host it refused {tried.refused} of {tried.refused + tried.accepted} writes of {user}"
    if seen.master_looks:
        yield (
            f"        the master without the VIP: {seen.master_looks} looks, "
            f"open for writes for {seen.open_without_vip_seconds:.2f} s"
        )
    if result.takeover and result.takeover.both_had_vip_seconds:
        yield f"        both hosts held the VIP for {result.takeover.both_had_vip_seconds:.3f} s"
