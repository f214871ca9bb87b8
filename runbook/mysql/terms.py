"""What every dialect is told and tells in: versions, choices, the names of semi-synchronous replication."""

import re
from dataclasses import dataclass

import pymysql.converters

Version = tuple[int, ...]
"""Compared as tuples: calendar versions such as 26.7 exist."""


ADMIN_PORT = 33062
"""mysqld's own default for its administrators' door."""


NEVER_EXPIRES = "PASSWORD EXPIRE NEVER ACCOUNT UNLOCK"
"""For accounts without which nothing takes over: default_password_lifetime would end their logins on both hosts."""


OUR_SESSION = "SET SESSION autocommit = 1, sql_mode = '', time_zone = '+00:00', wait_timeout = 28800"
"""What our statements rely on, whatever the server's own my.cnf says: so two hosts show the same TIMESTAMP the same.

PyMySQL does not see an autocommit that my.cnf has switched off [M].
"""


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why; `why` is empty where hosts.env says it."""

    value: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.value}: {self.why}" if self.why else f"{self.value}, as hosts.env says"


@dataclass(frozen=True)
class SemiSync:
    """What a server calls the halves of semi-synchronous replication; `{half}` is source or replica in its words."""

    libraries: tuple[str, str] | None
    """Of the master's half and of the slave's; None where they are built in."""
    has_wait_point: bool
    """Whether it can wait before others see the commit (AFTER_SYNC); else only after (AFTER_COMMIT)."""


def numbers(version: str) -> Version | None:
    """The numbers of what SELECT VERSION(), a handshake or a package says; None when there are none.

    MariaDB before 11 puts 5.5.5- before its version in the handshake; Debian's packages have an epoch.
    """
    found = re.match(r"(?:5\.5\.5-)?(?:\d+:)?(\d+(?:\.\d+)+)", version)
    return tuple(map(int, found[1].split("."))) if found else None


def is_of(version: Version, wanted: str) -> bool:
    """Whether this is the wanted version, or one of the wanted series: 5.6.24 is of 5.6."""
    return f"{'.'.join(map(str, version))}.".startswith(f"{wanted}.")


def renamed(name: str) -> str:
    """A variable, status or option in the words of before MySQL 8.0.26, which MariaDB keeps."""
    return name.replace("replica", "slave").replace("source", "master")


def literal(text: str) -> str:
    """A string literal for a session whose sql_mode is empty."""
    return "'" + pymysql.converters.escape_string(text) + "'"
