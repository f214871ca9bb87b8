"""Addresses, interfaces and the operating system, from what real hosts print."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface

import pytest
from fake import FakeLink, captured, captured_json, host_of

from runbook.errors import BadInput
from runbook.settings.settings import Settings
from runbook.system import debian, redhat
from runbook.system.family import OS_QUESTION, family_of
from runbook.system.network import ADDRESSES_QUESTION, Address, carrier_of, holds, parse_addresses

MANY = captured("addresses_many.txt")
MASTER = captured_json("preflight_master.json")["addresses"]
SLAVE = captured_json("preflight_slave.json")["addresses"]


def link_with(addresses: str) -> FakeLink:
    link = FakeLink()
    link.says(ADDRESSES_QUESTION, addresses)
    return link


def test_loopback_bridge_alias_peer_and_prefix_are_read() -> None:
    assert [(found.interface, str(found.address)) for found in parse_addresses(MANY)] == [
        ("lo", "127.0.0.1/8"),
        ("lo", "10.255.0.1/32"),
        ("br0", "192.168.152.128/24"),
        ("br0", "192.168.152.131/24"),
        ("v1", "172.16.5.4/20"),
        ("v0", "10.8.0.1/32"),
    ]


def test_a_host_without_addresses_has_none() -> None:
    assert parse_addresses("") == []


@pytest.mark.parametrize(("addresses", "has_it"), [(MASTER, True), (SLAVE, False), (MANY, False)])
def test_who_holds_the_vip(settings: Settings, addresses: str, has_it: bool) -> None:
    assert holds(host_of(settings, link_with(addresses)), IPv4Address("192.168.152.130")) is has_it


def test_an_address_that_merely_begins_like_the_vip_is_not_the_vip(settings: Settings) -> None:
    assert not holds(host_of(settings, link_with(MASTER)), IPv4Address("192.168.152.13"))


def test_the_interface_is_found_from_the_address(settings: Settings) -> None:
    found = carrier_of(host_of(settings, link_with(MASTER)), settings.master)
    assert found == Address("host0", IPv4Interface("192.168.152.128/24"))
    assert carrier_of(host_of(settings, link_with(MANY)), settings.master).interface == "br0"


def test_an_address_on_no_interface_is_named_with_those_there_are(settings: Settings) -> None:
    with pytest.raises(BadInput) as caught:
        carrier_of(host_of(settings, link_with(SLAVE)), settings.master)
    told = str(caught.value)
    assert "MASTER_HOST = 192.168.152.128: no interface of this host has that address" in told
    assert "192.168.152.129/24 on host0" in told


def test_a_host_without_any_address_is_told_so(settings: Settings) -> None:
    with pytest.raises(BadInput, match="It has none"):
        carrier_of(host_of(settings, link_with("")), settings.master)


def test_a_wrong_interface_is_named_with_the_right_one(settings_of: Callable[..., Settings]) -> None:
    settings = settings_of(MASTER_INTERFACE="ens33")
    with pytest.raises(BadInput) as caught:
        carrier_of(host_of(settings, link_with(MASTER)), settings.master)
    told = str(caught.value)
    assert "MASTER_INTERFACE = ens33: the address 192.168.152.128 is on host0" in told
    assert "Set it to host0" in told


def test_the_right_interface_may_be_given(settings_of: Callable[..., Settings]) -> None:
    settings = settings_of(SLAVE_INTERFACE="host0")
    assert carrier_of(host_of(settings, link_with(SLAVE), "slave"), settings.slave).interface == "host0"


# ---- the operating system ----


@pytest.mark.parametrize(
    "said",
    [
        captured_json("preflight_master.json")["os"],
        "debian||Debian GNU/Linux 12 (bookworm)",
        "ubuntu|debian|Ubuntu 24.04.1 LTS",
        "linuxmint|ubuntu debian|Linux Mint 22",
        "raspbian|debian|A name with | in it",
    ],
)
def test_debian_and_what_is_like_it_are_known(settings: Settings, said: str) -> None:
    link = FakeLink()
    link.says(OS_QUESTION, said)
    assert family_of(host_of(settings, link)) is debian


@pytest.mark.parametrize(
    "said",
    [
        "centos|rhel fedora|CentOS Linux 7 (Core)",
        "rhel|fedora|Red Hat Enterprise Linux 9.4 (Plow)",
        "rocky|rhel centos fedora|Rocky Linux 9.3 (Blue Onyx)",
        "ol|fedora|Oracle Linux Server 8.9",
    ],
)
def test_rhel_and_what_is_like_it_are_known(settings: Settings, said: str) -> None:
    link = FakeLink()
    link.says(OS_QUESTION, said)
    assert family_of(host_of(settings, link)) is redhat


@pytest.mark.parametrize("said", ["alpine||Alpine Linux v3.20", "||"])
def test_another_system_is_refused_by_its_name(settings: Settings, said: str) -> None:
    link = FakeLink()
    link.says(OS_QUESTION, said)
    with pytest.raises(BadInput) as caught:
        family_of(host_of(settings, link))
    assert f"master 192.168.152.128: {said.split('|')[2]} is not supported" in str(caught.value)
    assert "Debian, Ubuntu, RHEL, CentOS" in str(caught.value)
