"""ssh_config is OpenSSH's business: its answer is taken, what it cannot read is named, and what we cannot do."""

import getpass
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from case_files import Case, cases

from runbook.core.openssh import config as ssh_config
from runbook.core.openssh.config import Hop, parsed
from runbook.core.openssh.way import Way, agent_socket, jump_host, way, way_to
from runbook.errors import BadInput
from runbook.settings.settings import Settings

needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="without ssh its answer cannot be asked")


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@cases("ssh_way")
def test_what_ssh_says_of_a_host(case: Case, settings_of: Callable[..., Settings], own_home: Path) -> None:
    (own_home / ".ssh").mkdir()
    for name in ("10.0.0.1_key", "with blank"):
        (own_home / ".ssh" / name).touch()
    found = way(case.given["name"], parsed(case.text), settings_of(), None)
    told = {name: _plain(getattr(found, name)) for name in case.means}
    assert told == _plain(case.means, str(own_home))


def _plain(value: Any, home: str = "") -> Any:
    match value:
        case dict():
            return {name: _plain(each, home) for name, each in value.items()}
        case tuple() | list():
            return [_plain(each, home) for each in value]
        case Path() | str():
            return str(value).replace("{home}", home)
    return value


WayOf = Callable[..., Way]


@pytest.fixture
def way_of(settings_of: Callable[..., Settings], tmp_path: Path) -> WayOf:
    """The way to the master db-one by an ssh_config with this text."""

    def make(text: str, **keys: str) -> Way:
        config = tmp_path / "config"
        config.write_text(text)
        settings = settings_of(**{"MASTER_SSH": "db-one", "SSH_CONFIG": str(config)} | keys)
        return way_to(settings.master, settings)

    return make


def refused(way_of: WayOf, text: str, **keys: str) -> str:
    with pytest.raises(BadInput) as caught:
        way_of(text, **keys)
    return str(caught.value)


@needs_ssh
def test_include_and_match_are_followed(way_of: WayOf, tmp_path: Path) -> None:
    (tmp_path / "more").write_text("Match originalhost db-*\n  HostName 10.1.2.3\n  Port 2022\n")
    found = way_of(f'Include "{tmp_path}/more"\nMatch host 10.1.2.3 exec "true"\n  User ops\n')
    assert (found.host, found.port, found.user) == ("10.1.2.3", 2022, "ops")


@needs_ssh
def test_hosts_env_goes_before_ssh_config(way_of: WayOf) -> None:
    found = way_of(
        "Host db-one\n  User ops\n  Port 2022\n  ProxyJump other\n", SSH_USER="me", SSH_PORT="22", SSH_JUMP="j"
    )
    assert (found.user, found.port, found.jump and found.jump.name) == ("me", 22, "j")


