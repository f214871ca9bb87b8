"""What a host tells of itself, whatever becomes of its server: services, addresses, the state of the scripts."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from runbook.alerts.deployment import UNSENT_QUESTION
from runbook.core.host import CommandFailed, Host
from runbook.core.host_paths import CHECKED, CONFIG, SETTLED, TAKEOVER, VRRP_STATE
from runbook.core.notes import noted
from runbook.diagnosis import greeting
from runbook.keepalived.configuration import UNIT, most_silent
from runbook.keepalived.running import RUNNING_QUESTION, Running
from runbook.keepalived.version import VERSION_QUESTION
from runbook.mysql.replication.filters import FILES_QUESTION
from runbook.mysql.server_socket import SOCKETS_QUESTION
from runbook.pair import alone, maintenance, seeding, witnessed
from runbook.pair.side import Side
from runbook.steps.deploy_scripts import LAST_LINE
from runbook.system.family import OS_QUESTION
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.resources import service_question
from runbook.system.server_names import UNITS, UNITS_QUESTION

ITS_SCRIPTS, ITS_ALERTS, THE_OTHER = "the scripts", "alerts", "whether the other's mysqld greets"
ITS_FILTERS = "filters of replication"
NOT_KNOWN = "unknown unknown"
"""A service whose state could not be asked, in the words of service_question."""

AHEAD_SECONDS = 1.3
"""Of a host or a server that has gone silent already; a first answer that was lost is asked for again after a second
(RFC 6298).
"""
CONFIG_QUESTION = f"tail -n 1 {CONFIG} 2>/dev/null || true"
TAKEOVER_QUESTION = f"cat {TAKEOVER} 2>/dev/null || true"
VRRP_QUESTION = f"cat {VRRP_STATE} 2>/dev/null || true"


def _age_question(file: str) -> str:
    return f"[ ! -e {file} ] || echo $(($(date +%s) - $(cat {file})))"


SETTLED_QUESTION, CHECKED_QUESTION = _age_question(SETTLED), _age_question(CHECKED)

STANDING = (
    FILES_QUESTION,
    OS_QUESTION,
    UNITS_QUESTION,
    ADDRESSES_QUESTION,
    VERSION_QUESTION,
)
AGAIN = (SOCKETS_QUESTION, SOCKETS_QUESTION, RUNNING_QUESTION, alone.QUESTION)
"""What the steps that verify looks at, and its logins, ask once more: one answer serves all."""
OURS = (CONFIG_QUESTION, TAKEOVER_QUESTION, VRRP_QUESTION, UNSENT_QUESTION, SETTLED_QUESTION, CHECKED_QUESTION)


def ask_together(side: Side) -> None:
    """All that `look` asks, and what it knows of the server's names by, in one round trip."""
    units = [service_question(unit) for unit in UNITS]
    ours = (*OURS, maintenance.QUESTION, seeding.QUESTION, witnessed.QUESTION, *side.record_questions())
    own, others = _greetings(side)
    greetings = (own,) if side.others_greeting else (own, others)
    side.host.foresee((*STANDING, service_question(UNIT), *units, *ours, *AGAIN, *greetings, *AGAIN))


def greet_ahead(side: Side) -> None:
    """Whether the other's mysqld greets, for the next look, while the other host is waited for."""
    question = greeting.question(str(side.peer.address), side.settings.mysql_port, AHEAD_SECONDS)
    with suppress(CommandFailed):
        side.others_greeting = side.host.ask(question).strip()


def look(side: Side) -> dict[str, Any]:
    """The fields of SideFacts that the host alone can tell; what it did not tell in time is named in `unknown`.

    Raises CommandFailed when it does not even tell its addresses.
    """
    unknown: dict[str, str] = {}

    def told(what: str, ask: Callable[[], str], otherwise: str = "") -> str:
        try:
            return ask().strip()
        except CommandFailed as error:
            unknown[what] = reason(error, side.host)
            return otherwise

    def asked(what: str, question: str, otherwise: str = "") -> str:
        return told(what, lambda: side.host.ask(question), otherwise)

    holds_vip = side.holds_vip()
    unit = told("mysqld", lambda: side.names.unit)
    mysqld = asked("mysqld", service_question(unit), NOT_KNOWN) if unit else NOT_KNOWN
    keepalived = asked("keepalived", service_question(UNIT), NOT_KNOWN)
    own, others = _greetings(side)
    greeted, peer = asked("whether mysqld greets", own), side.others_greeting or asked(THE_OTHER, others)
    side.others_greeting = None
    settled = asked(ITS_SCRIPTS, SETTLED_QUESTION)
    parts = {each: not found.endswith("not-found") for each, found in (("mysqld", mysqld), ("keepalived", keepalived))}
    parts[CONFIG] = asked("the scripts' configuration", CONFIG_QUESTION, LAST_LINE).strip() == LAST_LINE.strip()
    running = Running.parse(asked("the keepalived that runs", RUNNING_QUESTION))
    checked = asked("the last check", CHECKED_QUESTION)
    silent = int(checked) if checked.isdecimal() and parts[CONFIG] and running.ours else 0
    mysqld_is, keepalived_is = ((each.split() or ["unknown"])[0] for each in (mysqld, keepalived))
    return {
        "unit": unit,
        "mysqld": mysqld_is,
        "keepalived": keepalived_is,
        "running": running,
        "hangs": hangs(running, silent, most_silent(side.settings)) if keepalived_is == "active" else "",
        "holds_vip": holds_vip,
        "greets": greeted == "0",
        "sql": greeting.SILENCE if greeted == greeting.TIMED_OUT else "",
        "sees_peer": peer == "0",
        "alone": alone.parse(asked("whether the master is alone", alone.QUESTION)),
        "maintenance": maintenance.parse(asked("maintenance", maintenance.QUESTION)),
        "seeding": seeding.parse(asked("a reseed", seeding.QUESTION)),
        "takeover": noted(asked("the record of a takeover", TAKEOVER_QUESTION)),
        "witnessed": witnessed.parse(asked("what it noted of the master", witnessed.QUESTION)),
        "vrrp": asked("the VRRP state", VRRP_QUESTION),
        "settled_seconds": int(settled) if settled.isdecimal() else None,
        "unsent": asked(ITS_ALERTS, UNSENT_QUESTION),
        "lacks": tuple(part for part, there in parts.items() if not there),
        "unknown": unknown,
    }


def hangs(running: Running, silent: int, most: int) -> str:
    """By what it is seen that a keepalived which is active does nothing; empty where it does.

    `silent` are the seconds since it last called its check, `most` those that may pass.
    """
    if running.stopped:
        return f"process {running.stopped[0]} stands still, as after SIGSTOP"
    return f"it last called its check {silent} s ago" if silent > most else ""


def reason(error: Exception, host: Host) -> str:
    """The first line of an error, for where the host is named already."""
    first = str(error).splitlines()[0].rstrip(".")
    for label in (str(host), host.link.label):
        first = first.removeprefix(f"{label}: ")
    return re.sub(r"^mysqld\b", "it", first)


def _greetings(side: Side) -> tuple[str, str]:
    """Of its own server, and of the other side's."""
    port = side.settings.mysql_port
    return greeting.question("127.0.0.1", port), greeting.question(str(side.peer.address), port)
