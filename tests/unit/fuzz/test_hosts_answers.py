"""Whatever a host answers ends in a value or in an error that names the host: never in a traceback."""

import hashlib
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

import pytest
from certificate_files import PEM
from fake import FakeLink, host_of, pair_of
from fuzzed import EXAMPLES, bounded, damaged, pieces
from hypothesis import given
from hypothesis import strategies as st

from runbook.core.host import Host
from runbook.core.question import answers as shared_answers
from runbook.core.question import commands
from runbook.core.ssh import Ran
from runbook.core.undo import left_behind
from runbook.errors import RunbookError
from runbook.keepalived import version as keepalived
from runbook.keepalived.configuration import vrrp_state
from runbook.mysql import program, server_socket, stranger
from runbook.mysql.dialects.dialect import dialect_of
from runbook.mysql.replication import filters
from runbook.mysql.tls.authority import authorities_of
from runbook.mysql.tracking.progress import DomainState, GtidSet, Position
from runbook.operations import preflight
from runbook.operations.reseed import recipient
from runbook.pair import alone, maintenance, roles, seeding, witnessed
from runbook.settings.settings import Settings
from runbook.settings.source import Source
from runbook.steps.install_mysql import NoSocketActivation
from runbook.steps.server_packages import ServerPackage
from runbook.system import debian, family, network, redhat, server_names
from runbook.system.firewall import FirewallOff, FirewallRules
from runbook.system.questions import FileQuestion, UnitQuestion
from runbook.system.resources import File, Package, Service
from runbook.system.selinux import SELinux
from runbook.system.unit import DropIn

Reader = Callable[[Host], Any]


class HasCa:
    """A server that says that it has a CA."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def one(self, query: str) -> dict[str, Any]:
        return {"file": "ca.pem", "folder": "/var/lib/mysql/", "Value": "Nov 24 11:52:59 2036 GMT"}


PEER = IPv4Address("192.168.152.129")
FILE = f"644 root:root\n{hashlib.sha256(b'text').hexdigest()}  -\n"
READERS: dict[str, tuple[Reader, str]] = {
    "addresses": (network.addresses, "2: eth0    inet 192.168.152.128/24 brd 192.168.152.255 scope global eth0\n"),
    "carrier": (
        lambda host: network.carrier_of(host, host.node, network.addresses(host)),
        "2: eth0    inet 192.168.152.128/24 scope global\n",
    ),
    "system": (family.family_of, "debian||Debian GNU/Linux 12 (bookworm)"),
    "offer": (lambda host: family.offer_of(host, debian, "mysql-server"), "9.7.4-2\n"),
    "units": (
        lambda host: server_names.installed_names(host, debian.SERVERS, "auto"),
        "Id=mysql.service\nLoadState=loaded\n\nId=mysqld.service\nLoadState=not-found\n",
    ),
    "program": (program.dialect, "mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))\n"),
    "candidate": (
        lambda host: program.candidate_dialect(host, debian, debian.MYSQL, Source("distribution")),
        "9.7.4-2\n",
    ),
    "keepalived": (keepalived.installed, "2.3.4 (06/10,2025)"),
    "vrrp": (vrrp_state, "MASTER\n"),
    "service": (Service("mysql").read, "active enabled\n"),
    "socket unit": (NoSocketActivation("mariadb").read, "inactive not-found\n"),
    "package": (Package("keepalived", redhat).read, "2.2.8-6.el9\n"),
    "server package": (ServerPackage(debian.MYSQL, debian, None).read, "9.7.4-2\n"),
    "file": (File("/etc/x", "text").read, FILE),
    "drop-in": (DropIn("/etc/systemd/system/x.service.d/runbook.conf", "text").read, FILE),
    "selinux": (SELinux("permissive").read, "enforcing\n\nEnforcing\n"),
    "firewall off": (FirewallOff().read, "firewalld\n"),
    "firewall rules": (FirewallRules(3306, PEER).read, "ufw\nufw allow 3306/tcp\n"),
    "stranger": (lambda host: stranger.on_port(host, 3306), "4711 nobody nc\n"),
    "filters": (lambda host: filters.of(host, None), "/etc/my.cnf:3:binlog-ignore-db = mysql\n"),
    "record of the roles": (
        lambda host: host.read(roles.QUESTION, roles.parse),
        "role=master\nepoch=2\nsince=now\nby=me\nwhy=promote\nown=\n",
    ),
    "alone": (lambda host: host.read(alone.QUESTION, alone.parse), "epoch=2\nsince=now\nby=me\nlost=\nown=\n"),
    "witnessed": (
        lambda host: host.read(witnessed.QUESTION, witnessed.parse),
        "good=1795809301\nsilent=1795809303\ntimeout_ms=10000\n",
    ),
    "maintenance": (
        lambda host: host.read(maintenance.QUESTION, maintenance.parse),
        "since=now\nby=me\nuntil=1795809301\nquiet=\n",
    ),
    "left behind": (left_behind, "kill-master\n"),
    "seeding": (
        lambda host: host.read(seeding.QUESTION, seeding.parse),
        "recipient=10.0.0.2\ndonor=10.0.0.1\nsince=now\nphase=copying\nposition=4\nalive=yes\n",
    ),
    "data directory": (recipient.datadir_of, "/var/lib/mysql/\n"),
    "folders": (lambda host: recipient.look(host, "/var/lib/mysql"), "1778412\n253204\n-\n-\n.old-20261127T192423Z\n"),
    "CA": (lambda host: authorities_of(HasCa(host)), PEM),
    "socket": (
        lambda host: server_socket.connect(host, "/run/mysqld/mysqld.sock"),
        "/run/mysqld/mysqld.sock listens\n/run/mysqld/mysqld.sock root root 755 /run\n",
    ),
}


class Babbler(FakeLink):
    """A host that answers everything with the same."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self.said = said

    def run(self, script: str, *, timeout: float, stdin: str | None = None) -> Ran:
        return Ran(0, self.said, "")


