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

    @property
    def broken(self) -> bool:
        """Whether it is broken, not merely late."""
        return self.met is False and self.target_seconds is None


def within(promise: str, seconds: float | None, target_seconds: float | None) -> Score:
    """A figure that is good when it is small; `seconds` None when it was not seen."""
    return Score(
        promise,
        "none" if target_seconds is None else f"at most {target_seconds:g} s",
        "not seen" if seconds is None else f"{seconds:.2f} s",
        None if seconds is None or target_seconds is None else seconds <= target_seconds,
        seconds,
        target_seconds,
    )


def kept(promise: str, target: str, measured: str, *, met: bool) -> Score:
    """A promise that is kept or broken, whatever the time."""
    return Score(promise, target, measured, met)
