"""Finding and reading hosts.env: its lines, quotes, encoding, owner and mode."""

import os
from pathlib import Path

import pytest
from hosts_env_text import HOSTS, MINIMAL, PASSWORDS, complaint, complaint_about, lines, write

from runbook.errors import BadInput
from runbook.settings.load import find, load


@pytest.mark.parametrize("name", PASSWORDS)
@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("''", "give it a value"),
        ("123456", "8 or more"),
        ("'seven77'", "8 or more"),
        ('"tab\\tin the middle"', "control character"),
        ('"line\\nend in it"', "control character"),
        ("'next\u2028line in it'", "control character"),
        ("cut off #here", "single quotes"),
        ("blank inside", "single quotes"),
        ("hash#inside", "single quotes"),
        ("quote'inside", "single quotes"),
        ('quote"inside', "single quotes"),
        ("back\\slash", "single quotes"),
        ("'open quote", "single quotes"),
        ("'quoted'#and more", "single quotes"),
        ("'it's broken'", "single quotes"),
        ("'a comment' # behind", "single quotes"),
    ],
)
def test_a_bad_password_is_refused_unseen(tmp_path: Path, name: str, written: str, remedy: str) -> None:
    about = complaint_about(write(tmp_path, lines(**{name: written})), name)
    assert remedy in about
    inner = written.strip("'\"")
    assert not inner or inner not in about


def test_an_unknown_key_is_told_its_nearest_neighbour(tmp_path: Path) -> None:
    text = complaint(write(tmp_path, lines() + "MYSQL_ROOT_PASWORD=hunter2hunter2\n"))
    assert "MYSQL_ROOT_PASWORD is not a key; did you mean MYSQL_ROOT_PASSWORD?" in text
    assert f"line {len(MINIMAL) + 1}" in text
    assert "hunter2" not in text


@pytest.mark.parametrize("line", ["hunter2hunter2", "aHVudGVyMg==", "mysql_root_password=hunter2", "PW: hunter2"])
def test_a_line_that_is_no_pair_is_named_by_its_number_and_not_repeated(tmp_path: Path, line: str) -> None:
    text = complaint(write(tmp_path, f"# comment\n\n{line}\n" + lines()))
    assert "line 3:" in text
    assert "hunter2" not in text
    assert "aHVu" not in text


def test_a_key_without_an_equals_sign(tmp_path: Path) -> None:
    about = complaint_about(write(tmp_path, lines() + "SSH_PORT\n"), "SSH_PORT")
    assert "SSH_PORT=value" in about
    assert f"line {len(MINIMAL) + 1}" in about


def test_a_key_that_stands_twice(tmp_path: Path) -> None:
    about = complaint_about(write(tmp_path, lines() + "SSH_PORT=1\n\nSSH_PORT=2\n"), "SSH_PORT")
    first = len(MINIMAL) + 1
    assert f"lines {first} and {first + 2}; delete one" in about


def test_an_open_quote_spoils_its_own_line_only(tmp_path: Path) -> None:
    text = lines(MYSQL_ROOT_PASSWORD="'never closed", REPLICA_PASSWORD="'never closed either")
    found = complaint(write(tmp_path, text)).splitlines()[1:]
    assert len(found) == 2
    assert "line 4 " in found[0]
    assert "line 5 " in found[1]


def test_a_jump_hosts_password_is_not_repeated(tmp_path: Path) -> None:
    assert "hunter2" not in complaint(write(tmp_path, lines(SSH_JUMP="me:hunter2@jump:22")))


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    text = complaint(write(tmp_path, lines().encode() + "CHECK_USER=prüfer\n".encode("latin-1")))
    assert f"line {len(MINIMAL) + 1}: not UTF-8" in text
    assert "iconv" in text


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    text = lines(REPLICA_PASSWORD="'with blank '").replace("\n", "\r\n")
    settings = load(write(tmp_path, b"\xef\xbb\xbf" + text.encode()))
    assert settings.master.ssh_host == HOSTS["MASTER_HOST"]
    assert settings.replica_password.reveal() == "with blank "


def test_comments_and_export_as_a_shell_has_them(tmp_path: Path) -> None:
    settings = load(write(tmp_path, "# first\n\n" + lines(SSH_PORT="23 # not 22") + "export SSH_USER='ops'\n"))
    assert (settings.ssh_port, settings.ssh_user) == (23, "ops")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o610])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path, lines(), mode)
    text = complaint(path)
    assert f"chmod 600 {path}" in text
    assert f"{mode:04o}" in text


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_ones_own_is_taken(tmp_path: Path, mode: int) -> None:
    assert load(write(tmp_path, lines(), mode)).virtual_router_id == 51


def test_a_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, lines())
    monkeypatch.delenv("SUDO_UID", raising=False)
    _own_by(path, 54321, monkeypatch)
    text = complaint(path)
    assert "belongs to" in text
    assert f"{path}" in text.partition("chown ")[2]


def test_under_sudo_the_callers_own_file_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, lines())
    owner = path.stat().st_uid or 54321
    if path.stat().st_uid != owner:
        os.chown(path, owner, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_UID", str(owner))
    assert load(path).source == path
    monkeypatch.setenv("SUDO_UID", str(owner + 1))
    assert "belongs to" in complaint(path)


def _own_by(path: Path, uid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `path` somebody else's: for real as root, else by being somebody else."""
    if os.geteuid() == 0:
        os.chown(path, uid, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: uid)


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_file_that_cannot_be_read_at_all(tmp_path: Path, kind: str) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "hosts.env"
    text = complaint(path)
    assert str(path) in text
    assert "inv init" in text


@pytest.mark.parametrize("plain", ["pa$$word$HOME", "semi;colon&more", "密码密码密码密码", "per%cent!`tick`"])
def test_a_password_without_blanks_needs_no_quotes(tmp_path: Path, plain: str) -> None:
    assert load(write(tmp_path, lines(CHECK_PASSWORD=plain))).check_password.reveal() == plain


def test_find_takes_the_variable_then_the_folder_then_the_lab(tmp_path: Path) -> None:
    lab, own, named = tmp_path / "lab.env", tmp_path / "hosts.env", tmp_path / "named.env"
    with pytest.raises(BadInput) as caught:
        find({}, tmp_path, [])
    assert "inv init" in str(caught.value)
    assert "inv lab.up" in str(caught.value)
    assert find({}, tmp_path, [lab]) == lab
    own.touch()
    assert find({"HOSTS_ENV": ""}, tmp_path, [lab]) == own
    named.touch()
    assert find({"HOSTS_ENV": str(named)}, tmp_path, [lab]) == named


def test_of_several_labs_none_is_guessed(tmp_path: Path) -> None:
    labs = [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(BadInput) as caught:
        find({}, tmp_path, labs)
    assert all(f"HOSTS_ENV={lab} inv" in str(caught.value) for lab in labs)


def test_find_does_not_fall_back_from_a_variable_that_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "hosts.env").touch()
    with pytest.raises(BadInput, match=r"(?s)HOSTS_ENV = /no/such.*unset it") as caught:
        find({"HOSTS_ENV": "/no/such"}, tmp_path, [])
    assert caught.value.exit_code == 2
