"""The folder of reports: pages that need nothing but themselves, an index in the order of time, and no harm done."""

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from drill_record import findings, recorded
from rich.console import Console

from runbook.core.report import Report
from runbook.drill.report import index, page
from runbook.drill.report.record import Document, document
from runbook.drill.report.recording import Recording
from runbook.drill.report.reports import Reports
from runbook.errors import HostError
from runbook.operations.target import Target
from runbook.settings.settings import Settings

EVIL = "<script>alert('x')</script>"
VOID = {"meta", "br", "line", "rect", "circle", "path"}


class Page(HTMLParser):
    """Checks that what is opened is closed; collects tags, attributes and the text outside of the style sheet."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID or tag == "path":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID and tag != "path":
            return
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


@pytest.fixture
def record(settings: Settings) -> Document:
    return document(recorded(settings), settings, "lab pair", "root@here")


@pytest.fixture
def reports(tmp_path: Path) -> Reports:
    return Reports(tmp_path / "reports")


def later(record: Document, day: int, drill: str = "kill-master", **other: object) -> Document:
    return record | {"started": f"2026-11-{day:02}T10:00:00Z", "drill": drill} | other


def add(reports: Reports, record: Document) -> str:
    name = reports.new_name(record)
    reports.add(name, record)
    return name


def test_a_page_fetches_nothing_and_runs_nothing(record: Document) -> None:
    found = Page(page.html(record, "name"))
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in found.tags}
    addresses = [value for _, attrs in found.tags for key, value in attrs.items() if key in ("href", "src")]
    assert addresses == ["name.json", "index.html"]
    assert not re.search(r"url\(|@import|https?:", page.html(record, "name"))


def test_a_page_shows_all_that_a_reader_asks_for(record: Document) -> None:
    text = Page(page.html(record, "name")).text
    for words in (
        "drill.kill-master",
        "passed",
        record["headline"],
        "at most 0.3 s",
        "+0.150",
        record["refusal"],
        "root@here",
        "44",
        "The pair is failed over.",
        "./inv verify drill.kill-master failback verify",
    ):
        assert words in text, words


def test_what_was_broken_or_went_wrong_stands_on_the_page(record: Document) -> None:
    broken = record | {
        "verdict": "failed",
        "broken_promises": ["LOST: 1 acknowledged write"],
        "error": "The drill FAILED",
    }
    assert "LOST: 1 acknowledged write" in Page(page.html(broken, "name")).text
    cut = record | {"verdict": "failed", "error": "waited 30 s in vain for: the VIP on the slave"}
    assert cut["error"] in Page(page.html(cut, "name")).text


def test_a_drill_that_was_cut_off_early_has_a_page(record: Document) -> None:
    early = record | {"verdict": "cut off", "ledger": None, "rates": None, "close_ups": [], "scorecard": []}
    assert "cut off" in Page(page.html(early, "name")).text


def test_no_text_of_a_record_becomes_markup(record: Document) -> None:
    def spoiled(value: object) -> object:
        if isinstance(value, str):
            return value if value in page.MEANINGS or re.fullmatch(r"[a-z]+|[\d:TZ-]+", value) else value + EVIL
        if isinstance(value, dict):
            return {key: spoiled(each) for key, each in value.items()}
        return [spoiled(each) for each in value] if isinstance(value, list) else value

    evil = spoiled(record)
    assert isinstance(evil, dict)
    assert "<script" not in page.html(evil, "name")
    assert EVIL in Page(page.html(evil, "name")).text
    assert "<script" not in index.html(index.entries({"name": evil}))


def test_each_drill_is_two_files_and_the_index_lists_them_by_time(reports: Reports, record: Document) -> None:
    names = [add(reports, later(record, day)) for day in (20, 9, 30)]
    assert names[0] == "20261120T100000Z-kill-master"
    for name in names:
        assert json.loads((reports.folder / f"{name}.json").read_text())["drill"] == "kill-master"
        assert "<svg" in (reports.folder / f"{name}.html").read_text()
    found = json.loads((reports.folder / "index.json").read_text())
    assert [each["name"] for each in found["drills"]] == [names[1], names[0], names[2]]
    first = found["drills"][0]
    assert (first["vip_seconds"], first["reads_seconds"], first["lost"], first["by"]) == (0.15, 0.21, 0, "root@here")
    links = [attrs["href"] for tag, attrs in Page(reports.index.read_text()).tags if tag == "a"]
    assert links[:3] == [f"{names[2]}.html", f"{names[0]}.html", f"{names[1]}.html"]


def test_two_drills_of_one_second_do_not_overwrite_each_other(reports: Reports, record: Document) -> None:
    assert [add(reports, record)[-13:], add(reports, record)[-13:]] == ["Z-kill-master", "kill-master-2"]


def test_an_index_passes_over_what_is_no_report(reports: Reports, record: Document) -> None:
    add(reports, record)
    (reports.folder / "20000101T000000Z-torn.json").write_text('{"schema": 1, "drill": "torn"')
    (reports.folder / "other.json").write_text("[1]")
    (reports.folder / "old.json").write_text('{"schema": 1}')
    assert [each.drill for each in reports.renew_index()] == ["kill-master"]


def test_no_half_written_file_is_left(reports: Reports, record: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        reports.add("name", record)
    assert list(reports.folder.iterdir()) == []


def test_the_trend_has_a_dot_for_each_run_and_its_target(record: Document) -> None:
    runs = index.entries({str(day): later(record, day) for day in (1, 2, 3)})
    drawn = str(index.trend("kill-master", runs))
    assert drawn.count("<circle") == 3
    assert 'class="goal"' in drawn


def test_the_terminals_table_ends_with_the_latest(record: Document) -> None:
    found = index.entries({str(day): later(record, day) for day in range(1, 29)})
    out = io.StringIO()
    Console(file=out, width=160).print(index.table(found))
    rows = [line for line in out.getvalue().splitlines() if "kill-master" in line]
    assert len(rows) == index.SHOWN
    assert "2026-11-28 10:00:00" in rows[-1] and "0.15" in rows[-1] and "passed" in rows[-1]


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def report(said: io.StringIO) -> Report:
    return Report(str, console=Console(file=said, width=300, soft_wrap=True))


def recording(reports: Reports, settings: Settings) -> Recording:
    made = Recording("kill-master", reports)
    made.recorder = recorded(settings)
    return made


def test_a_drill_is_filed_however_it_ends_and_anew_after_its_failback(
    reports: Reports, settings: Settings, report: Report, said: io.StringIO
) -> None:
    made = recording(reports, settings)
    made.recorder.findings = None
    with pytest.raises(KeyboardInterrupt), made.of(Target(settings, None), report):
        raise KeyboardInterrupt
    (file,) = reports.documents()
    assert reports.documents()[file]["verdict"] == "cut off"
    assert made.page == reports.folder / f"{file}.html"
    assert said.getvalue() == ""
    made.recorder.error = None
    with made.of(Target(settings, None), report) as recorder:
        recorder.conclude(findings())
    assert [each["verdict"] for each in reports.documents().values()] == ["passed"]


def test_a_report_that_cannot_be_written_hides_nothing(
    tmp_path: Path, settings: Settings, report: Report, said: io.StringIO
) -> None:
    (tmp_path / "file").write_text("")
    made = recording(Reports(tmp_path / "file"), settings)
    with made.of(Target(settings, None), report):
        pass
    with pytest.raises(HostError, match="is gone"), made.of(Target(settings, None), report):
        raise HostError("master", "is gone")
    assert said.getvalue().count("The report was not written: FileExistsError") == 2
    assert "REPORTS=" in said.getvalue()


def test_a_bug_in_the_report_hides_nothing(
    reports: Reports, settings: Settings, report: Report, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "html", lambda *_: 1 / 0)
    with recording(reports, settings).of(Target(settings, None), report):
        pass
    assert "The report was not written: ZeroDivisionError" in said.getvalue()


def test_a_drill_that_did_nothing_leaves_no_report(reports: Reports, settings: Settings, report: Report) -> None:
    with pytest.raises(HostError), Recording("kill-master", reports).of(Target(settings, None), report):
        raise HostError("master", "is not healthy")
    assert not reports.folder.exists()


def test_every_secret_is_masked_in_every_file(reports: Reports, settings: Settings, report: Report) -> None:
    made = recording(reports, settings)
    secrets = [secret.reveal() for secret in settings.secrets]
    made.recorder.environment = {"leak": secrets}
    with pytest.raises(HostError), made.of(Target(settings, None), report):
        raise HostError("master", *secrets)
    texts = [file.read_text() for file in reports.folder.iterdir()]
    assert len(texts) == 4
    assert not [secret for secret in secrets for text in texts if secret in text]


def test_reports_names_the_folder(tmp_path: Path) -> None:
    assert Reports.found({}, tmp_path).folder == tmp_path / "reports"
    assert Reports.found({"REPORTS": str(tmp_path / "other")}, Path("/nowhere")).folder == tmp_path / "other"
