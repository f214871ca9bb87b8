"""That a master has no slave: the operator's word as it is written, read, and taken back."""

from dataclasses import replace

import pytest
from fake import FakeLink, host_of

from runbook.core.step import ensure
from runbook.pair.alone import QUESTION, Alone, NotAlone, parse
from runbook.pair.witnessed import Witnessed
from runbook.pair.witnessed import parse as parse_witnessed
from runbook.settings.settings import Settings

ALONE = Alone(2, "2026-11-27T15:00:00Z", "anna@desk", "mysql-bin.000002:99", "mysql-bin.000007:120")


@pytest.mark.parametrize("word", [ALONE, replace(ALONE, lost="", own=""), replace(ALONE, by="a=b@c")])
def test_the_word_is_read_as_it_was_written(word: Alone) -> None:
    assert parse(word.text()) == word


@pytest.mark.parametrize(
    ("text", "epoch"),
    [("", None), ("since=now\n", None), ("epoch=\n", None), ("epoch=two\n", None), ("epoch=2", 2), ("\0\0", None)],
)
def test_of_one_that_was_cut_off_the_change_of_roles_counts(text: str, epoch: int | None) -> None:
    """By nothing else do the host's scripts open."""
    found = parse(text)
    assert (found and found.epoch) == epoch


def test_it_is_taken_back_once_the_master_has_a_slave_again(settings: Settings, link: FakeLink) -> None:
    host, step = host_of(settings, link), NotAlone()
    link.says(QUESTION, ALONE.text())
    link.takes("rm -f /var/lib/mysql-runbook/alone", lambda: link.says(QUESTION, ""))
    assert ensure(host, step).status == "changed"
    assert ensure(host, step).status == "ok"
    assert len(link.changed) == 1


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("good=17\nsilent=19\ntimeout_ms=10000\n       \n", Witnessed(17, 19, 10000)),
        ("good=17\nsilent=\ntimeout_ms=10000\n", Witnessed(17, None, 10000)),
        ("good=\nsilent=19\ntimeout_ms=\n", Witnessed(None, 19, 0)),
        ("good=17\nsile", Witnessed(17, None, 0)),
        ("", Witnessed(None, None, 0)),
        ("good=soon\nsilent=-1\ntimeout_ms=10.5\n", Witnessed(None, None, 0)),
    ],
)
def test_what_the_witness_noted_is_known_or_is_not(text: str, seen: Witnessed) -> None:
    assert parse_witnessed(text) == seen
