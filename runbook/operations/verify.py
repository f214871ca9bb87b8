"""verify: is the pair healthy? Facts, one verdict, and a table of checks; for people or as one JSON document."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from runbook.core.report import Report
from runbook.diagnosis.checks import NOT_CHECKED, Check, Status, state, steps, writes
from runbook.diagnosis.facts import Facts, gather
from runbook.diagnosis.rules import diagnose
from runbook.diagnosis.verdict import Kind, Verdict
from runbook.diagnosis.words import is_open
from runbook.errors import NotSo
from runbook.operations.run import Run
from runbook.pair.pair import Pair

MOST_NAMES = 3
STYLES = {"OK": "green", "WARN": "yellow", "FAIL": "bold red"}


@dataclass(frozen=True)
class Verification:
    """What verify found."""

    facts: Facts
    verdict: Verdict
    checks: tuple[Check, ...]

    @property
    def good(self) -> bool:
        """Healthy, and no check failed."""
        return self.verdict.healthy

    @property
    def changed(self) -> str:
        """What looking has changed on the pair."""
        row = "the row with id 1 of runbook.heartbeat, and nothing else"
        for check in self.checks:
            if check.name == writes.WRITE and check.status == "OK":
                return row
            if check.name == writes.WRITE and check.found.startswith(writes.NOT_ACKNOWLEDGED):
                return f"at most {row}"
        return "nothing"


class Line(NamedTuple):
    """One line of the table."""

    status: Status
    host: str
    title: str
    found: str
    todo: str


def prove(run: Run) -> None:
    """Examine the operator's pair without locking it; NotSo unless it is healthy."""
    with run.on_pair("verify", lock=False) as (pair, report, _):
        if not seen_healthy(pair, report):
            raise NotSo


def seen_healthy(pair: Pair, report: Report, *, quiet: bool = False) -> bool:
    """Examine the pair and, unless it is to be quiet, show what was found; whether all of it is good."""
    return seen(pair, report, quiet=quiet).good


def seen(pair: Pair, report: Report, *, quiet: bool = False) -> Verification:
    """Examine the pair and, unless it is to be quiet, show what was found."""
    verification = examine(pair)
    if not quiet:
        show(verification, report)
    return verification


def examine(pair: Pair) -> Verification:
    """Look at everything; BadInput only when neither host may be asked, as both have other SSH keys than are known."""
    facts = gather(pair)
    found = (*state.checks(facts, pair.settings), *steps.checks(pair, facts), *writes.checks(pair, facts))
    return concluded(facts, found)


def concluded(facts: Facts, checks: tuple[Check, ...]) -> Verification:
    """The verdict on the facts and on what the checks found besides; it claims no more than our own client saw."""
    turned_away = next((c.found for c in checks if c.name == writes.CLIENT and c.status == "FAIL"), "")
    facts = {r: replace(s, turned_away=turned_away if s.holds_vip else "") for r, s in facts.items()}
    verdict, failed = diagnose(facts), [check for check in checks if check.status == "FAIL"]
    if verdict.healthy and failed:
        so = f"{is_open(facts['master'])} {len(failed)} of {len(checks)} checks failed: {_named(failed)}."
        verdict = Verdict(Kind.CHECKS_FAILED, so, "Do what each FAIL above says; then: inv verify")
    return Verification(facts, verdict, checks)


def _named(failed: Sequence[Check]) -> str:
    names = list(
        dict.fromkeys(check.name if check.host == "pair" else f"{check.name} ({check.host})" for check in failed)
    )
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def show(verification: Verification, report: Report) -> None:
    """The table, the verdict and what looking changed; or all of it as JSON."""
    checks = [replace(c, found=report.mask(c.found), todo=report.mask(c.todo)) for c in verification.checks]
    if report.as_json:
        report.document(document(replace(verification, checks=tuple(checks)), report.mask))
        return
    report.show(table(folded(checks)))
    for text, style in conclusion(verification):
        report.say(text, style)


def table(lines: Iterable[Line]) -> Table:
    """Status, host, check, and what was found with what to do about it."""
    rows = list(lines)
    drawn = Table(box=None, pad_edge=False, show_header=False)
    for column in zip(*((line.status, line.host, line.title) for line in rows), strict=True):
        # Widths that rich need not find out: that takes as long as all else of a table.
        drawn.add_column(no_wrap=True, width=max(map(cell_len, column)))
    drawn.add_column(overflow="fold", ratio=1)
    for line in rows:
        found = line.found + (f"\n→ {line.todo}" if line.todo else "")
        drawn.add_row(Text.assemble((line.status, STYLES[line.status])), Text(line.host), Text(line.title), Text(found))
    return drawn


def conclusion(verification: Verification) -> list[tuple[str, str]]:
    """The sentences under the table, each with its style."""
    verdict, count = verification.verdict, len(verification.checks)
    said = [(f"\n{verdict.sentence}", STYLES["OK" if verdict.healthy else "FAIL"])]
    if not verdict.healthy:
        said.append((f"Next: {verdict.next_step}", "bold"))
    return [*said, (f"{count} checks; changed on the pair: {verification.changed}.", "")]


def document(verification: Verification, mask: Callable[[str], str]) -> dict[str, object]:
    """What machines get."""
    verdict = verification.verdict
    words = {"sentence": mask(verdict.sentence), "next_step": mask(verdict.next_step)}
    return {
        "run": "verify",
        "good": verification.good,
        "verdict": {"kind": verdict.kind, "healthy": verdict.healthy, **words},
        "checks": [asdict(check) for check in verification.checks],
        "changed": verification.changed,
    }


def folded(checks: Iterable[Check]) -> list[Line]:
    """What is the same, told once: a check that is equal on both hosts, then a topic's checks of one status."""
    hosts: dict[Check, list[str]] = {}
    for check in checks:
        hosts.setdefault(replace(check, host=""), []).append(check.host)
    members: dict[tuple[str, Status, str], list[Check]] = {}
    for check, on in hosts.items():
        where = "both" if len(on) > 1 else on[0]
        members.setdefault((check.topic or check.name, check.status, where), []).append(check)
    lines = [Line(status, where, title, *_told(each)) for (title, status, where), each in members.items()]
    titles = list(dict.fromkeys(line.title for line in lines))
    return sorted(lines, key=lambda line: (line.title == NOT_CHECKED, titles.index(line.title)))


def _told(members: Sequence[Check]) -> tuple[str, str]:
    """What was found and what to do, of checks of one title, status and host."""
    first = members[0]
    if not first.topic:
        return first.found, first.todo
    if first.status == "OK":
        return ", ".join(check.name for check in members), ""
    names: dict[str, list[str]] = {}
    for check in members:
        names.setdefault(check.found, []).append(check.name)
    found = "\n".join(f"{', '.join(each)}: {what}" for what, each in names.items())
    return found, "; ".join(dict.fromkeys(check.todo for check in members if check.todo))
