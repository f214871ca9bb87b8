"""sync-hosts-env: a stale hosts.env is exchanged, whole and with a copy; any other is left as it is."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from fake import FakeLink
from hosts_env_text import lines, write

from runbook.errors import BadInput, Drift
from runbook.operations import run as run_module
from runbook.operations.roles import cut_off
from runbook.operations.roles.stale_hosts_env import sync
from runbook.operations.run import Run
from runbook.pair import roles
from runbook.settings.load import load
from runbook.settings.settings import Node, Settings

pytestmark = pytest.mark.usefixtures("own_home")

Remembers = Callable[..., None]


@pytest.fixture
def remembers(monkeypatch: pytest.MonkeyPatch) -> Remembers:
    """Has the hosts remember these roles in this epoch or an older one; files of the one that is `left` lie ready."""

    def record(role: str, epoch: int) -> str:
        return f"role={role}\nepoch={epoch}\nsince=2026-11-27T15:00:00Z\nby=anna@desk\nwhy=switchover\n"

    def made(epoch: int = 2, left: int = 0, **said: str) -> None:
        def link(node: Node, _: Settings) -> FakeLink:
            fake = FakeLink(node.role)
            role, _, older = said.get(node.role, "").partition(" in ")
            fake.says(roles.QUESTION, record(role, int(older or epoch)) if role else "")
            fake.says(cut_off.QUESTION, record("master", left) if left else "")
            return fake

        monkeypatch.setattr(run_module, "Link", link)

    return made


def run_on(path: Path, *, dry: bool = False) -> Run:
    return Run({"HOSTS_ENV": str(path)}, path.parent, dry=dry)


def test_a_stale_one_is_exchanged_and_what_stood_there_is_kept(
    tmp_path: Path, remembers: Remembers, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, lines())
    before = path.read_text()
    remembers(master="slave", slave="master")
    sync(run_on(path))
    settings = load(path)
    assert (str(settings.master.address), str(settings.slave.address)) == ("192.168.152.129", "192.168.152.128")
    assert settings.roles_epoch == 2, "by it a host that was away is known to be outdated"
    (kept,) = path.parent.glob("hosts.env.before")
    assert kept.read_text() == before
    assert {stat.S_IMODE(file.stat().st_mode) for file in (path, kept)} == {0o600}
    assert {file.name for file in path.parent.glob("hosts.env*")} == {path.name, kept.name}
    assert "inv verify" in capsys.readouterr().out


@pytest.mark.parametrize("said", [{"master": "master", "slave": "slave"}, {"slave": "slave"}, {}])
def test_one_that_agrees_stays(tmp_path: Path, remembers: Remembers, said: dict[str, str]) -> None:
    path = write(tmp_path, lines())
    before = path.read_bytes()
    remembers(**said)
    sync(run_on(path))
    assert path.read_bytes() == before
    assert list(path.parent.glob("hosts.env.*")) == []


def test_a_dry_run_shows_the_lines(tmp_path: Path, remembers: Remembers, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, lines())
    before = path.read_bytes()
    remembers(slave="master")
    with pytest.raises(Drift):
        sync(run_on(path, dry=True))
    assert path.read_bytes() == before
    assert "would write MASTER_HOST=192.168.152.129" in capsys.readouterr().out


def test_records_that_contradict_each_other_decide_nothing(tmp_path: Path, remembers: Remembers) -> None:
    path = write(tmp_path, lines())
    before = path.read_bytes()
    remembers(master="master", slave="master")
    with pytest.raises(BadInput, match="both hosts' records"):
        sync(run_on(path))
    assert path.read_bytes() == before


def test_a_change_of_roles_that_was_cut_off_is_brought_to_its_end_first(tmp_path: Path, remembers: Remembers) -> None:
    """Else the new master would be one by hosts.env that has not taken its role, and that nothing opens."""
    path = write(tmp_path, lines())
    before = path.read_bytes()
    remembers(left=2, master="slave", slave="slave in 1")
    with pytest.raises(BadInput, match="First: inv switchover"):
        sync(run_on(path))
    assert path.read_bytes() == before
    remembers(left=1, master="slave", slave="master")
    sync(run_on(path))
    assert path.read_bytes() != before, "what lies ready of an older change says nothing of this one"


def test_a_link_to_a_file_elsewhere_stays_a_link(tmp_path: Path, remembers: Remembers) -> None:
    path = write(tmp_path, lines())
    there = tmp_path / "elsewhere"
    there.mkdir()
    path.rename(there / "pair.env")
    path.symlink_to(there / "pair.env")
    remembers(master="slave", slave="master")
    sync(run_on(path))
    assert path.is_symlink()
    assert str(load(path).master.address) == "192.168.152.129"
