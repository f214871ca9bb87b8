"""Measures what a pair costs its hosts while nothing happens: CPU of one core, and processes started a second.

    .venv/bin/python benchmarks/idle.py                   # on a lab pair of its own
    .venv/bin/python benchmarks/idle.py /tmp/base         # of another tree, as a clone of an older commit
    .venv/bin/python benchmarks/idle.py --seconds 300

CPU is what the kernel charged to the control groups of keepalived and of this runbook's own units; the server's part of
their questions is not in it. Processes are all numbers that the host gave away, threads and the server's included.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from compare import Tree  # noqa: E402

from runbook.lab.pair import Lab  # noqa: E402

SUBNET = "192.168.158"
LAB = Lab("idle", SUBNET)
SETTLED_AFTER_SECONDS = 15
# One process: the nap. The unit's own numbers for what it measures are in none of the units.
PROBE = r"""
usage() {{
    local unit key value all=0
    for unit in keepalived mysql-runbook-fence mysql-runbook-checker mysql-runbook-witness; do
        while read -r key value; do
            [ "$key" != usage_usec ] || all=$((all + value))
        done 2>/dev/null <"/sys/fs/cgroup/system.slice/$unit.service/cpu.stat"
    done
    echo "$all $(</proc/sys/kernel/ns_last_pid)"
}}
usage; sleep {seconds}; usage
"""


def measured(host: str, seconds: int) -> tuple[float, float]:
    """Percent of one core and processes a second on this host."""
    command = ["ssh", "-F", str(LAB.hosts_env.parent / "ssh_config"), host, "bash", "-s"]
    said = subprocess.run(
        command, input=PROBE.format(seconds=seconds), capture_output=True, text=True, check=True, timeout=seconds + 60
    ).stdout
    (usage, last), (usage_later, last_later) = (map(int, line.split()) for line in said.splitlines())
    return (usage_later - usage) / seconds / 1e4, (last_later - last) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=Path, default=ROOT, help="default: this one")
    parser.add_argument("--seconds", type=int, default=120)
    arguments = parser.parse_args()
    LAB.up(print)
    try:
        Tree(arguments.tree, LAB.name, SUBNET).inv("bootstrap")
        time.sleep(SETTLED_AFTER_SECONDS)
        print(
            "| host | CPU of one core | processes a second | load of the machine |",
            "| --- | --- | --- | --- |",
            sep="\n",
        )
        for host in ("mysql-master", "mysql-slave"):
            percent, processes = measured(host, arguments.seconds)
            print(f"| {host} | {percent:.1f} % | {processes:.1f} | {os.getloadavg()[0]:.1f} |")
    finally:
        LAB.down()


if __name__ == "__main__":
    main()
