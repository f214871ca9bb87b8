"""What becomes of a drill's observations: the JSON document that machines and the page are given."""

import json
import re

import pytest
from drill_record import MASTER, READ_ONLY, attempt, findings, recorded, traffic

from runbook.drill.report.record import Document, document, masked
from runbook.drill.report.reduction import rates, spans, step_for
from runbook.errors import HostError
from runbook.observe.recorder import Recorder
from runbook.observe.scorecard import kept
from runbook.settings.settings import Settings

KEYS = [
    *("schema", "drill", "started", "fault_at", "seconds", "by", "pair", "verdict", "headline", "afterwards"),
    *("broken_promises", "error", "scorecard", "timeline", "ledger", "refusal"),
    *("watched", "rates", "vip", "writable", "lag", "close_ups", "environment", "figures"),
]


@pytest.fixture
def recorder(settings: Settings) -> Recorder:
    return recorded(settings)


def reduced(recorder: Recorder, settings: Settings) -> Document:
    """As it is read back from its file."""
    return json.loads(json.dumps(document(recorder, settings, "lab pair", "root@here")))


@pytest.fixture
def record(recorder: Recorder, settings: Settings) -> Document:
    return reduced(recorder, settings)


def test_the_document_has_the_shape_that_its_schema_promises(record: Document) -> None:
    """A change here wants a new number of schema, or only adds."""
    assert record["schema"] == 1
    assert list(record) == KEYS
    assert list(record["scorecard"][0]) == ["promise", "target", "measured", "met", "seconds", "target_seconds"]
    assert list(record["timeline"][0]) == ["at", "kind", "what"]
    assert list(record["ledger"]) == ["acknowledged", "kept", "lost", "unanswered", "unanswered_kept", "unwanted"]
    assert list(record["rates"]) == ["from", "step", "reads", "writes"]
    assert list(record["close_ups"][0]) == ["title", "from", "to", "attempts"]
    assert list(record["rates"]["reads"]) == ["master", "slave", "refused", "failed"]


def test_a_promise_told_again_replaces_what_was_told(recorder: Recorder, settings: Settings) -> None:
    recorder.score(kept("No acknowledged write is lost", "0", "3 of 44", "LOST: 3 acknowledged writes"))
    found = {each["promise"]: each["measured"] for each in reduced(recorder, settings)["scorecard"]}
    assert list(found) == ["The VIP is on the slave", "No acknowledged write is lost", "Failback: writes again"]
    assert found["No acknowledged write is lost"] == "3 of 44"


def test_times_count_from_the_fault_and_begin_in_utc(record: Document) -> None:
    assert record["started"] == "2026-11-22T19:40:12Z"
    assert record["fault_at"] == "2026-11-22T19:40:14Z"
    assert record["watched"] == [[-1.0, 3.0], [9.0, 12.0]]
    assert [(each["at"], each["kind"]) for each in record["timeline"]] == [
        (0.0, "fault"),
        (0.15, "takeover"),
        (0.21, "reads"),
        (10.0, "failback"),
        (10.1, "takeover"),
    ]


def test_rates_are_told_by_what_came_of_the_attempts(record: Document) -> None:
    found, step = record["rates"], record["rates"]["step"]

    def at(seconds: float, kind: str) -> dict[str, float | None]:
        return {name: values[int((seconds - found["from"]) / step)] for name, values in found[kind].items()}

    assert at(-0.6, "writes") == {"master": 20.0, "slave": 0.0, "refused": 0.0, "failed": 0.0}
    assert at(2.0, "reads") == {"master": 0.0, "slave": 20.0, "refused": 0.0, "failed": 0.0}
    assert at(2.0, "writes") == {"master": 0.0, "slave": 0.0, "refused": 20.0, "failed": 0.0}
    assert at(0.1, "reads")["failed"]
    assert set(at(6.0, "reads").values()) == {None}
    assert at(11.0, "writes")["master"] == 20.0


def test_every_attempt_is_in_the_rates_once(settings: Settings) -> None:
    seen = [*traffic(0.0, 7.3, MASTER), attempt(7.2, "write", 2, code=READ_ONLY), attempt(7.3, "read", None)]
    found = rates(seen, {1: "master", 2: "slave"}, [(0.0, 7.5)], 0.0)
    counted = {
        (kind, name): sum(rate * found["step"] for rate in values)
        for kind in ("reads", "writes")
        for name, values in found[kind].items()  # type: ignore[attr-defined]
    }
    assert counted["reads", "master"] == counted["writes", "master"] == 146
    assert counted["writes", "refused"] == counted["reads", "failed"] == 1


def test_a_long_drill_has_wider_bins_and_no_more_of_them() -> None:
    assert [step_for(seconds) for seconds in (1, 40, 41, 300, 3600)] == [0.25, 0.25, 0.5, 2.0, 30.0]


def test_who_had_the_vip_and_who_took_writes(record: Document) -> None:
    assert record["vip"] == {
        "master": [[-1.0, 0.1, "here"], [0.1, 3.0, "gone"], [9.0, 10.1, "gone"], [10.1, 12.0, "here"]],
        "slave": [[-1.0, 0.15, "gone"], [0.15, 3.0, "here"], [9.0, 10.0, "here"], [10.0, 12.0, "gone"]],
    }
    assert [span[2] for span in record["writable"]["master"]] == ["open", "silent", "closed", "open"]
    assert {span[2] for span in record["writable"]["slave"]} == {"closed"}


