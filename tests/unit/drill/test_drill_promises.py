"""What was measured, judged: promises kept and broken, and how an operator reads of them."""

import json
from dataclasses import asdict, replace

import pytest
from drill_results import FENCED, HOME, KEPT, NO_TAKEOVER, PARTITION, RESULT, SAME, TAKEOVER

from runbook.diagnosis.verdict import Kind, Verdict
from runbook.drill import summary
from runbook.drill.frame.fencing import Attempts
from runbook.drill.frame.findings import findings
from runbook.drill.frame.promises import broken_promises, promises
from runbook.drill.frame.result import Result


def test_no_figure_within_its_bound_is_a_broken_promise() -> None:
    within = replace(
        RESULT,
        takeover=replace(TAKEOVER, vip_gone_seconds=TAKEOVER.vip_seconds + 0.7),
        fencing=replace(FENCED, master_looks=9, open_without_vip_seconds=FENCED.open_allowed_seconds),
    )
    assert broken_promises(within) == []
    text = "\n".join(summary.lines("a fault", within))
    assert "both hosts held the VIP for 0.700 s" in text
    assert "9 looks, open for writes for 3.00 s" in text


def test_what_healed_the_fault_stands_in_the_timeline() -> None:
    healed_at = replace(RESULT, undone="mysqld is awake again", healed_seconds=4.2)
    assert "   +4.200  mysqld is awake again" in list(summary.lines("a fault", healed_at))


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (replace(RESULT, ledger=replace(KEPT, unwanted=((0, 3),))), "refused or never sent"),
        (replace(RESULT, takeover=replace(TAKEOVER, writes_on_slave=1)), "the slave acknowledged 1 writes"),
        (replace(RESULT, slave_transactions="b0b:1-3"), "transactions of its own: b0b:1-3"),
        (replace(RESULT, verdict=Verdict(Kind.SLAVE_WRITABLE, "DANGER", "close it")), "DANGER"),
        (replace(RESULT, expected=Kind.MASTER_BACK), "The pair is failed over."),
        (replace(RESULT, unrecovered="keepalived did not come back"), "keepalived did not come back"),
        (replace(RESULT, fencing=replace(FENCED, slave_open_looks=2)), "the slave was open for writes (2 of 70 looks)"),
        (replace(RESULT, fencing=replace(FENCED, open_without_vip_seconds=3.2)), "3.2 s without the VIP"),
        (
            replace(RESULT, fencing=replace(FENCED, intrusions={"root": Attempts(refused=12, accepted=2)})),
            "the slave accepted 2 of root's 14 writes",
        ),
        (replace(RESULT, takeover=None, missed="waited 33 s in vain for: the VIP"), "in vain for: the VIP"),
        (replace(HOME, home_seconds=None), "no write was acknowledged after the heal"),
        (replace(HOME, partition=replace(PARTITION, master_closed_looks=3)), "the master was closed in 3 of 300 looks"),
        (replace(HOME, partition=replace(PARTITION, one_vip_seconds=3.1)), "after they saw each other again"),
        (replace(HOME, partition=replace(PARTITION, one_vip_seconds=None)), "after they saw each other again"),
        (replace(HOME, comparison=replace(SAME, rows_apart=((2, 7),))), "on one server only (writer, seq): ((2, 7),)"),
        (replace(HOME, comparison=replace(SAME, vip_on=("master", "slave"))), "the VIP is on master and slave"),
        (replace(HOME, comparison=replace(SAME, vip_on=())), "the VIP is on no host"),
        (
            replace(HOME, comparison=replace(SAME, lacking={"master": "b0b:1", "slave": ""})),
            "the master lacks transactions that the other has: b0b:1",
        ),
        (
            replace(HOME, comparison=replace(SAME, audits={"master": replace(KEPT, missing=((0, 1),)), "slave": KEPT})),
            "LOST: 1 acknowledged writes are not on the master",
        ),
        (replace(RESULT, takeover=replace(TAKEOVER, vip_gone_seconds=2.084)), "both hosts held the VIP for 2.0 s"),
    ],
)
def test_every_broken_promise_is_named(result: Result, words: str) -> None:
    (promise,) = broken_promises(result)
    assert words in promise
    assert [score.breach for score in findings("a fault", result, None, None).scorecard if score.met is False] == [
        promise
    ]
    assert any(line.startswith("BROKEN") and words in line for line in summary.lines("a fault", result))


