"""Addresses of others that this host's keepalived keeps: replaced by ours, nobody would have them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from runbook.core.host import Host
from runbook.core.step import Condition
from runbook.errors import BadInput
from runbook.keepalived.configuration import CONFIG, UNIT
from runbook.system.resources import BACKUP_SUFFIX, OURS, active_question, runs

QUESTION = f"grep -qsF '{OURS}' {CONFIG} || cat {CONFIG} 2>/dev/null || true"
"""Its configuration, unless that is ours."""
REMARK = re.compile(r"[#!].*")
# keepalived.conf(5): virtual_ipaddress, virtual_ipaddress_excluded
ADDRESSES = re.compile(r"\bvirtual_ipaddress(?:_excluded)?\s*\{([^}]*)\}")


@dataclass(frozen=True)
class NoForeignVips(Condition):
    """A keepalived that runs with somebody else's configuration keeps no address but the pair's VIP."""

    vip: IPv4Address

    name = "keepalived keeps no other VIP"
    error = BadInput

    def questions(self) -> Iterable[str]:
        yield active_question(UNIT)
        yield QUESTION

    def reason(self, host: Host) -> str | None:
        active, text = (host.ask(question) for question in self.questions())
        found = [each for each in kept(text) if each != str(self.vip)]
        if not found or not runs(active):
            return None
        return (
            f"{host}: its keepalived runs and keeps {', '.join(found)} by {CONFIG}, which is not ours\n"
            f"Replaced by ours, nobody would have that. Take another host, or, where it may go: systemctl stop {UNIT} "
            f"there, and run the same command again; the old file is kept as {CONFIG}{BACKUP_SUFFIX}."
        )


def kept(text: str) -> list[str]:
    """The virtual addresses of a keepalived.conf, in its order, without their prefixes; its includes are not read."""
    plain = "\n".join(REMARK.sub("", line) for line in text.splitlines())
    words = (line.split()[0] for block in ADDRESSES.findall(plain) for line in block.splitlines() if line.strip())
    return list(dict.fromkeys(_plain(word.partition("/")[0]) for word in words))


def _plain(word: str) -> str:
    try:
        return str(IPv4Address(word))
    except AddressValueError:
        return word
