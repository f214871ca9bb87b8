"""A dry run on blank hosts shows everything that bootstrap would do, and leaves no trace."""

import re

import pytest
from changes import expect_same
from outside import OutsidePair

BAD_INPUT, HOST_FAILED, DRIFT = 2, 1, 3


@pytest.mark.parametrize("command", [("plan",), ("--dry", "bootstrap")], ids=" ".join)
def test_a_dry_run_shows_all_that_bootstrap_would_do_and_touches_nothing(
    blank_pair: OutsidePair, command: tuple[str, ...]
) -> None:
    before = blank_pair.state()
    ran = blank_pair.inv(*command).expect(DRIFT, ", 0 failed in ")
    for task in ("install-mysql", "configure-mycnf", "create-replica-user", "start-slave", "install-keepalived"):
        assert re.search(rf"^{task}$", ran.out, re.MULTILINE), ran.out
    for host in ("master", "slave"):
        assert re.search(
            rf"would change +{host} +package mysql-server\n +absent → installed: yes, keepalived: installed", ran.out
        ), ran.out
    expect_same(before, blank_pair.state())
