"""A fault under the clients' eyes, and the account of their writes afterwards."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from runbook.core.report import Report
from runbook.core.wait import until
from runbook.diagnosis.facts import Facts, gather
from runbook.diagnosis.rules import diagnose
from runbook.diagnosis.verdict import Kind
from runbook.drill.faults.fault import Effect, Fault
from runbook.drill.frame import no_takeover, partition
from runbook.drill.frame.fencing import Fencing, fencing
from runbook.drill.frame.no_takeover import NoTakeover
from runbook.drill.frame.partition import Partition
from runbook.drill.frame.result import Result
from runbook.drill.frame.safeguards import healed
from runbook.drill.frame.takeover import Takeover, Witness
from runbook.drill.waits import (
    RELAY_SECONDS,
    still_raised,
    wait_for_closed_master,
    wait_for_effect,
    wait_for_intruders,
    wait_for_recovery,
    wait_for_slave,
)
from runbook.errors import RunbookError
from runbook.mysql.accounts import SCHEMA
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.tracking.tracking import listed
from runbook.observe import comparison
from runbook.observe.address_watch import AddressWatch
from runbook.observe.client import logins_to
from runbook.observe.intruder import Intruder, drop_account, intruders_on, make_account
from runbook.observe.lag_watch import LagWatch
from runbook.observe.probe import Probe
from runbook.observe.recorder import Recorder
from runbook.observe.writes_watch import Look, WritesWatch
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Secret

CLOSING_SECONDS = 2  # to close the server, and to end the sessions that write first

FORGET = f"DELETE FROM {SCHEMA}.ledger WHERE run <> %s"


@dataclass(frozen=True)
class _Watches:
    """All that looks at the pair while a drill lasts."""

    witness: Witness
    master_writes: WritesWatch
    slave_writes: WritesWatch
    intruders: tuple[Intruder, ...]


@dataclass(frozen=True)
class _Seen:
    missed: str
    takeover: Takeover | None
    partition: Partition | None
    no_takeover: NoTakeover | None
    home_seconds: float | None
    fencing: Fencing
    healed_seconds: float


def rehearse(pair: Pair, fault: Fault, report: Report, recorder: Recorder) -> Result:
    """Bring the fault about on a healthy pair, see what comes of it, and call every write to account.

    What did not come in time is the result's to tell; RunbookError only where the account cannot be made up.
    """
    own_before = pair.slave.tracking.own(pair.slave.server)
    password = make_account(pair)
    probe = Probe.of(pair, patient=fault.effect is Effect.NO_TAKEOVER)
    try:
        with _watching(pair, probe, password, recorder) as watches:
            times = _fault_and_heal(pair, fault, watches, report, recorder)
            seen = _measured(pair, fault, watches, times)
    except BaseException:
        # On a master that is closed or gone it is failback's to drop.
        with suppress(RunbookError):
            drop_account(pair)
        raise
    return _result(pair, fault, probe, seen, own_before)


@contextmanager
def _watching(pair: Pair, probe: Probe, password: Secret, recorder: Recorder) -> Iterator[_Watches]:
    settings = pair.settings
    vip = settings.vip.ip
    with (
        probe,
        AddressWatch(pair.master.host, vip) as on_master,
        AddressWatch(pair.slave.host, vip) as on_slave,
        WritesWatch(logins_to(pair.master)) as master_writes,
        WritesWatch(logins_to(pair.slave)) as slave_writes,
        LagWatch(logins_to(pair.slave), probe.run) as lag,
        ExitStack() as watched,
        recorder.watching(
            probe,
            {"master": on_master, "slave": on_slave},
            {"master": master_writes, "slave": slave_writes},
            lag,
        ),
    ):
        witness = Witness(settings, probe, on_master, on_slave)
        intruders = tuple(watched.enter_context(each) for each in intruders_on(pair.slave, password))
        yield _Watches(witness, master_writes, slave_writes, intruders)


@dataclass(frozen=True)
class _Times:
    """When things were done, as time.monotonic(), and what was seen to come of the fault meanwhile."""

    fault_at: float
    healing_at: float
    healed_at: float
    missed: str
    alerted_at: float | None


def _fault_and_heal(pair: Pair, fault: Fault, watches: _Watches, report: Report, recorder: Recorder) -> _Times:
    witness, probe = watches.witness, watches.witness.probe
    with healed(fault, pair, report):
        wait_for_intruders(watches.intruders)
        pair.master.server.execute(FORGET, probe.run)
        fault.prepare(pair)
        probe.wait_for_flow()
        report.say(f"Clients read and write through {pair.settings.vip.ip}: {fault.name}.")
        since = time.monotonic()
        recorder.mark("fault", fault.name, since)
        fault.inject(pair)
        missed, alerted_at = wait_for_effect(pair, fault, witness, since)
        time.sleep(fault.lasts_seconds)
        if fault.undone:
            report.say(f"{missed or 'As it must be'}; now the heal, until: {fault.undone}.")
        healing_at = time.monotonic()
    return _Times(since, healing_at, time.monotonic(), missed, alerted_at)


def _measured(pair: Pair, fault: Fault, watches: _Watches, times: _Times) -> _Seen:
    """What was seen until the pair was as it must be after the fault, or was no longer waited for."""
    witness, since, missed = watches.witness, times.fault_at, times.missed
    wait_for_recovery(pair, fault)
    home_seconds = None
    if fault.leaves is Kind.MASTER_BACK:
        wait_for_closed_master(watches.master_writes, fault.recovery_seconds)
    elif fault.leaves is Kind.HEALTHY:
        home_seconds = witness.probe.first_write_after(times.healed_at, fault.recovery_seconds)
    takeover = witness.measure(since, time.monotonic()) if fault.effect is Effect.TAKEOVER and not missed else None
    has_partition = fault.effect is Effect.PARTITION and not missed
    vip_stays, stall_seconds = fault.effect is Effect.NO_TAKEOVER, fault.stall_target_seconds(pair)
    return _Seen(
        missed,
        takeover,
        partition.measure(witness, watches.master_writes, since, times.healing_at) if has_partition else None,
        no_takeover.measure(witness, stall_seconds, since, time.monotonic(), times.alerted_at) if vip_stays else None,
        home_seconds,
        _fencing(pair, fault, watches, since, takeover),
        times.healed_at - since,
    )


def _result(pair: Pair, fault: Fault, probe: Probe, seen: _Seen, own_before: str) -> Result:
    """What the clients were told beside what the servers have, once the slave has applied what it received."""
    slave, tracking = pair.slave.server, pair.slave.tracking
    until(
        f"{pair.slave.host}: all that it received applied",
        RELAY_SECONDS,
        lambda: tracking.applied(slave, replica_status(slave)),
    )
    facts = gather(pair)
    verdict = diagnose(facts)
    left = still_raised(pair, fault)
    not_over = f"not over: {left}" if left else ""
    at_home = verdict.kind is Kind.HEALTHY
    if at_home:
        drop_account(pair)
        wait_for_slave(pair)
    return Result(
        run=probe.run,
        missed=seen.missed,
        takeover=seen.takeover,
        partition=seen.partition,
        no_takeover=seen.no_takeover,
        home_seconds=seen.home_seconds,
        ledger=probe.ledger.audit(comparison.rows_of(slave, probe.run)),
        comparison=comparison.compare(pair, probe.run, probe.ledger) if at_home else None,
        slave_transactions=", ".join(listed(tracking.own_since(slave, own_before))),
        fencing=seen.fencing,
        undone=fault.undone,
        healed_seconds=seen.healed_seconds,
        verdict=verdict,
        expected=fault.leaves,
        unrecovered=fault.unrecovered(pair) or not_over,
        relay_seconds=_relay_seconds(facts) if seen.takeover else None,
        clients=probe.ledger,
    )


def _fencing(pair: Pair, fault: Fault, watches: _Watches, since: float, takeover: Takeover | None) -> Fencing:
    master: list[Look] = []
    if takeover:
        gone = takeover.vip_seconds if takeover.vip_gone_seconds is None else takeover.vip_gone_seconds
        master = watches.master_writes.looks(since + gone)
    allowed = _allowed_seconds(pair.master) + fault.open_seconds(pair)
    return fencing(master, watches.slave_writes.looks(), allowed, watches.intruders)


def _relay_seconds(facts: Facts) -> float | None:
    """How long the takeover applied what had been received, as the slave recorded it; None when it did not."""
    milliseconds = facts["slave"].takeover.get("relay_milliseconds", "")
    return int(milliseconds) / 1000 if milliseconds.isdecimal() else None


def _allowed_seconds(master: Side) -> float:
    """How long the master may be open without the VIP.

    A check must see it, and a commit that waits for the slave holds up the closing until semi-sync's timeout.
    """
    return master.settings.check_interval + CLOSING_SECONDS + master.commit_wait_seconds
