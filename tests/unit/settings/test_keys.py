"""A key is one row: from it alone come its line in hosts.env, in README's table and in the settings, and its type."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hosts_env_text import write
from mypy import api as mypy

from runbook.errors import BadInput
from runbook.settings import values as read
from runbook.settings.hosts_env import render_hosts_env
from runbook.settings.key import Key, KeyTable, Rule
from runbook.settings.load import load_as
from runbook.settings.readme import markdown_table
from runbook.settings.settings import BY_NAME, KEYS, Settings
from runbook.settings.values import Secret

ROOT = Path(__file__).parents[3]


class Kettle(KeyTable):
    """The kettle"""

    boil_seconds = Key(
        read=read.seconds,
        default="2.5",
        article="240",
        help="Seconds that it boils.\nLonger makes no tea.",
        rules=(Rule(lambda boil, cups: boil > cups, "too long for so few CUPS; lower it", beside=("CUPS",)),),
    )
    cups = Key(read=read.whole(1, 8), help="Cups | mugs in it.", article="4")
    tea_secret = Key(read=read.optional(read.password), default="", secret=True, help="Which tea it is.")


class Table(KeyTable):
    """The table"""

    laid = Key(
        read=read.path,
        default="cloth",
        help="What lies on it.",
        on_disk=lambda file, folder, written: folder / file if written else file,
    )


class Kitchen(Kettle, Table):
    """All of it."""


def test_a_row_alone_makes_a_key_of_hosts_env() -> None:
    text = render_hosts_env({"CUPS": "3"}, known=Kitchen.by_name())
    assert text.partition("# ---- ")[2] == (
        "The kettle ----\n\n"
        "# Seconds that it boils.\n# Longer makes no tea.\n# Default: 2.5   Article: 240\n#BOIL_SECONDS=2.5\n\n"
        "# Cups | mugs in it.\n# Required.   Article: 4\nCUPS=3\n\n"
        "# Which tea it is.\n# Default: empty\n#TEA_SECRET=\n\n"
        "# ---- The table ----\n\n"
        "# What lies on it.\n# Default: cloth\n#LAID=cloth\n"
    )


def test_a_row_alone_makes_a_row_of_the_readme() -> None:
    assert markdown_table(Kitchen.by_name().values()).splitlines()[2:] == [
        "| `BOIL_SECONDS` | `2.5` | 240 | Seconds that it boils. |",
        "| `CUPS` | required | 4 | Cups \\| mugs in it. |",
        "| `TEA_SECRET` | empty |  | Which tea it is. |",
        "| `LAID` | `cloth` |  | What lies on it. |",
    ]


def test_a_row_alone_makes_a_setting(tmp_path: Path) -> None:
    kitchen = load_as(Kitchen, write(tmp_path, "CUPS=3\nTEA_SECRET='Lapsang 1'\n"))
    assert (kitchen.boil_seconds, kitchen.cups, kitchen.laid) == (Decimal("2.5"), 3, Path("cloth"))
    assert kitchen.secrets == (Secret("Lapsang 1"),)
    assert kitchen.source == tmp_path / "hosts.env"
    assert load_as(Kitchen, write(tmp_path, "CUPS=3\nLAID=mat\n")).laid == tmp_path / "mat"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("CUPS=2\n", "BOIL_SECONDS = 2.5: too long for so few CUPS; lower it"),
        ("CUPS=9\n", "CUPS = 9: not a whole number from 1 to 8; change it"),
        ("CUPS=9\nBOIL_SECONDS=20\n", "CUPS = 9: not a whole number from 1 to 8; change it"),
        ("CUP=3\nCUPS=3\n", "line 1: CUP is not a key; did you mean CUPS?"),
        ("", "CUPS: is missing and has no default; add a line CUPS=value"),
    ],
)
def test_a_row_alone_says_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        load_as(Kitchen, path)
    assert str(caught.value) == f"{path}: 1 mistake; nothing was done.\n  {told}"


def test_tables_are_equal_when_all_their_values_are(tmp_path: Path) -> None:
    path = write(tmp_path, "CUPS=3\n")
    one, same = load_as(Kitchen, path), load_as(Kitchen, path)
    assert one == same and hash(one) == hash(same)
    assert one != load_as(Kettle, path)
    assert one != load_as(Kitchen, write(tmp_path, "CUPS=4\n"))
    assert "cups=3" in repr(one).lower()


@pytest.mark.parametrize("name", ["source", "master", "slave", *(key.name.lower() for key in KEYS)])
def test_settings_do_not_change(settings: Settings, name: str) -> None:
    before = getattr(settings, name)
    with pytest.raises(AttributeError):
        setattr(settings, name, before)


def test_each_key_stands_in_one_group_only() -> None:
    groups = [group for group in Settings.__mro__ if issubclass(group, KeyTable)]
    rows = [row for group in groups for row in vars(group).values() if isinstance(row, Key)]
    assert [row.name for row in rows] == list(BY_NAME)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_rules_compare_keys_that_there_are(key: Key[object]) -> None:
    for rule in key.rules:
        assert set(rule.beside) <= set(BY_NAME) - {key.name}
        assert rule.why.count("; ") >= 1


CHANGES = ("settings.check_fall = 1", "settings.vip = settings.vip", "settings.master = settings.slave")


@pytest.fixture(scope="module")
def mypy_says(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What mypy says of a module that asks for the type of each setting, and changes some."""
    asked = [f"reveal_type(settings.{key.name.lower()})" for key in KEYS]
    file = tmp_path_factory.mktemp("types") / "user.py"
    head = "from runbook.settings.settings import Settings\n\n\ndef use(settings: Settings) -> None:"
    file.write_text("\n    ".join((head, *asked, *CHANGES)) + "\n")
    options = ["--strict", "--config-file=", "--no-pretty", f"--cache-dir={ROOT / '.mypy_cache' / 'settings'}"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYPYPATH", str(ROOT))
        said, failed, _ = mypy.run([*options, str(file)])
    assert not failed
    return said


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_mypy_has_the_type_of_a_setting_from_its_row(mypy_says: str, settings: Settings, key: Key[object]) -> None:
    """No Any, a secret where the row says so, and a type that its default has."""
    revealed = re.findall(r'note: Revealed type is "(.*)"', mypy_says)
    assert len(revealed) == len(KEYS), mypy_says
    told = revealed[KEYS.index(key)]
    alternatives = set(told.split(" | "))
    assert "Any" not in told and "object" not in alternatives
    assert ("Secret" in told) == key.secret
    value = getattr(settings, key.name.lower())
    classes = {name for each in type(value).__mro__ for name in (each.__name__, f"{each.__module__}.{each.__name__}")}
    names = {"None"} if value is None else {*classes, f"Literal[{value!r}]"}
    assert names & alternatives, f"{value!r} is not {told}"


def test_mypy_lets_nobody_change_a_setting(mypy_says: str) -> None:
    assert mypy_says.count(": error:") == len(CHANGES), mypy_says


def test_a_change_names_the_key(settings: Settings) -> None:
    with pytest.raises(AttributeError, match="CHECK_FALL"):
        settings.check_fall = 3  # type: ignore[misc]
