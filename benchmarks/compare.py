"""Measures another tree of this project beside this one, on two lab pairs of this machine, in turns.

    .venv/bin/python benchmarks/compare.py ../before                        # everything, 5 runs
    .venv/bin/python benchmarks/compare.py ../before verify --runs 9
    .venv/bin/python benchmarks/compare.py ../before blank          # bootstrap of blank hosts

Each run of one tree is followed by the same of the other, and who begins changes every time, so that what else the
machine does falls on both. A command's figure is the wall time of ./inv; kill-master's is when its clients could read
again, by the drill's own report.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
STATE = Path("/var/lib/mysql-runbook-lab")
READS = "Reads are served again"


@dataclass(frozen=True)
class Tree:
    """A checkout and the lab that it works on."""

    folder: Path
    lab: str
    subnet: str

    def inv(self, *arguments: str) -> str:
        """What ./inv prints with these arguments, with which it must succeed."""
        done = subprocess.run(
            [self.folder / "inv", *arguments],
            env=os.environ | {"HOSTS_ENV": str(STATE / self.lab / "hosts.env")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(
                f"{self.folder}: inv {' '.join(arguments)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr}"
            )
        return done.stdout

    def seconds(self, *arguments: str) -> float:
        """The wall time of ./inv with these arguments."""
        started = time.monotonic()
        self.inv(*arguments)
        return time.monotonic() - started

    def seconds_of_blank_hosts(self) -> float:
        """The wall time of a bootstrap of two blank hosts, which are made so before."""
        self.inv("lab.reset", f"--name={self.lab}")
        return self.seconds("bootstrap")

    def reads_after_kill(self) -> float:
        """When clients could read again after the master's mysqld was killed; the pair is brought home."""
        document = json.loads(self.inv("drill.kill-master", "--failback", "--json"))
        return next(float(score["seconds"]) for score in document["scorecard"] if score["promise"] == READS)


FIGURES: dict[str, Callable[[Tree], float]] = {
    "blank": Tree.seconds_of_blank_hosts,
    "list": lambda tree: tree.seconds("--list"),
    "converged": lambda tree: tree.seconds("bootstrap"),
    "verify": lambda tree: tree.seconds("verify"),
    "kill-master": Tree.reads_after_kill,
}


def compared(trees: tuple[Tree, Tree], names: list[str], runs: int) -> dict[str, tuple[list[float], list[float]]]:
    """The figures of both trees, in turns."""
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in names}
    for run in range(runs):
        for name in names:
            for which in (0, 1) if run % 2 else (1, 0):
                found[name][which].append(FIGURES[name](trees[which]))
    return found


def table(figures: dict[str, tuple[list[float], list[float]]]) -> str:
    """Medians of both and their ratio, as a Markdown table."""
    lines = ["| what | before | after | after / before | runs |", "| --- | --- | --- | --- | --- |"]
    for name, (before, after) in figures.items():
        old, new = statistics.median(before), statistics.median(after)
        spans = [f"{statistics.median(each):.3f} s ({min(each):.3f} to {max(each):.3f})" for each in (before, after)]
        lines.append(f"| {name} | {spans[0]} | {spans[1]} | {new / old:.2f} | {len(before)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="the other tree")
    parser.add_argument("what", nargs="*", choices=[*FIGURES, []], help="default: everything")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    trees = (
        Tree(arguments.before.resolve(), "before", "192.168.156"),
        Tree(HERE, "after", "192.168.157"),
    )
    try:
        for tree in trees:
            tree.inv("lab.up", f"--name={tree.lab}", f"--subnet={tree.subnet}")
            tree.inv("bootstrap")
        print(table(compared(trees, arguments.what or list(FIGURES), arguments.runs)))
    finally:
        for tree in trees:
            tree.inv("lab.down", f"--name={tree.lab}")


if __name__ == "__main__":
    main()
