"""Lines of the option files that a server reads."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

GROUP = re.compile(r"\s*\[\s*([^]]*?)\s*\]")
READ_BY_THE_SERVER = re.compile(r"(mysqld|server|mariadb|mariadbd)(-[\d.]+)?", re.IGNORECASE)


class Line(NamedTuple):
    """One line of an option file."""

    file: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}: {self.text.strip()}"


def question(my_cnfs: str, folders: str = "") -> str:
    """All lines of these files, of the folders that they include, and of these folders; names parted by blanks."""
    included = f"sed -n 's#^[[:space:]]*!includedir[[:space:]]*##p' {my_cnfs}"
    return (
        f'grep -sHn "" {my_cnfs} $(for folder in {folders} $({included} 2>/dev/null); do '
        'printf "%s\\n" "${folder%/}"/*.cnf; done | sort -u) || true'
    )


def lines(said: str) -> list[Line]:
    """What `question` was answered."""
    parts = (line.split(":", 2) for line in said.splitlines())
    return [Line(file, int(number), text) for file, number, text in parts]


def for_the_server(found: Iterable[Line]) -> Iterator[Line]:
    """Those in groups that a server reads; a file's first lines are in none."""
    file = group = ""
    for line in found:
        if line.file != file:
            file, group = line.file, ""
        if header := GROUP.match(line.text):
            group = header[1]
        elif READ_BY_THE_SERVER.fullmatch(group):
            yield line
