"""Somebody answers for a server by TLS with a certificate of his own: he hears no login. A server's new CA is found."""

from collections.abc import Iterator

import pytest
from commandline import until
from outside import OutsideHost, OutsidePair
from strangers import PORT, in_the_masters_place

FAILED = 1
SETTLED_SECONDS = 30
ASKED_SECONDS = 90
TOLD = "/run/mysql-runbook/alerts/now/peer-refuses"
HEARD, CERTIFICATE, DATA = "/var/tmp/impostor.log", "/var/tmp/impostor.pem", "/var/lib/mysql"
# Speaks as a MySQL server that has TLS and wants the password itself; what it hears inside TLS it writes down.
IMPOSTOR = f"""
import socket, ssl, struct, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("{CERTIFICATE}")
log = open("{HEARD}", "wb", buffering=0)
def say(client, number, data):
    client.sendall(struct.pack("<I", len(data))[:3] + bytes([number]) + data)
def serve(client):
    log.write(b"came\\n")
    try:
        tail = b"\\xff\\x02\\0\\x88\\0\\x15" + bytes(10) + b"123456789012\\0caching_sha2_password\\0"
        say(client, 0, b"\\x0a9.7.4\\0" + bytes(4) + b"12345678\\0" + b"\\0\\x8a" + tail)
        client.recv(36)
        inside = context.wrap_socket(client, server_side=True)
        while heard := inside.recv(65536):
            log.write(heard + b"\\n--\\n")
            say(inside, heard[3] + 1, b"\\x01\\x04")
    except OSError:
        pass
listening = socket.create_server(("0.0.0.0", {PORT}), backlog=50)
while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
"""
# What the scripts ask the other host, as they do.
PEER = "bash -c '. /usr/local/lib/mysql-runbook/library.sh; peer_closed'"
NEW_CA = f"""
cd {DATA} && cp -p ca.pem server-cert.pem server-key.pem /var/tmp/ &&
openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=renewed -keyout /var/tmp/ca.key -out ca.pem 2>/dev/null &&
openssl req -newkey rsa:2048 -nodes -subj /CN=server -keyout server-key.pem -out /var/tmp/server.csr 2>/dev/null &&
openssl x509 -req -in /var/tmp/server.csr -CA ca.pem -CAkey /var/tmp/ca.key -set_serial 7 -days 9 \\
    -out server-cert.pem 2>/dev/null && chown mysql: server-key.pem
"""
OLD_CA = f"cd /var/tmp && cp -p ca.pem server-cert.pem server-key.pem {DATA}/ && rm -f *.pem ca.key server.csr"


@pytest.fixture
def answered_for_pair(healthy_pair: OutsidePair) -> Iterator[OutsidePair]:
    """The master's mysqld is down, and somebody with a certificate answers at its address."""
    master = healthy_pair.master
    made = f"-days 9 -subj /CN=impostor -keyout {CERTIFICATE} -out {CERTIFICATE}.crt"
    master.sh(f"openssl req -x509 -newkey rsa:2048 -nodes {made} 2>/dev/null")
    master.sh(f"cat {CERTIFICATE}.crt >> {CERTIFICATE} && chown nobody {CERTIFICATE}")
    with in_the_masters_place(healthy_pair, "impostor", IMPOSTOR):
        yield healthy_pair


@pytest.mark.long
def test_who_answers_for_the_master_with_a_certificate_of_his_own_hears_no_login(
    answered_for_pair: OutsidePair,
) -> None:
    pair = answered_for_pair
    assert pair.slave.run(PEER).out.strip() == "", "an impostor was taken for the master"
    pair.inv("verify").expect(FAILED)
    heard = pair.master.sh(f"cat -v {HEARD}")
    assert "came" in heard and "runbook_probe" not in heard and "replica" not in heard
    assert [core for core in pair.operator.secret_cores if core in heard] == []
    # What it hears it writes down: this could fail.
    client = f"mysql --host={pair.master.address} --user=anybody --ssl-mode=REQUIRED --connect-timeout=2 -e 'SELECT 1'"
    pair.slave.run(f"timeout 3 {client}")
    assert "anybody" in pair.master.sh(f"cat -v {HEARD}")


def peer_answers(host: OutsideHost) -> bool:
    """Whether the scripts on a host have their witness."""
    return host.run(PEER).out.strip() in ("0", "1")


@pytest.mark.long
def test_a_masters_new_ca_is_named_and_brought_to_scripts_and_replication(healthy_pair: OutsidePair) -> None:
    pair, master, slave = healthy_pair, healthy_pair.master, healthy_pair.slave
    connect_anew = "STOP REPLICA IO_THREAD; START REPLICA IO_THREAD"
    assert peer_answers(master) and peer_answers(slave)
    try:
        master.sh(NEW_CA)
        # In the file and not yet in force: the slave still knows the master, and nothing may change that.
        pair.inv("verify", "--json").expect(FAILED, "ALTER INSTANCE RELOAD TLS")
        pair.inv("bootstrap").expect(FAILED, "ALTER INSTANCE RELOAD TLS")
        assert peer_answers(slave)
        slave.sql(connect_anew)
        until("replication by the old CA", SETTLED_SECONDS, slave.replicates)
        master.sql("ALTER INSTANCE RELOAD TLS")
        slave.sql(connect_anew)
        told = pair.inv("verify", "--json").expect(FAILED, "-ca.pem: content differs", "inv create-replica-user")
        assert "CA of the master, for replication" in told.out and "inv start-slave" in told.out
        assert not slave.replicates(), "it replicates from a master whose CA it does not know"
        until("people are told", ASKED_SECONDS, lambda: "2026" in slave.run(f"cat {TOLD}").out)
        pair.inv("bootstrap").expect(0)
        until("people are told that it is over", ASKED_SECONDS, lambda: slave.run(f"test -e {TOLD}").code != 0)
        assert peer_answers(slave)
        assert slave.replicates()
        pair.inv("verify").expect(0, "healthy")
    finally:
        master.sh(OLD_CA)
        master.sql("ALTER INSTANCE RELOAD TLS")
        pair.inv("bootstrap").expect(0)
    until("a healthy pair", SETTLED_SECONDS, pair.is_healthy)
