"""Somebody without any right on a host listens where mysqld should: he hears no password, and he is named."""

from collections.abc import Iterator

import pytest
from commandline import until
from outside import OutsidePair
from strangers import PORT, in_the_masters_place

FAILED = 1
SETTLED_SECONDS = 30
TAKEOVER_SECONDS = 8
HEARD = "/var/tmp/rogue.log"
# Speaks as a MySQL server that wants the password in clear, says yes to whatever comes, and writes down all of it.
ROGUE = f"""
import socket, struct, threading
def serve(client, log):
    def say(number, data):
        client.sendall(struct.pack("<I", len(data))[:3] + bytes([number]) + data)
    try:
        tail = b"\\xff\\x02\\0\\x88\\0\\x15" + bytes(10) + b"123456789012\\0mysql_native_password\\0"
        say(0, b"\\x0a9.7.4\\0" + bytes(4) + b"12345678\\0" + b"\\0\\x82" + tail)
        answers = [b"\\xfemysql_clear_password\\0", b"\\0\\0\\0\\x02\\0\\0\\0"]
        while heard := client.recv(65536):
            log.write(heard + b"\\n--\\n")
            log.flush()
            say(heard[3] + 1, answers.pop(0) if answers else b"\\0\\0\\0\\x02\\0\\0\\0")
    except OSError:
        pass
listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.bind(("127.0.0.1", {PORT}))
listening.listen(50)
log = open("{HEARD}", "wb", buffering=0)
while True:
    threading.Thread(target=serve, args=(listening.accept()[0], log), daemon=True).start()
"""


@pytest.fixture
def robbed_pair(healthy_pair: OutsidePair) -> Iterator[OutsidePair]:
    """The master's mysqld is down, and `nobody` has its port."""
    with in_the_masters_place(healthy_pair, "rogue", ROGUE):
        yield healthy_pair


def test_whoever_listens_in_mysqlds_place_hears_no_password_and_is_named(robbed_pair: OutsidePair) -> None:
    master = robbed_pair.master
    pid = master.sh("systemctl show -p MainPID --value rogue")
    verified = robbed_pair.inv("verify").expect(FAILED, f"kill {pid}")
    assert f"python3 (pid {pid}, user nobody)" in " ".join(verified.out.split()), verified.out
    for ran in (verified, robbed_pair.inv("bootstrap").expect(FAILED), robbed_pair.inv("plan").expect(FAILED)):
        assert "Traceback" not in ran.out and "does not let the runbook in" not in ran.out, ran.out
    # What it hears it writes down: this could fail.
    master.sh(f"bash -c 'echo hello > /dev/tcp/127.0.0.1/{PORT}'")
    until("what was said to it", SETTLED_SECONDS, lambda: "hello" in master.sh(f"cat -v {HEARD}"))
    heard = master.sh(f"cat -v {HEARD}")
    assert [core for core in robbed_pair.operator.secret_cores if core in heard] == []
