"""What alerts say as others read it: the scripts on the hosts as bash's arrays, people as README's table."""

import shlex

from runbook.alerts.labels import LABELS, OVER_NEXT, SERVED
from runbook.alerts.texts import KINDS
from runbook.alerts.words import Text
from runbook.settings.values import Language


def shell_arrays(language: Language, mysql: str) -> str:
    """All of it in one language as bash's associative arrays, for alert.sh; `mysql` is mysqld's unit."""
    tables: dict[str, dict[str, Text]] = {
        "BEGINS": {kind: words.begins for kind, words in KINDS.items()},
        "DO_NEXT": {kind: words.do_next for kind, words in KINDS.items()} | {"over": OVER_NEXT},
        "OVER": {kind: words.over for kind, words in KINDS.items()},
        "LABEL": LABELS,
        "SERVED": SERVED,
    }
    return "".join(
        f"declare -A {name}=(\n"
        + "".join(f"    [{key}]={shlex.quote(text.to(language).format(mysql=mysql))}\n" for key, text in table.items())
        + ")\n"
        for name, table in tables.items()
    )


def markdown_table() -> str:
    """README's table of all kinds: what the alert says when it begins, what to do, what it says when it is over."""
    rows = ["| alert | what it says | what to do | when it is over |", "| --- | --- | --- | --- |"]
    for kind, words in KINDS.items():
        do_next = words.do_next.en.format(mysql="mysql")
        rows.append(f"| `{kind}` | {words.begins.en} | {do_next} | {words.over.en} |")
    return "\n".join(rows) + "\n"
