"""What a drill measured and proved."""

from dataclasses import asdict, dataclass, field
from typing import Any

from runbook.diagnosis.verdict import Kind, Verdict
from runbook.drill.fencing import Fencing
from runbook.drill.no_takeover import Steady
from runbook.drill.partition import Split
from runbook.drill.takeover import Takeover
from runbook.observe.comparison import Books
from runbook.observe.ledger import Audit, Ledger


@dataclass(frozen=True)
class Result:
    """A drill that came to its end, promises kept or not."""

    run: str
    """Names its rows in the ledger's table."""
    takeover: Takeover | None
    """None where the fault brings none, or where it did not come."""
    ledger: Audit
    """The clients' account beside what the slave has."""
    slave_transactions: str
    """Those that it made itself since before the fault, by their names in its binary log: there must be none."""
    fencing: Fencing
    undone: str
    """What healed the fault, if that is more than tidying up."""
    healed_seconds: float
    """From the fault until it was healed."""
    verdict: Verdict
    """After the heal."""
    expected: Kind
    """What the verdict must be."""
    unrecovered: str = ""
    """What must have come back by itself and did not."""
    missed: str = ""
    """What must have come of the fault and did not in time."""
    split: Split | None = None
    """Where the two hosts could not see each other, and clients saw both."""
    steady: Steady | None = None
    """Where the VIP stays on the master."""
    home_seconds: float | None = None
    """From the heal until a write was acknowledged, where the pair comes home by itself."""
    relay_seconds: float | None = None
    """How long the slave applied what it had received, as it recorded its takeover."""
    books: Books | None = None
    """Both servers compared, where the pair came home by itself; else failback is to come first."""
    clients: Ledger = field(default_factory=Ledger, repr=False, compare=False)
    """The fates of all writes, for `comparison.compare` after a failback."""

    def as_dict(self) -> dict[str, Any]:
        """All of it for JSON, but for the fate of each write."""
        document = asdict(self)
        del document["clients"]
        return document
