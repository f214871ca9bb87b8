"""The README's first command on blank hosts; what comes after it changes nothing.

All passwords of the lab are as awkward as can be chosen (outside.py).
"""

import json
import re

import pytest
from changes import changes, expect_same
from commandline import until
from outside import MASTER, SLAVE, OutsideHost, OutsidePair
from row import MYSQLD, NAME
from watchers import Argv

SEEN_SECONDS = 10


@pytest.mark.story
def test_from_blank_hosts_through_a_drill_and_home_in_one_command(new_pair: OutsidePair) -> None:
    with Argv() as argv:
        ran = new_pair.inv("bootstrap", "verify", "drill.kill-master", "failback", "verify").expect(0)
    heads = re.findall(rf"^lab {NAME} of .*: {MASTER}, {SLAVE}, VIP", ran.out, re.MULTILINE)
    assert len(heads) == 5, f"{len(heads)} of the 5 tasks ran:\n{ran.out}"
    until("a healthy pair", SEEN_SECONDS, new_pair.is_healthy)

    assert argv.with_any([MYSQLD]), "the watcher saw nothing of the hosts"
    assert argv.with_any(["--defaults-file"]), "the watcher did not see the scripts' mysql client"
    assert argv.with_any(new_pair.operator.secret_cores) == []


@pytest.mark.story
def test_a_second_bootstrap_changes_nothing(healthy_pair: OutsidePair) -> None:
    before = healthy_pair.state()
    again = healthy_pair.inv("bootstrap").expect(0, "bootstrap: 0 changed", ", 0 failed in ")
    assert again.count("changed") == 0, again.out
    healthy_pair.inv("plan").expect(0, "plan: 0 changed")
    expect_same(before, healthy_pair.state(), locked=True)


@pytest.mark.story
def test_verify_proves_it_and_writes_one_heartbeat_row(healthy_pair: OutsidePair) -> None:
    before = healthy_pair.state()
    rows = [ledger_and_heartbeats(host) for host in healthy_pair.hosts]
    healthy_pair.inv("verify").expect(0, "healthy", "heartbeat")
    beside_rows = [path for path in changes(before, healthy_pair.state()) if path.split(": ")[1] != "server"]
    assert not beside_rows
    assert [ledger_and_heartbeats(host) for host in healthy_pair.hosts] == rows


def ledger_and_heartbeats(host: OutsideHost) -> list[list[str]]:
    """The tables of our own schema, and how many rows each has."""
    return host.sql(
        "SELECT 'heartbeat', COUNT(*) FROM runbook.heartbeat; SELECT 'ledger', COUNT(*) FROM runbook.ledger; "
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'runbook' ORDER BY 1"
    )


def test_verify_speaks_json(healthy_pair: OutsidePair) -> None:
    document = json.loads(healthy_pair.inv("verify", "--json").expect(0).out)
    assert "healthy" in json.dumps(document).lower()
