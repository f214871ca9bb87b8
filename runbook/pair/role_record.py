"""Who is the master, written down: on each host, and in the schema of our own."""

from dataclasses import dataclass, field, replace

from pymysql.constants import ER

from runbook.core.host import Host
from runbook.core.host_paths import ROLE
from runbook.core.step import Gap, State, Step
from runbook.mysql.accounts import SCHEMA
from runbook.mysql.session import SqlFailed
from runbook.pair import roles
from runbook.pair.pair import Pair
from runbook.pair.roles import Record
from runbook.pair.side import Side
from runbook.settings.settings import Role

ROW = f"SELECT epoch, master FROM {SCHEMA}.roles WHERE id = 1"
WRITE = f"REPLACE INTO {SCHEMA}.roles (id, epoch, master, since, by_whom, why) VALUES (1, %s, %s, %s, %s, %s)"


@dataclass(frozen=True)
class RoleRecord(Step):
    """A host's own record, of the last change of roles that either host knows of; where there is none, of `made`."""

    pair: Pair = field(repr=False)
    side: Side = field(repr=False)
    made: Record = field(repr=False)

    name = "record of the roles"

    def questions(self) -> tuple[str, ...]:
        return (roles.QUESTION,)

    def want(self) -> State:
        return _named(self._wanted())

    def read(self, host: Host) -> State:
        return _named(host.read(roles.QUESTION, roles.parse))

    def fix(self, host: Host, gap: Gap) -> None:
        host.put(ROLE, self._wanted().text())

    def _wanted(self) -> Record:
        return replace(roles.wanted(self.pair.records(), self.made), role=self.side.role)


@dataclass(frozen=True)
class RolesInSchema(Step):
    """The same in a row that goes wherever the data go."""

    pair: Pair = field(repr=False)
    made: Record = field(repr=False)

    name = f"record of the roles in {SCHEMA}"

    @property
    def servers(self) -> frozenset[Role]:
        return self.pair.master.server.side

    def want(self) -> State:
        return {"epoch": self._wanted().epoch, "master": str(self.pair.settings.master.address)}

    def read(self, host: Host) -> State:
        try:
            return self.pair.master.server.one(ROW)
        except SqlFailed as error:
            if error.code not in (ER.NO_SUCH_TABLE, ER.BAD_DB_ERROR):
                raise
            return {}

    def fix(self, host: Host, gap: Gap) -> None:
        record, server = self._wanted(), self.pair.master.server
        row = (record.epoch, str(self.pair.settings.master.address), record.since, record.by, record.why)
        with server.opened_for_root():
            server.execute(WRITE, *row)

    def _wanted(self) -> Record:
        return roles.wanted(self.pair.records(), self.made)


def _named(record: Record | None) -> State:
    return {"role": record.role, "epoch": record.epoch} if record else {}
