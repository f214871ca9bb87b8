"""What an operator reads out of verify's words and of those of a command that failed."""

import pytest
from chaos.advice import Act, acts, advice

TABLE = """pair of /tmp/hosts.env: master 10.0.0.1, slave 10.0.0.2, VIP 10.0.0.3/24
OK    both    SSH               answers
WARN  both    prep-os           no firewall
                    → start one, then: inv prep-os
FAIL  slave   semi-synchronous  not in force: it does not acknowledge what it receives
                    → It comes back by itself when it has caught up; else: inv configure-mycnf, then inv start-slave
OK    pair    VIP 10.0.0.3      on the master

The pair serves: the master 10.0.0.1 holds the VIP and is open for writes; but 1 of 5 checks failed: semi-synchronous.
Next: Do what each FAIL above says; then: inv verify
5 checks; changed on the pair: nothing.
"""


def inv(*commands: str) -> list[Act]:
    return [Act("inv", command) for command in commands]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("inv failback", inv("failback")),
        ("Nothing to do.", []),
        ("inv plan shows what is missing, inv bootstrap brings it", inv("bootstrap")),
        ("inv start. If that does not help: ssh 10.0.0.1 journalctl -u keepalived", inv("start")),
        ("inv deploy-scripts writes it anew; then: inv failback", inv("deploy-scripts", "failback")),
        ("See in mysqld's error log on 10.0.0.1 why it went down; then: inv failback", inv("failback")),
        (
            "mysqld on 10.0.0.2 hangs or is still recovering: see its error log and disk, restart it there; then: "
            "inv start",
            [Act("ssh", "systemctl restart mysql", "10.0.0.2"), *inv("start")],
        ),
        (
            "keepalived on slave 10.0.0.2 hangs: T. ssh 10.0.0.2 systemctl kill -s KILL keepalived: its unit starts it "
            "anew at once. Then: inv verify",
            [Act("ssh", "systemctl kill -s KILL keepalived", "10.0.0.2")],
        ),
        (
            "In mysql on 10.0.0.2: SET GLOBAL super_read_only = ON. Then inv verify shows whether it took any.",
            [Act("sql", "SET GLOBAL super_read_only = ON", "10.0.0.2")],
        ),
        ("ssh 10.0.0.1 systemctl stop keepalived moves the VIP", [Act("ssh", "systemctl stop keepalived", "10.0.0.1")]),
        (
            "Repair on the slave the row that the error names, nothing is skipped; then: inv start-slave",
            [Act("repair", "the row"), *inv("start-slave")],
        ),
        (
            "The FAILs of inv verify say what keeps its scripts from opening it: do what they say; ssh 10.0.0.1 "
            "journalctl -t mysql-runbook says who closed it. If nothing speaks against it, in mysql on 10.0.0.1: SET "
            "GLOBAL read_only = OFF",
            [],
        ),
        (
            "To give them up: inv reconcile --gtids='a:1,b:2'\n"
            "To run them on the master as well: inv reconcile --bring",
            inv("reconcile --gtids='a:1,b:2'"),
        ),
        ("inv reseed --host=slave brings it the master's data, while the master serves.", inv("reseed --host=slave")),
    ],
)
def test_the_first_way_that_is_named(text: str, found: list[Act]) -> None:
    assert acts(text) == found


def test_a_way_that_did_not_help_leads_to_the_next() -> None:
    text = advice(TABLE)
    assert (acts(text, 0), acts(text, 1), acts(text, 2)) == ([], *[inv("configure-mycnf", "start-slave")] * 2)


def test_a_way_that_did_not_help_goes_on_at_the_host_that_was_named() -> None:
    text = "Look at 10.0.0.1. If nothing speaks against it, in mysql there: SET GLOBAL read_only = OFF"
    assert acts(text, 1) == [Act("sql", "SET GLOBAL read_only = OFF", "10.0.0.1")]


def test_a_command_that_failed_says_itself_what_comes_next() -> None:
    said = "failback\n\nslave 10.0.0.2: mysqld refuses the scripts' account runbook_check\n"
    said += "The VIP was not moved. Run: inv create-replica-user, then: inv failback\n"
    assert acts(advice(said)) == inv("create-replica-user", "failback")
