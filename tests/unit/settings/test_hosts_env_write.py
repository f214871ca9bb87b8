"""Writing hosts.env: passwords come back exactly, nothing is overwritten, the example is true."""

import os
import re
from pathlib import Path

import pytest
from hosts_env_text import HOSTS, MINIMAL, PASSWORDS, complaint, lines, write

from runbook.errors import BadInput
from runbook.settings import hosts_env
from runbook.settings.hosts_env import render_hosts_env, write_new
from runbook.settings.load import load
from runbook.settings.readme import markdown_table
from runbook.settings.settings import BY_NAME, KEYS

EXAMPLE = Path(__file__).parents[3] / "hosts.env.example"
FRESH = re.compile(rf"'(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[-_])[A-Za-z0-9_-]{{{hosts_env.PASSWORD_LENGTH}}}'")
NASTY = [
    "pa$$word ${HOME} $HOME",
    "it's 'quoted'",
    'say "aloud"',
    "hash # in it#",
    "back\\slash\\",
    "\\'\\\\'\\\"\\n",
    "  blanks at both ends  ",
    "pässwörd 密码 🔑",
    "=`!*;&|<>(){}[]~%^",
]

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("name", PASSWORDS)
def test_a_nasty_password_comes_back_exactly(tmp_path: Path, name: str, nasty: str) -> None:
    path = tmp_path / "new.env"
    write_new(path, render_hosts_env(MINIMAL | {name: nasty}))
    assert nasty in [secret.reveal() for secret in load(path).secrets]


def test_a_rendered_file_has_fresh_passwords_each_time() -> None:
    one, other = render_hosts_env(HOSTS), render_hosts_env(HOSTS)
    assert len(set(FRESH.findall(one) + FRESH.findall(other))) == 2 * len(PASSWORDS)


def test_given_values_stand_in_the_rendered_file(tmp_path: Path) -> None:
    path = tmp_path / "new.env"
    write_new(path, render_hosts_env(HOSTS | {"SSH_USER": "ops", "SSH_KNOWN_HOSTS": "/a b/it's known"}))
    settings = load(path)
    assert settings.ssh_user == "ops"
    assert settings.ssh_known_hosts == Path("/a b/it's known")
    assert "\nSSH_USER=ops\n" in path.read_text()
    assert "\n#SSH_PORT=\n" in path.read_text()


@pytest.mark.parametrize(
    ("values_given", "told"),
    [
        ({"SSH_USR": "ops"}, "did you mean SSH_USER?"),
        ({"VIP": "here"}, "VIP = here"),
        ({"CHECK_PASSWORD": "hunter\n2"}, "CHECK_PASSWORD = ***"),
        ({"SSH_KEY": "/a\nSSH_USER=x"}, "control character"),
    ],
)
def test_nothing_is_rendered_from_bad_values(values_given: dict[str, str], told: str) -> None:
    with pytest.raises(BadInput, match=re.escape(told)) as caught:
        render_hosts_env(HOSTS | values_given)
    assert "hunter" not in str(caught.value)


def test_the_example_is_what_the_table_of_keys_says() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == render_hosts_env({}, secrets=False)


def test_the_example_lacks_nothing_but_passwords(tmp_path: Path) -> None:
    found = complaint(write(tmp_path, EXAMPLE.read_bytes())).splitlines()[1:]
    assert [line.split(":")[0].strip() for line in found] == list(PASSWORDS)


def test_each_commented_default_may_be_uncommented(tmp_path: Path, own_home: Path) -> None:
    config = own_home / ".ssh" / "config"
    config.parent.mkdir()
    config.touch()
    text = re.sub(r"(?m)^#([A-Z])", r"\1", render_hosts_env(MINIMAL))
    path = write(tmp_path, text)
    plain = load(write(tmp_path, lines()))
    path.write_text(text)
    assert load(path) == plain


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_each_key_is_explained(key: object) -> None:
    name = key.name  # type: ignore[attr-defined]
    assert 1 <= len(BY_NAME[name].help.splitlines()) <= 3
    row = next(row for row in markdown_table().splitlines() if row.startswith(f"| `{name}` |"))
    assert row.count("|") == 5
    assert BY_NAME[name].help.splitlines()[0] in row


def test_a_new_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_new(tmp_path / "new", "text ü\n")
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").read_text(encoding="utf-8") == "text ü\n"


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_an_existing_file_is_never_overwritten(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "hosts.env"
    path.write_text("precious") if kind == "file" else path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="already"):
        write_new(path, "new")
    assert path.read_text() == "precious" if kind == "file" else not path.exists()


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match="No space left"):
        write_new(tmp_path / "hosts.env", "text")
    assert list(tmp_path.glob("hosts.env*")) == []


def test_a_new_file_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        write_new(tmp_path / "absent" / "hosts.env", "text")
