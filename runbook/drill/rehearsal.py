"""A fault on the master under a client's eyes, and the account of its writes afterwards."""

import time

from runbook.diagnosis import diagnose
from runbook.drill.faults import Fault
from runbook.drill.ledger import Row
from runbook.drill.probe import Probe
from runbook.drill.result import Result
from runbook.drill.stage import healed
from runbook.drill.takeover import Takeover, Witness
from runbook.drill.watch import AddressWatch
from runbook.facts import gather
from runbook.mysql.accounts import SCHEMA
from runbook.mysql.session import Server
from runbook.pair import Pair
from runbook.report import Report
from runbook.wait import until

RELAY_SECONDS = 60

EXECUTED = "SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', '')"
UUID = "SELECT @@server_uuid"
SUBTRACTED = "SELECT REPLACE(GTID_SUBTRACT(@@GLOBAL.gtid_executed, %s), '\\n', '')"
APPLIED = (
    "SELECT MIN(GTID_SUBSET(received_transaction_set, @@GLOBAL.gtid_executed)) "
    "FROM performance_schema.replication_connection_status"
)
ROWS = f"SELECT writer, seq FROM {SCHEMA}.ledger WHERE run = %s"
FORGET = f"DELETE FROM {SCHEMA}.ledger WHERE run <> %s"


def rehearse(pair: Pair, fault: Fault, report: Report) -> Result:
    """Bring the fault about on the master of a healthy pair, see the takeover, and call every write to account."""
    slave = pair.slave.server
    executed_before = slave.value(EXECUTED)
    probe = Probe.of(pair.settings)
    takeover = _fault_and_takeover(pair, fault, probe, report)
    until(f"{pair.slave.host}: all that it received applied", RELAY_SECONDS, lambda: bool(slave.value(APPLIED)))
    found: list[Row] = [(row["writer"], row["seq"]) for row in slave.ask(ROWS, probe.run)]
    return Result(
        run=probe.run,
        takeover=takeover,
        ledger=probe.ledger.audit(found),
        slave_transactions=made_since(slave, executed_before),
        verdict=diagnose(gather(pair)),
    )


def _fault_and_takeover(pair: Pair, fault: Fault, probe: Probe, report: Report) -> Takeover:
    vip = pair.settings.vip.ip
    with (
        probe,
        AddressWatch(pair.master.host, vip) as on_master,
        AddressWatch(pair.slave.host, vip) as on_slave,
        healed(fault, pair.master, report),
    ):
        pair.master.server.execute(FORGET, probe.run)
        fault.prepare(pair.master)
        probe.wait_for_flow()
        report.say(f"A client reads and writes through {vip}: {fault.name} on {pair.master.host}.")
        witness = Witness(pair.settings, probe, on_master, on_slave)
        since = time.monotonic()
        fault.inject(pair.master)
        witness.wait_for_takeover(since)
        return witness.measure(since, time.monotonic())


def made_since(server: Server, executed_before: str) -> str:
    """The transactions that the server itself made since it had executed these, as a GTID set."""
    own, new = server.value(UUID), server.value(SUBTRACTED, executed_before)
    return ",".join(part for part in new.split(",") if part.startswith(own))
