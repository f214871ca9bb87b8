"""What verify shows: good only when all is well, equal things told once, and no secret."""

import io
import json
from dataclasses import replace

import pytest
from pair_facts import DEAD, NO_VIP, TAKEN_OVER, facts
from rich.console import Console

from runbook.core.report import Report
from runbook.diagnosis.checks import NOT_CHECKED, Check, Status, not_checked, writes
from runbook.diagnosis.facts import Facts
from runbook.diagnosis.verdict import Kind
from runbook.operations.verify import Verification, concluded, conclusion, document, folded, show

OK = Check("master", "SSH", "OK", "answers")
BAD = Check("slave", "file /x", "FAIL", "mode is 644, not 764", "inv deploy-scripts", "deploy-scripts")
WROTE = Check("pair", writes.WRITE, "OK", "acknowledged by the master in 2 ms")


def verification(*checks: Check, found: Facts | None = None) -> Verification:
    return concluded(found or facts(), checks)


def test_good_is_healthy_and_no_check_failed() -> None:
    assert verification(OK, not_checked("slave", "lag", "unknown")).good
    assert not verification(OK, BAD).good
    assert not verification(OK, found=facts(DEAD, TAKEN_OVER)).good


def test_the_last_line_says_what_looking_changed() -> None:
    unclear = replace(WROTE, status="FAIL", found=f"{writes.NOT_ACKNOWLEDGED}: lost connection")
    assert verification(OK).changed == "nothing"
    assert verification(WROTE).changed == "the row with id 1 of runbook.heartbeat, and nothing else"
    assert verification(unclear).changed.startswith("at most the row")
    assert conclusion(verification(WROTE))[-1][0].endswith(f"{verification(WROTE).changed}.")


def test_a_pair_that_serves_with_a_failed_check_is_not_called_healthy() -> None:
    found = verification(OK, BAD)
    said = [text for text, _ in conclusion(found)]
    assert said[0] == (
        "\nThe pair serves: the master 192.168.152.128 holds the VIP and is open for writes; "
        "but 1 of 2 checks failed: file /x (slave)."
    )
    assert said[1] == "Next: Do what each FAIL above says; then: inv verify"
    assert "healthy" not in "".join(said)
    told = document(found, str)
    assert told["good"] is False
    assert isinstance(told["verdict"], dict)
    assert (told["verdict"]["kind"], told["verdict"]["healthy"]) == ("checks_failed", False)


def test_of_many_failed_checks_the_first_are_named() -> None:
    bad = [replace(BAD, name=f"file /{letter}", host=host) for letter in "abcd" for host in ("master", "pair")]
    sentence = verification(OK, *bad).verdict.sentence
    assert sentence.endswith("8 of 9 checks failed: file /a (master), file /a, file /b (master) and 5 more.")


def test_what_a_rule_finds_is_told_before_that_checks_failed() -> None:
    assert verification(OK, BAD, found=facts(NO_VIP, TAKEN_OVER)).verdict.kind is Kind.MASTER_BACK


@pytest.mark.parametrize(
    ("status", "served"), [("FAIL", False), ("WARN", True), ("OK", True)], ids=["nobody", "a host's alone", "ours"]
)
def test_a_pair_is_said_to_serve_reads_unless_our_own_client_was_turned_away(status: Status, served: bool) -> None:
    client = Check("pair", writes.CLIENT, status, "192.168.152.130:3306 does not answer")
    for found in (facts(), facts(NO_VIP, TAKEN_OVER), facts(DEAD, TAKEN_OVER)):
        sentence = verification(client, found=found).verdict.sentence
        assert ("does not serve verify's own client (192.168.152.130:3306 does not answer)" in sentence) is not served
        assert ("serves reads" in sentence or "healthy" in sentence) is served


def test_what_is_wrong_comes_with_the_next_step() -> None:
    said = [text for text, _ in conclusion(verification(OK, found=facts(NO_VIP, TAKEN_OVER)))]
    assert said[1] == "Next: inv failback"


def test_what_is_equal_on_both_hosts_is_told_once() -> None:
    (line,) = folded([OK, replace(OK, host="slave")])
    assert (line.host, line.title, line.found) == ("both", "SSH", "answers")


def test_a_topic_is_one_line_until_something_in_it_fails() -> None:
    right = [replace(BAD, name=f"file /{n}", status="OK", found="as wanted", todo="") for n in "ab"]
    (line,) = folded(right)
    assert (line.title, line.found) == ("deploy-scripts", "file /a, file /b")
    good, bad = folded([*right, BAD])
    assert (good.status, bad.status) == ("OK", "FAIL")
    assert (bad.found, bad.todo) == ("file /x: mode is 644, not 764", "inv deploy-scripts")


def test_what_was_not_checked_comes_last_by_reason() -> None:
    unasked = [not_checked("slave", name, "mysqld hangs") for name in ("lag", "GTID")]
    *_, last = folded([*unasked, OK, BAD])
    assert (last.title, last.found) == (NOT_CHECKED, "lag, GTID: mysqld hangs")


def shown(found: Verification, *, as_json: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, highlight=False, soft_wrap=True)
    show(found, Report(lambda text: text.replace("sesame", "***"), as_json=as_json, console=console))
    return out.getvalue()


@pytest.mark.parametrize("as_json", [False, True])
def test_no_secret_is_shown(as_json: bool) -> None:
    leak = replace(BAD, found="error near 'sesame'", todo="not sesame")
    text = shown(verification(leak), as_json=as_json)
    assert "***" in text and "sesame" not in text


def test_machines_get_one_document_with_verdict_and_checks() -> None:
    found = verification(OK, BAD, found=facts(NO_VIP, TAKEN_OVER))
    parsed = json.loads(shown(found, as_json=True))
    assert parsed == document(found, str)
    assert (parsed["good"], parsed["verdict"]["kind"]) == (False, "master_back")
    assert [check["status"] for check in parsed["checks"]] == ["OK", "FAIL"]


def test_markup_in_what_was_found_is_text() -> None:
    assert "[bold]x[/bold]" in shown(verification(replace(OK, found="[bold]x[/bold]")), as_json=False)
