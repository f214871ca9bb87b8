"""The one loop: read, change only what differs, read again."""

from dataclasses import dataclass, field

import pytest
from fake import FakeLink, host_of, link_of

from runbook.core.host import Host
from runbook.core.step import (
    Change,
    Condition,
    Gap,
    NotConverged,
    NotReady,
    Outcome,
    State,
    Step,
    ensure,
    foresee,
    gap_between,
)
from runbook.errors import BadInput, RunbookError
from runbook.settings.settings import Settings


@dataclass
class Dial(Step):
    """A step over a dictionary that stands for the host."""

    now: dict[str, object]
    wanted: dict[str, object]
    turns: bool = True
    gaps: list[Gap] = field(default_factory=list)
    reads: int = 0

    name = "dial"

    def want(self) -> State:
        return self.wanted

    def read(self, host: Host) -> State:
        self.reads += 1
        return dict(self.now)

    def fix(self, host: Host, gap: Gap) -> None:
        self.gaps.append(gap)
        if self.turns:
            self.now |= {change.fact: change.want for change in gap}


class Unreadable(Dial):
    def read(self, host: Host) -> State:
        raise NotReady("the package is not installed yet")


@pytest.fixture
def host(settings: Settings) -> Host:
    return host_of(settings, FakeLink())


@pytest.fixture
def dry_host(settings: Settings) -> Host:
    return host_of(settings, FakeLink(), dry=True)


def test_what_is_so_already_is_read_once_and_left_alone(host: Host) -> None:
    step = Dial({"colour": "red", "size": 3}, {"colour": "red"})
    assert ensure(host, step) == Outcome("master", "dial", "ok")
    assert step.gaps == []
    assert step.reads == 1


def test_only_the_facts_that_differ_are_changed_and_then_read_again(host: Host) -> None:
    step = Dial({"colour": "red", "size": 3}, {"colour": "red", "size": 4, "shape": "round"})
    outcome = ensure(host, step)
    assert outcome.status == "changed"
    assert outcome.gap == step.gaps[0] == [Change("size", 3, 4), Change("shape", None, "round")]
    assert step.reads == 2
    assert ensure(host, step).status == "ok"


class Lamp(Step):
    """A step that asks its host."""

    name = "lamp"

    def questions(self) -> list[str]:
        return ["lamp"]

    def want(self) -> State:
        return {"lamp": "on"}

    def read(self, host: Host) -> State:
        return {"lamp": host.ask("lamp")}

    def fix(self, host: Host, gap: Gap) -> None:
        host.do("switch")


def test_after_a_change_the_next_items_questions_share_the_second_reading(host: Host) -> None:
    link = host.link
    assert isinstance(link, FakeLink)
    link.says("lamp", "off")
    link.says("heating", "cold")
    link.takes("switch", lambda: (link.says("lamp", "on"), link.says("heating", "warm")))
    assert ensure(host, Lamp(), ["heating"]).status == "changed"
    assert len(link.calls) == 3
    assert host.ask("heating") == "warm"
    assert len(link.calls) == 3


def test_a_change_that_does_not_take_fails_and_names_each_fact_left(host: Host) -> None:
    step = Dial({"colour": "red", "size": 3}, {"colour": "blue", "size": 4}, turns=False)
    with pytest.raises(NotConverged) as caught:
        ensure(host, step)
    told = str(caught.value)
    assert told.startswith("master 192.168.152.128: dial")
    assert "colour: is 'red', wanted 'blue'" in told
    assert "size: is 3, wanted 4" in told
    assert caught.value.exit_code == 1


def test_a_wanted_absence_is_met_by_a_fact_that_is_not_there() -> None:
    assert gap_between({}, {"missing tables": None}) == []
    assert gap_between({"missing tables": "t"}, {"missing tables": None}) == [Change("missing tables", "t", None)]


def test_a_dry_run_tells_what_would_change_and_does_not_change_it(dry_host: Host) -> None:
    step = Dial({"size": 3}, {"size": 4})
    outcome = ensure(dry_host, step)
    assert outcome == Outcome("master", "dial", "would change", [Change("size", 3, 4)])
    assert outcome.is_drift
    assert step.gaps == []


