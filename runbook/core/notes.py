"""Files of NAME=VALUE lines, as our scripts and runs leave them on the hosts."""

import re


def noted(text: str) -> dict[str, str]:
    """What such a file says, by name; of two lines of one name the last."""
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))


def number(value: str | None) -> int | None:
    """A whole number that stands there; None where there is nothing, or something else."""
    return int(value) if value and re.fullmatch(r"\d{1,18}", value) else None
