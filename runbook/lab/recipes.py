"""Which engine on which operating system the lab can be, one row a combination."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runbook.errors import BadInput
from runbook.lab import mysql56
from runbook.lab.command import Say
from runbook.source import file_sha256


@dataclass(frozen=True)
class Recipe:
    """One engine on one operating system: the Debian suite of its hosts, the packages they can install.

    `tarball` makes the server's tarball in a folder, where the engine is none of the packages.
    """

    engine: str
    os: str
    suite: str
    packages: tuple[str, ...]
    tarball: Callable[[Path, Say], Path] | None = None
    tools: tuple[str, ...] = ()

    def keys(self, cache: Path, say: Say) -> dict[str, str]:
        """The keys of hosts.env by which install-mysql finds the engine."""
        name, _, version = self.engine.partition("-")
        keys = {"ENGINE": name}
        if self.tarball:
            file = self.tarball(cache / self.engine, say)
            keys |= {"MYSQL_SOURCE": str(file), "MYSQL_SHA256": file_sha256(file), "MYSQL_VERSION": version}
        return keys


TARBALL_NEEDS = ("libaio1", "default-mysql-client", "keepalived", "firewalld", "curl")

RECIPES = (
    Recipe("mysql-9.7", "debian-sid", "sid", ("mysql-server", "keepalived", "firewalld", "curl")),
    Recipe("mariadb-10.11", "debian-12", "bookworm", ("mariadb-server", "keepalived", "firewalld", "curl")),
    Recipe("mysql-5.6", "debian-12", "bookworm", TARBALL_NEEDS, tarball=mysql56.tarball, tools=("npm",)),
    Recipe("mariadb-11.8", "debian-13", "trixie", ("mariadb-server", "keepalived", "firewalld", "curl")),
)


def recipe_for(engine: str, os: str) -> Recipe:
    """The row for `engine` on `os`; raise BadInput naming the rows there are."""
    for recipe in RECIPES:
        if (recipe.engine, recipe.os) == (engine, os):
            return recipe
    known = ", ".join(f"{recipe.engine} on {recipe.os}" for recipe in RECIPES)
    raise BadInput(f"the lab has no {engine} on {os}", f"it has: {known}")
