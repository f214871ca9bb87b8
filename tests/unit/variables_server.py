"""A MySQL server with system variables, as captured from a real one."""

import re

import pymysql
from fake import FakeMysqld, Row, captured_json

from runbook.mysql.dialects.dialect import dialect_of

PERSISTED = dialect_of("9.7.4").persisted

# "Dynamic: Yes" and the type, from the reference manual's page of each variable.
DYNAMIC_NUMBERS = {
    "auto_increment_increment",
    "auto_increment_offset",
    "innodb_flush_log_at_trx_commit",
    "replica_net_timeout",
    "rpl_semi_sync_source_timeout",
    "server_id",
    "sync_binlog",
}
DYNAMIC_WORDS = {
    "binlog_format",
    "character_set_server",
    "rpl_semi_sync_replica_enabled",
    "rpl_semi_sync_source_enabled",
    "rpl_semi_sync_source_wait_point",
    "sql_mode",
}


class Variables(FakeMysqld):
    """A server with variables: those that are dynamic can be set, with the right type of value."""

    def __init__(self, values: dict[str, str], plugins: set[str]) -> None:
        super().__init__()
        self.values = values
        self.plugins = plugins
        self.persisted: dict[str, str] = {}

    def run(self, statement: str) -> list[Row]:
        if asked := re.fullmatch(r"SHOW GLOBAL VARIABLES WHERE variable_name IN \((.*)\)", statement):
            names = re.findall(r"'(\w+)'", asked[1])
            return [{"Variable_name": name, "Value": self.values[name]} for name in names if name in self.values]
        if "information_schema.plugins" in statement or statement == PERSISTED:
            return [*self._loaded(statement), *(self._kept() if PERSISTED in statement else [])]
        if reset := re.fullmatch(r"RESET PERSIST IF EXISTS (\w+)", statement):
            self.persisted.pop(reset[1], None)
            self.changed.append(statement)
            return []
        if given := re.fullmatch(r"SET GLOBAL (\w+) = (?:'(.*)'|(\d+))", statement):
            name, word, number = given.groups()
            if name in self.values:
                self._set(name, word, number)
                self.changed.append(statement)
                return []
        return super().run(statement)

    def _loaded(self, statement: str) -> list[Row]:
        asked = re.search(r"plugin_status = 'ACTIVE' AND plugin_library IN \(([^)]*)\)", statement)
        libraries = re.findall(r"'(\w+)\.so'", asked[1]) if asked else []
        return [{"name": f"{name}.so", "value": "ACTIVE"} for name in libraries if name in self.plugins]

    def _kept(self) -> list[Row]:
        return [{"name": name, "value": value} for name, value in self.persisted.items()]

    def _set(self, name: str, word: str | None, number: str | None) -> None:
        if name not in DYNAMIC_NUMBERS | DYNAMIC_WORDS:
            raise pymysql.err.OperationalError(1238, f"Variable '{name}' is a read only variable")
        if name in DYNAMIC_NUMBERS and number is None:
            raise pymysql.err.OperationalError(1232, f"Incorrect argument type to variable '{name}'")
        self.values[name] = word if number is None else number


def captured_server(role: str) -> Variables:
    values = {row["Variable_name"]: row["Value"] for row in captured_json(f"variables_{role}.json")}
    plugins = {row["plugin_library"].removesuffix(".so") for row in captured_json(f"server_{role}.json")["plugins"]}
    return Variables(values, plugins)
