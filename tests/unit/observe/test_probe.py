"""What the drill's client makes of a server that serves, refuses, breaks off or is gone."""

from collections.abc import Callable

import pytest
from fake_vip import BROKEN_OFF, READ_ONLY, UNREACHABLE, Vip

from runbook.core.wait import DeadlinePassed, until
from runbook.observe import probe as module
from runbook.observe.probe import CONNECTED, CONNECTING, KINDS, Observation, Probe, longest_gap


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACE_SECONDS", 0.002)


@pytest.fixture
def vip() -> Vip:
    return Vip()


def soon(what: str, is_so: Callable[[], bool]) -> None:
    until(what, 5, is_so, pause=0.002)


def found(probe: Probe, vip: Vip) -> list[tuple[int, int]]:
    return [(writer, seq) for run, writer, seq in vip.rows if run == probe.run]


def test_reads_and_writes_flow_on_new_and_on_lasting_connections(vip: Vip) -> None:
    with Probe(vip.connect) as probe:
        probe.wait_for_flow()
    assert {(each.kind, each.lasting) for each in probe.observations if each.ok} == {
        (kind, lasting) for kind in KINDS for lasting in (False, True)
    }
    assert {each.server_id for each in probe.observations} == {1}
    audit = probe.ledger.audit(found(probe, vip))
    assert audit.kept == audit.acknowledged == len(vip.rows) > 0
    assert audit.unanswered == 0
    assert {writer for writer, _ in found(probe, vip)} == {*CONNECTING, *CONNECTED}


def test_nothing_is_sent_any_more_when_it_has_stopped(vip: Vip) -> None:
    with Probe(vip.connect) as probe:
        probe.wait_for_flow()
    logins, rows = vip.logins, len(vip.rows)
    assert len(probe.observations) >= rows
    with pytest.raises(DeadlinePassed):
        until("another login", 0.05, lambda: (vip.logins, len(vip.rows)) != (logins, rows), pause=0.002)


def test_a_refusal_is_noted_with_the_servers_own_words_and_its_row_is_not_expected(vip: Vip) -> None:
    vip.write, vip.server_id = READ_ONLY, 2
    with Probe(vip.connect) as probe:
        soon("refusals", lambda: len(list(probe.seen("write", refused=True, server_id=2, lasting=True))) > 2)
    refusal = next(probe.seen("write", refused=True))
    assert (refusal.code, refusal.error, refusal.ok) == (1290, READ_ONLY.args[1], False)
    assert probe.ledger.audit([]) == probe.ledger.audit(found(probe, vip))
    assert probe.ledger.audit([]).acknowledged == probe.ledger.audit([]).unanswered == 0


def test_a_lasting_connection_stays_when_a_write_is_refused(vip: Vip) -> None:
    vip.write = READ_ONLY
    with Probe(vip.connect) as probe:
        soon("refusals", lambda: len(list(probe.seen("write", refused=True, lasting=True))) > 5)
    attempts = len([each for each in probe.observations if not each.lasting])
    assert vip.logins == attempts + len(KINDS) * len(CONNECTED)


def test_a_write_that_broke_off_is_neither_acknowledged_nor_refused(vip: Vip) -> None:
    vip.write = BROKEN_OFF
    with Probe(vip.connect) as probe:
        soon("broken writes", lambda: len(list(probe.seen("write", ok=False))) > 2)
        soon("one of them by the first client", lambda: probe.ledger.audit([(0, 1)]).unanswered_kept == 1)
    audit = probe.ledger.audit([(0, 1)])
    assert audit.acknowledged == 0
    assert audit.unanswered >= 3
    assert audit.unanswered_kept == 1
    assert audit.unwanted == ()


def test_a_write_whose_login_failed_was_never_sent(vip: Vip) -> None:
    vip.login = UNREACHABLE
    with Probe(vip.connect) as probe:
        soon("failures", lambda: len(list(probe.seen("write", ok=False))) > 2)
    assert probe.ledger.audit([]).unanswered == 0
    assert {each.server_id for each in probe.observations} == {None}


def test_a_lasting_connection_that_broke_is_opened_again_to_whoever_is_there(vip: Vip) -> None:
    with Probe(vip.connect) as probe:
        probe.wait_for_flow()
        vip.server_id = 2
        soon("reads from the other", lambda: any(probe.seen("read", ok=True, lasting=True, server_id=2)))
    first = next(probe.seen("read", ok=True, lasting=True, server_id=2))
    assert any(probe.seen("read", ok=False, lasting=True))
    assert all(each.server_id == 2 for each in probe.seen("read", ok=True, lasting=True, since=first.at))


def test_what_it_waited_for_is_named_with_the_last_failure(vip: Vip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FLOW_SECONDS", 0.1)
    vip.login = UNREACHABLE
    with Probe(vip.connect) as probe, pytest.raises(DeadlinePassed) as passed:
        probe.wait_for_flow()
    assert "reads and writes flowing through the VIP" in str(passed.value)
    assert UNREACHABLE.args[1] in str(passed.value)


def test_a_bug_in_a_thread_comes_out(vip: Vip) -> None:
    vip.broken = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError), Probe(vip.connect) as probe:
        soon("attempts", lambda: vip.logins > 2)
        assert probe.observations == []


def test_the_first_write_after_a_moment(vip: Vip) -> None:
    probe = Probe(vip.connect)
    probe._observations += [
        Observation(1.0, "write", False, ok=True),
        Observation(2.5, "write", False, ok=False, code=1290),
        Observation(2.6, "read", False, ok=True),
        Observation(3.5, "write", True, ok=True),
    ]
    assert probe.first_write_after(2.0, deadline=1) == 1.5
    assert probe.first_write_after(4.0, deadline=0.01) is None


def test_writes_stand_still_between_two_acknowledged_ones(vip: Vip) -> None:
    probe = Probe(vip.connect)
    probe._observations += [
        Observation(at, "write", False, ok=ok) for at, ok in ((1.0, True), (1.5, False), (3.0, True), (3.2, True))
    ]
    assert probe.write_standstill(0.5, 3.5) == 2.0
    assert probe.longest_gap("read", 0.5, 3.5) == 3.0


@pytest.mark.parametrize(
    ("moments", "gap"),
    [
        ((), 10.0),
        ((5.0,), 5.0),
        ((1.0, 2.0, 9.5), 7.5),
        ((9.5, 1.0, 2.0), 7.5),
        ((-3.0, 4.0, 12.0), 6.0),
        ((8.0,), 8.0),
    ],
)
def test_the_longest_gap_has_the_windows_ends_as_bounds(moments: tuple[float, ...], gap: float) -> None:
    assert longest_gap(moments, 0.0, 10.0) == gap
