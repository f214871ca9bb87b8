"""Which engine on which operating system the lab can be, one row a combination."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runbook.errors import BadInput
from runbook.lab import mysql56
from runbook.lab.command import Say
from runbook.settings.source import file_sha256


@dataclass(frozen=True)
class Recipe:
    """One engine on one operating system: the Debian suite of its hosts, the packages they can install.

    `tarball` makes the server's tarball in a folder, where the engine is none of the packages. With `remake`, a script
    of this folder, the packages are installed and the script makes another system of it; `release` is then the path
    on the hosts of the vendor's release package.
    """

    engine: str
    os: str
    suite: str
    packages: tuple[str, ...]
    tarball: Callable[[Path, Say], Path] | None = None
    tools: tuple[str, ...] = ()
    remake: str = ""
    release: str = ""
    replications: tuple[str, ...] = ("auto",)
    """The values of REPLICATION with which the lab tests tell the whole story here."""
    told_always: bool = False
    """Whether `inv test` tells it, too, and not only `inv test --all`."""

    def keys(self, cache: Path, root: Path, say: Say) -> dict[str, str]:
        """The keys of hosts.env by which install-mysql finds the engine; `root` is the hosts' image."""
        name, _, version = self.engine.partition("-")
        keys = {"ENGINE": name}
        if self.release:
            file = root / self.release.lstrip("/")
            keys |= {"MYSQL_SOURCE": str(file), "MYSQL_SHA256": file_sha256(file), "MYSQL_VERSION": version}
        elif self.tarball:
            file = self.tarball(cache / self.engine, say)
            keys |= {"MYSQL_SOURCE": str(file), "MYSQL_SHA256": file_sha256(file), "MYSQL_VERSION": version}
        return keys


ALWAYS = ("keepalived", "firewalld", "curl")
EL_LIKE_NEEDS = ("dnf", "rpm", "createrepo-c", "netbase", "mariadb-client", "libaio1", *ALWAYS)

RECIPES = (
    Recipe("mysql-9.7", "debian-sid", "sid", ("mysql-server", *ALWAYS), replications=("auto", "position")),
    Recipe("mariadb-10.11", "debian-12", "bookworm", ("mariadb-server", "mariadb-backup", *ALWAYS), told_always=True),
    Recipe(
        "mysql-5.6",
        "debian-12",
        "bookworm",
        ("libaio1", "default-mysql-client", "mydumper", *ALWAYS),
        tarball=mysql56.tarball,
        tools=("npm",),
        replications=("auto", "gtid"),
    ),
    Recipe(
        "mysql-5.6",
        "el-like",
        "bookworm",
        EL_LIKE_NEEDS,
        tarball=mysql56.tarball,
        tools=("npm",),
        remake="el_like.sh",
        release="/srv/mysql-community-release-el7-5.noarch.rpm",
        told_always=True,
    ),
    Recipe("mariadb-11.8", "debian-13", "trixie", ("mariadb-server", "mariadb-backup", *ALWAYS)),
)


def stories(*, every: bool) -> list[str]:
    """The rows beside the first on which the lab tests tell the story, as their LAB_ENGINE: ENGINE/OS/REPLICATION."""
    rows = [(recipe, replication) for recipe in RECIPES for replication in recipe.replications]
    return [f"{recipe.engine}/{recipe.os}/{how}" for recipe, how in rows[1:] if every or recipe.told_always]


def recipe_for(engine: str, os: str) -> Recipe:
    """The row for `engine` on `os`, or its first when `os` is empty; raise BadInput naming the rows there are."""
    for recipe in RECIPES:
        if recipe.engine == engine and os in ("", recipe.os):
            return recipe
    known = ", ".join(f"{recipe.engine} on {recipe.os}" for recipe in RECIPES)
    wanted = f"{engine} on {os}" if os else engine
    raise BadInput(f"the lab has no {wanted}", f"it has: {known}")
