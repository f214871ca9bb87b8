"""Measures how long clients' writes stand still while the roles change, there and back.

    .venv/bin/python benchmarks/switchover.py              # five drills on a lab pair of its own: ten changes
    .venv/bin/python benchmarks/switchover.py --runs 10

Each figure is what the drill's clients saw: four that write, two by a connection that lasts and two by a new one each
50 ms, and four that read; the longest stretch in which none of the writes was acknowledged.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from compare import Tree  # noqa: E402

from runbook.lab.pair import Lab  # noqa: E402

SUBNET = "192.168.159"
LAB = Lab("switch", SUBNET)
KEYS = ("standstill_seconds", "standstill_seconds_back")


def measured(reports: Path) -> list[float]:
    """The figures of one drill; its exit code is 0 also when a target was missed."""
    environment = os.environ | {"HOSTS_ENV": str(LAB.hosts_env), "REPORTS": str(reports)}
    command = [ROOT / "inv", "drill.switchover", "--yes", "--json"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300).stdout
    document = json.loads(said)
    assert document["ledger"]["lost"] == [], document["ledger"]
    return [document["figures"][key] for key in KEYS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    LAB.up(print)
    try:
        Tree(ROOT, LAB.name, SUBNET).inv("bootstrap")
        found = [figure for _ in range(arguments.runs) for figure in measured(LAB.hosts_env.parent / "reports")]
    finally:
        LAB.down()
    print(
        f"writes stood still: median {statistics.median(found):.2f} s, {min(found):.2f} to {max(found):.2f} s, "
        f"{len(found)} changes of roles"
    )


if __name__ == "__main__":
    main()
