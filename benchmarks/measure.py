"""Measures what the design sets targets for, on a lab pair of its own, and prints medians with minimum and maximum.

    .venv/bin/python benchmarks/measure.py            # everything, 5 runs each
    .venv/bin/python benchmarks/measure.py verify list --runs 9
    .venv/bin/python benchmarks/measure.py --write    # and keep the table in benchmarks/RESULTS.md

A figure of a command is wall time from the start of ./inv to its end. A figure of the drill is what its client saw,
on this machine's monotonic clock, from just before the kill was sent: the way of the command to the host is in it.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from runbook import failback  # noqa: E402
from runbook.drill import failover  # noqa: E402
from runbook.drill.faults import FAULTS  # noqa: E402
from runbook.lab.pair import Lab  # noqa: E402
from runbook.pair import Pair  # noqa: E402
from runbook.report import Report  # noqa: E402
from runbook.settings import load  # noqa: E402

Figures = dict[str, list[float]]

LAB = Lab("bench", "192.168.155")
TARGETS = {
    "blank hosts to a serving pair: inv bootstrap": 60,
    "inv bootstrap on a converged pair": 2,
    "inv verify": 1.5,
    "inv --list": 0.4,
    "mysqld killed: VIP on the slave": 0.3,
    "mysqld killed: reads through the VIP again": 0.5,
    "failback: the VIP changes hosts": 1,
    "failback: from the slave's letting go to an acknowledged write": 1,
}


def inv(*arguments: str) -> float:
    """The wall time of ./inv with these arguments, which must succeed."""
    started = time.monotonic()
    done = subprocess.run(
        [ROOT / "inv", *arguments],
        env=os.environ | {"HOSTS_ENV": str(LAB.hosts_env)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"inv {' '.join(arguments)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.monotonic() - started


def measure_list(runs: int) -> Figures:
    return {"inv --list": [inv("--list") for _ in range(runs)]}


def measure_blank(runs: int) -> Figures:
    def once() -> float:
        LAB.reset(lambda line: None)
        return inv("bootstrap")

    return {"blank hosts to a serving pair: inv bootstrap": [once() for _ in range(runs)]}


def measure_converged(runs: int) -> Figures:
    inv("bootstrap")
    return {"inv bootstrap on a converged pair": [inv("bootstrap") for _ in range(runs)]}


def measure_verify(runs: int) -> Figures:
    inv("bootstrap")
    return {"inv verify": [inv("verify") for _ in range(runs)]}


def measure_takeover(runs: int) -> Figures:
    """Kill and bring home, again and again; each run begins with a healthy pair."""
    inv("bootstrap")
    names = list(TARGETS)[-4:]
    figures: Figures = {name: [] for name in names}
    for _ in range(runs):
        for name, seconds in zip(names, drill_and_failback(), strict=True):
            figures[name].append(seconds)
        inv("verify")
    return figures


def drill_and_failback() -> Iterator[float]:
    settings = load(LAB.hosts_env)
    quiet = Report(str, console=Console(quiet=True))
    with Pair(settings) as pair:
        result = failover.run(pair, FAULTS["kill-master"](), quiet, lambda: True)
        assert result is not None
        yield result.takeover.vip_seconds
        yield result.takeover.reads_seconds
    with Pair(settings) as pair:
        handover = failback.run(pair, quiet)
        assert handover and handover.vip_seconds is not None and handover.writes_seconds is not None
        yield handover.vip_seconds
        yield handover.writes_seconds


MEASUREMENTS: dict[str, Callable[[int], Figures]] = {
    "list": measure_list,
    "blank": measure_blank,
    "converged": measure_converged,
    "verify": measure_verify,
    "takeover": measure_takeover,
}


def table(figures: Figures) -> str:
    """The figures in seconds as a Markdown table."""
    lines = ["| what | median | min | max | runs | target |", "| --- | --- | --- | --- | --- | --- |"]
    for name, seconds in figures.items():
        middle = statistics.median(seconds)
        row = (
            name,
            f"{middle:.2f} s",
            f"{min(seconds):.2f}",
            f"{max(seconds):.2f}",
            len(seconds),
            f"{TARGETS[name]} s",
        )
        lines.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=[*MEASUREMENTS, []], help="default: everything")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="keep the table in benchmarks/RESULTS.md")
    arguments = parser.parse_args()
    figures: Figures = {}
    LAB.up(print)
    try:
        for name in arguments.what or MEASUREMENTS:
            figures |= MEASUREMENTS[name](arguments.runs)
    finally:
        LAB.down()
    print(table(figures))
    if arguments.write:
        machine = f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
        command = f"`benchmarks/measure.py --runs {arguments.runs} --write`"
        head = f"Made by {command} on {time.strftime('%Y-%m-%d')}; {machine}."
        method = (__doc__ or "").rpartition("\n\n")[2].strip()
        (ROOT / "benchmarks" / "RESULTS.md").write_text(f"{head}\n\n{method}\n\n{table(figures)}\n")


if __name__ == "__main__":
    main()
