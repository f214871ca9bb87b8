"""keepalived runs, and starts, by the pair's configuration, and does not stand still: the step that sees to it."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from runbook.core.host import Host
from runbook.core.step import Gap, State, Step
from runbook.errors import BadInput
from runbook.keepalived.configuration import CONFIG, UNIT
from runbook.keepalived.running import END, RUNNING_QUESTION, Running, Source
from runbook.system.network import holds
from runbook.system.resources import BACKUP_SUFFIX

TAKEN_OUT = "# Taken out by the MySQL pair runbook: "
OPTION_FILES = ("/etc/default/", "/etc/sysconfig/")
# defer.sh waits for up to a minute for the other side.
RESTART_SECONDS = 120


@dataclass(frozen=True)
class StartedByOurs(Step):
    """What the unit runs, and will run, has read the pair's configuration, and no other file; and it moves.

    A line of an option file that names another is commented out, and a keepalived without the VIP restarted. One that
    holds the VIP is not: that would be a takeover. A unit's own line is its owner's.
    """

    vip: IPv4Address

    name = "the keepalived that runs"
    error = BadInput

    def questions(self) -> Iterable[str]:
        yield RUNNING_QUESTION

    def want(self) -> State:
        return {"runs by": CONFIG, "starts by": CONFIG, "stands still": "no"}

    def read(self, host: Host) -> State:
        running = self._running(host)
        stands_still = "yes" if running.stopped else "no"
        return {"runs by": running.file, "starts by": running.next_file, "stands still": stands_still}

    def refusal(self, host: Host, gap: Gap) -> str | None:
        running = self._running(host)
        return why_not(str(host), running, holds_vip=holds(host, self.vip))

    def fix(self, host: Host, gap: Gap) -> None:
        running = self._running(host)
        for source in running.sources:
            path, backup = shlex.quote(source.file), shlex.quote(source.file + BACKUP_SUFFIX)
            edit = shlex.quote(f"{source.number}s/^/{TAKEN_OUT}/")
            host.do(f"[ -e {backup} ] || cp -pL {path} {backup}; sed -i --follow-symlinks {edit} {path}")
        if running.stopped:
            host.do(END)
        elif not running.ours:
            host.do(f"systemctl try-restart {UNIT}", timeout=RESTART_SECONDS)

    @staticmethod
    def _running(host: Host) -> Running:
        return Running.parse(host.ask(RUNNING_QUESTION))


def why_not(host: str, running: Running, *, holds_vip: bool) -> str | None:
    """Why a keepalived that another configuration starts is left so, and the way out; None where it is not. Pure."""
    units = [source for source in running.sources if not may_be_edited(source)]
    found = f"{host}: keepalived {running}, not by {CONFIG}"
    if units or (running.next_file != CONFIG and not running.sources):
        where = " and ".join(f"line {each.number} of {each.file}" for each in units) or f"systemctl cat {UNIT}"
        return (
            f"{found}\nTake the other configuration out of {where}, then: systemctl daemon-reload, "
            "and inv install-keepalived again"
        )
    if holds_vip and running.stopped:
        return (
            f"{host}: keepalived stands still (process {running.stopped[0]}), and this host has the VIP\n"
            f"{END} on that host ends it, and is a takeover; then: inv failback"
        )
    if holds_vip and not running.ours:
        lines = "".join(f"take line {each.number} out of {each.file}, " for each in running.sources)
        return (
            f"{found}\nIt holds the VIP: a restart is a takeover. When one is welcome: on that host {lines}"
            f"systemctl restart {UNIT}; then: inv failback"
        )
    return None


def may_be_edited(source: Source) -> bool:
    """Whether a line stands in a file of options, which are made to be edited."""
    return source.file.startswith(OPTION_FILES)
