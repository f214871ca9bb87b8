"""How far a server is, in its three forms: what one has and another lacks."""

from itertools import compress, product

import pytest
from progress_text import parse

from runbook.mysql.tracking.progress import DomainState, GtidSet, Position, Progress, in_words

ONE, TWO = "8587cfea-e694-11f1-a2a7-aa973a0c2499", "91d7f2aa-e694-11f1-b0b0-12973a0c2499"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", GtidSet),
        (f"{ONE}:1-4,\n{TWO}:7", GtidSet),
        (f"{ONE}:nightly:1", GtidSet),
        ("0-1-95,0-2-96", DomainState),
        ("mysql-bin.000003:1484", Position),
        ("my.db-bin.000003:4..my.db-bin.000004:7", Position),
    ],
)
def test_each_form_is_told_by_its_text_and_written_as_it_was(text: str, form: type) -> None:
    found = parse(text)
    assert type(found) is form
    assert str(found) == text.replace("\n", "")
    assert bool(found) is bool(text)


@pytest.mark.parametrize(
    ("here", "there", "lacking"),
    [
        ("", "", ""),
        (f"{ONE}:1-4", f"{ONE}:1-4", ""),
        (f"{ONE}:1-4", f"{ONE}:1-9", ""),
        (f"{ONE}:1-9", f"{ONE}:3-4:7", f"{ONE}:1-2:5-6:8-9"),
        (f"{ONE}:1-4:5:6-7", "", f"{ONE}:1-7"),
        (f"{ONE}:1-4,\n{TWO}:1-2", f"{ONE}:1-4", f"{TWO}:1-2"),
        (f"{ONE}:1-4:nightly:1-3", f"{ONE}:1-4:nightly:2", f"{ONE}:nightly:1:3"),
        ("0-1-95", "0-1-100", ""),
        ("0-1-95,0-2-99", "0-1-100", "0-2-99"),
        ("0-1-95,0-2-99", "0-1-95,0-2-90", "0-2-99"),
        ("0-1-95,1-1-3", "0-1-95", "1-1-3"),
        ("0-1-95,0-2-1", "0-1-95", "0-2-1"),
        ("b.000003:1484", "b.000003:1484", ""),
        ("b.000003:1484", "b.000003:9999", ""),
        ("b.000003:1484", "b.000004:4", ""),
        ("b.000003:1484", "b.000003:99", "b.000003:99..b.000003:1484"),
        ("b.000010:4", "b.000009:9999", "b.000009:9999..b.000010:4"),
        ("b.1000000:4", "b.999999:5", "b.999999:5..b.1000000:4"),
    ],
)
def test_what_one_has_and_the_other_lacks(here: str, there: str, lacking: str) -> None:
    form = type(parse(here))
    difference = form.parse(here).minus(form.parse(there))
    assert str(difference) == lacking
    assert bool(list(difference.names())) is bool(lacking), "what is empty has no names"


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (f"{ONE}:1-4", f"{ONE}:5,{TWO}:1", f"{ONE}:1-5,{TWO}:1"),
        (f"{ONE}:1-4", "", f"{ONE}:1-4"),
        ("0-1-95", "0-1-90,0-2-3", "0-1-95,0-2-3"),
        ("b.000003:1484", "b.000003:99", "b.000003:1484"),
    ],
)
def test_what_is_here_or_there(one: str, other: str, both: str) -> None:
    form = type(parse(one))
    assert str(form.parse(one).plus(form.parse(other))) == both
    assert str(form.parse(other).plus(form.parse(one))) == both


@pytest.mark.parametrize(
    ("here", "there", "amount", "names"),
    [
        (f"{ONE}:1-4", f"{ONE}:1-3", "1 transaction", [f"{ONE}:4"]),
        (f"{ONE}:1-4:7", "", "5 transactions", [f"{ONE}:{number}" for number in (1, 2, 3, 4, 7)]),
        ("0-1-96", "0-1-95", "1 transaction", ["0-1-96"]),
        ("0-1-99", "0-1-95", "4 transactions", ["0-1-99 (after 0-1-95)"]),
        ("0-1-97", "0-1-95", "2 transactions", ["0-1-97 (after 0-1-95)"]),
        ("0-2-99", "0-1-95", "at most 99 transactions", ["0-2-99, and those of server 2 before it"]),
        ("0-2-2", "0-1-95", "at most 2 transactions", ["0-2-2, and those of server 2 before it"]),
        ("0-2-1", "0-1-95", "1 transaction", ["0-2-1"]),
        ("0-1-96,0-2-99", "0-1-95,0-2-96", "at most 4 transactions", ["0-1-96", "0-2-99 (after 0-2-96)"]),
        ("b.000003:1484", "b.000003:84", "1400 bytes of b.000003", ["b.000003:84 to b.000003:1484"]),
        ("b.000004:4", "b.000003:84", "the binary log from b.000003:84 on", ["b.000003:84 to b.000004:4"]),
        ("b.000003:84", "", "the binary log up to b.000003:84", ["the beginning to b.000003:84"]),
    ],
)
def test_the_difference_in_words(here: str, there: str, amount: str, names: list[str]) -> None:
    form = type(parse(here))
    difference = form.parse(here).minus(form.parse(there))
    assert difference.amount() == amount
    assert list(difference.names()) == names
    again = parse(str(difference))
    assert str(again) == str(difference)


