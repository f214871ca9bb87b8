"""What ssh accepts works: real logins at an SSH server of the test, by the files that an operator has."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest
from ssh_server import SshServer, serving

from runbook.core.ssh import Link, SshLoginRefused
from runbook.errors import BadInput
from runbook.operations.trust import unknown_keys
from runbook.settings.settings import Settings

pytestmark = pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="OpenSSH's client is not here")

HOST_KEY = paramiko.ECDSAKey.generate()
OTHER_KEY = paramiko.ECDSAKey.generate()
SECOND_TYPE = paramiko.RSAKey.generate(2048)


def known(name: str, key: paramiko.PKey) -> str:
    return f"{name} {key.get_name()} {key.get_base64()}"


def make_key(file: Path, passphrase: str = "") -> bytes:
    """A key as an operator makes it; its public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", file.name, "-f", file], check=True)
    return paramiko.PublicBlob.from_file(f"{file}.pub").key_blob


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own is no matter here."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@pytest.fixture
def ssh(own_home: Path) -> Path:
    """The operator's ~/.ssh."""
    folder = own_home / ".ssh"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def server(ssh: Path) -> Iterator[SshServer]:
    """A host that knows the operator's ~/.ssh/id_ed25519."""
    with serving(HOST_KEY, keys=[make_key(ssh / "id_ed25519")]) as each:
        yield each


Reach = Callable[..., Link]


@pytest.fixture
def reach(settings_of: Callable[..., Settings], server: SshServer, ssh: Path) -> Iterator[Reach]:
    """Makes the link to that server with these keys of hosts.env; its own key is known unless a test says more."""
    links = []

    def make(known_hosts: str | None = None, **keys: str) -> Link:
        (ssh / "known_hosts").write_text(known(server.known_as, HOST_KEY) if known_hosts is None else known_hosts)
        settings = settings_of(**{"MASTER_SSH": "127.0.0.1", "SSH_PORT": str(server.port)} | keys)
        links.append(Link(settings.master, settings))
        return links[-1]

    yield make
    for link in links:
        link.close()


def refused(link: Link) -> str:
    with pytest.raises(BadInput) as caught:
        link.open()
    return str(caught.value)


def test_a_command_is_run_by_the_usual_key_as_root(reach: Reach, server: SshServer) -> None:
    assert reach().run("id -u", timeout=5).out == "0\n"
    assert server.users == ["root"]
    (command,) = server.commands
    assert command.endswith("timeout -k 5 5 sh -c 'id -u'")


# ---- known_hosts ----


@pytest.mark.parametrize(
    "lines",
    [
        "{own}",
        "# mine\n\n{own}\n",
        "not a line\n{name} ssh-ed25519 no-base64\n@odd {own}\n{own}",
        "@cert-authority *.example.com {key}\n@revoked * {other}\n{own}\n",
        "{name} {other}\n{own}\n",
        "[127.0.0.*]:* {key}\n",
        "elsewhere,127.0.0.1 {key}\n",
        "{own} {name} a comment\n\xff\n",
    ],
    ids=["no end", "remarks", "damaged", "markers", "two of a type", "pattern", "without the port", "no UTF-8"],
)
def test_known_hosts_as_ssh_reads_them(reach: Reach, server: SshServer, lines: str) -> None:
    name = server.known_as
    own, key, other = known(name, HOST_KEY), known("", HOST_KEY).strip(), known("", OTHER_KEY).strip()
    assert reach(lines.format(own=own, key=key, other=other, name=name)).run("id -u", timeout=5).code == 0


def test_hashed_names_are_known(reach: Reach, server: SshServer) -> None:
    hashed = paramiko.HostKeys.hash_host(server.known_as)
    assert reach(known(hashed, HOST_KEY)).run("id -u", timeout=5).code == 0


def test_a_revoked_key_is_refused_by_its_line_though_it_is_known(reach: Reach, server: SshServer) -> None:
    told = refused(reach(f"{known(server.known_as, HOST_KEY)}\n@revoked {known('*', HOST_KEY)}\n"))
    assert told.startswith("master 127.0.0.1: its SSH host key is revoked: ")
    assert "known_hosts:2" in told.splitlines()[0]


