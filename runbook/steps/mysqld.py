"""mysqld's unit, which an option file of ours that was cut off must not keep from starting, nor let start open."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

from runbook.core.host import Host
from runbook.core.step import Gap
from runbook.pair.side import Side
from runbook.steps.configure_mycnf import OptionFile, our_option_file
from runbook.system.resources import Service


@dataclass(frozen=True)
class Mysqld(Service):
    """The server's unit. Before it is started, our option file is written anew if its end is missing.

    A file that only differs is left: what hosts.env wants now may not come into force by the way (gtid_mode).
    """

    file: Callable[[], OptionFile] = field(kw_only=True, repr=False)

    @classmethod
    def of(cls, side: Side, seconds: int = 120) -> "Mysqld":
        """The unit of a side whose server is installed."""
        return cls(side.names.unit, seconds=seconds, file=lambda: our_option_file(side))

    def fix(self, host: Host, gap: Gap) -> None:
        if any(change.fact == "active" for change in gap):
            file = self.file()
            if host.ask(last_line_question(file.path)).strip() not in ("", last_line(file.content)):
                file.fix(host, gap)
        super().fix(host, gap)


def last_line_question(path: str) -> str:
    """What a file that is there ends with; a mark for one that is empty, nothing where there is none."""
    quoted = shlex.quote(path)
    return f"[ ! -e {quoted} ] || [ -s {quoted} ] || echo empty; tail -n 1 {quoted} 2>/dev/null || true"


def last_line(text: str) -> str:
    """What a whole file ends with."""
    return text.rstrip("\n").rpartition("\n")[2]
