"""Trusting the hosts' keys: each is shown, none is added unasked, and what is added is what SSH finds again."""

import base64
import builtins
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import paramiko
import pytest
from hosts_env_text import lines, write

from runbook.core.ssh import SshLoginRefused, Unreachable
from runbook.errors import BadInput, RunbookError
from runbook.operations import trust as module
from runbook.operations.run import Run
from runbook.operations.trust import HostKey, trust
from runbook.settings.settings import Node, Role, Settings

JUMP, MASTER, SLAVE = "[jump]:2200", "192.168.152.128", "192.168.152.129"
# A key that ssh-keygen made, and what `ssh-keygen -lf` printed of it.
PUBLIC = "AAAAC3NzaC1lZDI1NTE5AAAAIHtUN/p5DFQ7sc/9G6+zKOc+UWxE4t/7Mm2ezVvAcLx5"
PRINTED = "256 SHA256:BTN1z4E4ThAgQmoIKT44t4PgklcTyrEp9oUFQQCPAVg no comment (ED25519)"
NOT_ADDED = "not added: compare it with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there"


class Hosts:
    """The hosts behind SSH, hop by hop as Link meets them; a key that known_hosts lacks goes to its policy."""

    def __init__(self) -> None:
        self.keys = {name: paramiko.ECDSAKey.generate() for name in (JUMP, MASTER, SLAVE)}
        self.hops: dict[Role, tuple[str, ...]] = {"master": (MASTER,), "slave": (SLAVE,)}
        self.behind: dict[Role, Exception] = {}
        self.met: list[str] = []
        self.open = 0

    def link(self, node: Node, settings: Settings, unknown_key: paramiko.MissingHostKeyPolicy) -> "Hop":
        return Hop(self, node, settings, unknown_key)


class Hop:
    """What trust needs of a Link."""

    def __init__(
        self, hosts: Hosts, node: Node, settings: Settings, unknown_key: paramiko.MissingHostKeyPolicy
    ) -> None:
        self._hosts, self._role, self._policy = hosts, node.role, unknown_key
        path = settings.ssh_known_hosts
        self._known = paramiko.HostKeys(str(path) if path.exists() else None)

    def open(self) -> None:
        self._hosts.open += 1
        for name in self._hosts.hops[self._role]:
            if not self._known.check(name, self._hosts.keys[name]):
                self._hosts.met.append(name)
                self._policy.missing_host_key(paramiko.SSHClient(), name, self._hosts.keys[name])
        if self._role in self._hosts.behind:
            raise self._hosts.behind[self._role]

    def close(self) -> None:
        self._hosts.open -= 1


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Hosts:
    hosts = Hosts()
    monkeypatch.setattr(module, "Link", hosts.link)
    return hosts


@pytest.fixture
def known_hosts(own_home: Path) -> Path:
    return own_home / ".ssh" / "known_hosts"


