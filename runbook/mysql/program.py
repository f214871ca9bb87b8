"""What a server is before it is asked, or while it does not answer: told by its program and its package."""

import re

from runbook.core.host import Host
from runbook.core.step import NotReady
from runbook.mysql.dialects.dialect import Choice, Dialect, dialect_of
from runbook.settings.source import Source
from runbook.system.family import Family, offered
from runbook.system.server_names import ServerNames

PROGRAM_QUESTION = "mariadbd --version 2>/dev/null || mysqld --version 2>/dev/null || true"
PLUGIN_FOLDERS = ("/usr/lib/mysql/plugin", "/usr/lib64/mysql/plugin", "/usr/local/mysql/lib/plugin")
PLUGINS_COME_SINCE = (5, 7)


def dialect(host: Host) -> Dialect | None:
    """By the installed program; None on a blank host."""
    text = host.ask(PROGRAM_QUESTION)
    found = re.search(r"\bVer (\S+)", text)
    return dialect_of(found[1], text) if found else None


def candidate_dialect(host: Host, family: Family, names: ServerNames, source: Source) -> Dialect:
    """By the package that install-mysql would bring; NotReady when the host's sources have none, or another comes."""
    if source.kind != "distribution":
        raise NotReady(f"{host}: which server there will be is known once MYSQL_SOURCE is installed")
    offer = offered(host, family, names)
    if offer is None:
        raise NotReady(f"{host}: which server there will be, its package sources do not say yet")
    return dialect_of(offer.version, names.engine)


def semi_sync(host: Host, spoken: Dialect) -> Choice:
    """What SEMI_SYNC=auto comes to: on where the server can."""
    libraries = spoken.semi_sync.libraries
    if libraries is None:
        return Choice("on", f"built into {spoken.engine}")
    if spoken.version >= PLUGINS_COME_SINCE:
        return Choice("on", f"{spoken.engine} {spoken.series} comes with it")
    places = " ".join(f"{folder}/{libraries[0]}.so" for folder in PLUGIN_FOLDERS)
    if host.ask(f"ls {places} 2>/dev/null || true").strip():
        return Choice("on", f"its plugin is there; {spoken.engine} {spoken.series} waits after the commit only")
    return Choice("off", f"this {spoken.engine} {spoken.series} came without {libraries[0]}.so")
