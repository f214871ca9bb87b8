"""How a MySQL version says things. Versions compare as tuples: calendar versions such as 26.7 exist.

Sources: the statement table of MySQL Shell's replication.cc and the release notes named at each fact.
"""

import re
from dataclasses import dataclass

from runbook.errors import BadInput

Version = tuple[int, ...]

OLDEST: Version = (8, 0, 26)  # first with the replica/source names in variables and plugins


@dataclass(frozen=True)
class Dialect:
    """The words of one server version."""

    version: Version

    @property
    def series(self) -> str:
        """What must be equal on both hosts: major and minor."""
        return ".".join(map(str, self.version[:2]))

    @property
    def replica_status(self) -> str:
        return "SHOW REPLICA STATUS"

    @property
    def binary_log_status(self) -> str:
        """SHOW MASTER STATUS ended with 8.4.0; its successor came with 8.2.0."""
        return "SHOW BINARY LOG STATUS" if self.version >= (8, 2) else "SHOW MASTER STATUS"


def dialect_of(version: str, comment: str = "") -> Dialect:
    """The dialect for what `SELECT VERSION()` and `@@version_comment` say; BadInput when it is not ours."""
    if "mariadb" in f"{version} {comment}".lower():
        raise BadInput(f"the server is MariaDB ({version})", "This release speaks MySQL 8.0.26 and newer.")
    found = re.match(r"\d+(?:\.\d+)+", version)
    if not found:
        raise BadInput(f"the server's version is not understood: {version}")
    numbers = tuple(map(int, found.group().split(".")))
    if numbers < OLDEST:
        raise BadInput(f"the server is MySQL {version}", "This release speaks MySQL 8.0.26 and newer.")
    return Dialect(numbers)
