"""What a drill did to a host is undone there when the drill's connection ends."""

from pathlib import Path
from typing import Any

import pytest
from fake import FakeLink, LocalLink, host_of

from runbook.core.host import ChangedInDryRun
from runbook.core.wait import until
from runbook.drill.leash import Leash
from runbook.errors import HostError
from runbook.settings.settings import Settings


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "undone"


def test_a_leash_undoes_nothing_while_it_is_held(settings: Settings, mark: Path) -> None:
    link = LocalLink()
    leash = Leash(host_of(settings, link), f"touch {mark}")
    assert not mark.exists()
    leash.close()
    until("the undoing", 5, mark.exists, pause=0.01)


def test_a_leash_undoes_when_the_connection_ends(settings: Settings, mark: Path) -> None:
    link = LocalLink()
    Leash(host_of(settings, link), f"touch {mark}")
    link.close()
    until("the undoing", 5, mark.exists, pause=0.01)


def test_a_leash_that_does_not_start_is_an_error(settings: Settings, mark: Path) -> None:
    class Dead(LocalLink):
        def process(self, script: str) -> Any:
            return super().process("exit 1")

    with pytest.raises(HostError, match="does not start"):
        Leash(host_of(settings, Dead()), f"touch {mark}")


def test_a_dry_run_holds_no_leash(settings: Settings, mark: Path) -> None:
    with pytest.raises(ChangedInDryRun):
        Leash(host_of(settings, FakeLink(), dry=True), f"touch {mark}")
