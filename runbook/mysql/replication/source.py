"""From whom a server copies, and that it copies nobody any more."""

from dataclasses import dataclass

from runbook.core.host import Host
from runbook.core.step import Gap, State, Step
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.session import Server
from runbook.settings.settings import Role


def copies_from(server: Server, address: str) -> bool:
    """Whether its replication, running or not, is from the host at this address."""
    status = replica_status(server)
    return status is not None and status.source.rpartition(":")[0] == address


def copy_nobody(server: Server) -> None:
    """End its replication and forget it: also what it has received and not applied."""
    server.execute(f"STOP {server.dialect.replica}")
    server.execute(f"RESET {server.dialect.replica} ALL")


@dataclass(frozen=True)
class CopiesNothing(Step):
    """The master copies nothing from its slave, as the old slave did before the roles changed; another source is no
    matter of the pair's.
    """

    master: Server
    slave: str

    name = "the master copies nothing from the slave"

    @property
    def servers(self) -> frozenset[Role]:
        return self.master.side

    def want(self) -> State:
        return {"copies from the slave": "no"}

    def read(self, host: Host) -> State:
        return {"copies from the slave": "yes" if copies_from(self.master, self.slave) else "no"}

    def fix(self, host: Host, gap: Gap) -> None:
        copy_nobody(self.master)
