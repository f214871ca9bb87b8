"""Which engine on which operating system the lab can be, one row a combination."""

from dataclasses import dataclass

from runbook.errors import BadInput


@dataclass(frozen=True)
class Recipe:
    """One engine on one operating system: the Debian suite of its hosts, the packages they can install."""

    engine: str
    os: str
    suite: str
    packages: tuple[str, ...]


RECIPES = (
    Recipe("mysql-9.7", "debian-sid", "sid", ("mysql-server", "keepalived", "firewalld")),
    Recipe("mariadb-10.11", "debian-12", "bookworm", ("mariadb-server", "keepalived", "firewalld")),
    Recipe("mariadb-11.8", "debian-13", "trixie", ("mariadb-server", "keepalived", "firewalld")),
)


def recipe_for(engine: str, os: str) -> Recipe:
    """The row for `engine` on `os`; raise BadInput naming the rows there are."""
    for recipe in RECIPES:
        if (recipe.engine, recipe.os) == (engine, os):
            return recipe
    known = ", ".join(f"{recipe.engine} on {recipe.os}" for recipe in RECIPES)
    raise BadInput(f"the lab has no {engine} on {os}", f"it has: {known}")
