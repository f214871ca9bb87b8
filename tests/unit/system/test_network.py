"""Addresses, interfaces and the operating system, from what real hosts print."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface

import pytest
from case_files import Case, cases
from fake import FakeLink, captured_json, host_of

from runbook.core.host import Host
from runbook.errors import BadInput
from runbook.settings.settings import Node, Settings
from runbook.system import debian, redhat
from runbook.system.family import OS_QUESTION, family_of
from runbook.system.network import ADDRESSES_QUESTION, Address, addresses, carrier_of, holds, parse_addresses

MASTER = captured_json("preflight_master.json")["addresses"]
SLAVE = captured_json("preflight_slave.json")["addresses"]


def link_with(said: str) -> FakeLink:
    link = FakeLink()
    link.says(ADDRESSES_QUESTION, said)
    return link


def found_on(host: Host, node: Node) -> Address:
    return carrier_of(host, node, addresses(host))


@cases("addresses")
def test_addresses_are_read(settings: Settings, case: Case) -> None:
    assert [f"{found.interface} {found.address}" for found in parse_addresses(case.text)] == case.means["addresses"]
    host = host_of(settings, link_with(case.text))
    for question, answer in case.means.items():
        match question.split():
            case ["holds", address]:
                assert holds(host, IPv4Address(address)) is answer
            case ["carries", address]:
                assert address == str(settings.master.address)
                assert carrier(host, settings) == answer


def carrier(host: Host, settings: Settings) -> str | None:
    """The interface with the master's address, or None when there is none."""
    try:
        return found_on(host, settings.master).interface
    except BadInput:
        return None


def test_the_interface_is_found_from_the_address(settings: Settings) -> None:
    found = found_on(host_of(settings, link_with(MASTER)), settings.master)
    assert found == Address("host0", IPv4Interface("192.168.152.128/24"))


def test_an_address_on_no_interface_is_named_with_those_there_are(settings: Settings) -> None:
    with pytest.raises(BadInput) as caught:
        found_on(host_of(settings, link_with(SLAVE)), settings.master)
    told = str(caught.value)
    assert "MASTER_HOST = 192.168.152.128: no interface of this host has that address" in told
    assert "192.168.152.129/24 on host0" in told


def test_a_host_without_any_address_is_told_so(settings: Settings) -> None:
    with pytest.raises(BadInput, match="It has none"):
        found_on(host_of(settings, link_with("")), settings.master)


def test_a_wrong_interface_is_named_with_the_right_one(settings_of: Callable[..., Settings]) -> None:
    settings = settings_of(MASTER_INTERFACE="ens33")
    with pytest.raises(BadInput) as caught:
        found_on(host_of(settings, link_with(MASTER)), settings.master)
    told = str(caught.value)
    assert "MASTER_INTERFACE = ens33: the address 192.168.152.128 is on host0" in told
    assert "Set it to host0" in told


def test_the_right_interface_may_be_given(settings_of: Callable[..., Settings]) -> None:
    settings = settings_of(SLAVE_INTERFACE="host0")
    assert found_on(host_of(settings, link_with(SLAVE), "slave"), settings.slave).interface == "host0"


# ---- the operating system ----


@cases("os_release")
def test_systems_are_told_by_what_they_say_of_themselves(settings: Settings, case: Case) -> None:
    link = FakeLink()
    link.says(OS_QUESTION, case.said)
    host = host_of(settings, link)
    if case.means:
        assert family_of(host) is {"debian": debian, "redhat": redhat}[case.means]
        return
    with pytest.raises(BadInput) as caught:
        family_of(host)
    assert f"master 192.168.152.128: {case.said.split('|')[2]} is not supported" in str(caught.value)
    assert "Debian, Ubuntu, RHEL, CentOS" in str(caught.value)
