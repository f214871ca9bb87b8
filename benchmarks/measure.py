"""Measures what the design sets targets for, on a lab pair of its own, and prints medians with minimum and maximum.

    .venv/bin/python benchmarks/measure.py            # everything, 5 runs each
    .venv/bin/python benchmarks/measure.py verify list --runs 9
    .venv/bin/python benchmarks/measure.py --write    # and keep the table in benchmarks/RESULTS.md

A figure of a command is wall time from the start of ./inv to its end. A figure of a drill is what its clients saw,
on this machine's monotonic clock, from just before the kill was sent: the way of the command to the host is in it.
"""

import argparse
import itertools
import json
import os
import platform
import socket
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from compare import Tree  # noqa: E402

from runbook.drill import faults  # noqa: E402
from runbook.lab.pair import Lab  # noqa: E402

Figures = dict[str, list[float]]

TREE = Tree(ROOT, "bench", "192.168.155")
LAB = Lab(TREE.lab, TREE.subnet)
TARGETS: dict[str, float | None] = {
    "blank hosts to a serving pair: inv bootstrap": 60,
    "inv bootstrap on a converged pair": 2,
    "inv verify": 1.5,
    "inv --list": 0.4,
}


def inv(*arguments: str) -> float:
    """The wall time of ./inv with these arguments, which must succeed."""
    return TREE.seconds(*arguments)


def printed(*arguments: str) -> str:
    """What ./inv prints with these arguments, with which it must succeed."""
    return TREE.inv(*arguments)


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


def measure_drills(runs: int) -> Figures:
    """Every drill and the way home, again and again, by what its report says was promised and measured."""
    inv("bootstrap")
    figures: Figures = {}
    for _, drill in itertools.product(range(runs), faults.NAMES):
        for promise, score in drilled(drill).items():
            if score["seconds"] is not None:
                name = f"{drill}: {promise}"
                figures.setdefault(name, []).append(score["seconds"])
                TARGETS[name] = score["target_seconds"]
        inv("verify")
    return dict(sorted(figures.items(), key=lambda figure: faults.NAMES.index(figure[0].partition(":")[0])))


def drilled(drill: str) -> dict[str, Any]:
    """What a drill and its failback promised and measured, by promise."""
    document = json.loads(printed(f"drill.{drill}", "--failback", "--json"))
    return {score["promise"]: score for score in document["scorecard"]}


def measure_alerts(runs: int) -> Figures:
    """Takeovers while the server for alerts takes every connection and never answers."""
    name, promise = "kill-master with a server for alerts that never answers: reads", "Reads are served again"
    text = LAB.hosts_env.read_text()
    gateway = LAB.network.address(1)
    with socket.create_server((gateway, 0)) as deaf:
        LAB.hosts_env.write_text(f"{text}\nALERT_WEBHOOK_URL=http://{gateway}:{deaf.getsockname()[1]}/\n")
        try:
            inv("bootstrap")
            scores = [drilled("kill-master")[promise] for _ in range(runs)]
        finally:
            LAB.hosts_env.write_text(text)
            inv("bootstrap")
    TARGETS[name] = scores[0]["target_seconds"]
    return {name: [score["seconds"] for score in scores]}


MEASUREMENTS: dict[str, Callable[[int], Figures]] = {
    "list": measure_list,
    "blank": measure_blank,
    "converged": measure_converged,
    "verify": measure_verify,
    "drills": measure_drills,
    "alerts": measure_alerts,
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
            "none" if TARGETS[name] is None else f"{TARGETS[name]:g} s",
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
        results = ROOT / "benchmarks" / "RESULTS.md"
        _, mark, others = results.read_text().partition("\n## ")  # measured otherwise
        results.write_text(f"{head}\n\n{method}\n\n{table(figures)}\n{mark}{others}")


if __name__ == "__main__":
    main()
