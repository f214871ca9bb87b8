"""What a drill promised beside what it measured, a line each; every drill declares its own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One promise; `seconds` and `target_seconds` where it is a matter of time, else None."""

    promise: str
    target: str
    measured: str
    met: bool | None
    """None when there is no target, or nothing was measured."""
    seconds: float | None = None
    target_seconds: float | None = None
    breach: str = ""
    """How it was broken, in a sentence; a target that was missed is late and breaks nothing."""


def within(promise: str, seconds: float | None, target_seconds: float | None, *, unseen: str = "") -> Score:
    """A figure that is good when it is small; `seconds` None when it was not seen, which breaks the promise if `unseen`
    says how.
    """
    target = "none" if target_seconds is None else f"at most {target_seconds:g} s"
    if seconds is None:
        return Score(promise, target, "not seen", False if unseen else None, None, target_seconds, unseen)
    met = None if target_seconds is None else seconds <= target_seconds
    return Score(promise, target, f"{seconds:.2f} s", met, seconds, target_seconds)


def kept(
    promise: str,
    target: str,
    measured: str,
    breach: str,
    *,
    seconds: float | None = None,
    target_seconds: float | None = None,
    unknown: str = "",
) -> Score:
    """A promise that is kept or broken; `breach` is empty when it was kept. Seconds are its figure where it has one.

    `unknown` says why nobody knows, where nothing was seen: that is neither.
    """
    if unknown and not breach:
        return Score(promise, target, f"not known: {unknown}", None, None, target_seconds)
    return Score(promise, target, measured, not breach, seconds, target_seconds, breach)
