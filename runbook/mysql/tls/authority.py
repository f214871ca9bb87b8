"""The certificate authority (CA) that a server has, by which a client over the network knows the server again.

MySQL makes one of its own when it first starts, each server another (manual: Creating SSL and RSA Certificates using
MySQL); MySQL 5.6 and MariaDB have one only where somebody has configured it.
"""

import posixpath
import re
import shlex
import ssl
from typing import Any, Protocol

from runbook.core.host import Host
from runbook.errors import HostError
from runbook.mysql.tls.contexts import verified_tls
from runbook.system.server_names import UNITS

# The names of the variables are the same on every engine. The date is empty where no TLS is spoken [M on 9.7].
AUTHORITY_QUESTION = "SELECT @@ssl_ca AS file, @@datadir AS folder"
SPEAKS_TLS = "SHOW GLOBAL STATUS LIKE 'Ssl_server_not_after'"
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n[\w+/=\n]+-----END CERTIFICATE-----\n")


# What PyMySQL takes as the server's own (manual: Caching SHA-2 Pluggable Authentication).
PUBLIC_KEY_QUESTION = "SHOW GLOBAL STATUS LIKE 'Caching_sha2_password_rsa_public_key'"
# mysqld's working directory is its data directory, where it keeps its key [M on 9.7].
KEY_FILE_QUESTION = (
    f"for pid in $(systemctl show -p MainPID {' '.join(UNITS)} | sed -n 's/^MainPID=\\([1-9]\\)/\\1/p'); do "
    "cat /proc/$pid/cwd/public_key.pem 2>/dev/null && break; done; true"
)


class Server(Protocol):
    """A server as it is asked on its own host."""

    host: Host

    def one(self, query: str) -> dict[str, Any]:
        """The only row of a query, or an empty one."""
        ...


def authorities_of(server: Server) -> tuple[str, ...]:
    """The server's CA certificates as one PEM; none where it has none, or speaks no TLS. Errors as of its questions."""
    row = server.one(AUTHORITY_QUESTION)
    if not row.get("file") or not server.one(SPEAKS_TLS).get("Value"):
        return ()
    file = posixpath.join(row["folder"], row["file"])
    pem = certificates(server.host.ask(f"cat {shlex.quote(file)} 2>/dev/null || true"))
    if not pem:
        return ()
    try:
        verified_tls(pem)
    except (ssl.SSLError, ValueError) as error:
        what = f"{file}, its server's ssl_ca, holds what is no certificate ({error})"
        raise HostError(
            str(server.host), what, "Put the CA's certificate there, then: ALTER INSTANCE RELOAD TLS"
        ) from error
    return (pem,)


def certificates(text: str) -> str:
    """The certificates of a PEM file, without what else stands there."""
    return "".join(CERTIFICATE.findall(text.replace("\r", "") + "\n"))