def test_a_changed_key_is_refused_by_its_line_with_the_command_that_forgets_it(
    reach: Reach, server: SshServer, ssh: Path
) -> None:
    told = refused(reach(f"# one\n{known(server.known_as, OTHER_KEY)}\n"))
    assert f"its SSH host key CHANGED: it is not the one in {ssh}/known_hosts:2" in told
    assert f"ssh-keygen -f {ssh}/known_hosts -R '{server.known_as}'" in told
    assert "inv trust-hosts" in told


def test_an_unknown_key_names_what_looks_as_if_it_were_known(reach: Reach, server: SshServer, ssh: Path) -> None:
    told = refused(reach(f"{server.known_as} damaged\n@cert-authority {known('*', OTHER_KEY)}\n")).splitlines()
    assert told[0] == f"master 127.0.0.1: its SSH host key is not in {ssh}/known_hosts"
    assert any(line.startswith(f"{ssh}/known_hosts:2 names an authority") for line in told)
    assert any("Damaged" in line and "known_hosts:1" in line for line in told)
    assert "inv trust-hosts" in told[-1]


def test_of_several_keys_the_host_is_asked_for_one_that_is_known(
    settings_of: Callable[..., Settings], ssh: Path
) -> None:
    with serving(HOST_KEY, SECOND_TYPE, keys=[make_key(ssh / "id_ed25519")]) as server:
        (ssh / "known_hosts").write_text(known(server.known_as, SECOND_TYPE))
        settings = settings_of(MASTER_SSH="127.0.0.1", SSH_PORT=str(server.port))
        link = Link(settings.master, settings)
        assert link.run("id -u", timeout=5).code == 0
        link.close()


def test_a_known_hosts_that_cannot_be_read_is_named(reach: Reach, monkeypatch: pytest.MonkeyPatch, ssh: Path) -> None:
    link = reach()

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refused(link).splitlines()[0] == f"{ssh}/known_hosts: cannot be read (Permission denied)"


def test_trust_asks_for_a_key_that_an_authority_vouches_for(
    reach: Reach, server: SshServer, settings_of: Callable[..., Settings]
) -> None:
    reach(f"@cert-authority {known('*', OTHER_KEY)}\n")
    settings = settings_of(MASTER_SSH="127.0.0.1", SSH_PORT=str(server.port))
    found = next(unknown_keys(settings))
    assert (found.name, found.key.asbytes()) == (server.known_as, HOST_KEY.asbytes())


# ---- keys ----


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """A real ssh-agent; called with a key file it has taken it."""
    path = tmp_path / "agent"
    running = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.PIPE)
    assert running.stdout is not None
    running.stdout.readline()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))

    def add(file: Path) -> None:
        environ = {"SSH_AUTH_SOCK": str(path), "SSH_ASKPASS": str(tmp_path / "ask"), "SSH_ASKPASS_REQUIRE": "force"}
        (tmp_path / "ask").write_text("#!/bin/sh\necho sesame\n")
        (tmp_path / "ask").chmod(0o700)
        subprocess.run(["ssh-add", "-q", file], env=environ, check=True)

    yield add
    running.terminate()
    running.wait()


def test_an_encrypted_key_is_used_by_the_agent_that_holds_it(
    reach: Reach, server: SshServer, ssh: Path, agent: Callable[[Path], None]
) -> None:
    """SSH_KEY names which of the agent's keys is meant: the others are not shown, as after a few sshd hangs up."""
    locked, other = ssh / "locked", ssh / "other"
    server.keys = [make_key(locked, "sesame")]
    make_key(other)
    agent(other)
    agent(locked)
    locked.with_name("locked.pub").unlink()
    assert reach(SSH_KEY=str(locked)).run("id -u", timeout=5).code == 0
    assert set(server.shown) == set(server.keys)


