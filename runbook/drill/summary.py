"""A drill's result as an operator reads it."""

from collections.abc import Iterator, Mapping

from rich.table import Table

from runbook.drill.account import moments
from runbook.drill.result import Result


def lines(fault: str, result: Result) -> Iterator[str]:
    """The timeline from the fault on, what the client saw, the ledger, and every promise that was broken."""
    takeover, ledger = result.takeover, result.ledger
    yield "Timeline, in seconds from the fault:"
    for seconds, _, what in sorted([(0.0, "fault", fault), *moments(result)]):
        yield f"  {seconds:+7.3f}  {what}"
    reads, writes = takeover.reads_served, takeover.writes_refused
    yield f"reads   {reads} answered by the slave; {takeover.read_gap_seconds:.2f} s without any, at the longest"
    yield f"writes  {writes} refused by the slave, {takeover.writes_failed} failed on the way. Refused with:"
    yield f"        {takeover.refusal}"
    yield f"ledger  {ledger.acknowledged} writes acknowledged, {ledger.kept} on the slave, {len(ledger.missing)} lost"
    if ledger.unanswered:
        yield f"        {ledger.unanswered} writes never answered, {ledger.unanswered_kept} of them on the slave"
    if not (takeover.writes_on_slave or result.slave_transactions):
        yield "slave   acknowledged no write and made no transaction of its own"
    yield from _writers(result)
    for promise in result.broken_promises:
        yield f"BROKEN  {promise}"


def table(results: Mapping[str, Result]) -> Table:
    """Several drills' figures, a row each."""
    shown = Table("drill", title="Seconds from the fault")
    for heading in ("VIP on the slave", "reads again", "no reads, longest", "acknowledged", "lost", "open without VIP"):
        shown.add_column(heading, justify="right")
    for name, result in results.items():
        takeover, ledger = result.takeover, result.ledger
        seconds = (takeover.vip_seconds, takeover.reads_seconds, takeover.read_gap_seconds)
        counts = (ledger.acknowledged, len(ledger.missing))
        open_seconds = f"{result.fencing.open_without_vip_seconds:.2f}"
        shown.add_row(name, *(f"{each:.2f}" for each in seconds), *map(str, counts), open_seconds)
    return shown


def _writers(result: Result) -> Iterator[str]:
    seen = result.fencing
    if seen.slave_looks:
        closed = seen.slave_looks - seen.slave_open_looks
        yield f"flags   the slave was found read-only in {closed} of {seen.slave_looks} looks"
    if seen.master_looks:
        yield (
            f"        the master without the VIP: {seen.master_looks} looks, "
            f"open for writes for {seen.open_without_vip_seconds:.2f} s"
        )
    if result.takeover.both_had_vip_seconds:
        yield f"        both hosts held the VIP for {result.takeover.both_had_vip_seconds:.3f} s"