@pytest.mark.parametrize(
    ("lacking", "names", "told"),
    [
        (parse(f"{ONE}:5-6"), [f"{ONE}:5", f"{ONE}:6"], f"2 transactions: {ONE}:5, {ONE}:6"),
        (parse(f"{ONE}:1-25"), [f"{ONE}:1", "and more"], f"25 transactions: {ONE}:1, and more"),
        (parse("0-2-99"), ["0-2-97", "0-2-99"], "2 transactions: 0-2-97, 0-2-99"),
        (parse("0-2-99"), ["0-2-97", "and more"], "at most 99 transactions: 0-2-97, and more"),
        (parse("0-2-99").minus(parse("0-2-90")), ["0-2-99 (after 0-2-90)"], "9 transactions: 0-2-99 (after 0-2-90)"),
        (parse("b.000003:9").minus(parse("b.000003:4")), ["b.000003:4 to 9"], "5 bytes of b.000003: b.000003:4 to 9"),
    ],
)
def test_what_is_lacking_is_counted_by_its_names_only_where_all_are_known(
    lacking: Progress, names: list[str], told: str
) -> None:
    assert in_words(lacking, names) == told


@pytest.mark.parametrize(
    ("text", "amount", "names"),
    [
        ("0-2-99", "at most 99 transactions", ["0-2-99, and those of server 2 before it"]),
        ("b.000003:84", "the binary log up to b.000003:84", ["the beginning to b.000003:84"]),
        ("b.000003:4..b.000003:84", "80 bytes of b.000003", ["b.000003:4 to b.000003:84"]),
    ],
)
def test_a_difference_that_was_written_down_says_no_more_than_its_text_knows(
    text: str, amount: str, names: list[str]
) -> None:
    assert (parse(text).amount(), list(parse(text).names())) == (amount, names)


# ---- nothing is lost: against plain sets of transactions, all there are of a small world ----


def test_of_gtid_sets_nothing_is_lost_and_nothing_is_added() -> None:
    every = (f"{ONE}:1", f"{ONE}:2", f"{ONE}:3", f"{ONE}:nightly:2", f"{TWO}:2")
    worlds = [frozenset(compress(every, mask)) for mask in product((0, 1), repeat=len(every))]
    sets = [(names, GtidSet.parse(",".join(names))) for names in worlds]
    for (mine, here), (others, there) in product(sets, repeat=2):
        assert set(here.minus(there).names()) == mine - others
        assert set(here.plus(there).names()) == mine | others
        assert here.minus(there).count == len(mine - others)
        assert (here == there) is (mine == others)
    assert all(parse(str(each)) == each for _, each in sets)


def test_of_mariadbs_states_nothing_is_lost_and_nothing_is_added() -> None:
    sources = ("0-1", "0-2", "1-1")
    every = {f"{source}-{sequence}" for source in sources for sequence in (1, 2, 3)}
    states = [
        DomainState.parse(",".join(f"{source}-{last}" for source, last in zip(sources, lasts, strict=True) if last))
        for lasts in product((0, 1, 2), repeat=len(sources))
    ]
    for here, there in product(states, repeat=2):
        lacking, both = here.minus(there), here.plus(there)
        assert {gtid for gtid in every if gtid in lacking} == {g for g in every if g in here and g not in there}
        assert {gtid for gtid in every if gtid in both} == {g for g in every if g in here or g in there}
        assert there.plus(lacking) == both
        assert bool(lacking) is any(gtid in lacking for gtid in every)
    assert all(str(parse(str(each))) == str(each) for each in states)


def test_of_two_positions_the_later_has_what_the_earlier_has() -> None:
    """In the order of the numbers, which is not the order of the texts."""
    earlier_first = [Position.parse(text) for text in ("", "b.9:4", "b.9:10", "b.10:4", "b.10:9", "b.1000000:4")]
    for (before, here), (after, there) in product(enumerate(earlier_first), repeat=2):
        assert bool(here.minus(there)) is (before > after)
        assert here.plus(there) == earlier_first[max(before, after)]


# ---- equality ----


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (parse(f"{TWO}:1,{ONE}:3:1-2"), parse(f"{ONE}:1-3,\n{TWO}:1"), True),
        (parse(f"{ONE}:1-3"), parse(f"{ONE}:1-4"), False),
        (parse("0-2-3,0-1-95"), parse("0-1-95, 0-2-3"), True),
        (parse("0-1-95"), parse("0-1-96"), False),
        (parse("b.000003:4"), parse("b.000003:4"), True),
        (parse("b.000003:4"), parse("b.000003:5"), False),
        (GtidSet.parse(""), DomainState.parse(""), False),
        (parse("0-1-95"), "0-1-95", False),
    ],
)
def test_two_are_one_when_they_have_the_same_transactions(one: Progress, other: object, same: bool) -> None:
    assert (one == other) is same
    assert len({one, other}) == (1 if same else 2)


