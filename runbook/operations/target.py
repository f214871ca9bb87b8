"""Which pair a run is meant for, and how much may be done to it unasked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from runbook.lab.pair import Lab
from runbook.settings.load import find, load
from runbook.settings.settings import Settings


@dataclass(frozen=True)
class Target:
    """The pair of one hosts.env; `lab` when it is a local lab, where nothing need be asked."""

    settings: Settings
    lab: Lab | None

    @property
    def name(self) -> str:
        """Of the pair, in a report: the lab's, or what keepalived calls it and its VIP."""
        return f"lab {self.lab.name}" if self.lab else f"{self.settings.router_id} {self.settings.vip.ip}"

    def describe(self) -> str:
        """The first line of every run."""
        s = self.settings
        what = f"lab {self.lab.name}" if self.lab else "pair"
        return f"{what} of {s.source}: master {s.master.address}, slave {s.slave.address}, VIP {s.vip}"

    def mask(self, text: str) -> str:
        """The text with every password of hosts.env as ***, also as SQL, option files or a shell would write it."""
        return self._secret.sub("***", text) if self._secret.pattern else text

    @cached_property
    def _secret(self) -> re.Pattern[str]:
        # Not above: with these comes most of what there is, and a run is to reach its hosts before (Run.reach).
        from runbook.mysql.optionfile import quoted
        from runbook.mysql.terms import literal

        plain = {secret.reveal() for secret in self.settings.secrets}
        spelled = plain | {literal(p)[1:-1] for p in plain} | {quoted(p)[1:-1] for p in plain}
        spelled |= {s.replace("'", "'\"'\"'") for s in spelled}
        spelled |= {repr(s)[1:-1] for s in spelled}
        spelled |= {json.dumps(s, ensure_ascii=ascii_only)[1:-1] for s in spelled for ascii_only in (True, False)}
        return re.compile("|".join(re.escape(text) for text in sorted(spelled, key=len, reverse=True) if text))


def find_target(environ: Mapping[str, str], folder: Path) -> Target:
    """The pair of HOSTS_ENV, of the folder's hosts.env, or the lab that is up; BadInput when none or several are."""
    path = find(environ, folder, Lab.unnamed())
    return Target(load(path), Lab.owning(path))
