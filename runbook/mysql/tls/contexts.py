"""TLS with a server: who is at the other end, as far as a certificate tells."""

import ssl
from collections.abc import Callable, Sequence
from typing import TypeVar

import pymysql
from pymysql.constants import CR

T = TypeVar("T")


class NotTheServer(pymysql.OperationalError):
    """Whoever answers does not show by a certificate that it is a server of the pair; it has heard no login."""

    WAY_OUT = (
        "Does another machine answer there? A server whose certificates were renewed shows them after ALTER INSTANCE "
        "RELOAD TLS, or a restart."
    )

    def __init__(self, why: str) -> None:
        super().__init__(CR.CR_SSL_CONNECTION_ERROR, f"it is not known by the CA of the pair's servers: {why}")


def by_one_of(contexts: list[ssl.SSLContext], connection: Callable[[ssl.SSLContext], T]) -> T:
    """A connection by the first context that the server's certificate fits; it is tried first the next time.

    One context for all does not do: the CAs that MySQL makes are of the same name, and OpenSSL takes the first of that
    name for the one that is meant, without another look (seen with 3.0).
    """
    strangers: list[NotTheServer] = []
    for context in tuple(contexts):
        try:
            made = connection(context)
        except NotTheServer as error:
            strangers.append(error)
            continue
        contexts.sort(key=lambda each: each is not context)
        return made
    raise strangers[-1]


def of(authorities: Sequence[str]) -> list[ssl.SSLContext]:
    """By one of these CAs; without any, with whoever is there."""
    return [verified_tls(each) for each in authorities] or [unverified_tls()]


def verified_tls(authority: str) -> ssl.SSLContext:
    """TLS with a server whose certificate is of this CA, a PEM; MySQL puts no name into those that it makes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority)
    return context


def unverified_tls() -> ssl.SSLContext:
    """TLS with whoever is at the other end: SSH, or the operator's own network, says who that is.

    PyMySQL's own reads this machine's CA certificates for every connection, 20 ms of a core each time (measured), which
    the servers would miss.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
