"""A moment as people and machines both read it."""

import time


def utc(at: float | None = None) -> str:
    """A time.time(), or now, in UTC: 2026-11-27T19:30:08Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