@pytest.fixture
def run(own_home: Path) -> Callable[..., Run]:
    path = write(own_home, lines())
    return lambda **flags: Run({"HOSTS_ENV": str(path)}, own_home, **flags)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The operator at a terminal types these; what he was asked is in the list."""

    def types(*answers: str) -> list[str]:
        asked: list[str] = []
        left = iter(answers)

        def reply(question: str) -> str:
            asked.append(question)
            return next(left)

        monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
        monkeypatch.setattr(builtins, "input", reply)
        return asked

    return types


def names_in(known_hosts: Path) -> list[str]:
    return [line.split()[0] for line in known_hosts.read_text().splitlines()] if known_hosts.exists() else []


# ---- nothing is added unasked ----


@pytest.mark.parametrize("yes", [False, True], ids=["", "--yes"])
def test_a_dry_run_shows_the_key_adds_none_and_asks_nothing(
    hosts: Hosts,
    run: Callable[..., Run],
    typed: Callable[..., list[str]],
    known_hosts: Path,
    capsys: pytest.CaptureFixture[str],
    yes: bool,
) -> None:
    asked = typed("y", "y", "y")
    with pytest.raises(RunbookError) as caught:
        trust(run(dry=True, yes=yes))
    assert (str(caught.value), caught.value.exit_code) == (NOT_ADDED, 3), "drift found by a dry run, as README has it"
    assert asked == []
    assert not known_hosts.parent.exists()
    shown = capsys.readouterr().out
    assert f"{MASTER}: {HostKey(MASTER, hosts.keys[MASTER]).fingerprint}\n" in shown
    assert "every host's key" not in shown


def test_a_dry_run_where_every_key_is_known_ends_well_and_leaves_the_file_alone(
    hosts: Hosts,
    run: Callable[..., Run],
    typed: Callable[..., list[str]],
    known_hosts: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = typed()
    trust(run(yes=True))
    before = known_hosts.read_bytes(), known_hosts.stat().st_mtime_ns
    capsys.readouterr()
    trust(run(dry=True))
    assert (known_hosts.read_bytes(), known_hosts.stat().st_mtime_ns) == before
    assert capsys.readouterr().out.endswith(f"every host's key is in {known_hosts}\n")
    assert asked == []


@pytest.mark.parametrize("said", ["", "n", "no", "yep", "yes please", "192.168.152.128"])
def test_what_is_no_yes_adds_nothing_and_says_how_to_compare(
    hosts: Hosts, run: Callable[..., Run], typed: Callable[..., list[str]], known_hosts: Path, said: str
) -> None:
    asked = typed(said)
    with pytest.raises(RunbookError) as caught:
        trust(run())
    assert (str(caught.value), caught.value.exit_code) == (NOT_ADDED, 1)
    assert asked == ["Is that the host? [y/N] "]
    assert names_in(known_hosts) == []


def test_without_a_terminal_nothing_is_added(
    hosts: Hosts, run: Callable[..., Run], known_hosts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    with pytest.raises(RunbookError, match="not added"):
        trust(run())
    assert names_in(known_hosts) == []


def test_at_the_first_key_that_is_not_agreed_to_the_rest_is_left(
    hosts: Hosts, run: Callable[..., Run], typed: Callable[..., list[str]], known_hosts: Path
) -> None:
    hosts.hops = {"master": (JUMP, MASTER), "slave": (JUMP, SLAVE)}
    typed("y", "n")
    with pytest.raises(RunbookError, match="not added"):
        trust(run())
    assert names_in(known_hosts) == [JUMP]
    assert hosts.met == [JUMP, MASTER]


# ---- what is shown ----


def test_a_fingerprint_is_the_one_that_ssh_keygen_prints_on_the_host() -> None:
    shown = HostKey(MASTER, paramiko.Ed25519Key(data=base64.b64decode(PUBLIC))).fingerprint
    assert shown.split()[0] == PRINTED.split()[1]
    assert shown.endswith(" (ssh-ed25519)")


# ---- what is added ----


@pytest.mark.parametrize("said", ["y", "Y", "yes", " YES "])
def test_what_is_agreed_to_is_added_and_is_not_asked_for_again(
    hosts: Hosts,
    run: Callable[..., Run],
    typed: Callable[..., list[str]],
    known_hosts: Path,
    capsys: pytest.CaptureFixture[str],
    said: str,
) -> None:
    asked = typed(said, said)
    trust(run())
    assert len(asked) == 2
    assert names_in(known_hosts) == [MASTER, SLAVE]
    first, *shown, last = capsys.readouterr().out.splitlines()
    assert MASTER in first and SLAVE in first, "which pair is meant comes before any question"
    assert shown == [f"{name}: {HostKey(name, hosts.keys[name]).fingerprint}" for name in (MASTER, SLAVE)]
    assert last == f"every host's key is in {known_hosts}"
    trust(run())
    assert len(asked) == 2
    assert hosts.open == 0, "each connection is closed"


def test_with_yes_all_are_added_the_jump_host_first_and_once(
    hosts: Hosts, run: Callable[..., Run], typed: Callable[..., list[str]], known_hosts: Path
) -> None:
    hosts.hops = {"master": (JUMP, MASTER), "slave": (JUMP, SLAVE)}
    asked = typed()
    trust(run(yes=True))
    assert asked == []
    assert names_in(known_hosts) == [JUMP, MASTER, SLAVE]
    found = paramiko.HostKeys(str(known_hosts))
    assert all(found.check(name, hosts.keys[name]) for name in (JUMP, MASTER, SLAVE))


def test_a_new_known_hosts_is_the_operators_alone(hosts: Hosts, run: Callable[..., Run], known_hosts: Path) -> None:
    trust(run(yes=True))
    assert (known_hosts.stat().st_mode & 0o777, known_hosts.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_known_hosts_are_where_hosts_env_has_them(hosts: Hosts, own_home: Path, known_hosts: Path) -> None:
    elsewhere = own_home / "pairs" / "one" / "known"
    path = write(own_home, lines(SSH_KNOWN_HOSTS=str(elsewhere)))
    trust(Run({"HOSTS_ENV": str(path)}, own_home, yes=True))
    assert names_in(elsewhere) == [MASTER, SLAVE]
    assert not known_hosts.exists()


def test_the_keys_that_were_there_stay(hosts: Hosts, run: Callable[..., Run], known_hosts: Path) -> None:
    known_hosts.parent.mkdir()
    other = paramiko.ECDSAKey.generate()
    theirs = f"# mine\nelsewhere {other.get_name()} {other.get_base64()}\n"
    known_hosts.write_text(theirs)
    trust(run(yes=True))
    assert known_hosts.read_text().startswith(theirs)
    assert names_in(known_hosts)[2:] == [MASTER, SLAVE]


def test_a_last_line_without_its_end_stays_a_line_of_its_own(
    hosts: Hosts, run: Callable[..., Run], known_hosts: Path
) -> None:
    """As an editor may leave it. Glued to it, the new key would be unknown still, and ssh would not read the old."""
    known_hosts.parent.mkdir()
    other = paramiko.ECDSAKey.generate()
    theirs = f"elsewhere {other.get_name()} {other.get_base64()}"
    known_hosts.write_text(theirs)
    trust(run(yes=True))
    assert known_hosts.read_text().splitlines()[0] == theirs
    assert names_in(known_hosts) == ["elsewhere", MASTER, SLAVE]
    assert hosts.met == [MASTER, SLAVE], "each is asked for once"


# ---- hosts that do not let us in ----


def test_a_host_whose_key_is_known_need_not_let_us_in(
    hosts: Hosts, run: Callable[..., Run], known_hosts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hosts.behind = {"master": SshLoginRefused("login as root was refused")}
    trust(run(yes=True))
    assert names_in(known_hosts) == [MASTER, SLAVE]
    assert "every host's key is in" in capsys.readouterr().out
    assert hosts.open == 0


@pytest.mark.parametrize(
    "error", [BadInput("its SSH host key CHANGED"), Unreachable("master 192.168.152.128", "does not answer by SSH")]
)
def test_a_changed_key_and_a_dead_host_end_it_as_they_are(
    hosts: Hosts, run: Callable[..., Run], known_hosts: Path, capsys: pytest.CaptureFixture[str], error: RunbookError
) -> None:
    hosts.behind = {"master": error}
    with pytest.raises(RunbookError) as caught:
        trust(run(yes=True))
    assert caught.value is error
    assert names_in(known_hosts) == [MASTER], "the slave is another run's"
    assert "every host's key" not in capsys.readouterr().out
    assert hosts.open == 0
