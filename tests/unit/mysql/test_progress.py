"""How far a server is, in its three forms: what one has and another lacks."""

import pytest

from runbook.mysql.tracking.progress import DomainState, GtidSet, Position, parse

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
        ("0-2-99", "0-1-95", "at most 99 transactions", ["0-2-99, and those of server 2 before it"]),
        ("b.000003:1484", "b.000003:84", "1400 bytes of b.000003", ["b.000003:84 to b.000003:1484"]),
        ("b.000004:4", "b.000003:84", "the binary log from b.000003:84 on", ["b.000003:84 to b.000004:4"]),
    ],
)
def test_the_difference_in_words(here: str, there: str, amount: str, names: list[str]) -> None:
    form = type(parse(here))
    difference = form.parse(here).minus(form.parse(there))
    assert difference.amount() == amount
    assert list(difference.names()) == names
    again = parse(str(difference))
    assert str(again) == str(difference)