def test_a_host_that_is_not_heard_any_more_is_unknown(recorder: Recorder, settings: Settings) -> None:
    watch = recorder.periods[0].vip["master"]
    watch._changes[:], watch.heard_at = [(98.9, True)], 100.0
    assert reduced(recorder, settings)["vip"]["master"][:2] == [[-1.0, 1.0, "here"], [1.0, 3.0, "unknown"]]


def test_a_host_that_was_silent_for_a_while_is_unknown_meanwhile(recorder: Recorder, settings: Settings) -> None:
    watch = recorder.periods[0].vip["master"]
    watch._changes[:], watch.silences, watch.heard_at = [(98.9, True), (102.9, False)], [(99.5, 102.5)], 103.0
    assert reduced(recorder, settings)["vip"]["master"][:4] == [
        [-1.0, 0.5, "here"],
        [0.5, 2.5, "unknown"],
        [2.5, 2.9, "here"],
        [2.9, 3.0, "gone"],
    ]


def test_spans_of_the_same_state_are_one() -> None:
    points = [(-5.0, "a"), (1.0, "a"), (2.0, "b"), (2.5, "b"), (3.0, "a")]
    assert spans(points, 0.0, 4.0, 0.0) == [[0.0, 2.0, "a"], [2.0, 3.0, "b"], [3.0, 4.0, "a"]]
    assert spans([], 0.0, 4.0, 0.0) == []


def test_lag_is_the_age_of_the_oldest_acknowledged_row_that_the_slave_lacks(record: Document) -> None:
    at_ten, at_eighteen, at_twenty = record["lag"][:3]
    assert at_ten == [-0.5, 0.0, 0]
    assert at_eighteen == [0.5, pytest.approx(0.589), 2]
    assert at_twenty == [1.0, 0.0, 0]


def test_close_ups_have_every_attempt_around_fault_and_failback(record: Document) -> None:
    fault, failback = record["close_ups"]
    assert (fault["title"], failback["title"]) == (
        "SIGKILL for mysqld on the master",
        "the slave is told to let the VIP go",
    )
    assert fault["from"] == -0.5 and 1 < fault["to"] <= 3.0
    assert len(fault["attempts"]["reads"]["master"]) == 10
    assert len(fault["attempts"]["writes"]["failed"]) == 4
    assert failback["attempts"]["writes"]["refused"][-1] < 10.0 < failback["attempts"]["writes"]["master"][0]


@pytest.mark.parametrize(
    ("concluded", "error", "verdict"),
    [
        (findings(), None, "passed"),
        (findings(vip_seconds=0.31), None, "late"),
        (findings(lost=1), None, "failed"),
        (findings(), HostError("master", "is gone"), "failed"),
        (findings(), KeyboardInterrupt(), "cut off"),
        (findings(lost=1), KeyboardInterrupt(), "failed"),
        (None, HostError("master", "is gone"), "failed"),
        (None, KeyboardInterrupt(), "cut off"),
    ],
)
def test_the_verdict(
    recorder: Recorder, settings: Settings, concluded: object, error: BaseException | None, verdict: str
) -> None:
    recorder.findings, recorder.error = concluded, error  # type: ignore[assignment]
    assert reduced(recorder, settings)["verdict"] == verdict


def test_a_drill_that_was_cut_off_tells_what_was_seen(recorder: Recorder, settings: Settings) -> None:
    del recorder.periods[1:], recorder.marks[1:]
    recorder.findings, recorder.error = None, KeyboardInterrupt()
    recorder.periods[0].until = None
    record = reduced(recorder, settings)
    assert [(each["at"], each["what"]) for each in record["timeline"]] == [
        (0.0, "SIGKILL for mysqld on the master"),
        (0.1, "the VIP is gone from the master"),
        (0.15, "the VIP is on the slave"),
        (pytest.approx(0.211), "the first write refused"),
    ]
    assert "interrupted" in record["headline"]
    assert record["ledger"] is None


def test_a_drill_that_never_saw_its_traffic_flow_has_a_record(settings: Settings) -> None:
    recorder = Recorder("kill-master")
    recorder.error = HostError("master", "is gone")
    record = reduced(recorder, settings)
    assert (record["rates"], record["close_ups"], record["timeline"]) == (None, [], [])
    assert "master: is gone" in record["headline"]


def test_no_secret_in_any_text(recorder: Recorder, settings: Settings) -> None:
    recorder.error = HostError("master", "login with sesame failed")
    recorder.environment = {"hosts": {"master": {"server": "sesame"}}, "list": ["sesame"]}
    found = masked(document(recorder, settings, "lab", "root"), lambda text: re.sub("sesame", "***", text))
    assert "sesame" not in json.dumps(found)
    assert found["error"] == "master: login with *** failed"
    assert found["environment"] == {"hosts": {"master": {"server": "***"}}, "list": ["***"]}
