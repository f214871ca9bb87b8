"""By which certificate authorities a client of the pair knows its servers."""

import shlex
from collections.abc import Container
from contextlib import suppress

from runbook.errors import RunbookError
from runbook.mysql.tls.authority import certificates
from runbook.mysql.tls.known_server import authority_file
from runbook.pair.side import Side
from runbook.settings.settings import Node, Role


def authorities(*sides: Side, silent: Container[Role] = ()) -> tuple[str, ...]:
    """The CA of each of these servers, each once, of a `silent` one as the other host knows it, if it is known at all.

    None when one of them has none: whoever answers for it is not known by a certificate.
    """
    found: dict[Role, tuple[str, ...]] = {}
    for side in sides:
        with suppress(RunbookError):
            if side.role not in silent:
                found[side.role] = side.server.authorities
    if not all(found.values()):
        return ()
    told = [side for side in sides if side.role in found]
    for side in sides:
        if side.role not in found:
            found[side.role] = tuple(filter(None, (_copy(side.node, other) for other in told)))
    return tuple(dict.fromkeys(pem for pems in found.values() for pem in pems))


def _copy(server: Node, on: Side) -> str:
    """A server's CA as a host knows it since the last bootstrap."""
    with suppress(RunbookError):
        return certificates(on.host.ask(f"cat {shlex.quote(authority_file(server))} 2>/dev/null || true"))
    return ""
