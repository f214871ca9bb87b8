"""Which image a lab stands on, and where it comes from."""

import json
from pathlib import Path

import pytest

from runbook.errors import BadInput
from runbook.lab import image
from runbook.lab.command import LabError
from runbook.lab.recipes import RECIPES, recipe_for, stories

# `apt-get indextargets` on Debian 12 with a third party's repository, and on Ubuntu 24.04; hosts replaced.
DEBIAN = (
    "Third Party\tnodistro\tmain\thttps://third.example/\n"
    "Debian\tDebian\tmain\thttp://mirror.example/debian/\n"
    "Debian\tDebian-Security\tmain\thttp://mirror.example/debian-security/\n"
)
UBUNTU = (
    "Ubuntu\tUbuntu\tmain\thttp://mirror.example/ubuntu/\nUbuntu\tUbuntu\tuniverse\thttp://mirror.example/ubuntu/\n"
)


def test_the_mirror_is_the_machines_own_debian_archive() -> None:
    assert image.mirror_of(DEBIAN) == "http://mirror.example/debian/"


@pytest.mark.parametrize("targets", [UBUNTU, "", "Debian\tDebian\tmain\tcdrom://[Debian 12]/\n"])
def test_without_a_debian_mirror_the_operator_is_told_how_to_name_one(
    targets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "run", lambda *_, **__: targets)
    monkeypatch.delenv(image.MIRROR_VARIABLE, raising=False)
    with pytest.raises(LabError, match=rf"sudo {image.MIRROR_VARIABLE}=.* ./inv lab.up"):
        image.debian_mirror()
    monkeypatch.setenv(image.MIRROR_VARIABLE, "http://given.example/debian")
    assert image.debian_mirror() == "http://given.example/debian"


def test_every_row_of_the_table_is_found_and_no_two_are_alike() -> None:
    assert [recipe_for(row.engine, row.os) for row in RECIPES] == list(RECIPES)


def test_the_story_is_told_on_some_rows_always_and_on_all_but_the_first_when_asked() -> None:
    some, every = stories(every=False), stories(every=True)
    first = f"{RECIPES[0].engine}/{RECIPES[0].os}/{RECIPES[0].replications[0]}"
    assert some and set(some) < set(every)
    assert first not in every
    assert {row.rpartition("/")[0] for row in [first, *every]} == {f"{row.engine}/{row.os}" for row in RECIPES}


def test_an_engine_alone_is_its_first_row() -> None:
    assert recipe_for("mysql-5.6", "") is next(row for row in RECIPES if row.engine == "mysql-5.6")


def test_an_unknown_combination_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput) as error:
        recipe_for("mysql-4.0", "debian-sid")
    assert "mysql-4.0 on debian-sid" in str(error.value)
    assert all(f"{row.engine} on {row.os}" in str(error.value) for row in RECIPES)


def test_another_recipe_is_another_image() -> None:
    names = {image.digest("sid", ["a b"]), image.digest("sid", ["a", "b"]), image.digest("bookworm", ["a b"])}
    assert len(names) == 3


def test_a_new_image_replaces_what_no_lab_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, state = tmp_path / "cache" / "debian-sid", tmp_path / "state"
    used, unused, cut_off = folder / "rootfs-used", folder / "rootfs-unused", folder / "building-1"
    for directory in (used, unused, cut_off, state / "pair"):
        directory.mkdir(parents=True)
    (state / "pair" / "lab.json").write_text(json.dumps({"image": str(used)}))
    monkeypatch.setattr(image, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(image, "_build", lambda root, *_: root.mkdir())
    said: list[str] = []

    built = image.image(RECIPES[0], state, said.append)

    assert set(folder.glob("*-*")) == {used, built}
    assert str(built) in said[-1]
    assert image.image(RECIPES[0], state, said.append) == built
    assert len(said) == 2
