"""Over the network a server is known by its CA: another gets no login, and nobody's TLS alone gets a password."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest
from certificate_files import OTHER_PEM, PEM, Authority, authority
from fake import file_is, link_of, mysqld_of

from runbook.core.step import ensure
from runbook.errors import RunbookError
from runbook.mysql.login import PasswordAsked, logins
from runbook.mysql.tls.authority import AUTHORITY_QUESTION, SPEAKS_TLS, certificates
from runbook.mysql.tls.contexts import NotTheServer
from runbook.mysql.tls.known_server import KnownServer, authority_file, options_file
from runbook.pair.authorities import authorities
from runbook.pair.pair import Pair
from runbook.settings.settings import Secret

PASSWORD = "sesame-7"
OK = b"\0\0\0\x02\0\0\0"
FULL_LOGIN = b"\x01\x04"
WISH_BYTES = 36  # of the wish for TLS (manual: Protocol::SSLRequest), which has no name in it
SSL = 0x800  # CLIENT_SSL (manual: Capabilities Flags)


class Answering:
    """A server that wants the password itself, with a certificate or without TLS, and what it was told."""

    def __init__(self, certificate: Path | None) -> None:
        self.heard = b""
        self._context: ssl.SSLContext | None = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(5)
        self.port = self._listening.getsockname()[1]

    def serve(self) -> None:
        """Until it is closed."""
        while True:
            try:
                channel, _ = self._listening.accept()
            except OSError:
                return
            with channel:
                channel.settimeout(5)
                try:
                    self._talk(channel)
                except OSError:
                    continue

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _talk(self, channel: socket.socket) -> None:
        flags = 0x00_88_82_00 | (SSL if self._context else 0)
        head = b"\x0a9.7.4\0" + bytes(4) + b"12345678\0" + struct.pack("<H", flags & 0xFFFF)
        tail = b"\xff\x02\0" + struct.pack("<H", flags >> 16) + bytes([21]) + bytes(10) + b"123456789012\0"
        _say(channel, 0, head + tail + b"caching_sha2_password\0")
        heard = channel.recv(WISH_BYTES if self._context else 65536)
        if self._context and heard:
            channel = self._context.wrap_socket(channel, server_side=True)
            heard = channel.recv(65536)
        answers = [FULL_LOGIN, *[OK] * 9]
        while heard:
            self.heard += heard
            _say(channel, heard[3] + 1, answers.pop(0))
            heard = channel.recv(65536)


def _say(channel: socket.socket, number: int, payload: bytes) -> None:
    channel.sendall(struct.pack("<I", len(payload))[:3] + bytes([number]) + payload)


@contextmanager
def answering(certificate: Path | None) -> Iterator[Answering]:
    server = Answering(certificate)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(timeout=10)
        assert not thread.is_alive()


def come(server: Answering, *known_by: Authority) -> Callable[[], pymysql.Connection]:
    pems = [each.pem for each in known_by]
    return logins("127.0.0.1", server.port, "probe", Secret(PASSWORD), 5, pems, connect_timeout=5)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority, Authority]:
    """Of the master, of the slave, and of somebody else; their names are the same."""
    folder = tmp_path_factory.mktemp("certificates")
    return authority(folder), authority(folder), authority(folder)


def test_each_server_of_the_pair_is_known_by_its_own_ca(three: tuple[Authority, ...]) -> None:
    master, slave, _ = three
    for its in (master, slave):
        with answering(its.server) as server:
            login = come(server, master, slave)
            for _ in range(2):
                login().close()
            assert server.heard.count(PASSWORD.encode() + b"\0") == 2


def test_an_impostor_with_a_certificate_of_another_ca_hears_no_login(three: tuple[Authority, ...]) -> None:
    master, slave, other = three
    with answering(other.server) as impostor:
        for known_by in ((master,), (master, slave)):
            with pytest.raises(NotTheServer, match="not known by the CA of the pair's servers"):
                come(impostor, *known_by)()
        assert impostor.heard == b""


def test_an_impostor_without_tls_hears_no_login_where_the_servers_have_it(three: tuple[Authority, ...]) -> None:
    master, slave, _ = three
    with answering(None) as impostor:
        with pytest.raises(NotTheServer, match="it has no TLS"):
            come(impostor, master, slave)()
        assert b"probe" not in impostor.heard


@pytest.mark.parametrize("tls", [True, False], ids=["TLS with anybody", "no TLS"])
def test_where_no_ca_is_known_nobody_gets_the_password(three: tuple[Authority, ...], tls: bool) -> None:
    with answering(three[2].server if tls else None) as anybody:
        with pytest.raises(PasswordAsked):
            come(anybody)()
        assert b"probe" in anybody.heard and PASSWORD.encode() not in anybody.heard


# ---- which CA a server has ----


def has(pair: Pair, role: str, file: str | None, *, until: str = "Nov 24 11:52:59 2036 GMT", pem: str = PEM) -> None:
    side = pair.sides[role]  # type: ignore[index]
    mysqld = mysqld_of(side)
    mysqld.says(AUTHORITY_QUESTION, {"file": file, "folder": "/var/lib/mysql/"})
    mysqld.says(SPEAKS_TLS, {"Variable_name": "Ssl_server_not_after", "Value": until})
    for path in ("/var/lib/mysql/ca.pem", "/etc/mysql/ca.pem"):
        link_of(side).says(f"cat {path} 2>/dev/null || true", pem)


@pytest.mark.parametrize(
    ("file", "until", "known_by"),
    [
        ("ca.pem", "Nov 24 11:52:59 2036 GMT", (PEM,)),
        ("/etc/mysql/ca.pem", "Nov 24 11:52:59 2036 GMT", (PEM,)),
        (None, "Nov 24 11:52:59 2036 GMT", ()),
        ("", "", ()),
        ("ca.pem", "", ()),
    ],
    ids=["its own", "configured", "in memory, as MariaDB's", "none, as of 5.6", "TLS is switched off"],
)
def test_the_ca_is_what_the_server_says(
    pair: Pair, fake_mysql: None, file: str | None, until: str, known_by: tuple[str, ...]
) -> None:
    has(pair, "master", file, until=until)
    assert pair.master.server.authorities == known_by


def test_a_file_that_is_gone_or_holds_something_else_is_no_ca(pair: Pair, fake_mysql: None) -> None:
    has(pair, "master", "ca.pem", pem="")
    assert pair.master.server.authorities == ()
    assert certificates("what stands before\r\n" + PEM + "-----BEGIN PRIVATE KEY-----\nx\n") == PEM


def test_what_is_no_certificate_is_named_with_its_file(pair: Pair, fake_mysql: None) -> None:
    has(pair, "master", "ca.pem", pem=PEM[:90] + PEM[200:])
    with pytest.raises(RunbookError, match=r"ca\.pem, its server's ssl_ca, holds what is no"):
        assert pair.master.server.authorities


def test_a_pair_is_known_by_both_cas_or_by_those_that_can_be_asked_or_by_none(pair: Pair, fake_mysql: None) -> None:
    has(pair, "master", "ca.pem")
    copy = f"cat {authority_file(pair.slave.node)} 2>/dev/null || true"
    for on_master, known_by in (("", (PEM,)), (OTHER_PEM, (PEM, OTHER_PEM))):
        link_of(pair.master).says(copy, on_master)
        assert authorities(*pair.sides.values()) == known_by, "the slave's mysqld does not run"
    has(pair, "slave", "ca.pem", pem=OTHER_PEM)
    assert authorities(*pair.sides.values()) == (PEM, OTHER_PEM)
    del vars(pair.slave.server)["authorities"]
    pair.slave.server.close()
    has(pair, "slave", None)
    assert authorities(*pair.sides.values()) == ()


# ---- what the clients on a host know it by ----

VERIFY = "ssl-mode=VERIFY_CA\n"
HEAD = "# Made by the MySQL pair runbook.\n[client]\n"
OPTIONS = f"{HEAD}{VERIFY}ssl-ca=/usr/local/lib/mysql-runbook/192.168.152.128-ca.pem\n"
CA_FILE, OPTIONS_FILE = (f"/usr/local/lib/mysql-runbook/192.168.152.128-{name}" for name in ("ca.pem", "tls.cnf"))


def on_the_slave(pair: Pair, ca: str | None, options: str | None) -> None:
    file_is(link_of(pair.slave), CA_FILE, ca)
    file_is(link_of(pair.slave), OPTIONS_FILE, options)


def takes_files(pair: Pair) -> list[str]:
    """The slave's host takes files; the order in which they came."""
    came: list[str] = []

    def note(path: str, content: str, **how: object) -> None:
        assert how == {"mode": 0o644, "owner": "root:root"}
        came.append(path)
        file_is(link_of(pair.slave), path, content)

    pair.slave.host.put = note  # type: ignore[method-assign,assignment]
    return came


