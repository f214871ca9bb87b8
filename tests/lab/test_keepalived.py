"""keepalived that hangs, runs by another file or hears a stranger: it is named, with the command that mends it."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

import pytest
from commandline import until
from outside import OutsideHost, OutsidePair
from watchers import Addresses

FAILED, BAD_INPUT, DRIFT = 1, 2, 3
SETTLED_SECONDS = 30
TAKEOVER_SECONDS = 8
SENDING_SECONDS = 3
# Each packet that a keepalived with the VIP gets puts its own next advert off, whoever sent it: who floods it can make
# the VIP flicker for some milliseconds [M on 2.3.4], which is a firewall's to prevent.
PAUSE_SECONDS = 0.5
OPTIONS = "/etc/default/keepalived"
DROP_IN = "/etc/systemd/system/keepalived.service.d/zz-theirs.conf"
THEIRS = "/etc/keepalived/theirs.conf"
CONFIG = "/etc/keepalived/keepalived.conf"
ANOTHER = """vrrp_instance theirs {
    interface host0
    virtual_router_id 99
    priority 10
    virtual_ipaddress {
        192.0.2.7/32 dev host0
    }
}
"""
END = "systemctl kill -s KILL keepalived"
VRRP = 112


def one_line(text: str) -> str:
    return " ".join(text.split())


# ---- that hangs ----


def test_a_hung_keepalived_on_the_slave_is_named_and_ended(healthy_pair: OutsidePair) -> None:
    pair, slave = healthy_pair, healthy_pair.slave
    slave.sh("systemctl kill -s STOP keepalived")
    verified = pair.inv("verify").expect(FAILED)
    assert f"keepalived hangs on the slave {slave.address}" in one_line(verified.out), verified.out
    assert f"ssh {slave.address} {END}" in one_line(verified.out), verified.out
    assert "firewall drops" not in verified.out
    slave.sh(END)
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)
    pair.inv("verify").expect(0, "The pair is healthy")


def test_a_hung_keepalived_on_the_master_is_named_and_the_way_home_is_no_circle(healthy_pair: OutsidePair) -> None:
    pair, master = healthy_pair, healthy_pair.master
    master.sh("systemctl kill -s STOP keepalived")
    until("the VIP on both", TAKEOVER_SECONDS, lambda: pair.vip_is_on() == ["master", "slave"])
    verified = pair.inv("verify").expect(FAILED, "both hosts hold the VIP")
    assert f"ssh {master.address} {END}" in one_line(verified.out), verified.out
    assert "do not hear each other" not in verified.out
    pair.inv("failback").expect(FAILED, "keepalived hangs", END)
    master.sh(END)
    until("the VIP on the slave alone", TAKEOVER_SECONDS, lambda: pair.vip_is_on() == ["slave"])
    pair.inv("failback").expect(0, "The pair is healthy")
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)


# ---- that runs by another file ----


@contextmanager
def theirs(host: OutsideHost, file: str, text: str) -> Iterator[None]:
    """A host whose keepalived is started by another file, which has an instance that is not the pair's."""
    host.sh(f"cp -p {file} {file}.test 2>/dev/null; mkdir -p $(dirname {file}); cat > {file}", stdin=text)
    host.sh(f"cat > {THEIRS}; systemctl daemon-reload; systemctl restart keepalived", stdin=ANOTHER)
    try:
        yield
    finally:
        restored = f"if [ -e {file}.test ]; then mv {file}.test {file}; else rm -f {file}; fi"
        host.sh(f"{restored}; rm -f {THEIRS} {file}.before-runbook; systemctl daemon-reload")


