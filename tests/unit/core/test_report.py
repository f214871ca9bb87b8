"""What the operator reads: plain lines, differences, totals, or one JSON document; never a password."""

import io
import json
import threading

import pytest
from rich.console import Console

from runbook.core.report import Report, difference
from runbook.core.step import Change, Outcome

SECRET = "root-sesame-1"


def mask(text: str) -> str:
    return text.replace(SECRET, "***")


class Screen:
    """A report and what it has printed."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._file = io.StringIO()
        console = Console(file=self._file, width=80, highlight=False, soft_wrap=True)
        self.report = Report(mask, as_json=as_json, console=console)

    @property
    def text(self) -> str:
        return self._file.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def json_screen() -> Screen:
    return Screen(as_json=True)


def test_one_plain_line_an_outcome(screen: Screen) -> None:
    screen.report.outcome(Outcome("master", "package mysql-server", "ok"))
    screen.report.outcome(Outcome("slave", "package mysql-server", "failed"))
    assert [line.split(maxsplit=2) for line in screen.lines] == [
        ["ok", "master", "package mysql-server"],
        ["failed", "slave", "package mysql-server"],
    ]
    assert "\x1b" not in screen.text
    assert screen.lines[0].index("package") == screen.lines[1].index("package")


def test_an_old_and_a_new_value_stand_under_their_outcome(screen: Screen) -> None:
    gap = [Change("sync_binlog", "0", "1"), Change("mode", None, "764"), Change("test schema", "empty", None)]
    screen.report.outcome(Outcome("master", "settings", "would change", gap))
    assert [line.strip() for line in screen.lines[1:]] == [
        "sync_binlog: 0 → 1",
        "mode: absent → 764",
        "test schema: empty → absent",
    ]


def test_a_changed_file_is_a_diff_and_a_new_one_its_size(screen: Screen) -> None:
    old, new = "[mysqld]\nport = 3306\nserver_id = 2\n", "[mysqld]\nport = 3306\nserver_id = 1\n"
    screen.report.outcome(Outcome("master", "file x", "changed", [Change("content", old, new)]))
    assert [line.strip() for line in screen.lines[2:]] == ["port = 3306", "-server_id = 2", "+server_id = 1"]
    assert list(difference(Change("content", None, new))) == ["content: absent → 3 lines"]


@pytest.mark.parametrize(
    ("now", "want"),
    [("a\nb", "a\nb\n"), ("a\r\nb\r\n", "a\nb\n"), ("", "a\nb\n"), ("a\nb\n", ""), (None, "a\n"), ("a\nb\n", "x")],
)
def test_no_difference_is_shown_as_nothing(now: object, want: object) -> None:
    assert "".join(difference(Change("content", now, want))).strip()


def test_a_note_is_told(screen: Screen) -> None:
    screen.report.outcome(Outcome("slave", "accounts", "waits", note="mysqld does not run yet\nit comes later"))
    assert [line.strip() for line in screen.lines[1:]] == ["mysqld does not run yet", "it comes later"]


def test_brackets_of_a_text_are_shown_as_they_are(screen: Screen) -> None:
    gap = [Change("[bold]fact", "[/]", "[red]x[/red]")]
    screen.report.outcome(Outcome("master", "file [mysqld]", "changed", gap, note="[client]"))
    screen.report.say("[mysqld] of the [master]")
    for text in ("file [mysqld]", "[bold]fact: [/] → [red]x[/red]", "[client]", "[mysqld] of the [master]"):
        assert text in screen.text


def test_no_secret_in_any_text(screen: Screen, json_screen: Screen) -> None:
    gap = [Change("password", SECRET, f"new {SECRET}"), Change("content", f"a\n{SECRET}\n", f"{SECRET}\nb\n")]
    for each in (screen, json_screen):
        each.report.say(f"connecting with {SECRET}")
        each.report.task(f"task {SECRET}")
        each.report.outcome(Outcome("master", f"step {SECRET}", "changed", gap, note=SECRET))
        each.report.totals("bootstrap")
        assert "***" in each.text
        assert SECRET not in each.text


def test_the_totals_of_a_run(screen: Screen) -> None:
    for status in ("ok", "ok", "changed", "failed"):
        screen.report.outcome(Outcome("master", "step", status))  # type: ignore[arg-type]
    screen.report.totals("bootstrap")
    assert screen.lines[-1].startswith("bootstrap: 1 changed, 2 ok, 1 failed in ")


def test_a_run_that_had_nothing_to_do_says_0_changed(screen: Screen) -> None:
    screen.report.outcome(Outcome("master", "step", "ok"))
    screen.report.totals("bootstrap")
    assert "bootstrap: 0 changed, 1 ok, 0 failed" in screen.text


def test_the_totals_of_a_plan_count_what_waits_as_a_change(screen: Screen) -> None:
    for status in ("ok", "would change", "waits"):
        screen.report.outcome(Outcome("master", "step", status))  # type: ignore[arg-type]
    screen.report.totals("plan")
    assert "plan: 2 would change, 1 ok, 0 failed" in screen.text


def test_json_is_one_document_and_nothing_else(json_screen: Screen) -> None:
    report = json_screen.report
    report.say("lab pair: master, slave, VIP")
    report.task("prep-os")
    report.outcome(Outcome("master", "SELinux permissive", "ok"))
    report.task("install-mysql")
    report.outcome(Outcome("slave", "package", "would change", [Change("installed", None, "yes")], note="comes later"))
    assert json_screen.text == ""
    report.totals("plan")
    document = json.loads(json_screen.text)
    assert document["run"] == "plan"
    assert document["seconds"] >= 0
    assert document["totals"] == {"ok": 1, "would change": 1}
    assert document["outcomes"][0] == {
        "task": "prep-os",
        "host": "master",
        "step": "SELinux permissive",
        "status": "ok",
        "gap": [],
        "note": "",
    }
    assert document["outcomes"][1]["task"] == "install-mysql"
    assert document["outcomes"][1]["gap"] == [{"fact": "installed", "now": "absent", "want": "yes"}]
    assert document["outcomes"][1]["note"] == "comes later"


def test_outcomes_of_both_hosts_do_not_mix(screen: Screen) -> None:
    def work(host: str) -> None:
        for number in range(50):
            screen.report.outcome(Outcome(host, f"step {number}", "changed", [Change("fact", "a", host)]))

    threads = [threading.Thread(target=work, args=(host,)) for host in ("master", "slave")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(screen.report.outcomes) == 100
    heads, bodies = screen.lines[0::2], screen.lines[1::2]
    assert [head.split()[1] for head in heads] == [body.split()[-1] for body in bodies]