NOBODY_LOOKED = {
    "The slave is never open for writes": replace(RESULT, fencing=replace(FENCED, slave_looks=0)),
    "A master without the VIP is closed": replace(RESULT, fencing=replace(FENCED, master_looks=0)),
    "No acknowledged write is lost": replace(RESULT, ledger=replace(KEPT, acknowledged=0, kept=0)),
    "One host holds the VIP": replace(RESULT, takeover=replace(TAKEOVER, vip_gone_seconds=None)),
    "The master stays the one writer": replace(HOME, partition=replace(PARTITION, master_looks=0)),
}


@pytest.mark.parametrize(("promise", "result"), NOBODY_LOOKED.items(), ids=NOBODY_LOOKED)
def test_a_promise_that_nobody_saw_kept_is_not_called_so(promise: str, result: Result) -> None:
    (score,) = [each for each in promises(result) if each.promise == promise]
    assert score.met is None and score.measured.startswith("not known: ")
    assert broken_promises(result) == [], "nor broken"


def test_what_was_seen_broken_is_known() -> None:
    lost = replace(RESULT, ledger=replace(KEPT, acknowledged=0, kept=0, missing=((0, 1),)))
    assert [score.met for score in promises(lost) if score.promise == "No acknowledged write is lost"] == [False]


def test_the_summary_tells_the_story_in_its_order() -> None:
    lines = list(summary.lines("SIGKILL for mysqld on the master", RESULT))
    assert lines[1:8] == [
        "   -0.012  the last write acknowledged by the master",
        "   +0.000  SIGKILL for mysqld on the master",
        "   +0.071  the VIP is gone from the master",
        "   +0.084  the VIP is on the slave",
        "   +0.118  reads through the VIP again, answered by the slave",
        "   +0.119  the first write refused by the slave",
        "   +0.250  reads again for a client that was connected before",
    ]
    text = "\n".join(lines)
    assert TAKEOVER.refusal in text
    assert "0.13 s without any" in text
    assert "44 writes acknowledged, 44 on the slave, 0 lost" in text
    assert "1 writes never answered, 0 of them on the slave" in text
    assert "acknowledged no write and made no transaction of its own" in text
    assert "BROKEN" not in text


def test_a_pair_that_came_home_by_itself_says_when_and_that_both_servers_are_the_same() -> None:
    assert broken_promises(HOME) == []
    lines = list(
        summary.lines("a power cut of both hosts", replace(HOME, undone="both are booted", partition=PARTITION))
    )
    assert lines[1:5] == [
        "   +0.000  a power cut of both hosts",
        "   +0.700  the VIP is on the slave too",
        "   +1.500  both are booted",
        "   +1.900  the slave let go of the VIP",
    ]
    text = "\n".join(lines)
    assert "   +4.000  the first write acknowledged after that" in text
    assert "12 acknowledged by the master while both had the VIP" in text
    assert "all 44 acknowledged writes are on both servers" in text
    assert "BROKEN" not in text


def test_the_result_is_a_json_document() -> None:
    document = json.loads(json.dumps(RESULT.as_dict()))
    assert document["takeover"]["vip_seconds"] == TAKEOVER.vip_seconds
    assert document["ledger"]["missing"] == []
    assert document["verdict"]["kind"] == "failed_over"


def test_the_scorecard_has_the_figures_of_each_course() -> None:
    took_over = findings("a fault", replace(RESULT, relay_seconds=4.3), 0.3, 0.5)
    relay = {score.promise: score for score in took_over.scorecard}["All that the slave had received is applied"]
    assert (relay.seconds, relay.met) == (4.3, True)
    came_home = findings("a fault", replace(HOME, partition=PARTITION), None, None)
    scores = {score.promise: score for score in came_home.scorecard}
    assert scores["Writes are acknowledged after the heal"].seconds == HOME.home_seconds
    assert scores["The master stays the one writer"].met
    assert scores["One host holds the VIP after the heal"].met
    assert "The VIP is on the slave" not in scores
    assert not [score.promise for score in came_home.scorecard if score.breach]
    assert "came home by itself, writes 2.50 s after the heal" in came_home.headline


def test_readers_of_reports_find_the_figures_under_the_names_that_they_know() -> None:
    told = replace(HOME, partition=PARTITION, no_takeover=NO_TAKEOVER).as_dict()
    assert list(told) == [
        *("run", "takeover", "ledger", "slave_transactions", "fencing", "undone", "healed_seconds", "verdict"),
        *("expected", "unrecovered", "missed", "split", "steady", "home_seconds", "relay_seconds", "books"),
    ]
    assert told["fencing"]["trespasses"] == {"root": {"refused": 14, "accepted": 0}}
    assert told["books"]["audits"]["master"] == asdict(KEPT)
