"""keepalived: its configuration for one side, and the step that puts it in place and in force."""

import hashlib
import re
import shlex
from collections.abc import Iterable
from math import ceil

from runbook.core import templates
from runbook.core.host import Host
from runbook.core.host_paths import KEEPALIVED_LOADED, SCRIPTS, VRRP_STATE
from runbook.core.step import Gap, State, Step
from runbook.keepalived.version import AUTO_PRIORITY, AUTO_PRIORITY_DELAY, TTL_OF_PEERS, Version
from runbook.settings.settings import Node, Settings
from runbook.system.resources import OURS, File, Service, active_question, runs

CONFIG = "/etc/keepalived/keepalived.conf"
INSTANCE = "VI_1"
UNIT = "keepalived"
# mysql_check.sh may be refused for CHECK_TIMEOUT, then wait as long, and again at the administrators' door; and bash
# needs seconds on a busy host.
CHECK_QUESTIONS, CHECK_STARTS_IN = 3, 2
SILENT_SECONDS = 10  # beyond what a check may take
# --config-test came with 2.0.5. Its exit code 5 says that a script is missing or not safe to run (tried on 2.3.4):
# right while the article's next step, deploy-scripts, has yet to bring them.
CONFIG_TEST = (
    "keepalived --help 2>&1 | grep -q -- --config-test || exit 0; keepalived --config-test -f {candidate}; "
    f"code=$?; [ $code = 0 ] || {{{{ [ $code = 5 ] && [ ! -e {SCRIPTS}/mysql_check.sh ]; }}}}"
)
ACCEPTED = "accepted"
ACCEPTED_QUESTION = (
    f"said=$( ({CONFIG_TEST.format(candidate=CONFIG)}) 2>&1 ) && echo {ACCEPTED} || "
    "printf '%s\\n' \"$said\" | head -n 1"
)
# By what it could not read it waits in its start (seen on 2.3.4), until TimeoutStartSec.
END_A_START_THAT_WAITS = f'[ "$(systemctl is-active {UNIT})" != activating ] || systemctl kill -s KILL {UNIT}'


def vrrp_state(host: Host) -> str:
    """The VRRP state that keepalived told its scripts last: MASTER, BACKUP, FAULT, STOPPED, or nothing yet."""
    return host.ask(f"cat {VRRP_STATE} 2>/dev/null || true").strip()


def check_overdue(settings: Settings) -> int:
    """Seconds after which keepalived kills a check."""
    return ceil(CHECK_QUESTIONS * settings.check_timeout) + CHECK_STARTS_IN


def most_silent(settings: Settings) -> int:
    """Seconds without a new check after which a keepalived that runs is said to hang."""
    return settings.check_interval + check_overdue(settings) + SILENT_SECONDS


def configuration(settings: Settings, node: Node, interface: str, version: Version) -> str:
    """The text of keepalived.conf for one node, in the words of this keepalived."""
    return templates.render(
        "keepalived.conf.j2",
        ours=OURS,
        s=settings,
        node=node,
        peer=settings.peer_of(node.role),
        interface=interface,
        instance=INSTANCE,
        scripts=SCRIPTS,
        check_overdue=check_overdue(settings),
        auto_priority=version >= AUTO_PRIORITY,
        auto_priority_delay=version >= AUTO_PRIORITY_DELAY,
        ttl_of_peers=version >= TTL_OF_PEERS,
    )


AUTH_PASS = re.compile(r"(auth_pass\s+)(\S+)")


class Configuration(File):
    """keepalived.conf: accepted by keepalived itself before it takes its place."""

    def _shown(self, text: str) -> str:
        def digest(found: re.Match[str]) -> str:
            return f"{found[1]}*** (sha256 {hashlib.sha256(found[2].encode()).hexdigest()[:8]})"

        return AUTH_PASS.sub(digest, text)

    def fix(self, host: Host, gap: Gap) -> None:
        candidate = f"{CONFIG}.candidate"
        host.put(candidate, self.content, mode=self.mode)
        try:
            host.do(CONFIG_TEST.format(candidate=candidate))
        finally:
            host.do(f"rm -f {candidate}")
        super().fix(host, gap)
        host.do(END_A_START_THAT_WAITS)


class Keepalived(Service):
    """keepalived's unit; by a configuration that it refuses, as one cut off, its start would wait for minutes."""

    def refusal(self, host: Host, gap: Gap) -> str | None:
        said = host.ask(ACCEPTED_QUESTION).strip()
        if said == ACCEPTED:
            return None
        return (
            f"{host}: keepalived does not run, and refuses its configuration {CONFIG}: {said}\n"
            "It was not started. Run: inv install-keepalived, then: inv deploy-scripts, then the same command again"
        )


class ConfigurationRead(Step):
    """A keepalived that runs has read the configuration that is there, by a reload: a restart would move the VIP.

    Not before our scripts are there: keepalived never calls one that it did not find when it read its configuration.
    """

    name = "keepalived has read its configuration"

    @staticmethod
    def questions() -> Iterable[str]:
        yield active_question(UNIT)
        yield (
            f"grep -qs {shlex.quote(OURS)} {SCRIPTS}/master.sh && "
            f'[ "$(cat {KEEPALIVED_LOADED} 2>/dev/null)" != "$(sha256sum < {CONFIG})" ] && echo no || echo yes'
        )

    def want(self) -> State:
        return {"in force": "yes"}

    def read(self, host: Host) -> State:
        active, loaded = (host.ask(question).strip() for question in self.questions())
        return {"in force": loaded if runs(active) else "yes"}

    def fix(self, host: Host, gap: Gap) -> None:
        host.do(f"systemctl reload {UNIT}")
