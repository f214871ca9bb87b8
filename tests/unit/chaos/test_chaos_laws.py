"""The laws by which the chaos test judges what it saw: that each can be broken, and what is no breach."""

import pytest
from chaos.hosts import Flags
from chaos.laws import Excuses, broken, lost
from chaos.watch import Sample

OPEN, CLOSED = Flags(read_only=False, super_read_only=False), Flags(read_only=True, super_read_only=True)
Seen = tuple[bool | None, Flags | None]
HOME: tuple[Seen, Seen] = (True, OPEN), (False, CLOSED)
AWAY: tuple[Seen, Seen] = (False, CLOSED), (True, CLOSED)


def seen(*states: tuple[Seen, Seen], each: float = 5.0) -> list[Sample]:
    """Master and slave, ten times a second, each state for some seconds."""
    samples = []
    for number, (master, slave) in enumerate(states):
        for tick in range(int(each * 10)):
            at = number * each + tick / 10
            samples += [Sample(at, "master", *master), Sample(at, "slave", *slave)]
    return samples


@pytest.mark.parametrize(
    ("samples", "excuses", "words"),
    [
        (seen(HOME), Excuses(), []),
        (seen(HOME, AWAY), Excuses(), []),
        (seen(HOME, AWAY, HOME), Excuses(failback=((9, 10),)), []),
        (seen(HOME, AWAY, HOME), Excuses(slave_ill=((9, 10),)), []),
        (seen(HOME, AWAY, HOME), Excuses(), ["came home unasked at 10.0"]),
        (seen(HOME, ((False, OPEN), (True, CLOSED)), AWAY), Excuses(), ["open without the VIP for 4.9 s"]),
        (seen(HOME, ((False, OPEN), (True, CLOSED)), AWAY, each=2), Excuses(), []),
        (seen(HOME, ((False, None), (True, CLOSED)), AWAY), Excuses(), []),
        (seen(HOME, ((True, OPEN), (False, OPEN))), Excuses(), ["the slave was open for writes in 50 looks"]),
        (seen(HOME, ((True, OPEN), (False, OPEN))), Excuses(opened=((4, 11),)), []),
    ],
)
def test_a_breach_is_told_and_nothing_else(samples: list[Sample], excuses: Excuses, words: list[str]) -> None:
    found = broken(samples, excuses, closed_within=3)
    assert len(found) == len(words)
    for sentence, expected in zip(found, words, strict=True):
        assert expected in sentence


def test_each_acknowledged_row_is_on_both_servers_once() -> None:
    assert lost(["a", "b"], {"master": {"a": 1, "b": 1}, "slave": {"a": 1, "b": 1}}) == []
    found = lost(["a", "b"], {"master": {"a": 1, "b": 2}, "slave": {"b": 1}})
    assert [sentence.split(":")[0] for sentence in found] == [
        "the master has 1 rows twice",
        "the slave lacks 1 acknowledged rows",
        "the servers' rows differ",
    ]
