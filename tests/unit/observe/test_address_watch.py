"""Whether a host has an address, told from this machine's own kernel table."""

from ipaddress import IPv4Address
from typing import Any

import pytest
from fake import LocalLink, host_of

from runbook.core.wait import DeadlinePassed, until
from runbook.observe import address_watch
from runbook.observe.address_watch import AddressWatch
from runbook.settings.settings import Settings

EVER = float("-inf")
OF_THIS_MACHINE, OF_NOBODY, ONLY_A_NETWORK = map(IPv4Address, ("127.0.0.1", "203.0.113.77", "127.0.0.0"))


def test_an_address_that_the_host_has(settings: Settings) -> None:
    with AddressWatch(host_of(settings, LocalLink()), OF_THIS_MACHINE) as seen:
        assert seen.came(EVER) is not None
        assert seen.went(EVER) is None


@pytest.mark.parametrize("address", [OF_NOBODY, ONLY_A_NETWORK])
def test_an_address_that_the_host_does_not_have(settings: Settings, address: IPv4Address) -> None:
    with AddressWatch(host_of(settings, LocalLink()), address) as seen:
        assert seen.came(EVER) is None
        assert seen.went(EVER) is not None


def test_the_process_on_the_host_ends_with_the_watch(settings: Settings) -> None:
    link = LocalLink()
    with AddressWatch(host_of(settings, link), OF_THIS_MACHINE):
        assert link.processes[0]._process.poll() is None
    assert link.processes[0]._process.wait(timeout=5) is not None


def test_a_host_that_says_nothing_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Mute(LocalLink):
        def process(self, script: str) -> Any:
            return super().process("exec cat >/dev/null")

    monkeypatch.setattr(address_watch, "START_SECONDS", 0.1)
    host = host_of(settings, Mute())
    with pytest.raises(DeadlinePassed, match=str(host)), AddressWatch(host, OF_THIS_MACHINE):
        pass


def test_changes_are_told_since_a_moment(settings: Settings) -> None:
    seen = AddressWatch(host_of(settings, LocalLink()), OF_THIS_MACHINE)
    seen._changes += [(1.0, True), (2.0, False), (3.0, True)]
    seen.heard_at = 3.0
    assert (seen.came(1.5), seen.went(0.0), seen.went(2.5)) == (3.0, 2.0, None)


def test_what_a_host_says_only_after_a_cut_is_no_moment_that_was_seen(settings: Settings) -> None:
    class CutOff(LocalLink):
        def process(self, script: str) -> Any:
            return super().process("echo here 0; sleep 0.05; echo gone -9; exec cat >/dev/null")

    with AddressWatch(host_of(settings, CutOff()), OF_THIS_MACHINE) as seen:
        until("its words", 5, lambda: len(seen.changes) == 2, pause=0.01)
        assert [here for _, here in seen.changes] == [True, False]
        assert seen.came(EVER) is not None
        assert seen.went(EVER) is None
