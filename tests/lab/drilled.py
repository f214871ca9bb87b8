"""What drills leave: reports, and a pair that comes home."""

import json
from typing import Any

from commandline import until
from outside import OutsidePair

DRILLS_ACCOUNT = "SELECT user FROM mysql.user WHERE user = 'runbook_drill'"
SETTLED_SECONDS = 15


def report_of(pair: OutsidePair, drill: str) -> dict[str, Any]:
    """The last report of a drill, which has a page and is the last of the index; no secret is in any of them."""
    file = max(pair.operator.reports.glob(f"*-{drill}.json"))
    text, page = file.read_text(), file.with_suffix(".html").read_text()
    record = json.loads(text)
    assert "<svg" in page
    drills = json.loads((pair.operator.reports / "index.json").read_text())["drills"]
    assert (drills[-1]["name"], drills[-1]["verdict"]) == (file.stem, record["verdict"])
    for shown in (text, page):
        pair.operator.check(shown)
    return record


def expect_home(pair: OutsidePair) -> None:
    """failback brings it home, if it is not there yet, and both servers have the very same transactions."""
    pair.inv("failback").expect(0, "The pair is healthy")
    until("a healthy pair after failback", SETTLED_SECONDS, pair.is_healthy)
    pair.inv("verify").expect(0, "The pair is healthy")
    assert [host.sql(DRILLS_ACCOUNT) for host in pair.hosts] == [[], []]
