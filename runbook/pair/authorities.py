"""By which certificate authorities a client of the pair knows its servers."""

from contextlib import suppress

from runbook.errors import RunbookError
from runbook.pair.pair import Side


def authorities(*sides: Side) -> tuple[str, ...]:
    """The CA of each of these servers, each once; that of one that cannot be asked now is left out.

    None at all when one of them has none: whoever answers for it is not known by a certificate.
    """
    found: list[str] = []
    for side in sides:
        with suppress(RunbookError):
            known_by = side.server.authorities
            if not known_by:
                return ()
            found += known_by
    return tuple(dict.fromkeys(found))