def test_an_encrypted_key_that_no_agent_holds_is_called_that(reach: Reach, ssh: Path) -> None:
    make_key(ssh / "locked", "sesame")
    told = refused(reach(SSH_KEY=str(ssh / "locked")))
    assert f"{ssh}/locked: has a passphrase, and no agent holds it; ssh-add {ssh}/locked" in told


def test_without_a_key_of_hosts_env_the_agents_others_are_tried(
    reach: Reach, server: SshServer, ssh: Path, agent: Callable[[Path], None]
) -> None:
    server.keys = [make_key(ssh / "by-agent")]
    agent(ssh / "by-agent")
    (ssh / "by-agent").unlink()
    assert reach().run("id -u", timeout=5).code == 0


def test_an_identity_that_is_not_there_is_passed_over(reach: Reach, ssh: Path) -> None:
    (ssh / "config").write_text("Host *\n  IdentityFile ~/.ssh/nosuch\n  IdentityFile ~/.ssh/id_ed25519\n")
    assert reach().run("id -u", timeout=5).code == 0


def test_a_path_with_a_blank_in_it_is_a_path(reach: Reach, server: SshServer, ssh: Path) -> None:
    folder = ssh / "my keys"
    folder.mkdir()
    server.keys = [make_key(folder / "a key")]
    (folder / "a config").write_text(f'Host pair\n  HostName 127.0.0.1\n  IdentityFile "{folder}/a key"\n')
    link = reach(MASTER_SSH="pair", SSH_CONFIG=f"'{folder}/a config'")
    assert link.run("id -u", timeout=5).code == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no private key"),
        (b"\x00\xff" * 40, "is no private key"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "only ssh and its agent"),
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", "is in PuTTY's format; puttygen"),
    ],
    ids=["empty", "binary", "damaged", "PuTTY"],
)
def test_a_file_that_is_no_key_is_called_that(reach: Reach, ssh: Path, content: bytes, told: str) -> None:
    file = ssh / "id_rsa"
    file.write_bytes(content)
    (ssh / "config").write_text("IdentityFile ~/.ssh/id_rsa\nIdentitiesOnly yes\n")
    found = refused(reach())
    assert "login as root was refused" in found
    assert f"{file}: " in found and told in found


def test_a_refused_login_names_user_key_and_what_to_try(reach: Reach, server: SshServer, ssh: Path) -> None:
    server.keys = []
    link = reach()
    with pytest.raises(SshLoginRefused) as caught:
        link.open()
    assert f"login as root was refused with {ssh}/id_ed25519" in str(caught.value)
    assert f"ssh root@127.0.0.1 -p {server.port}" in str(caught.value)


def test_a_host_that_takes_no_keys_says_what_it_wants(
    reach: Reach, server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.keys = []
    monkeypatch.setattr(SshServer, "get_allowed_auths", lambda self, user: "password")
    assert "It wants password, and the runbook has keys alone." in refused(reach())


# ---- the way ----


def test_a_proxy_command_is_run_by_the_shell_with_its_tokens(reach: Reach, server: SshServer, ssh: Path) -> None:
    relay = ssh / "relay.py"
    relay.write_text(
        "import os, socket, sys, threading\n"
        "there = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def up():\n"
        "    while data := os.read(0, 65536): there.sendall(data)\n"
        "threading.Thread(target=up, daemon=True).start()\n"
        "while data := there.recv(65536): os.write(1, data)\n"
    )
    (ssh / "config").write_text(
        f"Host pair\n  HostName 127.0.0.1\n  Port {server.port}\n  HostKeyAlias one\n"
        f"  ProxyCommand '{sys.executable}' '{relay}' %h %p 2>/dev/null\n"
    )
    link = reach(known("one", HOST_KEY), MASTER_SSH="pair", SSH_PORT="")
    assert link.run("id -u", timeout=5).code == 0


def test_a_proxy_command_that_fails_is_told_in_its_own_words(reach: Reach, ssh: Path) -> None:
    (ssh / "config").write_text("Host *\n  ProxyCommand echo 'no such proxy' >&2; exit 1\n")
    with pytest.raises(Exception, match="ProxyCommand echo 'no such proxy' >&2; exit 1 says: no such proxy"):
        reach().open()
