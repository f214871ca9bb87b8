"""Measures what each safety costs: sysbench's writes through the VIP of a lab pair, by what the pair waits for.

    .venv/bin/python benchmarks/price.py                        # 5 rounds of 5 s each, 4 and 16 threads
    .venv/bin/python benchmarks/price.py --rounds 7 --seconds 10

It needs sysbench on this machine (Debian: apt-get install sysbench), which is the client. A round measures every choice
once with each number of threads, and each round begins with another choice, so that what else the machine does falls on
all. Before each measurement the slave has caught up. A figure is transactions a second, each of 4 writes.
"""

import argparse
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from runbook.lab.pair import Lab  # noqa: E402
from runbook.pair.pair import Pair  # noqa: E402
from runbook.settings.load import load  # noqa: E402

SCHEMA = USER = "sbtest"
TABLES, ROWS = 4, 10_000
THREADS = (4, 16)
CATCH_UP_SECONDS = 60
PREPARE_SECONDS = 120
# By the variables that their keys of hosts.env set on both servers.
DURABLE = {"sync_binlog": 1, "innodb_flush_log_at_trx_commit": 1}
ARTICLE = {"sync_binlog": 0, "innodb_flush_log_at_trx_commit": 0}
SEMI_SYNC = "rpl_semi_sync_source_enabled"


@dataclass(frozen=True)
class Choice:
    """What the operator chooses: its words, what both servers sync, and whether the master waits for the slave."""

    name: str
    keys: str
    values: Mapping[str, object]
    binlog_format: str
    semi_sync: bool


CHOICES = (
    Choice("ours", "the defaults", DURABLE, "ROW", True),
    Choice("without semi-synchronous replication", "`SEMI_SYNC=off`", DURABLE, "ROW", False),
    Choice(
        "the article's",
        "`SEMI_SYNC=off`, `SYNC_BINLOG=0`, `INNODB_FLUSH_LOG_AT_TRX_COMMIT=0`, `BINLOG_FORMAT=MIXED`",
        ARTICLE,
        "MIXED",
        False,
    ),
)
Figures = dict[tuple[str, int], list[float]]


class Client:
    """sysbench on this machine, at the VIP; the password is in a file of its own, as others read its arguments."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        self._file = folder / "sysbench.cnf"
        self._file.touch(mode=0o600)
        password = secrets.token_urlsafe(16)
        settings = pair.settings
        options = {
            "mysql-host": settings.vip.ip,
            "mysql-port": settings.mysql_port,
            "mysql-user": USER,
            "mysql-password": password,
            "mysql-db": SCHEMA,
            "tables": TABLES,
            "table-size": ROWS,
        }
        self._file.write_text("".join(f"{name}={value}\n" for name, value in options.items()))
        master = pair.master.server
        master.execute(f"CREATE SCHEMA {SCHEMA}")
        master.execute(f"CREATE USER {USER}@%s IDENTIFIED BY %s", "%", password)
        master.execute(f"GRANT ALL PRIVILEGES ON {SCHEMA}.* TO {USER}@%s", "%")

    def run(self, command: str, *options: str, seconds: float = PREPARE_SECONDS) -> str:
        """What sysbench prints; it must succeed."""
        argv = ["sysbench", f"--config-file={self._file}", *options, "oltp_write_only", command]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds, check=False)
        if done.returncode:
            sys.exit(f"sysbench {command}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def transactions_a_second(self, threads: int, seconds: int) -> float:
        """What it was answered in so many seconds."""
        said = self.run("run", f"--threads={threads}", f"--time={seconds}", seconds=seconds + PREPARE_SECONDS)
        (line,) = (line for line in said.splitlines() if line.strip().startswith("transactions:"))
        return float(line.partition("(")[2].split()[0])


@contextmanager
def a_pair(lab: Lab) -> Iterator[Pair]:
    """A lab pair that serves, with a session of root's to each server; it is gone afterwards."""
    lab.up(print)
    try:
        done = subprocess.run(
            [ROOT / "inv", "bootstrap"],
            env={"HOSTS_ENV": str(lab.hosts_env), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"inv bootstrap: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        with Pair(load(lab.hosts_env)) as pair:
            yield pair
    finally:
        lab.down()


def choose(pair: Pair, choice: Choice) -> None:
    """Set what a choice's keys set, in the servers that run."""
    for side in pair.sides.values():
        for name, value in choice.values.items():
            side.server.execute(f"SET GLOBAL {name} = %s", value)
    # The slave's decides nothing of what the master waits for, and no server takes another while it applies (3747).
    pair.master.server.execute("SET GLOBAL binlog_format = %s", choice.binlog_format)
    pair.master.server.execute(f"SET GLOBAL {SEMI_SYNC} = {'ON' if choice.semi_sync else 'OFF'}")


def settle(pair: Pair) -> None:
    """Wait until the slave has all, and give the room of the binary logs back."""
    master, slave = pair.master.server, pair.slave.server
    done = master.value("SELECT @@GLOBAL.gtid_executed")
    if slave.value("SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", done, CATCH_UP_SECONDS):
        sys.exit(f"the slave has not caught up after {CATCH_UP_SECONDS} s")
    for server in (master, slave):
        server.execute("FLUSH BINARY LOGS")
        server.execute("PURGE BINARY LOGS TO %s", server.ask("SHOW BINARY LOGS")[-1]["Log_name"])


def acknowledged(pair: Pair) -> int:
    """How many transactions the slave has acknowledged."""
    return int(pair.master.server.one("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_source_yes_tx'")["Value"])


def measured(pair: Pair, client: Client, rounds: int, seconds: int) -> Figures:
    """The figures of all choices, in turns."""
    figures: Figures = {(choice.name, threads): [] for threads in THREADS for choice in CHOICES}
    client.run("prepare")
    for number in range(rounds):
        first = number % len(CHOICES)
        for choice in CHOICES[first:] + CHOICES[:first]:
            choose(pair, choice)
            for threads in THREADS:
                settle(pair)
                before = acknowledged(pair)
                figures[choice.name, threads].append(client.transactions_a_second(threads, seconds))
                if (acknowledged(pair) > before) is not choice.semi_sync:
                    sys.exit(f"{choice.name}: the slave acknowledged {acknowledged(pair) - before} transactions")
    return figures


def table(figures: Figures) -> str:
    """Medians with minimum and maximum, and of the last choice's of the same round, as a Markdown table."""
    heads = [f"{threads} threads | of the article's" for threads in THREADS]
    lines = [f"| settings | keys | {' | '.join(heads)} |", f"| --- | --- |{' --- | --- |' * len(THREADS)}"]
    for choice in CHOICES:
        cells = [choice.name, choice.keys]
        for threads in THREADS:
            found = figures[choice.name, threads]
            last = figures[CHOICES[-1].name, threads]
            part = statistics.median(each / other for each, other in zip(found, last, strict=True))
            cells += [f"{statistics.median(found):.0f} ({min(found):.0f} to {max(found):.0f})", f"{part:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="how long each measurement lasts")
    arguments = parser.parse_args()
    if not shutil.which("sysbench"):
        sys.exit("sysbench is not on this machine. On Debian and Ubuntu: apt-get install sysbench")
    with a_pair(Lab("price", "192.168.154")) as pair, tempfile.TemporaryDirectory() as folder:
        print(table(measured(pair, Client(pair, Path(folder)), arguments.rounds, arguments.seconds)))


if __name__ == "__main__":
    main()
