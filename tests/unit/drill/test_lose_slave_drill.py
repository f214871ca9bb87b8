"""drill.lose-slave: what is a broken promise, and what a target missed."""

from dataclasses import replace

import pytest
from drill_results import KEPT, SAME

from runbook.drill.scenes.lose_slave import Lost, scores
from runbook.observe.comparison import Comparison

SEEN = Lost(stalled=10.0, allowed=11.5, stalled_by_reseed=0.2, reseed=25.0, vip_moves=0)
LOST = replace(KEPT, missing=((0, 7),))


def judged(seen: Lost = SEEN, compared: Comparison = SAME, *, healthy: bool = True) -> tuple[list[str], list[str]]:
    """Breaches, and the promises whose target was missed."""
    found = list(scores(seen, compared, healthy))
    return [score.breach for score in found if score.breach], [s.promise for s in found if s.met is False]


def test_all_is_kept() -> None:
    assert judged() == ([], [])


@pytest.mark.parametrize(
    ("seen", "compared", "healthy", "told"),
    [
        (SEEN, replace(SAME, audits={"master": KEPT, "slave": LOST}), True, "LOST: 1 acknowledged writes"),
        (replace(SEEN, vip_moves=2), SAME, True, "the VIP moved"),
        (SEEN, SAME, False, "the pair is not healthy"),
        (SEEN, replace(SAME, lacking={"master": "", "slave": "u:7"}), True, "the slave lacks transactions"),
    ],
)
def test_what_breaks_a_promise(seen: Lost, compared: Comparison, healthy: bool, told: str) -> None:
    assert told in "; ".join(judged(seen, compared, healthy=healthy)[0])


def test_writes_that_stand_still_too_long_miss_a_target_and_break_nothing() -> None:
    assert judged(replace(SEEN, stalled_by_reseed=1.2))[0] == []
    assert judged(replace(SEEN, stalled_by_reseed=1.2))[1] == ["Writes stand still while the slave gets its data"]
    assert judged(replace(SEEN, stalled=12))[1] == ["Writes stand still for a slave that is gone, once"]
