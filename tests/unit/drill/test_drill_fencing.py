"""Whether a server takes writes is asked again and again, and what the answers say about who was a writer."""

from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from runbook.core.wait import until
from runbook.drill.frame.fencing import fencing
from runbook.observe.writes_watch import Look, WritesWatch

SECONDS = 5


class Connection:
    """A server that answers from a script, again and again its last word; an exception is raised."""

    def __init__(self, answers: Iterator[Any]) -> None:
        self._answers = answers
        self._query = ""

    def get_server_info(self) -> str:
        return "9.7.4-2"

    def cursor(self) -> "Connection":
        return self

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None: ...

    def execute(self, query: str, args: object) -> None:
        self._query = query

    def fetchone(self) -> tuple[Any]:
        if "server_id" in self._query:
            return (1,)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return (answer,)

    def close(self) -> None: ...


def script(*answers: Any) -> Iterator[Any]:
    yield from answers
    while True:
        yield answers[-1]


def test_a_server_is_asked_again_after_it_broke_off() -> None:
    logins: list[Connection] = []
    said = script(0, pymysql.err.OperationalError(2013, "Lost connection"), 1)

    def connect() -> Connection:
        logins.append(Connection(said))
        return logins[-1]

    with WritesWatch(connect) as watch:
        until("three answers", SECONDS, lambda: len(watch.looks()) >= 3, pause=0.01)
    assert [look.takes_writes for look in watch.looks()[:3]] == [True, False, False]
    assert len(logins) == 2


def test_only_answers_since_a_moment_count() -> None:
    with WritesWatch(lambda: Connection(script(0))) as watch:
        until("two answers", SECONDS, lambda: len(watch.looks()) >= 2, pause=0.01)
    first, second, *_ = watch.looks()
    assert watch.looks(second.at)[0] == second
    assert first not in watch.looks(second.at)


def test_a_server_that_is_gone_has_no_answers() -> None:
    tries = 0

    def connect() -> Any:
        nonlocal tries
        tries += 1
        raise pymysql.err.OperationalError(2003, "Can't connect")

    with WritesWatch(connect) as watch:
        until("two tries", SECONDS, lambda: tries >= 2, pause=0.01)
    assert watch.looks() == []


@pytest.mark.parametrize(
    ("master", "seconds"),
    [
        ([], 0.0),
        ([Look(1.0, False)], 0.0),
        ([Look(1.0, True), Look(1.1, False)], 0.0),
        ([Look(1.0, True), Look(1.4, True), Look(1.5, False)], 0.4),
        ([Look(1.0, True), Look(1.4, False), Look(2.5, True)], 1.5),
    ],
)
def test_how_long_the_master_was_open_without_the_vip(master: list[Look], seconds: float) -> None:
    seen = fencing(master, [], 3.0, [])
    assert seen.open_without_vip_seconds == pytest.approx(seconds)
    assert seen.master_looks == len(master)


def test_a_slave_that_was_open_once_is_counted() -> None:
    seen = fencing([], [Look(1.0, False), Look(1.1, True), Look(1.2, False)], 3.0, [])
    assert (seen.slave_looks, seen.slave_open_looks) == (3, 1)
