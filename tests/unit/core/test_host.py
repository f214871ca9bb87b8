"""What a host is asked, what is done to it, and what a dry run cannot do."""

import grp
import os
import pwd
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from fake import Clock, FakeLink, LocalLink, host_of

from runbook.core import question
from runbook.core.host import ChangedInDryRun, CommandFailed, DryHost, Host, NotInTime
from runbook.core.ssh import Ran
from runbook.mysql.session import Server
from runbook.settings.settings import Secret, Settings

ME = f"{pwd.getpwuid(os.geteuid()).pw_name}:{grp.getgrgid(os.getegid()).gr_name}"


def test_a_host_is_called_by_its_role_and_address(host: Host) -> None:
    assert host.name == "master"
    assert str(host) == "master 192.168.152.128"


def test_the_fake_knows_only_what_it_was_told(host: Host) -> None:
    with pytest.raises(AssertionError, match="told nothing of: uname"):
        host.ask("uname")


# ---- foresee: many questions, one round trip ----


@pytest.mark.parametrize("answer", ["", "one\n", "no line end", "two\nlines\n", "\n", "\nblank first", "a 0\n\n"])
def test_a_foreseen_answer_is_what_asking_would_have_given(settings: Settings, answer: str, tmp_path: Path) -> None:
    (tmp_path / "answer").write_text(answer)
    questions = [f"cat {tmp_path}/answer", f"cat {tmp_path}/answer; true", f"cat '{tmp_path}/answer'"]
    asked, foreseen = host_of(settings, LocalLink()), host_of(settings, LocalLink())
    foreseen.foresee(questions)
    assert [foreseen.ask(each) for each in questions] == [asked.ask(each) for each in questions] == [answer] * 3
    assert len(foreseen.link.calls) == 1  # type: ignore[attr-defined]


def test_a_foreseen_answer_serves_once(host: Host, link: FakeLink) -> None:
    link.says("date", "before\n")
    host.foresee(["date"])
    link.says("date", "after\n")
    assert host.ask("date") == "before\n"
    assert host.ask("date") == "after\n"


@pytest.mark.parametrize("change", [lambda host: host.do("touch x"), lambda host: host.changing("SET GLOBAL x = 1")])
def test_a_change_makes_foreseen_answers_worthless(
    host: Host, link: FakeLink, change: Callable[[Host], object]
) -> None:
    link.says("ls", "\n")
    link.takes("touch x", lambda: link.says("ls", "x\n"))
    host.foresee(["ls"])
    link.says("ls", "x\n")
    change(host)
    assert host.ask("ls") == "x\n"


def test_a_question_that_failed_is_asked_again_and_says_why(host: Host, link: FakeLink) -> None:
    link.says("good", "yes\n")
    link.says("bad", Ran(2, "half an answer\n", "bad: no such thing\n"))
    host.foresee(["bad", "good"])
    assert host.ask("good") == "yes\n"
    with pytest.raises(CommandFailed, match="bad: no such thing"):
        host.ask("bad")
    assert link.calls[1:] == ["bad"]


@pytest.mark.parametrize("code", [124, 137])
def test_a_question_that_took_too_long_is_not_waited_for_a_second_time(host: Host, link: FakeLink, code: int) -> None:
    link.says("slow", Ran(code, "", ""))
    link.says("good", "yes\n")
    host.foresee(["slow", "good"])
    with pytest.raises(NotInTime, match="no answer in time from: slow"):
        host.ask("slow")
    assert host.ask("good") == "yes\n"
    assert link.calls[1:] == []
    link.says("slow", "by now\n")
    assert host.ask("slow") == "by now\n"


class CutOff(LocalLink):
    """A round trip in which something hangs runs out of time there."""

    def run(self, script: str, *, timeout: float, stdin: str | None = None) -> Ran:
        ran = super().run(script, timeout=timeout, stdin=stdin)
        return Ran(124, ran.out[: ran.out.index("hangs")], "") if "hangs" in ran.out else ran


def test_one_question_of_many_that_hangs_costs_only_its_own_answer(settings: Settings) -> None:
    questions = ["echo first", "echo hangs", "echo third", "echo hangs too", "echo fifth"]
    host = host_of(settings, CutOff())
    host.foresee(questions)
    calls = host.link.calls  # type: ignore[attr-defined]
    assert [host.ask(each) for each in questions[::2]] == ["first\n", "third\n", "fifth\n"]
    with pytest.raises(NotInTime, match="no answer in time from: echo hangs"):
        host.ask("echo hangs")
    assert len(calls) == 5


def test_who_was_at_work_when_the_time_was_over_is_too_late_only_with_all_of_it(settings: Settings) -> None:
    class Slow(CutOff):
        def run(self, script: str, *, timeout: float, stdin: str | None = None) -> Ran:
            return super().run(script if self.calls else script.replace("echo third", "echo hangs"), timeout=timeout)

    host = host_of(settings, Slow())
    host.foresee(["echo first", "echo second", "echo third"])
    assert [host.ask(f"echo {each}") for each in ("first", "second", "third")] == ["first\n", "second\n", "third\n"]
    assert len(host.link.calls) == 2  # type: ignore[attr-defined]


def test_where_no_command_runs_none_is_tried_again_beforehand(host: Host, link: FakeLink) -> None:
    link.run = lambda *_, **__: link.calls.append("tried") or Ran(1, "", "sudo: a password is required\n")  # type: ignore
    host.foresee(["echo first", "echo second"])
    assert link.calls == ["tried"]


