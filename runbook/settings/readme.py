"""README's table of the keys of hosts.env."""

from collections.abc import Iterable

from runbook.settings.key import Key
from runbook.settings.settings import KEYS


def markdown_table(keys: Iterable[Key[object]] = KEYS) -> str:
    """All keys: key, default, the article's value, meaning in one line."""
    rows = ["| key | default | article | meaning |", "| --- | --- | --- | --- |"]
    for key in keys:
        default = "required" if key.default is None else f"`{key.default}`" if key.default else "empty"
        meaning = key.help.splitlines()[0]
        cells = (f"`{key.name}`", default, key.article or "", meaning)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"
