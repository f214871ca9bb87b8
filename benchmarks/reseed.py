"""Measures inv reseed: how long a slave takes to get the master's data, and what that costs who writes meanwhile.

    .venv/bin/python benchmarks/reseed.py                             # 1 GB, three times, on a lab pair of its own
    .venv/bin/python benchmarks/reseed.py --engine mariadb-10.11
    .venv/bin/python benchmarks/reseed.py --megabytes 500 --runs 5

The rows are random bytes, each sixteen times, loaded on the master outside of its binary log. Beside each run as much
is copied raw: one file from the master's disk by two SSH connections through this machine to the slave's, and synced.
Four clients write through the VIP, a row each 20 ms and each by a connection that lasts: their latencies in the ten
seconds before, and while `inv reseed` runs, and the longest stretch without an acknowledged write.
"""

import argparse
import itertools
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from compare import Tree  # noqa: E402

from runbook.lab.pair import Lab  # noqa: E402
from runbook.settings.load import load  # noqa: E402

WRITERS, PACE_SECONDS, BEFORE_SECONDS = 4, 0.02, 10
ROW_BYTES, ROWS_AT_ONCE, TIMES = 2000, 512, 16
FILL = r"""
IFS= read -r -d '' options
run() {{ $(command -v mariadb || echo mysql) --defaults-file=<(printf %s "$options") --max-allowed-packet=64M; }}
{{
    echo 'SET sql_log_bin = 0; CREATE SCHEMA seeded;'
    echo 'CREATE TABLE seeded.t (a INT AUTO_INCREMENT PRIMARY KEY, b BLOB) ENGINE = InnoDB; SET autocommit = 0;'
    for _ in $(seq {statements}); do
        echo 'INSERT INTO seeded.t (b) VALUES'
        head -c {bytes} /dev/urandom | od -An -v -tx1 -w{row} | tr -d ' ' | sed 's/.*/(0x&)/' | paste -sd,
        echo '; COMMIT;'
    done
    # By small steps: the server keeps what it reads of the same table beside it.
    for _ in $(seq {repeats}); do
        echo 'INSERT INTO seeded.t (b) SELECT b FROM seeded.t WHERE a <= {rows}; COMMIT;'
    done
}} | run
"""
COPIED = re.compile(r"^copied: .* in ([\d.]+) s", re.MULTILINE)
INSERT = "INSERT INTO runbook.ledger (run, writer, seq) VALUES ('reseed', %s, %s)"


class Writers:
    """Clients through the VIP; each acknowledged write as its moment and its latency, in seconds."""

    def __init__(self, lab: Lab) -> None:
        self._settings = load(lab.hosts_env)
        self._stopping = threading.Event()
        self.acknowledged: list[tuple[float, float]] = []

    @contextmanager
    def at_work(self) -> Iterator["Writers"]:
        threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()

    def _write(self, number: int) -> None:
        s = self._settings
        login = {"host": str(s.vip.ip), "user": s.probe_user, "password": s.probe_password.encode()}
        client = pymysql.connect(**login, autocommit=True)
        for seq in itertools.count(time.time_ns() // 10**7 % 10**9):
            if self._stopping.wait(PACE_SECONDS):
                return
            began = time.monotonic()
            with client.cursor() as at:
                at.execute(INSERT, (number, seq))
            self.acknowledged.append((time.monotonic(), time.monotonic() - began))

    def told(self, since: float, to: float) -> str:
        """p50, p99 and the longest stretch without a write."""
        moments = sorted(at for at, _ in self.acknowledged if since < at < to)
        latencies = [latency * 1000 for at, latency in self.acknowledged if since < at < to]
        cuts = statistics.quantiles(latencies, n=100)
        gap = max(later - earlier for earlier, later in itertools.pairwise([since, *moments, to]))
        return f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, longest stretch {gap:.2f} s"


def ssh(lab: Lab, host: str, command: str) -> list[str]:
    """A command line for a host of the lab."""
    return ["ssh", "-F", str(lab.hosts_env.parent / "ssh_config"), f"mysql-{host}", command]


def filled(lab: Lab, megabytes: int) -> None:
    """So much of random rows on the master alone."""
    s = load(lab.hosts_env)
    options = f"[client]\nuser=root\npassword={s.mysql_root_password.reveal()}\n"
    statements = megabytes * 2**20 // (ROW_BYTES * ROWS_AT_ONCE * TIMES)
    bytes_at_once, rows = ROW_BYTES * ROWS_AT_ONCE, ROWS_AT_ONCE * statements
    script = FILL.format(statements=statements, bytes=bytes_at_once, row=ROW_BYTES, repeats=TIMES - 1, rows=rows)
    said = subprocess.run(
        ssh(lab, "master", f"exec bash -c {quoted(script)}"),
        input=f"{options}\0",
        text=True,
        capture_output=True,
        check=False,
    )
    if said.returncode:
        sys.exit(f"the rows could not be loaded: {said.stderr}")


def quoted(script: str) -> str:
    """For a shell."""
    return "'" + script.replace("'", "'\"'\"'") + "'"


def raw_seconds(lab: Lab) -> float:
    """One file of all that size, by the way that a stream takes."""
    read = ssh(lab, "master", "cat /var/lib/mysql/seeded/t.ibd")
    write = ssh(lab, "slave", "cat > /var/tmp/raw && sync /var/tmp/raw && rm /var/tmp/raw")
    began = time.monotonic()
    with subprocess.Popen(read, stdout=subprocess.PIPE) as source:
        subprocess.run(write, stdin=source.stdout, check=True)
    return time.monotonic() - began


def measured(lab: Lab, tree: Tree, say: Callable[[str], None]) -> tuple[float, float, float]:
    """Seconds of the copy, of the whole command, and of the raw copy."""
    tree.inv("reseed", "--host=slave", "--discard-old")
    raw = raw_seconds(lab)
    with Writers(lab).at_work() as writers:
        time.sleep(BEFORE_SECONDS)
        began = time.monotonic()
        said = tree.inv("reseed", "--host=slave")
        ended = time.monotonic()
    found = COPIED.search(said)
    assert found, said
    say(f"  before: {writers.told(began - BEFORE_SECONDS, began)}; during: {writers.told(began, ended)}")
    return float(found[1]), ended - began, raw


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="mysql-9.7")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--lab", default="reseed:192.168.161", help="its name and subnet")
    arguments = parser.parse_args()
    name, subnet = arguments.lab.split(":")
    lab, tree = Lab(name, subnet), Tree(ROOT, name, subnet)
    lab.up(print, arguments.engine)
    try:
        tree.inv("bootstrap")
        filled(lab, arguments.megabytes)
        found = [measured(lab, tree, print) for _ in range(arguments.runs)]
    finally:
        lab.down()
    copy, whole, raw = ([each[which] for each in found] for which in range(3))
    print(
        f"{arguments.engine}, {arguments.megabytes} MB: copied in {statistics.median(copy):.1f} s "
        f"({min(copy):.1f} to {max(copy):.1f}), the command {statistics.median(whole):.1f} s "
        f"({min(whole):.1f} to {max(whole):.1f}); raw copy {statistics.median(raw):.1f} s "
        f"({min(raw):.1f} to {max(raw):.1f}); medians of {len(found)}"
    )


if __name__ == "__main__":
    main()
