"""A relay log that a power cut tore is told from a row that conflicts: the first is fetched anew, the other never."""

from dataclasses import replace

import pytest
from pair_facts import RUNS


@pytest.mark.parametrize(
    ("applier", "error", "torn"),
    [
        ("No", "error 13121: Relay log read failure: Could not parse relay log event entry", True),
        ("No", "error 1594: Relay log read failure: Could not parse relay log event entry", True),
        ("No", "error 1062: Duplicate entry '1594' for key", False),
        ("No", "", False),
        ("Yes", "error 13121: of before", False),
    ],
)
def test_what_the_applier_stopped_at(applier: str, error: str, torn: bool) -> None:
    assert replace(RUNS, applier=applier, applier_error=error).relay_log_torn is torn
