"""What the ledger says of writes that were acknowledged, refused or never answered."""

from runbook.observe.ledger import Audit, Ledger


def ledger_of(*, acknowledged: range = range(0), refused: range = range(0), unanswered: range = range(0)) -> Ledger:
    ledger = Ledger()
    for seq in (*acknowledged, *refused, *unanswered):
        ledger.sent((0, seq))
    for seq in acknowledged:
        ledger.acknowledged((0, seq))
    for seq in refused:
        ledger.refused((0, seq))
    return ledger


def test_every_acknowledged_row_that_is_there_is_kept() -> None:
    ledger = ledger_of(acknowledged=range(1, 4))
    assert ledger.audit([(0, 1), (0, 2), (0, 3)]) == Audit(3, 3, (), 0, 0, ())


def test_an_acknowledged_row_that_is_not_there_is_lost_and_named() -> None:
    audit = ledger_of(acknowledged=range(1, 5)).audit([(0, 1), (0, 4)])
    assert audit.missing == ((0, 2), (0, 3))
    assert (audit.acknowledged, audit.kept) == (4, 2)


def test_a_row_of_another_writer_does_not_stand_in_for_a_lost_one() -> None:
    audit = ledger_of(acknowledged=range(1, 2)).audit([(1, 1)])
    assert audit.missing == ((0, 1),)
    assert audit.unwanted == ((1, 1),)


def test_an_unanswered_write_may_be_there_or_not() -> None:
    audit = ledger_of(unanswered=range(1, 4)).audit([(0, 2)])
    assert (audit.unanswered, audit.unanswered_kept) == (3, 1)
    assert audit.missing == audit.unwanted == ()


def test_a_refused_write_that_is_there_is_unwanted() -> None:
    audit = ledger_of(acknowledged=range(1, 2), refused=range(2, 4)).audit([(0, 1), (0, 3)])
    assert audit.unwanted == ((0, 3),)


def test_a_row_that_nobody_sent_is_unwanted() -> None:
    assert ledger_of(acknowledged=range(1, 2)).audit([(0, 1), (0, 9)]).unwanted == ((0, 9),)


def test_a_row_told_twice_counts_once() -> None:
    audit = ledger_of(acknowledged=range(1, 3)).audit([(0, 1), (0, 1)])
    assert (audit.kept, audit.missing) == (1, ((0, 2),))