@needs_ssh
@pytest.mark.parametrize("text", ["", "Host db-one\n  HostName 10.0.0.1\n", "Host elsewhere\n  User ops\n"])
def test_where_ssh_config_names_no_user_it_is_root(way_of: WayOf, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    nobody_in_particular(monkeypatch)
    assert way_of(text).user == "root"


@needs_ssh
def test_a_user_of_ssh_config_counts_though_he_is_the_one_who_asks(
    way_of: WayOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody_in_particular(monkeypatch)
    assert way_of("Host db-one\n  User ops\n").user == "ops"


def nobody_in_particular(monkeypatch: pytest.MonkeyPatch) -> None:
    """ssh's answer is `ops`, whether ssh_config says so or ops asked: as on a laptop of ops."""
    ask = ssh_config._ask_ssh

    def asked(hop: Hop, files: Any, question: Any) -> dict[str, list[str]]:
        said = ask(hop, files, question)
        return {**said, "user": ["ops"]} if said["user"] == [getpass.getuser()] and "/config" in files[1] else said

    monkeypatch.setattr(ssh_config, "_ask_ssh", asked)
    monkeypatch.setattr(ssh_config.getpass, "getuser", lambda: "ops")


@needs_ssh
@pytest.mark.parametrize("text", ["Host *\n  ProxyJump none\n", "Host db-one\n  ProxyCommand none\n", ""])
def test_no_jump_host_is_none(way_of: WayOf, text: str) -> None:
    found = way_of(text)
    assert (found.jump, found.proxy_command) == (None, "")


@needs_ssh
def test_jump_hosts_are_gone_through_in_their_order_each_as_ssh_config_has_it(way_of: WayOf) -> None:
    found = way_of("Host db-one\n  ProxyJump one,me@two:2200\nHost two\n  HostName 10.0.0.2\nHost one\n  User ops\n")
    assert found.jump and found.jump.jump
    two, one = found.jump, found.jump.jump
    assert (two.host, two.user, two.port) == ("10.0.0.2", "me", 2200)
    assert (one.name, one.user, one.jump) == ("one", "ops", None)


@needs_ssh
def test_a_jump_host_of_every_host_is_not_its_own(way_of: WayOf) -> None:
    told = refused(way_of, "Host *\n  ProxyJump bastion\n")
    assert "jumphost loop via bastion" in told, "as ssh itself has it"


@needs_ssh
def test_jump_hosts_in_a_circle_are_refused(way_of: WayOf) -> None:
    told = refused(way_of, "Host db-one\n  ProxyJump a\nHost a\n  ProxyJump b\nHost b\n  ProxyJump a\n")
    assert "does not come to an end after 8 hosts" in told


@needs_ssh
def test_a_mistake_in_ssh_config_is_told_in_sshs_words(way_of: WayOf, tmp_path: Path) -> None:
    told = refused(way_of, "Host *\n  Compresion yes\n").splitlines()
    assert told[0] == f"SSH_CONFIG = {tmp_path}/config: ssh refuses it:"
    assert "config: line 2: Bad configuration option: compresion" in told[1]


@needs_ssh
def test_a_match_exec_that_hangs_is_named(way_of: WayOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_config, "ANSWER_SECONDS", 0.3)
    told = refused(way_of, 'Match exec "sleep 30"\n  User ops\n')
    assert "no answer for 0.3 s to: ssh -G" in told
    assert "Match exec" in told


@needs_ssh
@pytest.mark.parametrize("line", ["RevokedHostKeys /etc/ssh/revoked", "ProxyUseFdpass yes"])
def test_what_would_go_another_way_than_ssh_is_refused(way_of: WayOf, line: str) -> None:
    told = refused(way_of, f"Host *\n  {line}\n")
    assert told.startswith(f"db-one: ssh_config says what the runbook cannot do: {line.partition(' ')[0].lower()}")
    assert "ssh -vG db-one" in told


@needs_ssh
def test_the_key_of_hosts_env_comes_first_and_no_other_of_the_agent(way_of: WayOf, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).touch(mode=0o600)
    found = way_of(f"Host *\n  IdentityFile {tmp_path}/two\n", SSH_KEY=str(tmp_path / "one"))
    assert found.identities == (tmp_path / "one", tmp_path / "two")
    assert found.only_identities


@needs_ssh
def test_known_hosts_of_hosts_env_stand_alone(way_of: WayOf, tmp_path: Path) -> None:
    own = tmp_path / "known"
    assert way_of("UserKnownHostsFile /dev/zero\n", SSH_KNOWN_HOSTS=str(own)).known_hosts == (own,)


@needs_ssh
def test_sshs_own_files_are_read_where_hosts_env_names_none(
    settings_of: Callable[..., Settings], own_home: Path
) -> None:
    """The home is another than the password file's here, so that ssh is told of the file."""
    (own_home / ".ssh").mkdir()
    (own_home / ".ssh/config").write_text("Host *\n  Port 2022\n")
    settings = settings_of()
    assert way_to(settings.master, settings).port == 2022


# ---- without ssh ----


@pytest.fixture
def no_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_config.shutil, "which", lambda name: None)


@pytest.mark.usefixtures("no_ssh")
def test_without_ssh_the_file_is_read_here(way_of: WayOf, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch()
    found = way_of(
        "Host db-one\n  HostName 10.1.2.3\n  User ops\n  Port 2022\n  ProxyJump none\n"
        f"  IdentityFile {key}\nHost two\n  ProxyCommand nc %h %p\n"
    )
    assert (found.host, found.user, found.port, found.jump) == ("10.1.2.3", "ops", 2022, None)
    assert found.identities == (key,)
    assert way_of("Host db-one\n  ProxyCommand nc %h '100%%'\n").proxy_command == "nc db-one '100%'"
    assert way_of("").user == "root"


@pytest.mark.usefixtures("no_ssh")
@pytest.mark.parametrize(
    "text",
    ["Host\n", "Match exec\n", "Port many\n", "Port 99999\n", 'Host "\n', "Include more\n", "=\n"],
)
def test_without_ssh_a_mistake_names_the_file_or_the_host(way_of: WayOf, text: str) -> None:
    assert "ssh_config" in refused(way_of, text).lower()


# ---- parts ----


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("host", (None, "host", None)),
        ("me@host:2200", ("me", "host", 2200)),
        ("ssh://me@host:2200/", ("me", "host", 2200)),
        ("[fe80::1]:22", (None, "fe80::1", 22)),
        ("DOM\\me@host", ("DOM\\me", "host", None)),
        ("me@corp@host", ("me@corp", "host", None)),
    ],
)
def test_a_jump_host(text: str, means: tuple[str | None, str, int | None]) -> None:
    assert jump_host(text) == means


@pytest.mark.parametrize("text", ["", "me@", ":22", "host:", "host:port", "-oProxyCommand=x", "fe80::1"])
def test_what_is_no_jump_host(text: str) -> None:
    with pytest.raises(BadInput, match="no user@host:port"):
        jump_host(text)


@pytest.mark.parametrize(
    ("said", "means"),
    [("", "/a"), ("SSH_AUTH_SOCK", "/a"), ("none", ""), ("$OTHER", "/b"), ("$NOSUCH", ""), ("/c/%r", "/c/ops")],
)
def test_the_agents_socket(said: str, means: str) -> None:
    assert agent_socket(said, {"r": "ops"}, {"SSH_AUTH_SOCK": "/a", "OTHER": "/b"}) == means
