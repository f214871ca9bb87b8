"""A fault on the master under a client's eyes, and the account of its writes afterwards."""

import time
from contextlib import suppress
from dataclasses import dataclass

from runbook.diagnosis import diagnose
from runbook.drill.client import logins_at
from runbook.drill.faults import Fault
from runbook.drill.fencing import Fencing, fencing
from runbook.drill.lag_watch import LagWatch
from runbook.drill.ledger import Row
from runbook.drill.probe import Probe
from runbook.drill.recorder import Recorder
from runbook.drill.result import Result
from runbook.drill.stage import healed
from runbook.drill.takeover import Takeover, Witness
from runbook.drill.watch import AddressWatch
from runbook.drill.writes_watch import WritesWatch
from runbook.facts import gather
from runbook.mysql.accounts import SCHEMA
from runbook.mysql.session import Server
from runbook.pair import Pair
from runbook.report import Report
from runbook.settings import Settings
from runbook.verdict import Kind
from runbook.wait import DeadlinePassed, until

RELAY_SECONDS = 60
OBSERVED = 20
CLOSING_SECONDS = 2  # to close the server, and to end the sessions that write first

EXECUTED = "SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', '')"
UUID = "SELECT @@server_uuid"
SUBTRACTED = "SELECT REPLACE(GTID_SUBTRACT(@@GLOBAL.gtid_executed, %s), '\\n', '')"
APPLIED = (
    "SELECT MIN(GTID_SUBSET(received_transaction_set, @@GLOBAL.gtid_executed)) "
    "FROM performance_schema.replication_connection_status"
)
ROWS = f"SELECT writer, seq FROM {SCHEMA}.ledger WHERE run = %s"
FORGET = f"DELETE FROM {SCHEMA}.ledger WHERE run <> %s"


def rehearse(pair: Pair, fault: Fault, report: Report, recorder: Recorder) -> Result:
    """Bring the fault about on the master of a healthy pair, see the takeover, and call every write to account."""
    slave = pair.slave.server
    executed_before = slave.value(EXECUTED)
    probe = Probe.of(pair.settings)
    seen = _fault_and_takeover(pair, fault, probe, report, recorder)
    until(f"{pair.slave.host}: all that it received applied", RELAY_SECONDS, lambda: bool(slave.value(APPLIED)))
    found: list[Row] = [(row["writer"], row["seq"]) for row in slave.ask(ROWS, probe.run)]
    return Result(
        run=probe.run,
        takeover=seen.takeover,
        ledger=probe.ledger.audit(found),
        slave_transactions=made_since(slave, executed_before),
        fencing=seen.fencing,
        undone=fault.undone,
        healed_seconds=seen.healed_seconds,
        verdict=diagnose(gather(pair)),
        expected=fault.leaves,
        unrecovered=fault.unrecovered(pair.master),
    )


@dataclass(frozen=True)
class _Seen:
    takeover: Takeover
    fencing: Fencing
    healed_seconds: float


def _fault_and_takeover(pair: Pair, fault: Fault, probe: Probe, report: Report, recorder: Recorder) -> _Seen:
    settings = pair.settings
    vip = settings.vip.ip
    with (
        probe,
        AddressWatch(pair.master.host, vip) as on_master,
        AddressWatch(pair.slave.host, vip) as on_slave,
        WritesWatch(logins_at(settings.master.address, settings)) as master_writes,
        WritesWatch(logins_at(settings.slave.address, settings)) as slave_writes,
        LagWatch(logins_at(settings.slave.address, settings), probe.run) as lag,
        recorder.watching(
            probe,
            {"master": on_master, "slave": on_slave},
            {"master": master_writes, "slave": slave_writes},
            lag,
        ),
    ):
        witness = Witness(settings, probe, on_master, on_slave)
        with healed(fault, pair.master, report):
            pair.master.server.execute(FORGET, probe.run)
            fault.prepare(pair.master)
            probe.wait_for_flow()
            report.say(f"A client reads and writes through {vip}: {fault.name} on {pair.master.host}.")
            since = time.monotonic()
            recorder.mark("fault", f"{fault.name} on the master", since)
            fault.inject(pair.master)
            witness.wait_for_takeover(since)
            if fault.undone:
                report.say(f"The slave serves; now the heal, until: {fault.undone}.")
        healed_at = time.monotonic()
        _wait_for_recovery(pair, fault)
        if fault.leaves is Kind.MASTER_BACK:
            _watch_on(master_writes, fault.recovery_seconds)
        takeover = witness.measure(since, time.monotonic())
        lost_vip = since + (takeover.vip_seconds if takeover.vip_gone_seconds is None else takeover.vip_gone_seconds)
        return _Seen(
            takeover,
            fencing(master_writes.looks(lost_vip), slave_writes.looks(), _allowed_seconds(settings)),
            healed_at - since,
        )


def _wait_for_recovery(pair: Pair, fault: Fault) -> None:
    """Until the pair is what it must be afterwards, or can no longer become so: that is the result's to tell."""

    def recovered() -> bool:
        kind = diagnose(gather(pair)).kind
        return kind is Kind.DIVERGED or (kind is fault.leaves and not fault.unrecovered(pair.master))

    with suppress(DeadlinePassed):
        until("the pair as it must be after the fault", fault.recovery_seconds, recovered, pause=0.2)


def _watch_on(writes: WritesWatch, seconds: float) -> None:
    """Until a master that is back was seen closed for a while; one that does not stay so is the result's to tell."""
    since = time.monotonic()

    def stays_closed() -> bool:
        last = writes.looks(since)[-OBSERVED:]
        return len(last) == OBSERVED and not any(look.takes_writes for look in last)

    with suppress(DeadlinePassed):
        until("a master that stays closed", seconds, stays_closed)


def _allowed_seconds(settings: Settings) -> float:
    """How long the master may be open without the VIP.

    A check must see it, and a commit that waits for the slave holds up the closing until semi-sync's timeout.
    """
    waiting = settings.semi_sync_timeout_ms / 1000 if settings.semi_sync else 0.0
    return settings.check_interval + CLOSING_SECONDS + waiting


def made_since(server: Server, executed_before: str) -> str:
    """The transactions that the server itself made since it had executed these, as a GTID set."""
    own, new = server.value(UUID), server.value(SUBTRACTED, executed_before)
    return ",".join(part for part in new.split(",") if part.startswith(own))
