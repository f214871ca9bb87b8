"""What two servers must have alike to be a pair, and what each must have to itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from runbook.core.host import Host
from runbook.core.step import BOTH, Condition
from runbook.mysql.dialects.dialect import Dialect
from runbook.mysql.session import Server
from runbook.mysql.variables import read_variables

# Fixed when a data directory is made (manual of 8.0: Identifier Case Sensitivity, InnoDB Startup Configuration).
FIXED = ("lower_case_table_names", "innodb_page_size")
UUID = "server_uuid"  # MariaDB has none, and tells servers apart by server_id alone
READ = (*FIXED, UUID, "datadir")

Variables = Mapping[str, str]


def differing(master: Variables, slave: Variables) -> tuple[str, ...]:
    """What differs and cannot be changed later; what one of them did not say is left out."""
    known = [name for name in FIXED if name in master and name in slave]
    return tuple(
        f"{name} is {master[name]} on the master and {slave[name]} on the slave"
        for name in known
        if master[name] != slave[name]
    )


def shared_uuid(master: Variables, slave: Variables) -> str:
    """The server_uuid that both have, as one has whose data directory was copied; else empty."""
    return master[UUID] if UUID in master and master[UUID] == slave.get(UUID) else ""


def make_anew(address: str, dialect: Dialect, master: Variables, slave: Variables) -> str:
    """How the slave gets the master's values."""
    wanted = [name for name in FIXED if name in master and master[name] != slave.get(name)]
    lines = ", ".join(f"{name} = {master[name]}" for name in wanted)
    options = " ".join(f"--{name.replace('_', '-')}={master[name]}" for name in wanted)
    folder = slave.get("datadir", "its data directory").rstrip("/")
    return (
        f"The slave's data directory must be made anew. On {address}: stop mysqld, write {lines} under [mysqld] in a "
        f"file of yours, move all that is in {folder} elsewhere, {dialect.initialize} --datadir={folder} {options}, "
        "start mysqld; then: inv bootstrap"
    )


def own_uuid(address: str, unit: str, slave: Variables) -> str:
    """How the slave gets a server_uuid of its own: mysqld makes one where its file is missing."""
    file = f"{slave.get('datadir', '/var/lib/mysql/').rstrip('/')}/auto.cnf"
    return (
        f"ssh {address} 'systemctl stop {unit} && mv {file} {file}.before && systemctl start {unit}', "
        "then: inv start-slave"
    )


def read(server: Server) -> Variables:
    """What decides it, of one server."""
    return read_variables(server, dict.fromkeys(READ))


@dataclass(frozen=True)
class Alike(Condition):
    """The slave can be one of this master: both have alike what is fixed, and each has a server_uuid of its own."""

    master: Server
    slave: Server
    unit: str

    name = "servers that can be a pair"
    servers = BOTH

    def reason(self, host: Host) -> str | None:
        master, slave = read(self.master), read(self.slave)
        why = why_no_pair(str(host.node.address), self.unit, self.slave.dialect, master, slave)
        return f"{host}: {why}" if why else None


def why_no_pair(address: str, unit: str, dialect: Dialect, master: Variables, slave: Variables) -> str | None:
    """Why these two are no pair, in the first line, and the way out for the slave at this address; None if they are."""
    if differs := differing(master, slave):
        return (
            f"the two servers cannot be a pair: {'; '.join(differs)}\n"
            f"That stands for as long as the data do. {make_anew(address, dialect, master, slave)}."
        )
    if uuid := shared_uuid(master, slave):
        return (
            f"both servers have the server_uuid {uuid}, so that the slave would copy nothing\n"
            f"Its data directory is a copy. Give it one of its own: {own_uuid(address, unit, slave)}."
        )
    return None
