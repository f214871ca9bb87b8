"""What data may do on the operator's terminal: nothing."""

import io

import pytest
from rich.console import Console

from runbook.core.printable import printable
from runbook.core.report import Report


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, 密码, ümlaut\n\ttwo lines", "plain, 密码, ümlaut\n\ttwo lines"),
        ("\x1b[2K\rOK    master", "\\x1b[2K\\rOK    master"),
        ("bell\x07 null\x00 delete\x7f c1\x9b", "bell\\x07 null\\x00 delete\\x7f c1\\x9b"),
        ("right\u202eto left", "right\\u202eto left"),
    ],
)
def test_control_characters_are_shown_and_not_obeyed(text: str, shown: str) -> None:
    assert printable(text) == shown
    screen = io.StringIO()
    Report(str, console=Console(file=screen, width=200)).say(text)
    assert "\x1b" not in screen.getvalue() and "\r" not in screen.getvalue()


def test_a_secret_is_masked_before_it_is_made_printable() -> None:
    report = Report(lambda text: text.replace("se\x07cret", "***"))
    assert report.mask("a se\x07cret") == "a ***"
