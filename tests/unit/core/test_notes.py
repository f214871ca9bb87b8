"""Files of NAME=VALUE lines on the hosts: read as they were written, and nothing of what is no such line."""

import pytest

from runbook.core.notes import noted, number


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("a=1\nb=x=y\n", {"a": "1", "b": "x=y"}),
        ("a=1\na=2", {"a": "2"}),
        ("a=\n b=1\n=2\nno line\n", {"a": ""}),
        ("good=17\nsilent=\n          \n", {"good": "17", "silent": ""}),
        ("\0\0\0", {}),
    ],
)
def test_each_line_is_a_name_and_its_value(text: str, found: dict[str, str]) -> None:
    assert noted(text) == found


@pytest.mark.parametrize(
    ("value", "is_number"),
    [("17", 17), ("0", 0), ("", None), (None, None), ("-1", None), ("1.5", None), ("17 ", None), ("9" * 19, None)],
)
def test_a_number_is_a_whole_one_or_nothing(value: str | None, is_number: int | None) -> None:
    assert number(value) == is_number
