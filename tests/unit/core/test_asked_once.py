"""What is asked once is asked of both hosts side by side."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

import pytest

from runbook.core.asked_once import asked_once

DEADLINE_SECONDS = 5


class Asking:
    def __init__(self, both: Barrier) -> None:
        self._both = both

    @asked_once
    def answer(self) -> int:
        return self._both.wait(DEADLINE_SECONDS)


class Failing:
    def __init__(self) -> None:
        self._asked = count(1)

    @asked_once
    def answer(self) -> int:
        asked = next(self._asked)
        if asked == 1:
            raise ValueError
        return asked


def test_two_hosts_are_asked_at_the_same_time_and_each_once() -> None:
    both = Barrier(2)
    hosts = [Asking(both), Asking(both)]
    with ThreadPoolExecutor(len(hosts)) as pool:
        first = list(pool.map(lambda host: host.answer, hosts))
    assert sorted(first) == [0, 1]
    assert [host.answer for host in hosts] == first


def test_an_error_is_not_kept() -> None:
    host = Failing()
    with pytest.raises(ValueError):
        _ = host.answer
    assert [host.answer, host.answer] == [2, 2]
