"""Work that goes on beside a drill, in a thread of its own, from the beginning of a `with` to its end."""

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Self

from runbook.mysql.login import Connect
from runbook.observe.client import BROKEN, Session


class Concurrent(ABC):
    """Used as a context; whoever works looks at `_stopping` between two things."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    @abstractmethod
    def _work(self) -> None: ...


class Polling(Concurrent):
    """Asks a server the same again and again; one that does not answer is asked again on a new connection."""

    pace_seconds: ClassVar[float]

    def __init__(self, connect: Connect) -> None:
        super().__init__()
        self._connect = connect

    @abstractmethod
    def _ask(self, session: Session) -> None:
        """Put the question once and keep the answer."""

    def _work(self) -> None:
        session: Session | None = None
        while not self._stopping.wait(self.pace_seconds):
            try:
                session = session or Session(self._connect())
                self._ask(session)
            except BROKEN:
                if session:
                    session.close()
                session = None
        if session:
            session.close()
