"""A drill and its report: what is recorded is shown while it runs and filed however it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook.core.report import Report
from runbook.drill.report import live
from runbook.drill.report.record import Document, document, masked
from runbook.drill.report.reports import Reports
from runbook.observe.environment import operator
from runbook.observe.recorder import Recorder
from runbook.operations.target import Target


class Recording:
    """One drill, with the failback that belongs to it."""

    def __init__(self, drill: str, reports: Reports) -> None:
        self.recorder = Recorder(drill)
        self.document: Document | None = None
        """What was filed last."""
        self.page: Path | None = None
        """Where, for people to read."""
        self._reports = reports
        self._name = ""

    @contextmanager
    def of(self, target: Target, report: Report) -> Iterator[Recorder]:
        """Record what is done meanwhile; it is filed at the end, and anew when there is more to tell.

        Nothing is filed of a drill that did nothing. A failure to file is told, and hides nothing of the drill.
        """
        self.recorder.view = live.on(report, target.settings)
        try:
            yield self.recorder
        except BaseException as error:
            self.recorder.error = error
            raise
        finally:
            if self.recorder.periods:
                self._file(target, report)

    def _file(self, target: Target, report: Report) -> None:
        try:
            found = masked(document(self.recorder, target.settings, target.name, operator()), target.mask)
            self.document = found
            self._name = self._name or self._reports.new_name(found)
            self.page = self._reports.add(self._name, found)
        except Exception as error:  # whatever is wrong with a report, the drill's own outcome is told
            report.say(f"The report was not written: {type(error).__name__}: {error}", "yellow")
            report.say(f"All else stands as said. REPORTS=/another/folder replaces {self._reports.folder}.", "yellow")
