"""Questions of which one command answers many: what a file is, what systemd says of a unit."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, Self

from runbook.core.question import Shared

Of = Literal["state", "active", "reload", "load"]
SHOWN: dict[Of, tuple[str, ...]] = {
    "active": ("ActiveState",),
    "load": ("Id", "LoadState"),
    "reload": ("NeedDaemonReload",),
}
# In systemd's order.
FACTS = ("Id", "LoadState", "ActiveState", "SourcePath", "NeedDaemonReload")


class FileQuestion(Shared):
    """A file's mode, owner and SHA-256, in two lines; nothing where there is no such file."""

    path: str

    def __new__(cls, path: str) -> Self:
        there = shlex.quote(path)
        made = super().__new__(cls, f"[ ! -e {there} ] || {{ stat -L -c '%a %U:%G' {there} && sha256sum < {there}; }}")
        made.path = path
        return made

    @classmethod
    def together(cls, questions: Sequence[Self]) -> str:
        paths = " ".join(shlex.quote(each.path) for each in questions)
        return f"stat -L -c '%a %U:%G %n' {paths} 2>/dev/null; echo; sha256sum {paths} 2>/dev/null; true"

    @classmethod
    def parted(cls, questions: Sequence[Self], said: str) -> Iterator[str | None]:
        """A file of which one half of the answer is missing came or went meanwhile, or is no file."""
        heads, _, sums = said.partition("\n\n") if not said.startswith("\n") else ("", "", said[1:])
        head_of = {path: f"{mode} {owner}" for mode, owner, path in (line.split(" ", 2) for line in heads.splitlines())}
        sum_of = {path: digest for digest, path in (line.split("  ", 1) for line in sums.splitlines())}
        for path in (each.path for each in questions):
            if path in head_of and path in sum_of:
                yield f"{head_of[path]}\n{sum_of[path]}  -\n"
            else:
                yield None if path in head_of or path in sum_of else ""


class UnitQuestion(Shared):
    """What systemd says of units.

    `state` is the `is-active` and `is-enabled` words of one unit in one line, `active` the first of them, `reload`
    whether systemd has read its files, `load` whether each of several is there, and its own name.
    """

    units: tuple[str, ...]
    of: Of

    def __new__(cls, of: Of, *units: str) -> Self:
        # One unit by two names would be asked of twice, which takes systemd milliseconds.
        units = tuple(unit if "." in unit else f"{unit}.service" for unit in units)
        names = " ".join(units)
        made = super().__new__(cls, f"{_show(SHOWN[of])} {names}" if of in SHOWN else _state(names))
        made.units, made.of = units, of
        return made

    @classmethod
    def together(cls, questions: Sequence[Self]) -> str:
        """`is-enabled` of before systemd 252 says nothing of a unit that is not there, and may end with it."""
        units, at_boot = _units(questions)
        shown = f"{_show(FACTS)} {' '.join(units)}; echo; echo"
        if not at_boot:
            return shown
        names = " ".join(at_boot)
        return (
            f"{shown}; enabled=$(systemctl is-enabled {names} 2>/dev/null); set -- $enabled; "
            f"[ $# = {len(at_boot)} ] || enabled=$(for unit in {names}; do "
            'word=$(systemctl is-enabled $unit 2>/dev/null); echo "${word:-not-found}"; done); echo "$enabled"'
        )

    @classmethod
    def parted(cls, questions: Sequence[Self], said: str) -> Iterable[str | None]:
        """`is-enabled` has units of System V's scripts (SourcePath) out of order: they are asked one by one."""
        units, at_boot = _units(questions)
        shown, _, words = said.partition("\n\n\n")
        blocks = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in shown.split("\n\n")]
        enabled = words.split()
        told = all(block.get("ActiveState") and not block.get("SourcePath") for block in blocks)
        if not told or (len(blocks), len(enabled)) != (len(units), len(at_boot)):
            return [None] * len(questions)
        facts, word_of = dict(zip(units, blocks, strict=True)), dict(zip(at_boot, enabled, strict=True))
        return [_said_alone(each, facts, word_of) for each in questions]


def _show(facts: Iterable[str]) -> str:
    return f"systemctl show {' '.join(f'-p {fact}' for fact in facts)}"


def _state(unit: str) -> str:
    return (
        f"active=$(systemctl is-active {unit}); enabled=$(systemctl is-enabled {unit} 2>/dev/null); "
        'echo "${active:-unknown} ${enabled:-not-found}"'
    )


def _units(questions: Iterable[UnitQuestion]) -> tuple[list[str], list[str]]:
    """All units that are asked of, and those of which it is asked whether they start at boot."""
    asked = list(questions)
    every = dict.fromkeys(unit for question in asked for unit in question.units)
    return list(every), [question.units[0] for question in asked if question.of == "state"]


def _said_alone(question: UnitQuestion, facts: Mapping[str, Mapping[str, str]], word_of: Mapping[str, str]) -> str:
    if question.of == "state":
        (unit,) = question.units
        return f"{facts[unit]['ActiveState']} {word_of[unit]}\n"
    blocks = (
        "".join(f"{fact}={facts[unit].get(fact, '')}\n" for fact in SHOWN[question.of]) for unit in question.units
    )
    return "\n".join(blocks)
