"""What a fake host says to one command for many questions: what it was told of each of them alone."""

import shlex
from collections.abc import Callable

from runbook.core.ssh import Ran
from runbook.system.questions import FileQuestion, UnitQuestion
from runbook.system.server_names import UNITS_QUESTION

FILES = FileQuestion.together([FileQuestion("/")]).partition(" /")[0]
UNITS = UnitQuestion.together([UnitQuestion("reload")]).partition(" ;")[0]

Alone = Callable[[str], Ran | None]
"""What a question alone is answered; None where the host was told nothing of it."""


class _Failed(Exception):
    """One of the questions ends the command for all."""


def composed(command: str, alone: Alone) -> Ran | None:
    """The answer to such a command; None for any other command."""
    try:
        if command.startswith(FILES):
            return Ran(0, _files(shlex.split(command.partition(" 2>")[0])[4:], alone), "")
        if command.startswith(UNITS):
            units = command.removeprefix(UNITS).partition(";")[0].split()
            at_boot = command.partition("is-enabled ")[2].partition(" 2>")[0].split()
            return Ran(0, _units(units, at_boot, alone), "")
    except _Failed as failed:
        return failed.args[0]
    return None


def _files(paths: list[str], alone: Alone) -> str:
    heads, sums = "", ""
    for path in paths:
        said = _told(FileQuestion(path), alone)
        mode, owner, *digest = (*said.out.split(), "", "", "")
        heads += f"{mode} {owner} {path}\n" if mode else ""
        sums += f"{digest[0]}  {path}\n" if digest[0] else ""
    return f"{heads}\n{sums}"


def _units(units: list[str], at_boot: list[str], alone: Alone) -> str:
    blocks, states = [], {}
    loads = _told(UNITS_QUESTION, alone) if set(UNITS_QUESTION.units) <= set(units) else None
    load_of = dict(zip(UNITS_QUESTION.units, loads.out.split("\n\n"), strict=True)) if loads else {}
    for unit in units:
        runs, reload = alone(UnitQuestion("active", unit)), alone(UnitQuestion("reload", unit))
        active = runs.out.strip().removeprefix("ActiveState=") if runs else "inactive"
        if unit in at_boot:
            active, states[unit] = _told(UnitQuestion("state", unit), alone).out.split()
        elif unit not in load_of and not runs:
            reload = _told(UnitQuestion("reload", unit), alone)
        needs = reload.out if reload else "NeedDaemonReload=no\n"
        blocks.append(f"{load_of.get(unit, '').strip()}\nActiveState={active}\nSourcePath=\n{needs}".lstrip())
    return "\n".join(blocks) + "\n\n" + "".join(f"{states[unit]}\n" for unit in at_boot)


def _told(question: str, alone: Alone) -> Ran:
    answer = alone(question)
    assert answer is not None, f"this host was told nothing of: {question}"
    if answer.code:
        raise _Failed(answer)
    return answer
