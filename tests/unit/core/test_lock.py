"""One operator at a time: the lock on each host, by real processes on this machine."""

import getpass
import os
import re
import shlex
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake import Clock, FakeLink, LocalLink, PipeChannel, host_of

from runbook.core import lock, question
from runbook.core.host import WHO_QUESTION, ChangedInDryRun, Host
from runbook.core.lock import HostLock, Locked
from runbook.core.ssh import Ran
from runbook.errors import BadInput, HostError
from runbook.pair.pair import Pair
from runbook.settings.settings import Node, Settings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "run" / "mysql-runbook.lock"
    monkeypatch.setattr(lock, "RUN", str(path.parent))
    monkeypatch.setattr(lock, "OPERATOR_LOCK", str(path))
    return path


@pytest.fixture
def link(file: Path) -> Iterator[LocalLink]:
    link = LocalLink()
    yield link
    link.close()


def test_a_free_lock_is_taken_and_says_by_whom(settings: Settings, link: LocalLink, file: Path) -> None:
    mine = HostLock(host_of(settings, link), "bootstrap")
    assert mine.take() is None
    written = file.read_text()
    assert f"(pid {os.getpid()}) runs bootstrap since 20" in written
    mine.release()
    assert file.read_text() == ""


def test_the_second_is_told_who_holds_it_and_since_when(settings: Settings, link: LocalLink, file: Path) -> None:
    host = host_of(settings, link)
    first = HostLock(host, "bootstrap")
    first.take()
    with pytest.raises(Locked) as caught:
        HostLock(host, "failback").take()
    told = str(caught.value)
    assert "master 192.168.152.128: another run holds the pair" in told
    assert file.read_text().strip() in told
    assert f"within {lock.SILENCE_SECONDS} s" in told
    first.release()
    second = HostLock(host, "failback")
    assert second.take() is None
    second.release()


def test_what_a_dead_run_left_is_recognised_and_cleared(settings: Settings, link: LocalLink) -> None:
    host = host_of(settings, link)
    dead = HostLock(host, "bootstrap")
    dead.take()
    link.processes[0].die()
    next_run = HostLock(host, "failback")
    left = next_run.take()
    assert left is not None
    assert "runs bootstrap since" in left
    next_run.release()
    dead.release()


def test_a_lock_whose_connection_broke_ends_by_itself(settings: Settings, link: LocalLink) -> None:
    host = host_of(settings, link)
    HostLock(host, "bootstrap").take()
    link.processes[0].close()
    after = HostLock(host, "failback")
    assert after.take() is None
    after.release()


