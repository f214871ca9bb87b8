"""A drill as it is called: what is refused before any host is asked."""

from pathlib import Path

import pytest

from runbook.drill import session
from runbook.errors import BadInput
from runbook.operations.run import Run
from runbook.operations.target import Target
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings


def test_json_asks_nothing_so_it_wants_yes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def unlocked(pair: Pair, *_: object) -> Pair:
        return pair

    monkeypatch.setattr(Run, "target", lambda _: Target(settings, None))
    monkeypatch.setattr(Pair, "locked", unlocked)
    with pytest.raises(BadInput, match="add --yes"):
        session.one(Run({}, tmp_path, json=True), "kill-master", home=False)
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "reports").exists()
