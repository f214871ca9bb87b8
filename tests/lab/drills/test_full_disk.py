"""A disk that a drill filled has room again when the drill dies, and clients go on by themselves."""

import signal

import pymysql
import pytest
from commandline import until
from outside import OutsideHost, OutsidePair

FAILED = 1
ONCE_A_MINUTE_SECONDS = 90
SETTLED_SECONDS = 30


def takes_a_write(pair: OutsidePair) -> bool:
    """Whether a client's write through the VIP is acknowledged."""
    try:
        with pair.client() as client, client.cursor() as cursor:
            cursor.execute("REPLACE INTO runbook.ledger (run, writer, seq) VALUES ('room', 1, 1)")
    except pymysql.err.MySQLError:
        return False
    return True


def commits_wait(master: OutsideHost) -> bool:
    """Whether a commit has waited for seconds."""
    return any("commit" in state and int(seconds) > 1 for *_, seconds, state, _ in master.sql("SHOW PROCESSLIST"))


@pytest.mark.long
def test_a_disk_that_a_drill_filled_has_room_again_when_the_drill_is_killed(healthy_pair: OutsidePair) -> None:
    pair = healthy_pair
    left = "df -k --output=avail /var/lib/mysql | tail -n 1"
    run = pair.operator.start("drill.full-disk")
    run.wait_for_line("a full disk under the master's data.")
    until("commits that wait for room", SETTLED_SECONDS, lambda: commits_wait(pair.master))
    run.send(signal.SIGKILL)
    until("room on the disk", SETTLED_SECONDS, lambda: int(pair.master.sh(left)) > 100_000)
    assert pair.vip_is_on() == ["master"]
    pair.inv("verify").expect(FAILED, "not acknowledged", "once a minute whether there is room")
    until("a client's write", ONCE_A_MINUTE_SECONDS, lambda: takes_a_write(pair))
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)
