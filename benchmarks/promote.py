"""Measures how long `inv promote` takes, from the command to a write that the new master acknowledges.

    .venv/bin/python benchmarks/promote.py              # five on a lab pair of its own
    .venv/bin/python benchmarks/promote.py --built      # on the lab promo that is there

The master's power is cut before each, and the slave serves reads by then. A client tries to write through the VIP each
20 ms. The old master boots and rejoins after each, so that the roles change with every one.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pymysql  # noqa: E402
from compare import Tree  # noqa: E402
from dotenv import dotenv_values  # noqa: E402

from runbook.lab.machine import Machine  # noqa: E402
from runbook.lab.pair import Lab  # noqa: E402

SUBNET = "192.168.160"
LAB = Lab("promo", SUBNET)
BOOT_SECONDS, TAKEOVER_SECONDS, WRITES_SECONDS, PAUSE_SECONDS = 60, 30, 60, 0.02
WRITE = "INSERT INTO runbook.heartbeat (id, beat) VALUES (2, UUID()) ON DUPLICATE KEY UPDATE beat = UUID()"
READ = "SELECT @@server_id"


def keys() -> dict[str, str]:
    """hosts.env as it is now."""
    return {name: value or "" for name, value in dotenv_values(LAB.hosts_env, interpolate=False).items()}


def through_vip(statement: str) -> bool:
    """Whether a client gets this done now."""
    login = {"user": "runbook_probe", "password": keys()["PROBE_PASSWORD"], "connect_timeout": 1, "read_timeout": 1}
    try:
        with pymysql.connect(host=keys()["VIP"].partition("/")[0], autocommit=True, **login) as client:
            client.cursor().execute(statement)
    except (pymysql.MySQLError, OSError):
        return False
    return True


def first(statement: str, seconds: float) -> float:
    """When a client had it done first: time.monotonic()."""
    end = time.monotonic() + seconds
    while not through_vip(statement):
        if time.monotonic() > end:
            raise SystemExit(f"not within {seconds:g} s: {statement}")
        time.sleep(PAUSE_SECONDS)
    return time.monotonic()


def inv(*arguments: str) -> str:
    """A run of the tool; its words."""
    environment = os.environ | {"HOSTS_ENV": str(LAB.hosts_env)}
    return subprocess.run(
        [ROOT / "inv", *arguments], env=environment, capture_output=True, text=True, check=True, timeout=300
    ).stdout


def measured() -> float:
    """Seconds of one promotion; all is as it was afterwards, with exchanged roles."""
    master: Machine = next(machine for machine in LAB.machines if machine.address == keys()["MASTER_HOST"])
    master.power_cut()
    first(READ, TAKEOVER_SECONDS)
    found: list[float] = []
    writer = threading.Thread(target=lambda: found.append(first(WRITE, WRITES_SECONDS)))
    began = time.monotonic()
    writer.start()
    told = inv("promote")
    writer.join()
    assert "PROVEN" in told and "UNPROVEN" not in told, told
    master.boot()
    master.wait_for_ssh(BOOT_SECONDS)
    inv("rejoin")
    assert json.loads(inv("verify", "--json"))["verdict"]["kind"] == "healthy"
    return found[0] - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--built", action="store_true", help="the lab is up and a pair")
    arguments = parser.parse_args()
    if not arguments.built:
        LAB.up(print)
        Tree(ROOT, LAB.name, SUBNET).inv("bootstrap")
    try:
        found = [measured() for _ in range(arguments.runs)]
    finally:
        if not arguments.built:
            LAB.down()
    print(
        f"inv promote to an acknowledged write: median {statistics.median(found):.2f} s, {min(found):.2f} to "
        f"{max(found):.2f} s, {len(found)} promotions"
    )


if __name__ == "__main__":
    main()
