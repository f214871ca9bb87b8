"""hosts.env -> Settings; every mistake at once, each naming its key and the way out."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from runbook.errors import BadInput
from runbook.settings import hosts_env
from runbook.settings.hosts_env import Known, mistake
from runbook.settings.key import KeyTable
from runbook.settings.settings import Settings
from runbook.settings.values import path as read_path

Table = TypeVar("Table", bound=KeyTable)


def load(path: Path) -> Settings:
    """Read hosts.env; BadInput lists every mistake in it, one a line."""
    return load_as(Settings, path)


def load_as(table: type[Table], path: Path) -> Table:
    """The same for the keys of any table."""
    known = table.by_name()
    written = hosts_env.read(path, known)
    texts, values, mistakes = _typed(written.texts, known)
    mistakes += _broken_rules(values, texts, known)
    mistakes += _seen_on_disk(values, texts, known, path.parent.absolute(), written.texts.keys())
    mistakes = written.mistakes + mistakes
    if mistakes:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise BadInput(f"{path}: {count}; nothing was done.", *(f"  {line}" for line in mistakes))
    return table(path, values)


def _typed(written: Mapping[str, str | None], known: Known) -> tuple[dict[str, str], dict[str, Any], list[str]]:
    """Texts and typed values of all keys, defaults included, and what could not be read."""
    texts: dict[str, str] = {}
    values: dict[str, Any] = {}
    mistakes = []
    for key in known.values():
        text = written.get(key.name, key.default)
        if key.name not in written and key.default is None:
            mistakes.append(f"{key.name}: is missing and has no default; add a line {key.name}=value")
        if text is None:
            continue
        try:
            values[key.name] = key.parse(text)
            texts[key.name] = text
        except ValueError as error:
            mistakes.append(mistake(key, text, str(error)))
    return texts, values, mistakes


def _broken_rules(values: Mapping[str, Any], texts: Mapping[str, str], known: Known) -> list[str]:
    """What contradicts another key; a rule waits until all that it compares could be read."""
    mistakes = []
    for key in known.values():
        for rule in key.rules:
            compared = (key.name, *rule.beside)
            if all(name in values for name in compared) and rule.broken(*(values[name] for name in compared)):
                mistakes.append(mistake(key, texts[key.name], rule.why))
    return mistakes


def _seen_on_disk(
    values: dict[str, Any], texts: Mapping[str, str], known: Known, folder: Path, written: Collection[str]
) -> list[str]:
    """Put the files that keys name in the place of what was written, and say which cannot be used."""
    mistakes = []
    for key in known.values():
        if key.on_disk is None or key.name not in values:
            continue
        try:
            values[key.name] = key.on_disk(values[key.name], folder, key.name in written)
        except ValueError as error:
            mistakes.append(mistake(key, texts[key.name], str(error)))
        except OSError as error:
            mistakes.append(mistake(key, texts[key.name], f"cannot be looked at ({error.strerror}); correct the path"))
    return mistakes


def find(environ: Mapping[str, str], folder: Path, labs: Sequence[Path]) -> Path:
    """The hosts.env to use: what HOSTS_ENV names, else the one in `folder`, else the only lab's, else BadInput."""
    named = environ.get("HOSTS_ENV", "")
    if named:
        try:
            path = read_path(named)
            why = "" if path.exists() else "no such file"
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
        if why:
            raise BadInput(
                f"HOSTS_ENV = {named if named.isprintable() else ascii(named)}: {why}; nothing was done.",
                "Correct the variable, or unset it to use hosts.env here.",
            )
        return path
    own = folder / "hosts.env"
    if own.exists():
        return own
    if len(labs) == 1:
        return labs[0]
    if labs:
        raise BadInput(
            f"{own}: no such file, and {len(labs)} labs are up; nothing was done.",
            "Say which one you mean:",
            *(f"  HOSTS_ENV={lab} inv ..." for lab in labs),
        )
    raise BadInput(
        f"{own}: no such file, and no lab is up; nothing was done.",
        "Describe your hosts with `inv init`, or start a pair to rehearse on with `inv lab.up`.",
    )
