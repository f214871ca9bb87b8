"""Drills as an operator calls them: one, with the way home or without, or all of them; each leaves a report."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from runbook.core.report import Report
from runbook.drill import failover, faults, summary
from runbook.drill.frame.result import Result
from runbook.drill.report.index import table
from runbook.drill.report.recording import Recording
from runbook.drill.report.reports import Reports
from runbook.drill.scenes import lose_master, lose_slave, patch_both, returning_master, stage, switchover
from runbook.drill.scenes.stage import Scene
from runbook.drill.series import Series
from runbook.errors import BadInput, NotSo, RunbookError
from runbook.observe.recorder import Recorder
from runbook.operations import failback
from runbook.operations.leftovers import undo_leftovers
from runbook.operations.run import Run
from runbook.operations.target import Target
from runbook.pair.pair import Pair

SCENES: tuple[Scene, ...] = (lose_slave, switchover, patch_both, lose_master, returning_master)


def one(run: Run, name: str, *, home: bool) -> None:
    """Drill one fault, and bring the VIP home afterwards if that is wanted."""
    series = Series()
    with _recording(run, name) as record:
        result = _rehearse(run, name, record, series)
        if home and result:
            _come_home(run, record)
            _compare_servers(run, name, result, record, series)


def scene(run: Run, name: str) -> None:
    """Drill one scene of a pair's life."""
    _play(run, next(each for each in SCENES if name == each.NAME), Series())


def every(run: Run, only: Collection[str]) -> None:
    """All drills that can be had here, or only these; failback and verify after each.

    The operator is asked once. A broken promise does not end them while the pair can be brought home.
    Raises BadInput for a name that no drill has, NotSo when a promise was broken.
    """
    names = (*faults.NAMES, *(scene.NAME for scene in SCENES))
    unknown = set(only) - set(names)
    if unknown:
        raise BadInput(f"no such drill: {', '.join(sorted(unknown))}", f"There are: {', '.join(names)}")
    settings = run.target().settings
    series = Series()
    try:
        for name in faults.NAMES:
            if only and name not in only:
                continue
            if faults.fault_of(name)().reason_against(settings):
                print(f"drill.{name} cannot be had here and is left out; run it alone to see why.")
            else:
                _drill_and_come_home(replace(run, yes=run.yes or bool(series.results)), name, series)
        for scene in SCENES:
            if only and scene.NAME not in only:
                continue
            if scene.reason_against(settings):
                print(f"drill.{scene.NAME} cannot be had here and is left out; run it alone to see why.")
            else:
                with _going_on():
                    _play(replace(run, yes=run.yes or bool(series.results)), scene, series)
    finally:
        Report(str).show(summary.table(series.results))
    if series.broken:
        raise NotSo


def past(run: Run) -> None:
    """List the last drills, and say where the reports of all of them are."""
    found = Reports.found(run.environ, run.folder)
    report, entries = Report(str), found.renew_index()
    if entries:
        report.show(table(entries))
    report.say(f"All of them: {found.index}" if entries else f"No drill was reported in {found.folder} so far.")


def _drill_and_come_home(run: Run, name: str, series: Series) -> None:
    with _recording(run, name) as record:
        with _going_on():
            if _rehearse(run, name, record, series) is None:
                return
        _come_home(run, record)
        if result := series.measured(name):
            with _going_on():
                _compare_servers(run, name, result, record, series)


def _come_home(run: Run, record: Recording) -> None:
    """failback and verify, as the end of a drill's report; raises NotSo when the pair is not healthy then."""
    with (
        run.on_pair("failback", restore_lab=True) as (pair, report, target),
        record.of(target, report) as recorder,
    ):
        good = failback.bring_home_and_verify(pair, report, recorder)
    if not good:
        raise NotSo


def _rehearse(run: Run, name: str, record: Recording, series: Series) -> Result | None:
    with _drilling(run, name, record) as (pair, report, target, recorder):
        undo_leftovers(pair, report)
        work = partial(failover.run, pair, faults.fault_of(name)(), report, run.typed_vip(target), recorder)
        return series.note(name, work)


def _play(run: Run, scene: Scene, series: Series) -> None:
    name = scene.NAME
    with _recording(run, name) as record, _drilling(run, name, record) as (pair, report, target, recorder):
        series.note(name, partial(stage.rehearse, scene, pair, report, run.typed_vip(target), recorder))


@contextmanager
def _drilling(run: Run, name: str, record: Recording) -> Iterator[tuple[Pair, Report, Target, Recorder]]:
    """The pair, whole if it is a lab's, where a drill may be done to it."""
    with (
        run.on_pair(f"drill.{name}", restore_lab=True) as (pair, report, target),
        record.of(target, report) as recorder,
    ):
        if run.json and not (run.yes or run.dry or target.lab):
            raise BadInput("With --json nothing is asked, so nothing was done: add --yes.")
        yield pair, report, target, recorder


def _compare_servers(run: Run, name: str, drilled: Result, record: Recording, series: Series) -> None:
    with (
        run.on_pair(f"drill.{name}", lock=False) as (pair, report, target),
        record.of(target, report) as recorder,
    ):
        series.note(name, partial(failover.compare_servers, pair, drilled, report, recorder))


@contextmanager
def _recording(run: Run, name: str) -> Iterator[Recording]:
    record = Recording(name, Reports.found(run.environ, run.folder))
    try:
        yield record
    finally:
        if run.json and record.document:
            Report(str).document(record.document)
        elif record.page:
            Report(str).say(f"Report: {record.page}")


@contextmanager
def _going_on() -> Iterator[None]:
    """What failed is told, and is no reason to stop; bad input and Ctrl-C are."""
    try:
        yield
    except RunbookError as failed:
        if failed.exit_code != RunbookError.exit_code:
            raise
        print(f"\n{failed}")