# ---- what one server made itself ----


def test_what_a_server_made_itself_is_told_from_what_it_got() -> None:
    assert str(GtidSet.parse(f"{ONE}:1-4:nightly:7,{TWO}:1-2").made_by(ONE)) == f"{ONE}:1-4,{ONE}:nightly:7"
    assert not GtidSet.parse(f"{ONE}:1-4").made_by(TWO)
    assert str(DomainState.parse("0-1-95,0-2-96,2-1-7").made_by(1)) == "0-1-95,2-1-7"
    assert not DomainState.parse("0-1-95").made_by(2)


# ---- MariaDB's binary log, where the transactions of a difference are looked for ----


@pytest.mark.parametrize(
    ("state", "position"),
    [
        ("", ""),
        ("0-1-95", "0-1-95"),
        ("0-1-95,0-2-96", "0-2-96"),
        ("0-1-97,0-2-96", "0-1-97"),
        ("0-2-96,1-1-3,1-2-1", "0-2-96,1-1-3"),
    ],
)
def test_a_slave_goes_on_after_the_last_of_each_domain_whoever_made_it(state: str, position: str) -> None:
    assert DomainState.parse(state).position == position


@pytest.mark.parametrize(
    ("here", "there", "logged_before", "begins_after"),
    [
        ("0-1-99", "0-1-95", "", True),
        ("0-1-99", "0-1-95", "0-1-95,0-2-3", True),
        ("0-1-99", "0-1-95", "0-1-96", False),
        ("0-1-99,0-2-7", "0-1-95", "0-1-95", True),
        ("0-1-99,0-2-7", "0-1-95", "0-1-95,0-2-1", False),
        ("0-2-1", "", "0-2-1", False),
    ],
)
def test_a_binary_log_is_old_enough_when_none_of_the_difference_was_logged_before_it(
    here: str, there: str, logged_before: str, begins_after: bool
) -> None:
    lacking = DomainState.parse(here).minus(DomainState.parse(there))
    assert lacking.begins_after(DomainState.parse(logged_before)) is begins_after


def test_a_whole_state_is_a_difference_from_nothing() -> None:
    assert DomainState.parse("0-2-1").begins_after(DomainState.parse(""))
    assert not DomainState.parse("0-2-1").begins_after(DomainState.parse("0-2-1"))


def test_a_difference_has_what_came_after_the_other_side_and_no_more() -> None:
    lacking = DomainState.parse("0-1-99,0-2-3").minus(DomainState.parse("0-1-95"))
    there = ["0-1-95", "0-1-96", "0-1-99", "0-1-100", "0-2-1", "0-2-3", "0-2-4", "0-3-1", "1-1-97"]
    assert [gtid for gtid in there if gtid in lacking] == ["0-1-96", "0-1-99", "0-2-1", "0-2-3"]


def test_a_server_whose_last_was_found_in_the_log_is_not_named_again() -> None:
    lacking = DomainState.parse("0-1-99,0-2-3").minus(DomainState.parse("0-1-95"))
    assert list(lacking.lasts_not_in({"0-1-96", "0-1-99"}).names()) == ["0-2-3, and those of server 2 before it"]
    assert list(lacking.lasts_not_in({"0-1-96", "0-2-3"}).names()) == ["0-1-99 (after 0-1-95)"]
    assert str(lacking.lasts_not_in(set())) == "0-1-99,0-2-3"


@pytest.mark.parametrize(
    ("purged", "slave", "gone"),
    [
        ("0-1-99", "0-1-95", "0-1-99"),
        ("0-1-99", "0-1-99", ""),
        # Seeded: gtid_slave_pos alone has of each domain the last.
        ("0-2-50,0-1-99", "0-1-99", ""),
        ("0-2-50,0-1-99", "0-1-60", "0-1-99"),
        ("0-1-99,1-1-7", "0-1-99", "1-1-7"),
    ],
)
def test_of_each_domain_a_slave_asks_for_what_comes_after_its_last(purged: str, slave: str, gone: str) -> None:
    assert str(DomainState.parse(purged).beyond(DomainState.parse(slave))) == gone


@pytest.mark.parametrize(
    ("purged", "slave", "gone"),
    [
        (f"{ONE}:1-9", f"{ONE}:1-4", f"{ONE}:5-9"),
        ("b.000003:4", "b.000002:99", "b.000002:99..b.000003:4"),
        ("b.000003:4", "b.000003:4", ""),
    ],
)
def test_by_other_ways_it_asks_for_all_that_it_lacks(purged: str, slave: str, gone: str) -> None:
    assert str(parse(purged).beyond(parse(slave))) == gone


# ---- the place in a binary log ----


@pytest.mark.parametrize(
    ("text", "file", "at"),
    [
        ("", "", 0),
        ("mysql-bin.000003:1484", "mysql-bin.000003", 1484),
        ("my.db-bin.000003:4..my.db-bin.000004:7", "my.db-bin.000004", 7),
    ],
)
def test_a_position_says_in_which_file_and_where_in_it(text: str, file: str, at: int) -> None:
    found = Position.parse(text)
    assert (found.file, found.at) == (file, at)
