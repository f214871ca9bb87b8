"""Who acknowledges besides the slave, by what a server can tell of it."""

import pytest

from runbook.mysql.replication.acknowledging import Copier, besides, copiers

SLAVE = Copier("10.0.0.2", "2", None)
A, B = Copier("a.example", "8", None), Copier("", "9", None)
KNOWN = Copier("10.0.0.9", "c0c", True)


@pytest.mark.parametrize(
    ("found", "clients", "slave_does", "told"),
    [
        ([SLAVE], 1, True, ""),
        ([SLAVE, A], 1, True, ""),
        ([SLAVE, A], 2, True, "a.example (server_id 8)"),
        ([SLAVE, A], 1, False, "a.example (server_id 8)"),
        ([A], 1, False, "a.example (server_id 8)"),
        ([SLAVE, A, B], 2, True, "a.example (server_id 8) or a server (server_id 9)"),
        ([SLAVE, A, B], 3, True, "a.example (server_id 8) and a server (server_id 9)"),
        ([SLAVE, SLAVE], 2, True, ""),
        ([SLAVE, KNOWN], 2, True, "10.0.0.9 (server_uuid c0c)"),
        ([SLAVE, Copier("10.0.0.9", "c0c", False)], 1, True, ""),
        ([SLAVE, Copier("10.0.0.9", "c0c", False)], 2, True, None),
        ([SLAVE], 2, True, None),
        ([], 1, False, None),
        ([], 1, True, ""),
        ([], 0, False, ""),
    ],
)
def test_who_it_is(found: list[Copier], clients: int, slave_does: bool, told: str | None) -> None:
    assert besides(found, ("a-uuid", "2"), clients, slave_does=slave_does) == told


def test_a_slave_of_which_only_the_address_is_known_is_the_slave() -> None:
    assert besides([Copier("10.0.0.2", "a0a", True)], ("10.0.0.2", "2"), 1, slave_does=False) == ""


def test_both_answers_are_read() -> None:
    """SHOW SLAVE HOSTS names a host only where report_host does; columns of 5.6 and MariaDB (manuals)."""
    of_5_6 = {"Server_id": 2, "Host": "", "Port": 3306, "Master_id": 1, "Slave_UUID": "a0a"}
    own = [
        {"host": "10.0.0.2", "id": "a0a", "acknowledges": 2},
        {"host": "10.0.0.9", "id": None, "acknowledges": 0},
    ]
    assert copiers([of_5_6, *own]) == [
        Copier("", "2", None),
        Copier("10.0.0.2", "a0a", True),
        Copier("10.0.0.9", "", False),
    ]
