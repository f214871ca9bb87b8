"""hosts.env after a change of roles: what belongs to a host goes with it, what belongs to the role stays."""

import re
from collections.abc import Mapping

from runbook.settings.hosts_env import quoted
from runbook.settings.settings import BY_NAME, OF_HOSTS, Settings


def exchanged(written: Mapping[str, str | None], epoch: int) -> dict[str, str]:
    """The keys whose values change by this change of roles, with the new ones.

    `written` is what hosts.env says without its defaults.
    """
    changes = {Settings.roles_epoch.name: str(epoch)}
    for each in OF_HOSTS:
        masters, slaves = (BY_NAME[f"{side}_{each}"] for side in ("MASTER", "SLAVE"))
        was = {key.name: written.get(key.name) or key.default or "" for key in (masters, slaves)}
        if was[masters.name] != was[slaves.name]:
            changes |= {masters.name: was[slaves.name], slaves.name: was[masters.name]}
    return changes


def rewritten(text: str, changes: Mapping[str, str]) -> str:
    """The text of hosts.env with these keys; all else stays as it stands there.

    A key that has no line gets the one of its default, which stands behind a #, or one at the end.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    for name, value in changes.items():
        line = f"{name}={quoted(BY_NAME[name], value)}"
        for start in (rf"[ \t]*(?:export[ \t]+)?{name}[ \t]*", rf"#[ \t]?{name}"):
            if found := re.search(rf"^{start}=[^\r\n]*", text, re.MULTILINE):
                text = text[: found.start()] + line + text[found.end() :]
                break
        else:
            text += ("" if not text or text.endswith(("\n", "\r")) else end) + line + end
    return text
