"""maintenance: when the slave's host may be touched, and what is written down for how long."""

import pytest

from runbook.alerts.quiet import MEANT
from runbook.diagnosis.verdict import Kind, Verdict
from runbook.errors import BadInput
from runbook.operations import maintenance
from runbook.operations.run import Run
from runbook.pair.maintenance import Maintenance, parse
from runbook.settings.settings import Settings

RECORD = Maintenance("2026-11-27T15:00:00Z", "anna@desk", 1_795_812_971)


@pytest.mark.parametrize("role", ["master", "slave"])
def test_the_record_is_read_as_it_was_written(role: str) -> None:
    assert parse(RECORD.text(MEANT[role])) == RECORD  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "until"), [("since=now\nby=me\nuntil=soon\n", 0), ("since=now\n", 0), ("until=7\n", None), ("", None)]
)
def test_a_record_that_is_not_whole_is_one_all_the_same_if_it_says_since_when(text: str, until: int | None) -> None:
    found = parse(text)
    assert (found.until if found else None) == until


@pytest.mark.parametrize("kind", [Kind.HEALTHY, Kind.SLAVE_DOWN, Kind.SLAVE_UNREACHABLE, Kind.MAINTENANCE])
def test_a_slave_may_be_ill_when_its_maintenance_begins(kind: Kind) -> None:
    assert maintenance.why_not_begin(Verdict(kind, "So it is.", "Do that")) is None


@pytest.mark.parametrize("kind", [Kind.FAILED_OVER, Kind.MASTER_BACK, Kind.NO_VIP, Kind.TWO_WRITERS, Kind.DIVERGED])
def test_while_the_master_does_not_serve_nothing_is_begun(kind: Kind) -> None:
    why = maintenance.why_not_begin(Verdict(kind, "So it is.", "Do that"))
    assert why == "So it is.\nNothing was changed. Do that, then: inv maintenance.begin"


@pytest.mark.parametrize("host", ["", "db1", "Slave"])
def test_a_host_that_is_none_of_the_two_is_asked_for(settings: Settings, host: str) -> None:
    with pytest.raises(BadInput, match="--host=slave"):
        maintenance.begin(Run({"HOSTS_ENV": str(settings.source)}, settings.source.parent), host)
