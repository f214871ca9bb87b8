"""What a drill waits for: the effect of its fault, the pair as it must be afterwards, a slave that has everything."""

import time
from contextlib import suppress
from functools import partial

from runbook.core.wait import DeadlinePassed, until
from runbook.diagnosis.facts import gather
from runbook.diagnosis.rules import diagnose
from runbook.diagnosis.verdict import Kind
from runbook.drill.faults.fault import Effect, Fault
from runbook.drill.frame.no_takeover import raised
from runbook.drill.frame.takeover import Witness
from runbook.mysql.replication.replicates import replica_status
from runbook.observe.intruder import Intruder
from runbook.observe.writes_watch import WritesWatch
from runbook.pair.pair import Pair

RELAY_SECONDS = 60
TRIED_SECONDS = 20
SIGNS_SECONDS = 30
OBSERVED = 20


def wait_for_intruders(intruders: tuple[Intruder, ...]) -> None:
    """Until all that must be refused on the slave is tried and refused."""
    who = " and ".join(each.user for each in intruders)
    until(f"refused writes of {who} on the slave", TRIED_SECONDS, lambda: all(each.refused for each in intruders))


def wait_for_effect(pair: Pair, fault: Fault, witness: Witness, since: float) -> tuple[str, float | None]:
    """Waits for what must come of the fault; returns what did not come, and when the alerts it brings were seen."""
    alerted_at = None
    try:
        match fault.effect:
            case Effect.TAKEOVER:
                witness.wait_for_takeover(since)
                alerted_at = _wait_for_alerts(pair, fault)
            case Effect.PARTITION:
                witness.wait_for_vip(since)
            case Effect.NO_TAKEOVER:
                alerted_at = _wait_for_alerts(pair, fault)
                _wait_for_clients(pair, fault, witness, since)
    except DeadlinePassed as passed:
        return str(passed).rstrip("."), alerted_at
    return "", alerted_at


def _wait_for_alerts(pair: Pair, fault: Fault) -> float:
    """Waits until the hosts have raised what the fault must bring; returns this machine's time.monotonic() then."""
    seconds = SIGNS_SECONDS + fault.open_seconds(pair) + pair.master.commit_wait_seconds
    for role, alert in fault.alerts.items():
        host = pair.sides[role].host
        until(f"{host}: the alert {alert}", seconds, partial(raised, pair, role, alert), pause=0.2)
    return time.monotonic()


def _wait_for_clients(pair: Pair, fault: Fault, witness: Witness, since: float) -> None:
    """Until clients have seen what they must see; a commit may wait for the slave meanwhile."""
    seconds = SIGNS_SECONDS + pair.master.commit_wait_seconds
    witness.probe.wait(
        fault.awaited(witness.probe, since) or "nothing", seconds, lambda: not fault.awaited(witness.probe, since)
    )


def wait_for_recovery(pair: Pair, fault: Fault) -> None:
    """Until the pair is what it must be afterwards, or can no longer become so: that is the result's to tell."""

    def recovered() -> bool:
        kind = diagnose(gather(pair)).kind
        if kind is Kind.DIVERGED:
            return True
        return kind is fault.leaves and not fault.unrecovered(pair) and not still_raised(pair, fault)

    with suppress(DeadlinePassed):
        until("the pair as it must be after the fault", fault.recovery_seconds, recovered, pause=0.2)


def still_raised(pair: Pair, fault: Fault) -> str:
    """Returns the alerts of the fault that the hosts did not end, or nothing."""
    left = (f"{pair.sides[r].host}: the alert {alert}" for r, alert in fault.alerts.items() if raised(pair, r, alert))
    return ", ".join(left)


def wait_for_closed_master(writes: WritesWatch, seconds: float) -> None:
    """Until a master that is back was seen closed for a while; one that does not stay so is the result's to tell."""
    since = time.monotonic()

    def stays_closed() -> bool:
        last = writes.looks(since)[-OBSERVED:]
        return len(last) == OBSERVED and not any(look.takes_writes for look in last)

    with suppress(DeadlinePassed):
        until("a master that stays closed", seconds, stays_closed)


def wait_for_slave(pair: Pair) -> None:
    """Until a slave that is back has what the master has: it runs before it has received the first of it."""
    slave, tracking = pair.slave.server, pair.slave.tracking
    target = tracking.of_master(pair.master.server)
    until(
        f"{pair.slave.host}: everything that the master has",
        RELAY_SECONDS,
        lambda: not target.beyond(tracking.of_slave(slave, replica_status(slave))),
    )
