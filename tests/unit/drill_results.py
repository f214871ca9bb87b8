"""What drills came to that kept their promises: one that left the pair failed over, and one whose pair came home."""

from dataclasses import replace

from runbook.diagnosis.verdict import Kind, Verdict
from runbook.drill.frame.fencing import Attempts, Fencing
from runbook.drill.frame.no_takeover import NoTakeover
from runbook.drill.frame.partition import Partition
from runbook.drill.frame.result import Result
from runbook.drill.frame.takeover import Takeover
from runbook.observe.comparison import Comparison
from runbook.observe.ledger import Audit

FAILED_OVER = Verdict(Kind.FAILED_OVER, "The pair is failed over.", "inv failback")
TAKEOVER = Takeover(
    last_write_seconds=-0.012,
    vip_gone_seconds=0.071,
    vip_seconds=0.084,
    reads_seconds=0.118,
    lasting_reads_seconds=0.25,
    read_gap_seconds=0.131,
    first_refusal_seconds=0.119,
    refusal="ERROR 1290: The MySQL server is running with the --super-read-only option",
    reads_served=41,
    writes_refused=40,
    writes_failed=3,
    writes_on_slave=0,
)
KEPT = Audit(acknowledged=44, kept=44, missing=(), unanswered=1, unanswered_kept=0, unwanted=())
FENCED = Fencing(
    master_looks=0,
    open_without_vip_seconds=0.0,
    open_allowed_seconds=3.0,
    slave_looks=70,
    slave_open_looks=0,
    intrusions={"root": Attempts(refused=14, accepted=0)},
)
HEALTHY = Verdict(Kind.HEALTHY, "The pair is healthy.", "Nothing to do.")
SAME = Comparison(
    audits={"master": KEPT, "slave": KEPT}, rows_apart=(), lacking={"master": "", "slave": ""}, vip_on=("master",)
)
NO_TAKEOVER = NoTakeover(
    vip_moves=0,
    write_stall_seconds=10.1,
    write_stall_allowed_seconds=11.5,
    read_stall_seconds=0.2,
    new_read_stall_seconds=0.4,
    alert_seconds=3.0,
)
PARTITION = Partition(
    vip_seconds=0.7,
    master_looks=300,
    master_closed_looks=0,
    writes_on_master=12,
    healing_seconds=1.2,
    one_vip_seconds=0.7,
)
RESULT = Result("run", TAKEOVER, KEPT, "", FENCED, "", 1.5, FAILED_OVER, Kind.FAILED_OVER)

HOME = replace(RESULT, takeover=None, verdict=HEALTHY, expected=Kind.HEALTHY, home_seconds=2.5, comparison=SAME)
