"""promote --host=master: a master that was away does not see its slave; the operator says that it may open."""

from collections.abc import Callable

from runbook.core.host_paths import ALONE, ROLE
from runbook.core.lock import operator
from runbook.core.moment import utc
from runbook.core.report import Report
from runbook.core.wait import until
from runbook.diagnosis.facts import gather
from runbook.diagnosis.rules import diagnose
from runbook.diagnosis.verdict import Kind
from runbook.errors import BadInput, Drift
from runbook.operations.failback import refuse
from runbook.operations.roles import promotion_proof
from runbook.pair.alone import Alone
from runbook.pair.pair import Pair
from runbook.pair.roles import FIRST_EPOCH, PROMOTE, made_now

OPEN_SECONDS = 10


def let_open(pair: Pair, report: Report, typed: Callable[[], bool]) -> None:
    """Have it open once the operator has typed that; Refused where it does not stay closed for its slave's sake."""
    pair.refuse_stale()
    facts = gather(pair)
    verdict = diagnose(facts)
    report.say(verdict.sentence)
    if verdict.kind is not Kind.PEER_UNSEEN:
        refuse(
            "That is for a master that stays closed because it does not see its slave\n"
            f"{promotion_proof.NOTHING_DONE}. {verdict.next_step}"
        )
    if pair.dry:
        raise Drift
    report.say(
        f"{pair.slave.node.address} must not have been promoted: what it took as the master would be lost.", "yellow"
    )
    if not typed():
        raise BadInput("Not confirmed: nothing was changed.")
    master = pair.master
    record = master.record or made_now(FIRST_EPOCH, PROMOTE)
    if master.record is None:
        master.host.put(ROLE, record.text())
    master.host.put(ALONE, Alone(record.epoch, utc(), operator()).text())
    until(f"{master.host} open for writes", OPEN_SECONDS, lambda: not master.server.closed())
