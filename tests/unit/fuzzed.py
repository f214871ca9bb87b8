"""Bounded fuzzing: the same examples on every run, made of the pieces that a reader looks for.

FUZZ_EXAMPLES=5000 has it look longer.
"""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "80"))


def bounded(examples: int = EXAMPLES) -> Callable[[Any], Any]:
    """For a test with examples: as many, and the same each time. Fixtures are shared by all of them."""
    shared = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=shared)


def pieces(*known: str) -> st.SearchStrategy[str]:
    """Texts of these pieces in any order, with anything between them."""
    anything = st.text(max_size=8) | st.text(st.characters(max_codepoint=127), max_size=8)
    piece = st.sampled_from([*known, "\n", " ", "=", "\x00", "\x1b", "'", '"', "é", "0" * 5000, "-1"]) | anything
    return st.lists(piece, max_size=14).map("".join)


def damaged(whole: str) -> st.SearchStrategy[str]:
    """A good text with a stretch of it taken out, or something else in its place."""
    places = st.integers(0, len(whole))
    return st.builds(
        lambda start, end, other: whole[: min(start, end)] + other + whole[max(start, end) :],
        places,
        places,
        st.text(max_size=6) | st.sampled_from(["\n", "\x00", "|", ":", "99999999999999999999"]),
    )