def test_a_lock_that_cannot_be_written_is_named(
    settings: Settings, link: LocalLink, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(lock, "OPERATOR_LOCK", str(tmp_path / "nosuch" / "lock"))
    with pytest.raises(HostError, match=r"nosuch/lock could not be taken: no answer"):
        HostLock(host_of(settings, link), "bootstrap").take()


def test_a_dry_run_takes_no_lock(settings: Settings) -> None:
    link = FakeLink()
    with pytest.raises(ChangedInDryRun):
        HostLock(host_of(settings, link, dry=True), "plan").take()
    assert link.calls == []


def test_the_lock_says_who_runs_what_since_when_and_is_roots_alone(
    settings: Settings, link: LocalLink, file: Path
) -> None:
    mine = HostLock(host_of(settings, link), "drill.kill-master --yes; it's mine")
    mine.take()
    operator = re.escape(f"{getpass.getuser()}@{socket.gethostname()} (pid {os.getpid()})")
    who = operator + r" runs drill\.kill-master --yes; it's mine since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \S+\n"
    assert re.fullmatch(who, file.read_text())
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    mine.release()


def test_all_releases_of_the_runbook_exclude_each_other() -> None:
    """Two operators need not have the same release: where the lock is, is agreed between all of them."""
    assert lock.OPERATOR_LOCK == "/run/mysql-runbook/operator.lock"


def test_who_falls_silent_loses_the_lock_though_its_connection_stays(
    settings: Settings, link: LocalLink, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "SILENCE_SECONDS", 1)
    frozen = host_of(settings, link)
    HostLock(frozen, "bootstrap").take()
    link.processes[0]._process.wait(timeout=20)
    assert file.read_text() == "", "it ended in order: there is nothing to tell the next run"
    with pytest.raises(Locked, match="this run lost the pair"):
        frozen.do("true")
    after = HostLock(host_of(settings, link), "failback")
    assert after.take() is None
    after.release()


# ---- what the holder on the host answers ----


class Holder:
    """A channel with a process at its other end that said this, and hears what it is sent."""

    def __init__(self, said: bytes | None) -> None:
        self._said = said
        self.heard: list[bytes] = []
        self.closed = False
        self.deaf = False
        self._bounded = False

    def settimeout(self, seconds: float) -> None:
        self._bounded = seconds > 0

    def recv(self, size: int) -> bytes:
        assert self._bounded, "it would be waited for without end"
        if self._said is None:
            raise TimeoutError
        part, self._said = self._said[:size], self._said[size:]
        return part

    def sendall(self, data: bytes) -> None:
        if self.deaf or self.closed:
            raise OSError("Socket is closed")
        self.heard.append(data)

    def close(self) -> None:
        self.closed = True


class Held(FakeLink):
    """A host whose lock has this holder."""

    def __init__(self, *holders: Holder) -> None:
        super().__init__()
        self._holders = iter(holders)
        self.takes("change")

    def process(self, script: str) -> Holder:
        self.calls.append(script)
        return next(self._holders)


NOT_TAKEN = "could not be taken"
ANN = "ann@laptop (pid 7) runs bootstrap since 2026-01-01 12:00:00 CET"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"held {ANN}\n".encode(), f"another run holds the pair: {ANN}\n"),
        (b"held \n", "another run holds the pair: it has not said who it is yet\n"),
        (b"held ann\xff@laptop\n", "another run holds the pair: ann\ufffd@laptop\n"),
    ],
)
def test_whoever_holds_the_pair_is_named_and_what_to_do_then(settings: Settings, said: bytes, told: str) -> None:
    holder = Holder(said)
    host = host_of(settings, Held(holder))
    with pytest.raises(Locked) as caught:
        HostLock(host, "failback").take()
    assert str(caught.value) == (
        f"master 192.168.152.128: {told}"
        "Wait for it to end. If it died, its lock ends by itself within 20 s: run again then."
    )
    assert caught.value.exit_code == 1
    assert holder.closed


@pytest.mark.parametrize(
    ("said", "who", "error", "told"),
    [
        (
            b"bash: no flock\n",
            Ran(0, "0\n", ""),
            HostError,
            f"the lock {lock.OPERATOR_LOCK} {NOT_TAKEN}: bash: no flock",
        ),
        (b"", Ran(0, "0\n", ""), HostError, f"the lock {lock.OPERATOR_LOCK} {NOT_TAKEN}: no answer"),
        (None, Ran(0, "0\n", ""), HostError, f"the lock {lock.OPERATOR_LOCK} {NOT_TAKEN}: no answer"),
        (b"Welcome!\n", Ran(0, "Welcome!\n0\n", ""), BadInput, "the login shell prints 'Welcome!' before the answer"),
        (b"", Ran(1, "", "sudo: a password is required"), BadInput, "no root here: sudo: a password is required"),
    ],
)
def test_a_lock_that_cannot_be_taken_is_told_with_its_reason(
    settings: Settings, said: bytes | None, who: Ran, error: type[Exception], told: str
) -> None:
    holder = Holder(said)
    link = Held(holder)
    link.says(WHO_QUESTION, who)
    with pytest.raises(error) as caught:
        HostLock(host_of(settings, link), "failback").take()
    first, *way_out = str(caught.value).splitlines()
    assert first.startswith(f"master 192.168.152.128: {told}")
    assert bool(way_out) is (error is BadInput)
    assert first.endswith(told) or way_out
    assert holder.closed


# ---- the loss of the lock ----


class Renewals:
    """In place of a thread and of time: the renewer runs when a test says so, and its waits pass on a clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waits: list[float] = []
        self._renewers: list[Callable[[], None]] = []

    def module(self) -> SimpleNamespace:
        return SimpleNamespace(Thread=self._thread, Event=lambda: Released(self._waited))

    def _thread(self, target: Callable[..., None], args: tuple[object, ...], daemon: bool) -> SimpleNamespace:
        assert daemon, "a run that ends without a word would never end, and keep the pair"
        return SimpleNamespace(start=lambda: self._renewers.append(lambda: target(*args)))

    def _waited(self, seconds: float) -> bool:
        """Whether the run is over by then: the test has no more waits."""
        if not self._waits:
            return True
        assert seconds < lock.SILENCE_SECONDS / 3, "one renewal that comes late must not cost the pair"
        self._clock.now += self._waits.pop(0)
        return False

    def pass_by(self, *waits: float) -> None:
        """The newest renewer's waits last so long."""
        self._waits = list(waits)
        self._renewers[-1]()