def test_a_slave_that_would_never_take_over_is_told_and_brought_back(healthy_pair: OutsidePair) -> None:
    pair, slave = healthy_pair, healthy_pair.slave
    with theirs(slave, OPTIONS, f'# theirs\nDAEMON_ARGS="-f {THEIRS}"\n'):
        verified = pair.inv("verify").expect(FAILED)
        assert f"slave {slave.address} runs by {THEIRS}, as {OPTIONS}:2:" in one_line(verified.out), verified.out
        assert "inv install-keepalived" in verified.out
        pair.inv("plan").expect(DRIFT, f"runs by: {THEIRS} → {CONFIG}")
        with Addresses(slave) as on_slave:
            pair.inv("install-keepalived").expect(0, f"runs by: {THEIRS} → {CONFIG}")
            until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)
        assert not on_slave.came(pair.vip)
        assert slave.sh(f"sed -n 2p {OPTIONS}").startswith("# Taken out")
        until("verify to find it well", SETTLED_SECONDS, lambda: pair.inv("verify").code == 0)


@pytest.mark.long
def test_a_drop_in_of_somebody_elses_is_named_by_file_and_line(healthy_pair: OutsidePair) -> None:
    pair, slave = healthy_pair, healthy_pair.slave
    drop_in = f"[Service]\nExecStart=\nExecStart=/usr/sbin/keepalived --dont-fork -f {THEIRS}\n"
    with theirs(slave, DROP_IN, drop_in):
        assert f"{DROP_IN}:3:" in one_line(pair.inv("verify").expect(FAILED).out)
        pair.inv("plan").expect(FAILED, f"line 3 of {DROP_IN}")
        pair.inv("install-keepalived").expect(BAD_INPUT, f"line 3 of {DROP_IN}", "systemctl daemon-reload")
    pair.inv("install-keepalived").expect(0)
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)
    pair.inv("verify").expect(0, "The pair is healthy")


# ---- that hears a stranger ----


def advert(source: str, target: str, vip: str, priority: int = 255) -> bytes:
    """A VRRP 3 advert of the pair's router, as RFC 5798 has it."""
    body = struct.pack("!BBBBHH", 0x31, 51, priority, 1, 15, 0) + IPv4Address(vip).packed
    pseudo = IPv4Address(source).packed + IPv4Address(target).packed + struct.pack("!BBH", 0, VRRP, len(body))
    total = sum(struct.unpack(f"!{len(pseudo + body) // 2}H", pseudo + body))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return body[:6] + struct.pack("!H", ~total & 0xFFFF) + body[8:]


def packet(source: str, target: str, ttl: int, body: bytes) -> bytes:
    """With the header of whoever it claims to come from; the kernel fills in length and checksum."""
    header = (0x45, 0, 20 + len(body), 0, 0, ttl, VRRP, 0, IPv4Address(source).packed, IPv4Address(target).packed)
    return struct.pack("!BBHHHBBH4s4s", *header) + body


def send(pair: OutsidePair, ttl: int, source_for: Callable[[OutsideHost], str]) -> None:
    """Adverts to both hosts for SENDING_SECONDS; without a check the first of them moves the VIP for good."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        end = time.monotonic() + SENDING_SECONDS
        while time.monotonic() < end:
            for host in pair.hosts:
                source = source_for(host)
                raw.sendto(packet(source, host.address, ttl, advert(source, host.address, pair.vip)), (host.address, 0))
            time.sleep(PAUSE_SECONDS)


@pytest.mark.parametrize(
    ("from_peer", "ttl", "said"),
    [(False, 255, "not a unicast peer"), (True, 64, "not in range [255, 255]")],
    ids=["a stranger", "routed in the peer's name"],
)
def test_an_advert_of_nobody_of_the_pair_moves_nothing(
    healthy_pair: OutsidePair, from_peer: bool, ttl: int, said: str
) -> None:
    pair = healthy_pair
    peers = {pair.master.address: pair.slave.address, pair.slave.address: pair.master.address}
    stranger = pair.lab.network.address(1)
    since = pair.master.sh("date '+%F %T'")
    with Addresses(pair.master) as on_master, Addresses(pair.slave) as on_slave:
        send(pair, ttl, lambda host: peers[host.address] if from_peer else stranger)
    assert not on_slave.came(pair.vip) and not on_master.came(pair.vip), "the VIP moved"
    assert pair.is_healthy()
    # keepalived tells of the same sender once.
    heard = [host.sh(f"journalctl -t Keepalived_vrrp --since '{since}'") for host in pair.hosts]
    assert any(said in each for each in heard), "it was not even heard"
