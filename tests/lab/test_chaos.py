"""Random sequences of faults for ten minutes: those that broke a law once, then new ones (tests/chaos)."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos.outcome import table
from chaos.run import play
from chaos.sequence import Sequence, failed, sequence
from outside import OutsidePair

MINUTES = 10
# One sequence may begin at the last moment, and end in a wait for a disk that was full; then the pair is made anew.
LAST_SECONDS = 600


def for_minutes(minutes: float) -> Iterator[Sequence]:
    """Those that failed once, then seeds that differ from day to day."""
    until = time.monotonic() + minutes * 60
    first = int(time.time()) % 1_000_000
    for each in (*failed(), *map(sequence, range(first, first + 1000))):
        if time.monotonic() > until:
            return
        yield each


@pytest.mark.long
@pytest.mark.timeout(MINUTES * 60 + LAST_SECONDS)
def test_no_sequence_of_faults_breaks_a_law_and_from_each_a_command_leads_out(
    doomed_pair: OutsidePair, tmp_path: Path
) -> None:
    outcomes = play(doomed_pair.lab, for_minutes(MINUTES), tmp_path, print, built=True)
    print(table(outcomes))
    assert outcomes
    assert not [outcome.line() for outcome in outcomes if outcome.broken]
