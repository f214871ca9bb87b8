"""Which pair is meant, and that no password of it is ever shown."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from hosts_env_text import PASSWORDS, lines, write

from runbook.errors import BadInput
from runbook.mysql.optionfile import client_section, quoted
from runbook.mysql.terms import literal
from runbook.operations.target import Target, find_target
from runbook.settings.settings import Secret, Settings

HARD_PASSWORDS = {
    "plain": "AbCdEfGhIj",
    "blank": "Ab Cd Ef Gh",
    "double quote": 'Ab"Cd"Ef"Gh',
    "single quote": "Ab'Cd'Ef'Gh",
    "backslash": "Ab\\Cd\\Ef\\Gh",
    "dollar and backtick": "Ab$Cd`Ef$(Gh)",
    "non-ASCII": "AböCdÖEf密Gh",
    "brackets": "Ab[Cd]Ef[/]Gh",
    "percent": "Ab%Cd%sEf%%Gh",
    "both quotes": 'Ab"Cd\'Ef"Gh',
    "all": "Ab\"Cd'Ef\\Gh$Ij öKl",
}

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda password: password,
    "shell": shlex.quote,
    "option file": quoted,
    "SQL": literal,
    "option file in a shell script": lambda password: shlex.quote(client_section("replica", Secret(password))),
    "Python": repr,
}


def target(settings: Settings) -> Target:
    return Target(settings, lab=None)


def test_the_first_line_of_a_run_says_which_pair_is_meant(settings: Settings) -> None:
    told = target(settings).describe()
    for each in (str(settings.source), "192.168.152.128", "192.168.152.129", "192.168.152.130/24"):
        assert each in told


def test_the_pair_of_hosts_env_is_found_and_is_no_lab(tmp_path: Path) -> None:
    path = write(tmp_path, lines())
    found = find_target({"HOSTS_ENV": str(path)}, tmp_path)
    assert found.settings.source == path
    assert found.lab is None


def test_a_hosts_env_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"HOSTS_ENV = .*nosuch"):
        find_target({"HOSTS_ENV": str(tmp_path / "nosuch")}, tmp_path)


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize("password", HARD_PASSWORDS.values(), ids=HARD_PASSWORDS.keys())
def test_no_part_of_a_password_is_shown(
    settings_of: Callable[..., Settings], password: str, spelling: Callable[[str], str]
) -> None:
    in_hosts_env = "'" + password.replace("\\", "\\\\").replace("'", "\\'") + "'"
    mask = target(settings_of(REPLICA_PASSWORD=in_hosts_env)).mask
    masked = mask(f"before {spelling(password)} after")
    assert "***" in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    shown = masked.removeprefix("before ").removesuffix(" after")
    assert not [part for part in re.findall("[A-Z][a-z]", password) if part in shown]


def test_every_password_is_masked_wherever_it_stands(settings_of: Callable[..., Settings]) -> None:
    settings = settings_of(VRRP_VERSION="2", ADVERT_INT="1", AUTH_PASS="vrrp-pw")
    text = " ".join([*PASSWORDS.values(), "vrrp-pw"]) + "\nroot-sesame-1"
    assert target(settings).mask(text) == "*** *** *** *** ***\n***"


def test_a_password_that_begins_like_another_leaves_no_rest(settings_of: Callable[..., Settings]) -> None:
    settings = settings_of(CHECK_PASSWORD="sesame-open", PROBE_PASSWORD="sesame-open-wide")
    assert target(settings).mask("sesame-open-wide") == "***"


def test_other_text_is_left_alone(settings: Settings) -> None:
    text = "master 192.168.152.128: MySQL error 1064 near 'CREATE USER'"
    assert target(settings).mask(text) == text