class Released:
    """The event that ends a renewer."""

    def __init__(self, waited: Callable[[float], bool]) -> None:
        self._waited = waited
        self._set = False

    def set(self) -> None:
        self._set = True

    def wait(self, seconds: float) -> bool:
        return self._set or self._waited(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(lock, "time", SimpleNamespace(monotonic=clock.monotonic, strftime=time.strftime))
    return clock


@pytest.fixture
def renewals(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Renewals:
    renewals = Renewals(clock)
    monkeypatch.setattr(lock, "threading", renewals.module())
    return renewals


def taken(settings: Settings, *holders: Holder) -> tuple[Host, HostLock]:
    host = host_of(settings, Held(*holders))
    mine = HostLock(host, "failback")
    assert mine.take() is None
    return host, mine


def refused(host: Host) -> str:
    """What a change of this host is refused with; it was not made then."""
    with pytest.raises(Locked) as caught:
        host.do("change")
    link: Any = host.link
    assert link.changed == []
    return str(caught.value)


LOST = (
    "master 192.168.152.128: this run lost the pair: it was silent for more than 20 s\n"
    "Nothing more was changed. Run the same command again."
)


def test_a_run_that_was_silent_for_too_long_changes_nothing_more(
    settings: Settings, clock: Clock, renewals: Renewals
) -> None:
    host, _ = taken(settings, Holder(b"mine \n"))
    clock.now += lock.SILENCE_SECONDS
    host.do("change")
    link: Any = host.link
    link.changed.clear()
    clock.now += 0.1
    assert refused(host) == LOST


def test_a_run_that_lost_the_pair_does_not_get_it_back_by_a_late_word(
    settings: Settings, clock: Clock, renewals: Renewals
) -> None:
    holder = Holder(b"mine \n")
    host, _ = taken(settings, holder)
    renewals.pass_by(5, 5, lock.SILENCE_SECONDS + 0.1, 5)
    assert len(holder.heard) == 2, "what it says after its silence, it says to the lock of another"
    assert refused(host) == LOST


def test_a_run_that_lives_keeps_the_pair_for_as_long_as_it_takes(
    settings: Settings, clock: Clock, renewals: Renewals
) -> None:
    holder = Holder(b"mine \n")
    host, _ = taken(settings, holder)
    waits = [5] * 100 + [lock.SILENCE_SECONDS]
    renewals.pass_by(*waits)
    assert len(holder.heard) == len(waits)
    assert all(word.endswith(b"\n") for word in holder.heard), "the holder reads whole lines"
    host.do("change")


def test_a_run_whose_holder_ended_changes_nothing_more_at_once(
    settings: Settings, clock: Clock, renewals: Renewals
) -> None:
    holder = Holder(b"mine \n")
    host, _ = taken(settings, holder)
    host.do("change")
    link: Any = host.link
    link.changed.clear()
    holder.closed = True
    assert "this run lost the pair" in refused(host)


def test_a_run_that_is_heard_no_more_loses_the_pair_in_time(
    settings: Settings, clock: Clock, renewals: Renewals
) -> None:
    holder = Holder(b"mine \n")
    host, _ = taken(settings, holder)
    renewals.pass_by(5)
    holder.deaf = True
    renewals.pass_by(5, 5)
    host.do("change")
    link: Any = host.link
    link.changed.clear()
    clock.now += 15.1
    assert refused(host) == LOST


def test_reading_goes_on_after_the_loss(settings: Settings, clock: Clock, renewals: Renewals) -> None:
    host, _ = taken(settings, Holder(b"mine \n"))
    link: Any = host.link
    link.says("question", "answer")
    clock.now += 60
    assert host.ask("question") == "answer"


def test_a_run_that_gave_the_pair_back_says_nothing_more_to_it(
    settings: Settings, clock: Clock, renewals: Renewals
) -> None:
    holder = Holder(b"mine \n")
    host, mine = taken(settings, holder)
    mine.release()
    assert holder.closed
    renewals.pass_by(5, 5)
    assert holder.heard == []
    mine.release()
    clock.now += 60
    host.do("change")


def test_a_pair_that_was_lost_can_be_taken_anew(settings: Settings, clock: Clock, renewals: Renewals) -> None:
    second = Holder(f"mine {ANN}\n".encode())
    host, mine = taken(settings, Holder(b"mine \n"), second)
    clock.now += 60
    refused(host)
    mine.release()
    assert mine.take() == ANN
    renewals.pass_by(5, 5)
    assert len(second.heard) == 2
    host.do("change")
    clock.now += lock.SILENCE_SECONDS + 0.1
    with pytest.raises(Locked):
        host.do("change")


def test_a_lost_lock_is_no_obstacle_to_the_next_of_the_same_run(
    settings: Settings, clock: Clock, renewals: Renewals
) -> None:
    host, _ = taken(settings, Holder(b"mine \n"), Holder(b"mine \n"))
    clock.now += 60
    assert HostLock(host, "failback").take() is None
    host.do("change")


def test_the_holder_is_a_bash_of_roots_own(settings: Settings, clock: Clock, renewals: Renewals) -> None:
    """`read -t` is not in every sh, and a shell in between would outlive the connection."""
    host, _ = taken(settings, Holder(b"mine \n"))
    link: Any = host.link
    (script,) = link.calls
    assert shlex.split(script)[:3] == ["exec", "bash", "-c"]


def test_a_dry_run_that_wanted_the_lock_is_told_by_it(settings: Settings) -> None:
    with pytest.raises(ChangedInDryRun, match=f"wanted to change the host: lock {lock.OPERATOR_LOCK}"):
        HostLock(host_of(settings, FakeLink(), dry=True), "plan").take()


# ---- both hosts ----


def locked_pair(settings: Settings, tmp_path: Path, links: dict[str, LocalLink]) -> Pair:
    """Two hosts that are this machine, each with a lock file of its own."""

    class OwnFile(LocalLink):
        def __init__(self, role: str) -> None:
            super().__init__()
            self._file = str(tmp_path / role)

        def process(self, script: str) -> PipeChannel:
            return super().process(script.replace(lock.OPERATOR_LOCK, self._file).replace(lock.RUN, str(tmp_path)))

    def link(node: Node, _: Settings) -> LocalLink:
        links[node.role] = OwnFile(node.role)
        return links[node.role]

    return Pair(settings, link=link)


def test_both_hosts_are_held_for_a_run_and_then_free(settings: Settings, tmp_path: Path) -> None:
    links: dict[str, LocalLink] = {}
    said: list[str] = []
    with locked_pair(settings, tmp_path, links) as pair:
        with pair.locked("bootstrap", said.append):
            assert "bootstrap" in (tmp_path / "master").read_text()
            assert "bootstrap" in (tmp_path / "slave").read_text()
        assert (tmp_path / "master").read_text() == (tmp_path / "slave").read_text() == ""
    assert said == []


def test_a_pair_half_of_which_is_taken_is_left_free(settings: Settings, tmp_path: Path) -> None:
    with locked_pair(settings, tmp_path, {}) as one, locked_pair(settings, tmp_path, {}) as other:
        held = HostLock(one.slave.host, "bootstrap")
        held.take()
        with pytest.raises(Locked, match=r"slave 192\.168\.152\.129"), other.locked("failback", print):
            pytest.fail("the pair is held by somebody else")
        assert (tmp_path / "master").read_text() == ""
        held.release()


def test_the_operator_hears_of_a_cleared_lock(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "slave").write_text("ann@laptop (pid 7) runs bootstrap since 2026-01-01 12:00:00 CET\n")
    said: list[str] = []
    with locked_pair(settings, tmp_path, {}) as pair, pair.locked("failback", said.append):
        pass
    (told,) = said
    assert told.startswith("slave 192.168.152.129: cleared a lock that a dead run left: ann@laptop")


def test_what_was_read_before_the_pair_was_lost_is_read_anew() -> None:
    """Else a run that was frozen would end well by what was so when it still held the pair."""
    assert question.FRESH_SECONDS < lock.SILENCE_SECONDS
