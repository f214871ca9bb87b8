"""One operator at a time: the lock on each host, by real processes on this machine."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake import FakeLink, LocalLink, PipeChannel, host_of

from runbook.core import lock
from runbook.core.host import ChangedInDryRun
from runbook.core.lock import HostLock, Locked
from runbook.errors import HostError
from runbook.pair.pair import Pair
from runbook.settings.settings import Node, Settings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mysql-runbook.lock"
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


# ---- both hosts ----


def locked_pair(settings: Settings, tmp_path: Path, links: dict[str, LocalLink]) -> Pair:
    """Two hosts that are this machine, each with a lock file of its own."""

    class OwnFile(LocalLink):
        def __init__(self, role: str) -> None:
            super().__init__()
            self._file = str(tmp_path / role)

        def process(self, script: str) -> PipeChannel:
            return super().process(script.replace(lock.OPERATOR_LOCK, self._file))

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
