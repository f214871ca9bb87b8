"""failback: what it refuses before it touches anything."""

import io

import pytest
from fake import link_of, pair_of
from rich.console import Console

from runbook.core.report import Report
from runbook.diagnosis.facts import SideFacts
from runbook.operations import failback
from runbook.operations.failback import Refused
from runbook.settings.settings import Settings


@pytest.mark.parametrize("role", ["master", "slave"])
def test_a_host_without_a_server_is_no_home(settings: Settings, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    pair = pair_of(settings)
    facts = {
        name: SideFacts(name, str(side.node.address), sql="it does not run", lacks=("mysqld",) if name == role else ())
        for name, side in pair.sides.items()
    }
    monkeypatch.setattr(failback, "gather", lambda pair: facts)
    with pytest.raises(Refused, match=f"{role} .* has no MySQL server.*\n.*inv bootstrap"):
        failback.run(pair, Report(str, console=Console(file=io.StringIO())))
    assert [link_of(side).calls for side in pair.sides.values()] == [[], []]
