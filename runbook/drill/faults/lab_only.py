"""Faults that only a lab's own hand can bring about: its power and its switch."""

import os

from runbook.lab.machine import Machine
from runbook.lab.pair import Lab
from runbook.pair.pair import Side
from runbook.settings.settings import Settings


def reason_without_lab(settings: Settings, what: str, by_hand: tuple[str, ...]) -> tuple[str, ...]:
    """Why the lab's `what` is not to be had, with the way by hand where the hosts are no lab's; or nothing."""
    if Lab.owning(settings.source) is None:
        return (
            f"master {settings.master.address} is no lab's host: its {what} is not in the runbook's hand. "
            "Nothing was done.",
            *by_hand,
        )
    if os.geteuid() != 0:
        return (f"The lab's {what} needs root, nothing was done: run the same command with sudo.",)
    return ()


def machine_of(side: Side) -> Machine | None:
    """The lab's host of this side, or None where it is no lab's."""
    lab = Lab.owning(side.settings.source)
    return getattr(lab, side.role) if lab else None
