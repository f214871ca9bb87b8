"""The schema of our own on the master: a heartbeat, the roles, the drills' ledger; replicated like everything else."""

from dataclasses import dataclass

from pymysql.constants import ER

from runbook.core.host import Host
from runbook.core.step import BOTH, Condition, Gap, State, Step
from runbook.core.wait import until
from runbook.mysql.accounts import SCHEMA
from runbook.mysql.session import Row, Server, SqlFailed
from runbook.settings.settings import Role

SEEN_SECONDS = 20

TABLES = {
    "heartbeat": "id TINYINT UNSIGNED NOT NULL PRIMARY KEY, beat VARCHAR(64) NOT NULL, "
    "at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)",
    "roles": "id TINYINT UNSIGNED NOT NULL PRIMARY KEY, epoch BIGINT UNSIGNED NOT NULL, master VARCHAR(45) NOT NULL, "
    "since VARCHAR(20) NOT NULL, by_whom VARCHAR(255) NOT NULL, why VARCHAR(64) NOT NULL",
    "ledger": "run VARCHAR(32) NOT NULL, writer SMALLINT UNSIGNED NOT NULL, seq INT UNSIGNED NOT NULL, "
    "at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), PRIMARY KEY (run, writer, seq)",
}
LAST_BEAT = f"SELECT beat, at FROM {SCHEMA}.heartbeat WHERE id = 1"


@dataclass(frozen=True)
class OwnSchema(Step):
    """The schema and its tables, made on the master."""

    server: Server

    name = f"schema {SCHEMA}"

    @property
    def servers(self) -> frozenset[Role]:
        return self.server.side

    def want(self) -> State:
        return {"tables": ", ".join(sorted(TABLES))}

    def read(self, host: Host) -> State:
        rows = self.server.ask(
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = %s", SCHEMA
        )
        return {"tables": ", ".join(sorted({row["name"] for row in rows} & set(TABLES))) or None}

    def fix(self, host: Host, gap: Gap) -> None:
        with self.server.opened_for_root():
            self.server.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            for table, columns in TABLES.items():
                self.server.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{table} ({columns}) ENGINE = InnoDB")


@dataclass(frozen=True)
class SeenOnSlave(Step):
    """A write on the master is seen on the slave."""

    master: Server
    slave: Server

    name = "a write on the master is seen on the slave"
    servers = BOTH

    def want(self) -> State:
        return {"heartbeat": "the same on both"}

    def read(self, host: Host) -> State:
        on_master, on_slave = _last_beat(self.master), _last_beat(self.slave)
        if not on_master:
            return {}
        return {"heartbeat": "the same on both" if on_master == on_slave else f"{on_slave} on the slave"}

    def fix(self, host: Host, gap: Gap) -> None:
        with self.master.opened_for_root():
            self.master.execute(
                f"INSERT INTO {SCHEMA}.heartbeat (id, beat) VALUES (1, UUID()) ON DUPLICATE KEY UPDATE beat = UUID()"
            )
        until(f"{host}: the master's heartbeat", SEEN_SECONDS, lambda: self.read(host) == self.want())


def _last_beat(server: Server) -> Row:
    """The heartbeat row, or an empty one while there is no such table here yet."""
    try:
        return server.one(LAST_BEAT)
    except SqlFailed as error:
        if error.code not in (ER.NO_SUCH_TABLE, ER.BAD_DB_ERROR):
            raise
        return {}


@dataclass(frozen=True)
class SameTables(Condition):
    """Every table of the master is on the slave: what stood in no binary log would be missed here."""

    master: Server
    slave: Server

    name = "the slave has every table of the master"
    servers = BOTH

    def reason(self, host: Host) -> str | None:
        missing = _tables(self.master) - _tables(self.slave)
        if not missing:
            return None
        return (
            f"{host}: replication runs, and yet these tables of the master are not here: {', '.join(sorted(missing))}\n"
            "They were made with the binary log off. The slave must get the master's data: inv reseed --host=slave."
        )


def _tables(server: Server) -> set[str]:
    rows = server.ask(
        "SELECT CONCAT(table_schema, '.', table_name) AS name FROM information_schema.tables "
        "WHERE table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') "
        "AND table_type = 'BASE TABLE'"
    )
    return {row["name"] for row in rows}
