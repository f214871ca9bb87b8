"""What is told when SSH does not work: a sentence, the host, and the way out; never a traceback."""

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import paramiko
import pytest
from invoke.exceptions import CommandTimedOut

from runbook.core.openssh.login import LoginRefused
from runbook.core.ssh import Link, SshLoginRefused, Unreachable
from runbook.core.streamlocal import opening
from runbook.errors import BadInput, RunbookError
from runbook.settings.settings import Settings

WAY_IN = "ssh root@192.168.152.129 -p 22"


@pytest.fixture
def link(settings: Settings) -> Link:
    return Link(settings.slave, settings)


def refused(link: Link, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> RunbookError:
    """The operator's error when opening the connection ends in this one."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(link._connection, "open", fail)
    with pytest.raises(RunbookError) as caught:
        link.open()
    assert str(caught.value).startswith("slave 192.168.152.129: ")
    return caught.value


# ---- a connection that does not come about ----


def test_a_refused_login_names_user_and_what_to_try(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(link, LoginRefused([], ["/k: is no private key"]), monkeypatch)
    assert isinstance(error, SshLoginRefused)
    assert error.exit_code == 2
    assert "login as root was refused\n/k: is no private key" in str(error)
    assert WAY_IN in str(error)


def test_a_refused_login_names_the_keys_that_were_shown(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(link, LoginRefused(["/a", "the agent's b"], []), monkeypatch)
    assert "login as root was refused with /a, the agent's b" in str(error)


def test_a_login_without_any_key_is_called_that(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There is no key to show" in str(refused(link, LoginRefused([], []), monkeypatch))


def test_what_only_ssh_can_do_is_named_when_a_login_fails(
    settings_of: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text("Host *\n  BindAddress 127.0.0.7\n")
    settings = settings_of(SSH_CONFIG=str(config))
    told = refused(Link(settings.slave, settings), TimeoutError("timed out"), monkeypatch)
    assert "only ssh can do: bindaddress 127.0.0.7" in str(told)


def test_a_jump_host_that_fails_is_named(settings_of: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(SSH_JUMP="me@jump:2200")
    told = refused(Link(settings.slave, settings), ConnectionRefusedError(111, "Connection refused"), monkeypatch)
    assert str(told).startswith("slave 192.168.152.129: jump host jump: does not answer by SSH on port 2200")
    assert "ssh me@jump -p 2200" in str(told)


def test_a_jump_host_that_does_not_reach_the_host_is_named(
    settings_of: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(SSH_JUMP="me@jump:2200")
    link = Link(settings.slave, settings)
    link._connection.gateway._set(transport=SimpleNamespace(active=True))
    told = refused(link, paramiko.ChannelException(2, "Connect failed"), monkeypatch)
    assert "slave 192.168.152.129: the jump host jump does not reach 192.168.152.129 port 22" in str(told)


def test_a_connection_ahead_is_tried_once_and_says_at_the_next_need_why_not(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def fail() -> None:
        tried.append("tried")
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(link._connection, "open", fail)
    link.open_ahead()
    for times in (1, 2):
        with pytest.raises(Unreachable, match="Connection refused"):
            link.open()
        assert len(tried) == times


def test_a_host_that_does_not_let_us_in_in_time_is_said_to_be_silent(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, there = threading.Event(), threading.Event()

    def wait() -> None:
        waiting.set()
        there.wait(10)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(link._connection, "open", wait)
    link._met.set()  # by a connection of before
    assert link.why_not_within(0.01) == "it does not answer within 0.01 s"
    monkeypatch.setattr("runbook.core.ssh.LOGIN_SECONDS", 0.02)
    link._met.set()
    assert link.why_not_within(0) == "it answers, and does not let us in within 0.02 s"
    monkeypatch.setattr("runbook.core.ssh.LOGIN_SECONDS", 10)
    there.set()
    why = link.why_not_within(10)
    assert waiting.is_set() and why is not None
    assert "Connection refused" in why and not why.startswith(link.label) and "\n" not in why


def test_a_name_that_does_not_resolve_is_called_that(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(link, socket.gaierror(-2, "Name or service not known"), monkeypatch)
    assert error.exit_code == 2
    assert "does not resolve" in str(error)
    assert "SLAVE_SSH" in str(error)


NOBODY_LISTENS = paramiko.ssh_exception.NoValidConnectionsError({("192.168.152.129", 22): OSError(111, "refused")})


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError("timed out"), "timed out"),
        (TimeoutError(), "TimeoutError"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (OSError(113, "No route to host"), "No route to host"),
        (
            paramiko.ssh_exception.NoValidConnectionsError(
                {("192.168.152.129", 22): OSError(111, "Connection refused")}
            ),
            "Unable to connect to port 22 on 192.168.152.129",
        ),
        (paramiko.SSHException("Error reading SSH protocol banner"), "Error reading SSH protocol banner"),
        (EOFError(), "EOFError"),
    ],
)
def test_a_dead_host_is_a_failure_and_no_bad_input(
    link: Link, monkeypatch: pytest.MonkeyPatch, error: BaseException, reason: str
) -> None:
    told = refused(link, error, monkeypatch)
    assert isinstance(told, Unreachable)
    assert told.exit_code == 1
    assert f"does not answer by SSH on port 22: {reason}" in str(told)
    assert "[Errno" not in str(told)
    assert WAY_IN in str(told)


# ---- a command ----


class Remote:
    """Fabric's connection, open: keeps what it was told to run, and ends it as a test wants."""

    is_connected: bool = True

    def __init__(self, user: str = "root", ends: object = None) -> None:
        self.user = user
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self.closed = False
        self.transport: Any = None
        self._ends = ends or SimpleNamespace(exited=0, stdout="out\n", stderr="")

    def run(self, command: str = "", **options: Any) -> object:
        self.ran.append((command, options))
        if isinstance(self._ends, BaseException):
            raise self._ends
        return self._ends

    def close(self) -> None:
        self.closed = True


def remote(link: Link, **options: Any) -> Remote:
    link._made = Remote(**options)
    return link._made


def test_a_command_runs_as_root_bounded_on_the_host_and_here(link: Link) -> None:
    connection = remote(link)
    ran = link.run("echo 'a b' | wc -l", timeout=7)
    assert (ran.code, ran.out) == (0, "out\n")
    ((command, options),) = connection.ran
    assert command == (
        'LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" '
        "timeout -k 5 7 sh -c 'echo '\"'\"'a b'\"'\"' | wc -l'"
    )
    assert options["timeout"] > 7
    assert options["in_stream"] is False


def test_another_user_is_root_by_sudo_for_the_whole_script(link: Link) -> None:
    connection = remote(link, user="ops")
    link.run("a && b", timeout=7)
    ((command, _),) = connection.ran
    assert command.startswith("sudo -n -- sh -c ")
    assert "a && b" in command


def test_a_secret_goes_in_by_stdin_and_not_in_the_command(link: Link) -> None:
    connection = remote(link)
    link.run("cat > x", timeout=7, stdin="password=sesame\n")
    ((command, options),) = connection.ran
    assert "sesame" not in command
    assert options["in_stream"].read() == "password=sesame\n"


def test_a_command_without_an_answer_names_itself_and_the_seconds(link: Link) -> None:
    remote(link, ends=CommandTimedOut(SimpleNamespace(command="x"), 17))  # type: ignore[arg-type]
    with pytest.raises(Unreachable) as caught:
        link.run("\ndf -Pk\nmore", timeout=7)
    told = str(caught.value)
    assert "slave 192.168.152.129: no answer for" in told
    assert "while running: df -Pk" in told
    assert "run the same command again" in told


@pytest.mark.parametrize(
    "ends",
    [
        paramiko.SSHException("SSH session not active"),
        OSError(104, "Connection reset by peer"),
        EOFError(),
        SimpleNamespace(exited=-1, stdout="", stderr=""),
    ],
)
def test_a_connection_that_is_lost_is_closed_and_told(link: Link, ends: object) -> None:
    connection = remote(link, ends=ends)
    with pytest.raises(Unreachable, match="the SSH connection was lost") as caught:
        link.run("true", timeout=7)
    assert connection.closed
    assert "run the same command again" in str(caught.value)


def test_an_sshd_that_allows_no_further_session_is_told_what_to_set(link: Link) -> None:
    connection = remote(link, ends=paramiko.ChannelException(2, "Connect failed"))
    connection.transport = SimpleNamespace(open_session=connection.run)
    for start in (lambda: link.run("true", timeout=7), lambda: link.process("true")):
        with pytest.raises(BadInput, match=r"slave 192\.168\.152\.129: .*\n.*MaxSessions 10"):
            start()


# ---- a socket through it ----


def refuse_channel(link: Link, error: BaseException) -> None:
    def open_channel(*_: object, **__: object) -> None:
        raise error

    remote(link).transport = SimpleNamespace(open_channel=open_channel)


def test_a_port_that_nobody_listens_on_is_a_refused_connection(link: Link) -> None:
    refuse_channel(link, paramiko.ChannelException(2, "Connect failed"))
    with pytest.raises(ConnectionRefusedError, match=r"127\.0\.0\.1:3306"):
        link.channel("127.0.0.1", 3306)


def test_an_sshd_that_forbids_forwarding_is_told_what_to_set(link: Link) -> None:
    refuse_channel(link, paramiko.ChannelException(1, "Administratively prohibited"))
    with pytest.raises(BadInput, match="AllowTcpForwarding local"):
        link.channel("127.0.0.1", 3306)


def test_a_unix_socket_is_asked_for_in_opensshs_words() -> None:
    message = paramiko.Message(opening(7, "/run/mysqld/mysqld.sock").asbytes())
    assert (message.get_byte(), message.get_text()) == (b"\x5a", "direct-streamlocal@openssh.com")
    assert message.get_int() == 7
    assert (message.get_int() > 0, message.get_int() > 0) == (True, True)
    assert (message.get_text(), message.get_text(), message.get_int()) == ("/run/mysqld/mysqld.sock", "", 0)
    assert message.get_remainder() == b""


class Opening:
    """paramiko's transport, as far as a channel is opened by it; `answer` is what sshd does."""

    def __init__(self, answer: Callable[["Opening", int], object]) -> None:
        self.lock = threading.Lock()
        self.active = True
        self.channel_events: dict[int, threading.Event] = {}
        self.channels_seen: dict[int, bool] = {}
        self._channels = paramiko.transport.ChannelMap()
        self.error: BaseException | None = None
        self._answer = answer

    def _next_channel(self) -> int:
        return 3

    def _send_user_message(self, message: paramiko.Message) -> None:
        self._answer(self, 3)

    def get_exception(self) -> BaseException | None:
        return self.error

    def get_log_channel(self) -> str:
        return "paramiko.transport"


def refuses(transport: Opening, number: int) -> None:
    transport.error = paramiko.ChannelException(2, "Connect failed")
    transport._channels.delete(number)
    transport.channel_events[number].set()


def test_a_unix_socket_that_is_opened_is_a_channel(link: Link) -> None:
    remote(link).transport = Opening(lambda transport, number: transport.channel_events[number].set())
    assert link.unix_channel("/run/mysqld/mysqld.sock").get_id() == 3


def test_a_unix_socket_that_nobody_listens_on_is_a_refused_connection(link: Link) -> None:
    remote(link).transport = Opening(refuses)
    with pytest.raises(ConnectionRefusedError, match=r"/run/mysqld/mysqld\.sock"):
        link.unix_channel("/run/mysqld/mysqld.sock")


def test_a_connection_that_is_lost_while_a_socket_is_opened_is_told(link: Link) -> None:
    connection = remote(link)

    def loses(transport: Opening, number: int) -> None:
        transport.active = connection.is_connected = False

    connection.transport = Opening(loses)
    with pytest.raises(Unreachable, match="the SSH connection was lost"):
        link.unix_channel("/run/mysqld/mysqld.sock")


# ---- settings ----


def test_name_user_port_key_and_jump_host_come_from_hosts_env(
    settings_of: Callable[..., Settings], tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.touch(mode=0o600)
    settings = settings_of(
        SLAVE_SSH="db-two", SSH_USER="ops", SSH_PORT="2222", SSH_KEY=str(key), SSH_JUMP="me@jump:2200"
    )
    link = Link(settings.slave, settings)
    connection, jump = link._connection.hops
    assert (connection.host, connection.user, connection.port) == ("db-two", "ops", 2222)
    assert connection.way.identities == jump.way.identities == (key,)
    assert (jump.host, jump.user, jump.port) == ("jump", "me", 2200)
    assert link.label == "slave db-two"


def test_an_alias_of_ssh_config_is_honoured(settings_of: Callable[..., Settings], tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host db-two\n  HostName 10.1.2.3\n  User ops\n  Port 2022\n")
    settings = settings_of(SLAVE_SSH="db-two", SSH_CONFIG=str(config))
    connection = Link(settings.slave, settings)._connection
    assert (connection.host, connection.user, connection.port) == ("10.1.2.3", "ops", 2022)


def test_what_the_operator_configured_for_fabric_has_no_say(
    settings_of: Callable[..., Settings], own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = {"user": "x", "port": 99, "gateway": "evil", "run": {"echo": True}, "connect_kwargs": {"password": "x"}}
    (own_home / ".fabric.json").write_text(json.dumps(theirs))
    monkeypatch.setenv("FABRIC_RUN_ECHO", "1")
    settings = settings_of()
    connection = Link(settings.slave, settings)._connection
    assert (connection.user, connection.port, connection.gateway) == ("root", 22, False)
    assert not connection.config.run.echo
    assert "password" not in connection.connect_kwargs