def test_what_no_shell_understands_is_no_answer_and_costs_no_other(settings: Settings) -> None:
    host = host_of(settings, LocalLink())
    host.foresee(["echo 'first", "exit 3", "cd / && exec echo third"])
    assert host.ask("cd / && exec echo third") == "third\n"
    assert len(host.link.calls) == 1  # type: ignore[attr-defined]


def test_an_answer_serves_as_often_as_it_was_foreseen(host: Host, link: FakeLink) -> None:
    link.says("date", "before\n")
    host.foresee(["date", "date"])
    host.foresee(["date"])
    link.says("date", "after\n")
    assert [host.ask("date") for _ in range(3)] == ["before\n", "before\n", "after\n"]


def test_who_asks_now_is_told_what_is_so_now(host: Host, link: FakeLink) -> None:
    link.says("date", "before\n")
    link.says("ls", "here\n")
    host.foresee(["date", "date", "ls"])
    link.says("date", "after\n")
    assert [host.ask_now("date"), host.ask("date")] == ["after\n", "after\n"]
    link.says("ls", "gone\n")
    assert host.ask("ls") == "here\n"


def test_an_old_answer_is_worthless(host: Host, link: FakeLink, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(question.time, "monotonic", clock.monotonic)
    link.says("date", "before\n")
    host.foresee(["date"])
    link.says("date", "after\n")
    clock.sleep(question.FRESH_SECONDS + 1)
    assert host.ask("date") == "after\n"


def test_a_question_is_put_once_however_often_it_is_foreseen(host: Host, link: FakeLink) -> None:
    link.says("date", "now\n")
    host.foresee(["date", "date"])
    host.foresee(["date"])
    host.foresee([])
    assert len(link.calls) == 1
    assert link.calls[0].count("date") == 1


# ---- a command that fails ----


def test_a_failure_names_host_command_code_and_what_was_said(host: Host, link: FakeLink) -> None:
    link.takes("mkdir\n   /x", answer=Ran(1, "", "mkdir: cannot create directory '/x'\n"))
    with pytest.raises(CommandFailed) as caught:
        host.do("mkdir\n   /x")
    assert str(caught.value).splitlines() == [
        "master 192.168.152.128: exit code 1 from: mkdir /x",
        "  mkdir: cannot create directory '/x'",
    ]
    assert caught.value.ran.code == 1


@pytest.mark.parametrize("code", [124, 137])
def test_a_command_that_was_cut_off_is_called_that(host: Host, link: FakeLink, code: int) -> None:
    link.says("df", Ran(code, "", ""))
    with pytest.raises(CommandFailed, match=r"no answer in time from: df\n  it said nothing"):
        host.ask("df")


def test_a_long_output_is_shown_by_its_end(host: Host, link: FakeLink) -> None:
    link.says("apt", Ran(100, "", "".join(f"line {number}\n" for number in range(100))))
    with pytest.raises(CommandFailed) as caught:
        host.ask("apt")
    assert "line 99" in str(caught.value)
    assert "line 50" not in str(caught.value)


# ---- put: a file, whole or not at all ----


def test_put_writes_content_and_mode_and_makes_the_folder(settings: Settings, tmp_path: Path) -> None:
    target = tmp_path / "etc" / "x y.conf"
    host_of(settings, LocalLink()).put(str(target), "größe = 1\n", mode=0o640, owner=ME)
    assert target.read_text() == "größe = 1\n"
    assert target.stat().st_mode & 0o7777 == 0o640
    assert [each.name for each in target.parent.iterdir()] == ["x y.conf"]


def test_a_put_that_arrives_cut_short_leaves_the_old_file(settings: Settings, tmp_path: Path) -> None:
    target = tmp_path / "x.conf"
    target.write_text("old\n")
    link = LocalLink()
    link.cut_stdin = 3
    with pytest.raises(CommandFailed, match=r"could not write .*/x\.conf: is the disk full\?"):
        host_of(settings, link).put(str(target), "new content\n", owner=ME)
    assert target.read_text() == "old\n"
    assert list(tmp_path.glob("x.conf*")) == [target]


def test_content_goes_in_by_stdin_and_never_into_a_command(settings: Settings, tmp_path: Path) -> None:
    link = LocalLink()
    host_of(settings, link).put(str(tmp_path / "x"), "password=sesame\n", mode=0o600, owner=ME)
    assert not any("sesame" in call for call in link.calls)


# ---- a dry host ----


CHANGES: Iterable[tuple[str, Callable[[Host], object]]] = (
    ("do", lambda host: host.do("touch /x")),
    ("put", lambda host: host.put("/x", "text")),
    ("execute", lambda host: Server(host, 3306, str, Secret("root-sesame-1")).execute("SET GLOBAL read_only = OFF")),
)


@pytest.mark.parametrize("change", [change for _, change in CHANGES], ids=[name for name, _ in CHANGES])
def test_a_dry_host_cannot_be_changed(settings: Settings, link: FakeLink, change: Callable[[Host], object]) -> None:
    host = host_of(settings, link, dry=True)
    assert isinstance(host, DryHost)
    with pytest.raises(ChangedInDryRun, match=r"master 192.168.152.128: a dry run wanted to change the host"):
        change(host)
    assert link.calls == []


def test_a_dry_host_answers_questions(settings: Settings, link: FakeLink) -> None:
    link.says("date", "now\n")
    assert host_of(settings, link, dry=True).ask("date") == "now\n"
