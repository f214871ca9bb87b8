"""A drill that is cut off: its fault is healed, and the operator is told where the pair stands."""

from dataclasses import replace

import pytest
from fake import pair_of

from runbook.core.host import Host
from runbook.core.report import Report
from runbook.diagnosis.facts import Facts, SideFacts
from runbook.drill.frame import safeguards
from runbook.drill.frame.safeguards import ends_with_the_state, healed
from runbook.errors import HostError, RunbookError
from runbook.pair.pair import Pair
from runbook.pair.side import Side
from runbook.settings.settings import Settings


class Fault:
    """Counts how often it is ended; `breaks` is what that ends with. It leaves nothing on a host."""

    name = "a fault"
    roles = ("master",)

    def __init__(self, breaks: Exception | None = None) -> None:
        self.healed = 0
        self.breaks = breaks

    def undo(self, side: Side) -> str:
        return ""

    def release(self, side: Side) -> None:
        self.healed += 1
        if self.breaks:
            raise self.breaks


@pytest.mark.parametrize("cut", [KeyboardInterrupt(), HostError("master", "the SSH connection was lost")])
def test_a_drill_that_is_cut_off_heals_and_says_where_the_pair_stands(
    settings: Settings,
    facts: dict[str, SideFacts],
    report: Report,
    capsys: pytest.CaptureFixture[str],
    cut: BaseException,
) -> None:
    facts["slave"] = replace(facts["slave"], holds_vip=True)
    pair, fault = pair_of(settings), Fault()
    with pytest.raises(type(cut)), ends_with_the_state(pair, report), healed(fault, pair, report):
        raise cut
    assert fault.healed == 1
    assert "The pair is failed over.\nNext: inv failback" in capsys.readouterr().out


def test_a_host_that_cannot_be_healed_is_named_and_hides_nothing(
    settings: Settings, report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    pair, fault = pair_of(settings), Fault(HostError("master 1.2.3.4", "does not answer by SSH"))
    with healed(fault, pair, report):
        pass
    told = capsys.readouterr().out
    assert f"{pair.master.host}: what the drill left there could not be removed; inv failback does it." in told
    assert "does not answer by SSH" in told


def test_a_cut_off_drill_whose_hosts_are_gone_still_says_what_to_do(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gone(_: Pair) -> Facts:
        raise RunbookError("no host answers")

    monkeypatch.setattr(safeguards, "gather", gone)
    with pytest.raises(KeyboardInterrupt), ends_with_the_state(pair_of(settings), report):
        raise KeyboardInterrupt
    told = capsys.readouterr().out
    assert "no host answers" in told
    assert "inv failback" in told


def test_what_waits_on_the_host_is_run_even_when_the_drill_cannot_end_its_own_part(
    settings: Settings, report: Report, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []

    class Left:
        def __init__(self, host: Host, name: str, script: str) -> None:
            done.append(f"left {name}: {script}")

        def run(self) -> None:
            done.append("run")

    class Half(Fault):
        drill = "half"

        def undo(self, side: Side) -> str:
            return "true"

    monkeypatch.setattr(safeguards, "Undo", Left)
    with healed(Half(HostError("master 1.2.3.4", "the lab does not boot it")), pair_of(settings), report):  # type: ignore[arg-type]
        assert done == ["left drill.half: true"]
    assert done[1:] == ["run"]
    assert "the lab does not boot it" in capsys.readouterr().out
