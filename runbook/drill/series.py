"""Several drills one after the other: each has its row in the table at the end, whatever became of it."""

from collections.abc import Callable
from typing import TypeVar

from runbook.drill.failover import PromiseBroken
from runbook.drill.frame.result import Result
from runbook.errors import RunbookError

Told = TypeVar("Told", bound=Result | str)


class Series:
    """`results` has what each drill measured, or a sentence: of what came of it, or why it measured nothing."""

    def __init__(self) -> None:
        self.results: dict[str, Result | str] = {}
        self.broken = False

    def note(self, name: str, work: Callable[[], Told | None]) -> Told | None:
        """Do a drill's work and keep what it came to, also when it ends with an error, which is raised on."""
        try:
            result = work()
        except PromiseBroken as broken:
            self.results[name] = broken.result
            self.broken = True
            raise
        except RunbookError as error:
            self.results.setdefault(name, f"no result: {str(error).splitlines()[0]}")
            self.broken = True
            raise
        if result:
            self.results[name] = result
        return result

    def measured(self, name: str) -> Result | None:
        """What that drill measured, if it came so far."""
        result = self.results.get(name)
        return result if isinstance(result, Result) else None
