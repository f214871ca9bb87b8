"""What is asked of a host once and then known."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class asked_once(Generic[T]):
    """As functools.cached_property, which before Python 3.12 holds one lock for all instances while it asks.

    Both hosts are asked side by side: with that lock each waited for the other's answer. An error is not kept.
    Source: Python's documentation of functools.cached_property, "Changed in version 3.12".
    """

    def __init__(self, ask: Callable[[Any], T]) -> None:
        self._ask = ask
        self._name = ask.__name__
        self.__doc__ = ask.__doc__

    def __get__(self, instance: object, owner: type) -> T:
        answer = self._ask(instance)
        # Found there before this is: it has no __set__.
        instance.__dict__[self._name] = answer
        return answer
