"""What the pair promises in every drill, judged by what one measured: for scorecard, summary and exit code."""

from collections.abc import Iterator

from runbook.diagnosis.verdict import Kind
from runbook.drill.frame.fencing import Fencing
from runbook.drill.frame.no_takeover import NoTakeover
from runbook.drill.frame.partition import RELEASE_SECONDS, Partition
from runbook.drill.frame.result import Result
from runbook.drill.frame.takeover import Takeover
from runbook.observe.comparison import Comparison
from runbook.observe.ledger import Audit
from runbook.observe.scorecard import Score, kept, within

BOTH_WITH_VIP_SECONDS = 1.0
"""Longer than that is not the moment in which one lets go and the other takes."""


def broken_promises(result: Result) -> list[str]:
    """What must not happen and did, a sentence each."""
    return [score.breach for score in promises(result) if score.breach]


def promises(result: Result) -> Iterator[Score]:
    """All that was promised, kept or not; how fast it had to be is the fault's to say."""
    if result.missed:
        yield kept("What must come of the fault comes", "in time", "not seen", result.missed)
    yield nothing_lost(result.ledger, where="on the slave")
    yield _slave_takes_no_write(result)
    yield from _fenced(result.fencing)
    if result.takeover:
        yield from _one_of_two(result.fencing, result.takeover)
    if result.partition:
        yield from _partitioned(result.partition)
    if result.no_takeover:
        yield from _vip_stays(result.no_takeover)
    if result.expected is Kind.HEALTHY:
        home = result.home_seconds
        yield within(
            "Writes are acknowledged after the heal", home, None, unseen="no write was acknowledged after the heal"
        )
    if result.comparison:
        yield servers_agree(result.comparison)
    yield from _afterwards(result)


def servers_agree(compared: Comparison) -> Score:
    """Whether both servers have the same."""
    apart = "; ".join(compared.broken_promises)
    return kept(
        "Both servers have the same, at home",
        "all acknowledged writes",
        apart or "the same rows, the same transactions",
        apart,
    )


def nothing_lost(*audits: Audit, where: str) -> Score:
    """Whether every acknowledged write is there; each server that was looked at has an audit of its own."""
    missing = tuple(row for audit in audits for row in audit.missing)
    acknowledged = max(audit.acknowledged for audit in audits)
    return kept(
        "No acknowledged write is lost",
        "0",
        f"{len(missing)} of {acknowledged}",
        f"LOST: {len(missing)} acknowledged writes are not {where} (writer, seq): {missing}" if missing else "",
        unknown="" if acknowledged else "no write was acknowledged",
    )


def _slave_takes_no_write(result: Result) -> Score:
    unwanted, own = result.ledger.unwanted, result.slave_transactions
    acknowledged = result.takeover.writes_on_slave if result.takeover else 0
    breaches = []
    if unwanted:
        breaches.append(f"the slave has rows whose writes were refused or never sent (writer, seq): {unwanted}")
    if acknowledged:
        breaches.append(f"the slave acknowledged {acknowledged} writes")
    if own:
        breaches.append(f"the slave made transactions of its own: {own}")
    return kept(
        "The slave takes no write but replication's",
        "0",
        f"{acknowledged + len(unwanted)} writes, transactions of its own: {own or 'none'}",
        "; ".join(breaches),
    )


def _fenced(seen: Fencing) -> Iterator[Score]:
    looks = f"{seen.slave_open_looks} of {seen.slave_looks} looks"
    yield kept(
        "The slave is never open for writes",
        "0 looks",
        looks,
        f"the slave was open for writes ({looks})" if seen.slave_open_looks else "",
        unknown="" if seen.slave_looks else "the slave answered no look",
    )
    for user, tried in seen.intrusions.items():
        tries = tried.refused + tried.accepted
        breach = f"the slave accepted {tried.accepted} of {user}'s {tries} writes" if tried.accepted else ""
        if not tries:
            breach = f"no write of {user} was tried on the slave"
        yield kept(f"The slave refuses {user}'s writes", "all", f"{tried.refused} of {tries}", breach)


def _one_of_two(seen: Fencing, takeover: Takeover) -> Iterator[Score]:
    seconds, allowed = seen.open_without_vip_seconds, seen.open_allowed_seconds
    breach = f"the master was open for writes for {seconds:.1f} s without the VIP, more than {allowed:g} s"
    yield kept(
        "A master without the VIP is closed",
        f"after {allowed:g} s",
        f"open for {seconds:.2f} s in {seen.master_looks} looks",
        breach if seconds > allowed else "",
        unknown="" if seen.master_looks else "the master answered no look",
    )
    both = takeover.both_had_vip_seconds
    yield kept(
        "One host holds the VIP",
        f"both for at most {BOTH_WITH_VIP_SECONDS:g} s",
        f"both for {both:.2f} s",
        f"both hosts held the VIP for {both:.1f} s" if both > BOTH_WITH_VIP_SECONDS else "",
        unknown="the VIP was not seen to go from the master" if takeover.vip_gone_seconds is None else "",
    )


def _partitioned(partition: Partition) -> Iterator[Score]:
    looks = f"closed in {partition.master_closed_looks} of {partition.master_looks} looks"
    yield kept(
        "The master stays the one writer",
        "open in all looks",
        looks,
        f"nobody took writes: the master was {looks}" if partition.master_closed_looks else "",
        unknown="" if partition.master_looks else "the master answered no look",
    )
    released = partition.one_vip_seconds
    breach = f"both hosts held the VIP for more than {RELEASE_SECONDS:g} s after they saw each other again"
    yield kept(
        "One host holds the VIP after the heal",
        f"within {RELEASE_SECONDS:g} s",
        "not seen" if released is None else f"{released:.2f} s",
        breach if released is None or released > RELEASE_SECONDS else "",
        seconds=released,
        target_seconds=RELEASE_SECONDS,
    )


def _vip_stays(stay: NoTakeover) -> Iterator[Score]:
    moved = "the VIP moved" if stay.vip_moves else ""
    yield kept("The VIP stays", "on the master", moved or "it stayed", moved)
    stalled, allowed = stay.write_stall_seconds, stay.write_stall_allowed_seconds
    yield kept(
        "Writes stand still no longer than they must",
        "while it lasts" if allowed is None else f"at most {allowed:g} s",
        f"{stalled:.2f} s",
        f"writes stood still for {stalled:.1f} s, more than {allowed:g} s" if stay.stalled_too_long else "",
        seconds=stalled,
        target_seconds=allowed,
    )
    told = stay.alert_seconds
    yield kept(
        "People are told",
        "an alert",
        "no" if told is None else f"after at most {told:.2f} s",
        "no alert was raised" if told is None else "",
        seconds=told,
    )


def _afterwards(result: Result) -> Iterator[Score]:
    verdict = result.verdict
    wrong = f"the pair is not as it must be after that ({result.expected}): {verdict.sentence}"
    breaches = [result.unrecovered] if result.unrecovered else []
    breaches += [wrong] if verdict.kind is not result.expected else []
    yield kept(
        "Afterwards the pair is as it must be",
        str(result.expected).replace("_", " "),
        result.unrecovered or str(verdict.kind).replace("_", " "),
        "; ".join(breaches),
    )
