"""The master's CA as a file of the slave's server, by which its receiver knows the master."""

from collections.abc import Iterable
from dataclasses import dataclass

from runbook.core.host import Host
from runbook.core.step import BOTH, Gap, State, Step
from runbook.mysql.session import Server
from runbook.system.resources import File

NAME = "runbook-source-ca.pem"


def authority_file(slave: Server, master: Server) -> str:
    """The file that replication is told of; empty where the master has no CA, or the slave would not look.

    It lies in the data directory: wherever AppArmor or SELinux confine mysqld, that it can read.
    """
    if not (slave.dialect.source_authority and master.authorities):
        return ""
    return f"{str(slave.value('SELECT @@datadir')).rstrip('/')}/{NAME}"


@dataclass(frozen=True)
class KnownSource(Step):
    """The master's CA, as it is now, lies on the slave. The receiver reads it each time that it connects."""

    slave: Server
    master: Server

    name = "CA of the master, for replication"
    servers = BOTH

    def want(self) -> State:
        return {fact: value for file in self._file() for fact, value in file.want().items()}

    def read(self, host: Host) -> State:
        return {fact: value for file in self._file() for fact, value in file.read(host).items()}

    def fix(self, host: Host, gap: Gap) -> None:
        for file in self._file():
            host.put(file.path, file.content, mode=file.mode, owner=file.owner)

    def _file(self) -> Iterable[File]:
        path = authority_file(self.slave, self.master)
        return [File(path, self.master.authorities[0])] if path else []