def test_a_dry_run_waits_for_what_cannot_be_read_yet(dry_host: Host) -> None:
    outcome = ensure(dry_host, Unreadable({}, {"size": 4}))
    assert outcome.status == "waits"
    assert outcome.note == "the package is not installed yet"
    assert outcome.is_drift


def test_a_real_run_fails_on_what_cannot_be_read(host: Host) -> None:
    with pytest.raises(NotReady, match="the package is not installed yet"):
        ensure(host, Unreadable({}, {"size": 4}))


def test_a_want_that_cannot_be_told_yet_waits_too(dry_host: Host) -> None:
    class Undecided(Dial):
        def want(self) -> State:
            raise NotReady("the master's series is not known yet")

    assert ensure(dry_host, Undecided({}, {})).status == "waits"


@pytest.mark.parametrize("status", ["ok", "changed", "failed"])
def test_what_is_done_is_no_drift(status: str) -> None:
    assert not Outcome("master", "dial", status).is_drift  # type: ignore[arg-type]


def test_the_questions_of_several_steps_share_one_round_trip(host: Host) -> None:
    class Asking(Dial):
        def questions(self) -> list[str]:
            return [str(question) for question in self.now["questions"]]  # type: ignore[attr-defined]

    link = link_of(host)
    link.says("echo a", "a\n")
    link.says("echo b", "b\n")
    one, other = Asking({"questions": ["echo a"]}, {}), Asking({"questions": ["echo b", "echo a"]}, {})
    foresee(host, [one, Dial({}, {}), other])
    assert (host.ask("echo a"), host.ask("echo b")) == ("a\n", "b\n")
    assert len(link.calls) == 1


# ---- what is refused ----


class Locked(Dial):
    """A dial that nobody may turn."""

    error = BadInput

    def refusal(self, host: Host, gap: Gap) -> str | None:
        return f"{host}: it is locked\nFind the key."


class Daylight(Condition):
    """So, or not ours to bring about."""

    name = "daylight"

    def __init__(self, why: str | None) -> None:
        self.why = why

    def reason(self, host: Host) -> str | None:
        if self.why == "unknown":
            raise NotReady("the window comes with the wall")
        return self.why


def test_a_refusal_is_raised_before_anything_is_fixed(host: Host) -> None:
    step = Locked({"size": 3}, {"size": 4})
    with pytest.raises(BadInput, match="it is locked\nFind the key"):
        ensure(host, step)
    assert step.gaps == []


def test_without_a_gap_nothing_is_refused(host: Host) -> None:
    assert ensure(host, Locked({"size": 4}, {"size": 4})).status == "ok"


def test_a_dry_run_tells_the_refusal_with_its_gap(dry_host: Host) -> None:
    step = Locked({"size": 3}, {"size": 4})
    outcome = ensure(dry_host, step)
    assert (outcome.status, outcome.gap) == ("refused", [Change("size", 3, 4)])
    assert outcome.note.endswith("it is locked\nFind the key.")
    assert not outcome.is_drift


def test_a_condition_is_met_or_refused(host: Host, dry_host: Host) -> None:
    assert ensure(host, Daylight(None)) == Outcome("master", "daylight", "ok")
    with pytest.raises(RunbookError, match="night"):
        ensure(host, Daylight("it is night\nWait."))
    assert ensure(dry_host, Daylight("it is night")) == Outcome("master", "daylight", "refused", note="it is night")


def test_a_condition_that_cannot_be_told_yet_waits_in_a_dry_run_only(host: Host, dry_host: Host) -> None:
    assert ensure(dry_host, Daylight("unknown")).status == "waits"
    with pytest.raises(NotReady):
        ensure(host, Daylight("unknown"))


def test_a_step_and_a_condition_ask_no_server_and_nothing_beforehand_unless_they_say_so() -> None:
    for item in (Dial({}, {}), Daylight(None)):
        assert item.servers == frozenset()
        assert list(item.questions()) == []
