"""The binary logs of a master whose mysqld does not start, on a disk that can still be read.

What the slave lacks of them is brought to it before it becomes the master, as MHA does.
"""

import shlex
from dataclasses import dataclass

from runbook.core.host import CommandFailed
from runbook.core.report import Report
from runbook.errors import HostError, RunbookError
from runbook.mysql.binary_log import Logged, transactions
from runbook.mysql.optionfile import client_section
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.socket_login import replay
from runbook.mysql.tracking.progress import GtidSet
from runbook.pair.pair import Pair
from runbook.pair.side import Side

READ_SECONDS = 600
MOST_BYTES = 256 << 20
CUT_OFF = "### mysqlbinlog could not read on"
NOT_THERE = 3
PROGRAM = '"$(command -v mariadb-binlog || command -v mysqlbinlog || echo mysqlbinlog)"'


@dataclass(frozen=True)
class LostLogs:
    """What the slave lacks, and the command that prints it on the old master's host."""

    command: str
    logged: tuple[Logged, ...]
    whole: bool
    """Whether they were read to their end."""


def read(pair: Pair) -> LostLogs:
    """Look at them on the old master's disk; HostError where that cannot be. Nothing is changed."""
    command = _printing(pair)
    decoded = f"{command} --base64-output=DECODE-ROWS -vv"
    try:
        text = pair.master.host.ask(
            f"{{ {decoded} || echo '{CUT_OFF}'; }} | head -c {MOST_BYTES + 1}", timeout=READ_SECONDS
        )
    except CommandFailed as error:
        raise HostError(str(pair.master.host), f"its binary logs cannot be read: {error.ran.err.strip()}") from error
    if text.startswith(CUT_OFF) or not text.startswith(("#", "/*")):
        raise HostError(str(pair.master.host), "its binary logs cannot be read, or are not there")
    if len(text) > MOST_BYTES:
        raise HostError(str(pair.master.host), f"the slave lacks more than {MOST_BYTES >> 20} MiB of its binary logs")
    return LostLogs(command, tuple(transactions(text)), whole=CUT_OFF not in text)


def _printing(pair: Pair) -> str:
    """The slave's server says where they lie: both have the same option file."""
    slave = pair.slave.server
    basename = str(slave.value("SELECT @@log_bin_basename"))
    folder, _, name = basename.rpartition("/")
    status, has = replica_status(slave), pair.slave.progress()
    files = f"cd {shlex.quote(folder)} && files=$(sed 's,.*/,,' {shlex.quote(name)}.index) && [ -n \"$files\" ]"
    if isinstance(has, GtidSet):
        return f"{files} && {PROGRAM} --no-defaults --exclude-gtids={shlex.quote(str(has))} $files"
    received, at = (status.received_file, status.received_position) if status else ("", 0)
    later = f"files=$(printf '%s\\n' $files | sed -n '/^{received}$/,$p') && [ -n \"$files\" ]"
    return f"{files} && {later} && {PROGRAM} --no-defaults --start-position={at} $files"


def bring(old: Side, new: Side, logs: LostLogs, report: Report) -> None:
    """Run on the new master, which is still closed, what it lacks of them."""
    if not logs.logged:
        return
    encoded = old.host.ask(f"{{ {logs.command}; }} | base64", timeout=READ_SECONDS)
    options = client_section("root", new.settings.mysql_root_password)
    try:
        with new.server.opened_for_root():
            replay(new.host, options, encoded, timeout=READ_SECONDS)
    except CommandFailed as error:
        raise RunbookError(
            f"{new.host}: a transaction of the old master does not run there: {error.ran.err.strip()}",
            "Those before it were run. Nobody takes writes. Mend there what the error names; then: inv promote",
        ) from error
    report.say(f"{new.host}: has run {len(logs.logged)} transactions of the old master's binary logs that it lacked")
