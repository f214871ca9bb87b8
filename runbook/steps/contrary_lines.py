"""Lines of other option files that ours cannot overrule: they are commented out."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from runbook.core.host import Host
from runbook.core.step import Gap, State, Step
from runbook.mysql import option_lines
from runbook.mysql.option_lines import GROUP, READ_BY_THE_SERVER, Line
from runbook.mysql.terms import renamed
from runbook.mysql.variables import in_file
from runbook.system.resources import BACKUP_SUFFIX

TAKEN_OUT = "# Taken out by the MySQL pair runbook: "
STARTS_READ_ONLY = ("read_only", "super_read_only")
OPTION = re.compile(r"\s*(?:loose[-_])?([\w-]+)\s*(?:[=#]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class ContraryLines(Step):
    """No option file that is read after ours names what ours names, and none at all what ours cannot name.

    That is what must be off where the server has no word for it, and slave_skip_errors: each line of it adds to those
    before (sql/rpl_slave.cc of 5.6 to 9.x).
    """

    my_cnf: str
    folder: str
    ours: str
    anywhere: frozenset[str]
    later: frozenset[str]

    name = "lines of other option files that ours cannot overrule"

    @staticmethod
    def of(my_cnf: str, folder: str, ours: str, wanted: Mapping[str, str]) -> "ContraryLines":
        """For the `wanted` variables of our file, which is `ours` in `folder`."""
        named = in_file(wanted)
        anywhere = [name for name in wanted if name not in named or name.endswith("_skip_errors")]
        return ContraryLines(my_cnf, folder, ours, _spelled(anywhere), _spelled([*named, *STARTS_READ_ONLY]))

    def questions(self) -> Iterable[str]:
        yield option_lines.question(self.my_cnf, self.folder)

    def want(self) -> State:
        return {"elsewhere": "none"}

    def read(self, host: Host) -> State:
        return {"elsewhere": "; ".join(map(str, self._found(host))) or "none"}

    def fix(self, host: Host, gap: Gap) -> None:
        for file, lines in groupby(self._found(host), lambda line: line.file):
            path, backup = shlex.quote(file), shlex.quote(file + BACKUP_SUFFIX)
            edits = "; ".join(f"{line.number}s/^/{TAKEN_OUT}/" for line in lines)
            host.do(f"[ -e {backup} ] || cp -pL {path} {backup}; sed -i --follow-symlinks {shlex.quote(edits)} {path}")

    def _found(self, host: Host) -> list[Line]:
        (question,) = self.questions()
        lines = host.read(question, option_lines.lines)
        by_file = groupby((line for line in lines if line.file != self.ours), lambda line: line.file)
        return [line for file, of_file in by_file for line in self._contrary(file, of_file)]

    def _contrary(self, file: str, lines: Iterable[Line]) -> Iterator[Line]:
        group = ""
        after_ours = file.startswith(f"{self.folder}/") and file > self.ours
        for line in lines:
            if found := GROUP.match(line.text):
                group = found[1]
            elif re.match(rf"\s*!includedir\s+{re.escape(self.folder)}/?\s*$", line.text):
                after_ours = True
            elif READ_BY_THE_SERVER.fullmatch(group) and (option := OPTION.match(line.text)):
                name = option[1].lower().replace("-", "_")
                if name in self.anywhere or (after_ours and name in self.later):
                    yield line


def _spelled(names: Iterable[str]) -> frozenset[str]:
    """By the words of before 8.0.26 too, which newer servers take as well."""
    every = frozenset(names)
    return every | frozenset(map(renamed, every))
