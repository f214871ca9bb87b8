"""A MySQL server that can be a slave: its status, its transactions, its schemas; and the step that starts it."""

import re
from collections.abc import Callable

import pymysql
from case_files import case
from fake import FakeMysqld, Row, captured_json, mysqld_of

from runbook.mysql.replication.replicates import Replicates
from runbook.pair.pair import Pair

HEALTHY = case("replica_status", "mysql_9_7_by_gtid").said
MASTER_UUID = HEALTHY["Source_UUID"]
SLAVE_UUID = "7c4d0f3a-e68d-11f1-a5b3-fa6e0d0b4c11"
PASSWORD = "replica-sesame-2"


class ReplicaServer(FakeMysqld):
    """A server that can be a slave: its status row, its transactions, its schemas."""

    def __init__(self) -> None:
        super().__init__()
        self.status: Row | None = None
        self.executed = ""
        self.purged = ""
        self.schemas: list[str] = []
        self.password = PASSWORD
        self.is_torn = False
        self.written_by = [1]
        self.server_id = 2
        self.on_start: Callable[[Row], object] = lambda row: row.update(runs("Yes", "Yes"))

    def run(self, statement: str) -> list[Row]:
        match statement.split():
            case ["SHOW", "REPLICA", "STATUS"]:
                return [self.status] if self.status else []
            case ["SELECT", "User_password", "FROM", "mysql.slave_master_info"]:
                return [{"User_password": self.password}] if self.status else []
            case ["SELECT", "schema_name", *_]:
                return [{"name": name} for name in self.schemas]
            case ["STOP", "REPLICA"] if self.status:
                self.status.update(runs("No", "No"))
            case ["START", "REPLICA"] if self.is_torn:
                raise pymysql.err.OperationalError(1201, "Could not initialize master info structure for ''")
            case ["RESET", "REPLICA"]:
                self.is_torn = False
            case ["START", "REPLICA"] if self.status:
                self.on_start(self.status)
            case ["CHANGE", "REPLICATION", "SOURCE", "TO", *_]:
                self._point(statement)
            case ["SELECT", "@@GLOBAL.gtid_executed"]:
                return [{"executed": self.executed}]
            case ["SHOW", "BINARY", "LOGS"]:
                return [{"Log_name": "binlog.000001", "File_size": 2675}]
            case ["SHOW", "BINLOG", "EVENTS", *_]:
                return [{"Server_id": each} for each in self.written_by]
            case ["SELECT", "@@server_id"]:
                return [{"server_id": self.server_id}]
            case ["SELECT", "@@GLOBAL.gtid_purged"]:
                return [{"purged": self.purged}]
            case _:
                return super().run(statement)
        self.changed.append(statement)
        return []

    def _point(self, statement: str) -> None:
        assert not self.status or self.status["Replica_IO_Running"] == "No", "error 3021: stop the receiver first"
        given = dict(re.findall(r"SOURCE_(\w+) = '?([^',]*)", statement))
        assert given["AUTO_POSITION"] == "1"
        self.password = given["PASSWORD"]
        self.status = (
            HEALTHY
            | runs("No", "No")
            | {
                "Source_Host": given["HOST"],
                "Source_Port": int(given["PORT"]),
                "Source_User": given["USER"],
                "Connect_Retry": int(given["CONNECT_RETRY"]),
                "Source_Retry_Count": int(given["RETRY_COUNT"]),
                "Source_SSL_CA_File": given.get("SSL_CA", ""),
            }
        )


def runs(receiver: str, applier: str) -> Row:
    return {"Replica_IO_Running": receiver, "Replica_SQL_Running": applier}


def server(pair: Pair, role: str) -> ReplicaServer:
    found = ReplicaServer()
    found.says(
        "SELECT VERSION() AS version, @@version_comment AS comment", captured_json("server_slave.json")["version"]
    )
    mysqld_of(pair.sides[role], found)  # type: ignore[index]
    return found


def step(pair: Pair, *, by_authority: bool = False) -> Replicates:
    s = pair.settings
    source = f"{s.master.address}:{s.mysql_port}"
    servers = pair.slave.server, pair.master.server
    return Replicates(*servers, pair.slave.tracking, source, s.replica_user, s.replica_password, by_authority)


def configured(slave: ReplicaServer, **changes: object) -> None:
    slave.status = HEALTHY | changes
    slave.executed = HEALTHY["Executed_Gtid_Set"]