@pytest.mark.parametrize(
    ("ca", "options"),
    [(None, None), (OTHER_PEM, OPTIONS), (PEM, HEAD), (None, OPTIONS)],
    ids=["new", "the server's certificates were made anew", "nobody looked so far", "it is gone"],
)
def test_a_host_knows_the_other_server_by_its_ca(
    pair: Pair, fake_mysql: None, ca: str | None, options: str | None
) -> None:
    has(pair, "master", "ca.pem")
    on_the_slave(pair, ca, options)
    came = takes_files(pair)
    step = KnownServer(pair.master.server, VERIFY)
    assert ensure(pair.slave.host, step).status == "changed"
    assert came == [CA_FILE, OPTIONS_FILE], "options that name a file that is not there keep the client from asking"
    assert ensure(pair.slave.host, step).status == "ok"


@pytest.mark.parametrize(("file", "verification"), [(None, VERIFY), ("ca.pem", "")], ids=["no CA", "no such client"])
def test_where_nothing_can_be_looked_at_the_client_asks_as_ever(
    pair: Pair, fake_mysql: None, file: str | None, verification: str
) -> None:
    has(pair, "master", file)
    on_the_slave(pair, PEM, OPTIONS)
    takes_files(pair)
    link_of(pair.slave).takes(f"rm -f {CA_FILE}", lambda: file_is(link_of(pair.slave), CA_FILE, None))
    step = KnownServer(pair.master.server, verification)
    assert ensure(pair.slave.host, step).status == "changed"
    assert ensure(pair.slave.host, step).status == "ok"


def test_a_change_of_roles_leaves_each_servers_ca_where_it_is(pair: Pair) -> None:
    turned = pair.turned()
    for name in (authority_file, options_file):
        assert name(turned.slave.node) == name(pair.master.node) != name(turned.master.node)
    assert (authority_file(pair.master.node), options_file(pair.master.node)) == (CA_FILE, OPTIONS_FILE)