ANYTHING = pieces(
    "active", "enabled", "|", ":", "/", "inet ", "Ver ", "9.7", "=", "root", "\t", "uuid:1-9", "99999999999"
)


def answers(host: Host, reader: Reader) -> None:
    try:
        reader(host)
    except RunbookError as error:
        assert str(error), "says nothing"


@pytest.mark.parametrize("name", READERS)
@bounded(EXAMPLES // 5)
@given(data=st.data())
def test_what_a_host_says(settings: Settings, name: str, data: st.DataObject) -> None:
    reader, good = READERS[name]
    answers(host_of(settings, Babbler(data.draw(damaged(good) | ANYTHING))), reader)


@pytest.mark.parametrize("name", READERS)
def test_each_reader_knows_a_good_answer(settings: Settings, name: str) -> None:
    """Else it would be no wonder that it falls over none that is damaged."""
    reader, good = READERS[name]
    link = Babbler(good)
    link.unix_channel = lambda path: None  # type: ignore[method-assign, assignment, return-value]
    reader(host_of(settings, link))


@bounded()
@given(said=damaged("644 root:root /a\n\n0b  /a\n") | damaged("Id=a\nActiveState=active\n\n\nenabled\n") | ANYTHING)
def test_what_one_command_for_many_questions_says(said: str) -> None:
    asked = commands([FileQuestion("/a"), FileQuestion("/b"), *(UnitQuestion(of, "a") for of in ("state", "reload"))])
    assert all(isinstance(answer, str) for _, answer in shared_answers(asked, dict.fromkeys(asked, said)))


@bounded(EXAMPLES // 2)
@given(said=ANYTHING)
def test_a_whole_preflight(settings: Settings, said: str) -> None:
    pair = pair_of(settings)
    for side in pair.sides.values():
        side.host.link = Babbler(f"0\n{said}" if said.startswith("\n") else said)
    with pytest.raises(RunbookError):
        preflight.examine(pair)


UUIDS = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:11:tag:1-3,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:7"


@bounded()
@given(text=damaged(UUIDS) | damaged("0-1-270,0-2-271") | damaged("binlog.000002:157..binlog.000003:4") | ANYTHING)
@pytest.mark.parametrize("kind", [GtidSet, DomainState, Position])
def test_how_far_a_server_or_a_takeover_record_says_it_is(
    kind: type[GtidSet | DomainState | Position], text: str
) -> None:
    try:
        found = kind.parse(text)
    except RunbookError as error:
        assert "no GTID set" in str(error)
    else:
        assert not found.minus(found)  # type: ignore[arg-type]
        assert isinstance(str(found), str)


@bounded()
@given(text=damaged("MariaDB-11.8.6-MariaDB-2+deb13u1") | damaged("9.7.4-2") | ANYTHING)
def test_a_servers_version(text: str) -> None:
    try:
        assert dialect_of(text, text).series
    except RunbookError as error:
        assert str(error)
