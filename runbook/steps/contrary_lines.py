"""Lines of other option files that ours, although it is read last, cannot overrule."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runbook.host import Host
from runbook.mysql.terms import renamed
from runbook.mysql.variables import in_file
from runbook.step import Gap, State
from runbook.system.resources import BACKUP_SUFFIX

TAKEN_OUT = "# Taken out by the MySQL pair runbook: "


@dataclass(frozen=True)
class ContraryLines:
    """No option file but ours names these variables.

    For the server each slave_skip_errors adds to those before it (sql/rpl_slave.cc of 5.6 to 9.x), and the others must
    be off but cannot be named, so that ours has no line against them.
    """

    my_cnf: str
    folder: str
    ours: str
    variables: tuple[str, ...]

    name = "lines of other option files that ours cannot overrule"

    @staticmethod
    def of(my_cnf: str, folder: str, ours: str, wanted: Mapping[str, str]) -> "ContraryLines":
        """Those of the `wanted` variables that our file does not name, and slave_skip_errors in any case."""
        named = in_file(wanted)
        left_out = [name for name in wanted if name.endswith("_skip_errors") or name not in named]
        return ContraryLines(my_cnf, folder, ours, tuple(left_out))

    @property
    def _spelled(self) -> str:
        every = sorted({*self.variables, *map(renamed, self.variables)})
        return f"^[[:space:]]*(loose[-_])?({'|'.join(name.replace('_', '[-_]') for name in every)})[[:space:]]*(=|#|$)"

    def questions(self) -> Iterable[str]:
        folders = rf"sed -n 's#^[[:space:]]*!includedir[[:space:]]*\(.*[^/]\)/*[[:space:]]*$#\1/*.cnf#p' {self.my_cnf}"
        yield (
            f"{{ grep -HiE {shlex.quote(self._spelled)} {self.my_cnf} {self.folder}/*.cnf $({folders}); }} 2>/dev/null "
            f"| grep -v '^{self.ours}:' | sort -u"
        )

    def want(self) -> State:
        return {"elsewhere": "none"}

    def read(self, host: Host) -> State:
        (question,) = self.questions()
        return {"elsewhere": ", ".join(host.ask(question).split("\n")[:-1]) or "none"}

    def fix(self, host: Host, gap: Gap) -> None:
        (question,) = self.questions()
        for file in sorted({line.partition(":")[0] for line in host.ask(question).splitlines()}):
            path, backup = shlex.quote(file), shlex.quote(file + BACKUP_SUFFIX)
            host.do(
                f"[ -e {backup} ] || cp -pL {path} {backup}; "
                f"sed -i --follow-symlinks -E {shlex.quote(f's/{self._spelled}/{TAKEN_OUT}&/I')} {path}"
            )
