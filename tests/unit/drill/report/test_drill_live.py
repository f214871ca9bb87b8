"""What is shown while a drill runs: the last second, in place on a terminal, as few lines in a log, nothing as JSON."""

import io
import time
from dataclasses import replace

import pytest
from drill_record import MASTER, SLAVE, looks, period, traffic
from rich.console import Console

from runbook.core.report import Report
from runbook.core.wait import until
from runbook.drill.report import live
from runbook.observe.recorder import Recorder
from runbook.observe.writes_watch import Look
from runbook.settings.settings import Settings

READ_ONLY = 1290


@pytest.fixture
def recorder(settings: Settings) -> Recorder:
    """Two seconds after the fault; the slave has served since half a second after it."""
    moment = time.monotonic()
    recorder = Recorder("kill-master")
    recorder.mark("fault", "SIGKILL for mysqld", moment - 2)
    closed: list[Look] = looks(moment - 3, moment, False)
    recorder.periods.append(
        period(
            settings,
            moment - 3,
            moment,
            traffic(moment - 3, moment - 2, MASTER) + traffic(moment - 1.5, moment, SLAVE, write_code=READ_ONLY),
            {"master": [(moment - 3, True), (moment - 2, False)], "slave": [(moment - 3, False), (moment - 1.5, True)]},
            {"master": closed, "slave": closed},
        )
    )
    recorder.periods[0].until = None
    return recorder


def test_the_last_second_is_told_in_a_line(recorder: Recorder, settings: Settings) -> None:
    line = live.line(live.now(recorder, settings))
    assert line.split()[0].startswith("+2.")
    assert "VIP slave" in line
    assert "by the slave" in line and "refused" in line and "by the master" not in line


def test_a_host_that_is_not_heard_has_a_question_mark(recorder: Recorder, settings: Settings) -> None:
    watch = recorder.periods[0].vip["master"]
    watch.heard_at -= 10
    assert live.now(recorder, settings).holders == ("master?", "slave")


def test_nobody_and_nothing_are_told(recorder: Recorder, settings: Settings) -> None:
    seen = live.now(recorder, settings)
    nothing = replace(seen, holders=(), attempts={kind: type(each)() for kind, each in seen.attempts.items()})
    assert "VIP nobody   reads none   writes none" in live.line(nothing)


def screen(*, terminal: bool, as_json: bool = False) -> tuple[Report, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=terminal, soft_wrap=True, _environ={"TERM": "xterm"})
    return Report(str, as_json=as_json, console=console), out


def test_a_log_gets_a_line_and_another_only_when_something_changed(
    recorder: Recorder, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr(live, "LINE_SECONDS", 0.0)
    monkeypatch.setattr(live, "SECOND", 1e6)
    report, out = screen(terminal=False)
    with live.on(report, settings)(recorder):
        until("a line", 5, lambda: out.getvalue().count("VIP slave") == 1, pause=0.005)
        recorder.periods[0].vip["slave"]._changes.append((time.monotonic(), False))
        until("a line of the change", 5, lambda: "VIP nobody" in out.getvalue(), pause=0.005)
    assert len(out.getvalue().splitlines()) == 2
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("variable", ["NO_COLOR", "CI"])
def test_no_picture_is_drawn_where_nobody_looks_at_a_terminal(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("CI", raising=False)
    assert screen(terminal=True)[0].in_place
    assert not screen(terminal=False)[0].in_place
    monkeypatch.setenv(variable, "1")
    assert not screen(terminal=True)[0].in_place


def test_a_terminal_gets_a_picture_that_leaves_no_trace(
    recorder: Recorder, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("CI", raising=False)
    report, out = screen(terminal=True)
    with pytest.raises(KeyboardInterrupt), live.on(report, settings)(recorder):
        until("the picture", 5, lambda: "drill.kill-master" in out.getvalue(), pause=0.01)
        report.say("said meanwhile")
        raise KeyboardInterrupt
    shown = out.getvalue()
    assert "said meanwhile" in shown
    assert shown.rstrip().endswith("\x1b[2K")  # the picture's first line is wiped last
    assert shown.index("\x1b[?25l") < shown.rindex("\x1b[?25h")  # the cursor is back


@pytest.mark.parametrize("terminal", [False, True])
def test_a_bug_in_the_view_does_not_reach_the_drill(
    recorder: Recorder, settings: Settings, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr(live, "now", lambda *_: 1 / 0)
    report, out = screen(terminal=terminal)
    with live.on(report, settings)(recorder):
        until("a word on it", 5, lambda: "no live view: ZeroDivisionError" in out.getvalue(), pause=0.005)


def test_json_gets_nothing_but_the_document(recorder: Recorder, settings: Settings) -> None:
    report, out = screen(terminal=True, as_json=True)
    with live.on(report, settings)(recorder):
        pass
    assert out.getvalue() == ""
