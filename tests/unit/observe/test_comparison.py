"""Both servers after a drill: each acknowledged write on both, and nothing on one of them only."""

from collections.abc import Callable, Iterable

import pytest
from fake import link_of, mysqld_of, pair_of

from runbook.core.wait import DeadlinePassed
from runbook.observe import comparison
from runbook.observe.ledger import Ledger, Row
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings
from runbook.system.network import ADDRESSES_QUESTION

RUN = "20261122-1"
A, B = "8587cfea-e694-11f1-a2a7-aa973a0c2499", "91d7f2aa-e694-11f1-b0b0-12973a0c2499"
EXECUTED = "SELECT @@GLOBAL.gtid_executed"
WITH_VIP = "2: host0    inet {address}/24 brd 192.168.152.255 scope global host0\\       valid_lft forever\n"

Make = Callable[..., Pair]


@pytest.fixture
def made(settings: Settings, fake_mysql: None) -> Make:
    """A pair whose servers have these rows and these transactions."""

    def make(
        master: Iterable[Row], slave: Iterable[Row], *, on_master: str = f"{A}:1-9", on_slave: str = f"{A}:1-9"
    ) -> Pair:
        pair = pair_of(settings)
        for side, rows, executed in ((pair.master, master, on_master), (pair.slave, slave, on_slave)):
            mysqld = mysqld_of(side)
            mysqld.says(EXECUTED, {"executed": executed})
            mysqld.says("SHOW REPLICA STATUS")
            found = [{"writer": writer, "seq": seq} for writer, seq in rows]
            mysqld.says(f"SELECT writer, seq FROM runbook.ledger WHERE run = '{RUN}'", *found)
            address = settings.vip.ip if side is pair.master else side.node.address
            link_of(side).says(ADDRESSES_QUESTION, WITH_VIP.format(address=address))
        return pair

    return make


@pytest.fixture
def ledger() -> Ledger:
    """One write acknowledged, one refused, one never answered."""
    noted = Ledger()
    for row in ((0, 1), (0, 2), (3, 1)):
        noted.sent(row)
    noted.acknowledged((0, 1))
    noted.refused((0, 2))
    return noted


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "CATCH_UP_SECONDS", 0)
    monkeypatch.setattr(comparison, "COMMIT_SECONDS", 0)


@pytest.mark.parametrize("rows", [[(0, 1)], [(0, 1), (3, 1)]])
def test_two_servers_that_are_the_same_break_no_promise(made: Make, ledger: Ledger, rows: list[Row]) -> None:
    compared = comparison.compare(made(rows, rows), RUN, ledger)
    assert compared.broken_promises == []
    assert compared.audits["master"] == compared.audits["slave"]


@pytest.mark.parametrize(
    ("master", "slave", "words"),
    [
        ([], [(0, 1)], ["LOST: 1 acknowledged writes are not on the master", "on one server only"]),
        ([(0, 1)], [], ["LOST: 1 acknowledged writes are not on the slave", "on one server only"]),
        ([(0, 1)], [(0, 1), (3, 1)], ["on one server only (writer, seq): ((3, 1),)"]),
        ([(0, 1), (0, 2)], [(0, 1), (0, 2)], ["the master has rows whose", "the slave has rows whose"]),
    ],
)
def test_rows_that_are_missing_or_unwanted_are_named(
    made: Make, ledger: Ledger, master: list[Row], slave: list[Row], words: list[str]
) -> None:
    broken = comparison.compare(made(master, slave), RUN, ledger).broken_promises
    assert len(broken) == len(words)
    assert all(word in sentence for word, sentence in zip(words, broken, strict=True))


def test_a_transaction_that_the_master_lacks_is_named(made: Make, ledger: Ledger) -> None:
    (sentence,) = comparison.compare(made([(0, 1)], [(0, 1)], on_slave=f"{A}:1-9,{B}:1"), RUN, ledger).broken_promises
    assert sentence == f"the master lacks transactions that the other has: {B}:1"


def test_a_slave_that_does_not_catch_up_is_an_error(made: Make, ledger: Ledger) -> None:
    with pytest.raises(DeadlinePassed, match="every transaction of the master"):
        comparison.compare(made([(0, 1)], [(0, 1)], on_slave=f"{A}:1-8"), RUN, ledger)
