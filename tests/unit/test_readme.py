"""The README tells the truth about what can be read from the code."""

import re
from pathlib import Path

from runbook.alerts import tables as alert_tables
from runbook.settings.readme import markdown_table
from runbook.settings.settings import KEYS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_every_key_stands_in_the_readme_as_the_code_has_it() -> None:
    between = README.partition("<!-- keys -->\n")[2].partition("<!-- /keys -->")[0]
    assert between.strip() == markdown_table().strip()


def test_every_alert_stands_in_the_readme_as_the_code_has_it() -> None:
    between = README.partition("<!-- alerts -->\n")[2].partition("<!-- /alerts -->")[0]
    assert between.strip() == alert_tables.markdown_table().strip()


def test_every_task_stands_in_the_readme() -> None:
    import tasks
    from runbook.commandline.program import in_order

    listed = {name for name, _ in in_order(tasks.namespace)}
    assert listed <= set(re.findall(r"`([a-z.-]+)`", README)), "a task that the table does not name"


def test_the_keys_that_the_differences_name_exist() -> None:
    section = README.partition("## Where this differs")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([A-Z_]{5,})(?:=\d)?`", section))
    assert named and named <= {key.name for key in KEYS}
