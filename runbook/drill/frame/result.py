"""What a drill measured and proved."""

from dataclasses import asdict, dataclass, field
from typing import Any

from runbook.diagnosis.verdict import Kind, Verdict
from runbook.drill.frame.fencing import Fencing
from runbook.drill.frame.no_takeover import NoTakeover
from runbook.drill.frame.partition import Partition
from runbook.drill.frame.takeover import Takeover
from runbook.observe.comparison import Comparison
from runbook.observe.ledger import Audit, Ledger

IN_SCHEMA_1 = {"partition": "split", "no_takeover": "steady", "comparison": "books", "intrusions": "trespasses"}
"""What fields are called in the document, where that is not their name here: its readers know them by these."""


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
    partition: Partition | None = None
    """Where the two hosts could not see each other, and clients saw both."""
    no_takeover: NoTakeover | None = None
    """Where the VIP stays on the master."""
    home_seconds: float | None = None
    """From the heal until a write was acknowledged, where the pair comes home by itself."""
    relay_seconds: float | None = None
    """How long the slave applied what it had received, as it recorded its takeover."""
    comparison: Comparison | None = None
    """Both servers compared, where the pair came home by itself; else failback is to come first."""
    clients: Ledger = field(default_factory=Ledger, repr=False, compare=False)
    """The fates of all writes, for `comparison.compare` after a failback."""

    def as_dict(self) -> dict[str, Any]:
        """Returns all of it for JSON, but for the fate of each write; keys are those of the document's schema."""
        document = asdict(self)
        del document["clients"]
        return in_schema(document)


def in_schema(fields: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields, and those inside them, under the names that the document has for them."""
    return {
        IN_SCHEMA_1.get(name, name): in_schema(value) if isinstance(value, dict) else value
        for name, value in fields.items()
    }
