"""MySQL 5.6 to 9.x. [M] is measured on 5.6.24 or 9.7.4; the rest is from the manual or the release notes named."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from runbook.mysql.dialects.sessions import BY_LOCK, BY_TRANSACTION, COPYING
from runbook.mysql.dialects.writers import accounts_writing_by
from runbook.mysql.terms import ADMIN_PORT, NEVER_EXPIRES, Choice, SemiSync, Version, renamed
from runbook.mysql.tracking.gtid_sets import ByGtidSet
from runbook.mysql.tracking.tracking import Asked, ByPosition, Tracking
from runbook.settings.settings import Settings

USER_LENGTH = 16  # before 5.7.8 (MySQL WL#2284)
# Modes that 8.0.11 and newer do not start with (MySQL WL#8383, WL#9465; release notes of 8.0.11).
DROPPED_MODES = {
    "DB2", "MAXDB", "MSSQL", "MYSQL323", "MYSQL40", "NO_AUTO_CREATE_USER", "NO_FIELD_OPTIONS", "NO_KEY_OPTIONS",
    "NO_TABLE_OPTIONS", "ORACLE", "POSTGRESQL",
}  # fmt: skip
# What SUPER was split into, and since when (manual of 8.0: Dynamic Privilege Descriptions; notes of 8.0.1, .14, .16).
SPLIT_FROM_SUPER = {
    "CONNECTION_ADMIN": (8, 0, 11),
    "REPLICATION_SLAVE_ADMIN": (8, 0, 11),
    "SERVICE_CONNECTION_ADMIN": (8, 0, 14),  # the administrators' door lets nobody in without it, not even SUPER
    "SYSTEM_USER": (8, 0, 16),  # else it may not kill root's sessions (error 1095)
    "SYSTEM_VARIABLES_ADMIN": (8, 0, 11),
}


@dataclass(frozen=True)
class MySQL:
    """The statement table is that of MySQL Shell's replication.cc; each property says where it changes."""

    version: Version
    engine: ClassVar[str] = "MySQL"
    OLDEST: ClassVar[Version] = (5, 6, 10)

    client: ClassVar[str] = "mysql"

    @classmethod
    def recognises(cls, words: str) -> bool:
        """Whoever says nothing else is MySQL: its packages call themselves by their distribution."""
        return True

    @property
    def series(self) -> str:
        return ".".join(map(str, self.version[:2]))

    @property
    def verification(self) -> str:
        """ssl-mode: 5.7.11 (release notes)."""
        return "ssl-mode=VERIFY_CA\n" if self.version >= (5, 7, 11) else ""

    @property
    def replica(self) -> str:
        """START REPLICA and SHOW REPLICA STATUS came with 8.0.22; SLAVE went with 8.4.0."""
        return "REPLICA" if self.version >= (8, 0, 22) else "SLAVE"

    @property
    def replica_status(self) -> str:
        return f"SHOW {self.replica} STATUS"

    @property
    def binary_log_status(self) -> str:
        """SHOW MASTER STATUS ended with 8.4.0; its successor came with 8.2.0."""
        return "SHOW BINARY LOG STATUS" if self.version >= (8, 2) else "SHOW MASTER STATUS"

    @property
    def has_super_read_only(self) -> bool:
        """5.7.8 (release notes)."""
        return self.version >= (5, 7, 8)

    @property
    def has_admin_door(self) -> bool:
        """admin_address: 8.0.14 (release notes)."""
        return self.version >= (8, 0, 14)

    @property
    def closed(self) -> str:
        return f"SELECT {'@@GLOBAL.super_read_only AND ' if self.has_super_read_only else ''}@@GLOBAL.read_only"

    @property
    def close(self) -> str:
        """Both: super_read_only sets read_only too, but not where it is ON and a persisted OFF opened it [M]."""
        return f"SET {'GLOBAL super_read_only = ON, ' if self.has_super_read_only else ''}GLOBAL read_only = ON"

    def tracking(self, replication: str) -> Tracking:
        return ByGtidSet(self.version) if replication == "gtid" else ByPosition(self.binary_log_status)

    def replication(self) -> Choice:
        if self.version >= (5, 7):
            return Choice("gtid", f"{self.engine} {self.series} finds its place by GTID after any accident")
        return Choice("position", "as the article; MySQL 5.6 turns GTID on only with both servers stopped")

    @property
    def semi_sync(self) -> SemiSync:
        """The libraries are source and replica since 8.0.26, and only so since 9.5 [M]; AFTER_SYNC came with 5.7.2."""
        halves = (
            ("semisync_source", "semisync_replica") if self._has_new_names else ("semisync_master", "semisync_slave")
        )
        return SemiSync(halves, has_wait_point=self.version >= (5, 7, 2))

    @property
    def _has_new_names(self) -> bool:
        """Of variables, status and plugins: 8.0.26 (release notes)."""
        return self.version >= (8, 0, 26)

    def without_tls(self, master: Asked) -> dict[str, object]:
        return {}

    @property
    def source_authority(self) -> str:
        """At the name it looks only by MASTER_SSL_VERIFY_SERVER_CERT. Since replication always speaks TLS here."""
        return "MASTER_SSL_CA" if self.version >= (8, 0, 4) else ""

    def change_master(self, options: Mapping[str, object], *, by_gtid: bool) -> str:
        """CHANGE REPLICATION SOURCE TO came with 8.0.23, and is the only one since 8.4.

        The replication user's password goes encrypted: by TLS, which 8.0 and newer set up by themselves, or by the
        server's key, without which caching_sha2_password ends in error 2061 [M].
        """
        words = [f"{name} = %s" for name in options] + [f"MASTER_AUTO_POSITION = {int(by_gtid)}"]
        if self.version >= (8, 0, 4):
            words += ["MASTER_SSL = 1", "GET_MASTER_PUBLIC_KEY = 1"]
        if self.version < (8, 0, 23):
            return f"CHANGE MASTER TO {', '.join(words)}"
        return f"CHANGE REPLICATION SOURCE TO {', '.join(words).replace('MASTER_', 'SOURCE_')}"

    retry_options: ClassVar[tuple[str, ...]] = ("MASTER_CONNECT_RETRY", "MASTER_RETRY_COUNT")

    @property
    def reset(self) -> str:
        """8.2 brought the new words, 8.4 dropped the old."""
        return "RESET BINARY LOGS AND GTIDS" if self.version >= (8, 2) else "RESET MASTER"

    empty_binary_logs = reset

    dump: ClassVar[str] = "mysqldump --set-gtid-purged=OFF"

    def dump_all(self, *, by_gtid: bool) -> str:
        """With GTIDs it sets gtid_purged by itself; --source-data came with 8.0.26 (release notes)."""
        by_position = "source-data" if self._has_new_names else "master-data"
        place = "set-gtid-purged=ON" if by_gtid else f"set-gtid-purged=OFF --{by_position}"
        return f"mysqldump --all-databases --single-transaction --triggers --routines --events --{place}"

    @property
    def initialize(self) -> str:
        """5.7.6 (release notes: --initialize). It does not load the plugin whose variables our file has [M]."""
        if self.version < (5, 7, 6):
            return "mysql_install_db --no-defaults --user=mysql"
        return "mysqld --no-defaults --initialize-insecure --user=mysql"

    @property
    def persisted(self) -> str:
        """SET PERSIST and its table: 8.0.0 (release notes)."""
        if self.version < (8,):
            return ""
        return "SELECT variable_name AS name, variable_value AS value FROM performance_schema.persisted_variables"

    @property
    def copying(self) -> str:
        """A slave's receiver says who it is, and whether it acknowledges, in variables of its session [M].

        performance_schema.user_variables_by_thread: 5.7.3 (release notes).
        """
        return COPYING if self.version >= (5, 7, 3) else "SHOW SLAVE HOSTS"

    @property
    def lock_holders(self) -> str:
        """performance_schema.metadata_locks: 5.7.3 (release notes)."""
        return BY_LOCK if self.version >= (5, 7, 3) else BY_TRANSACTION

    # Of 8.0; older servers have them in their option files alone.
    filters_without_a_channel: ClassVar[str] = (
        "SELECT filter_name AS name, filter_rule AS rule FROM performance_schema.replication_applier_global_filters"
    )

    def unset_filter(self, name: str) -> str:
        applier = f"{self.replica} SQL_THREAD"
        return f"STOP {applier}; CHANGE REPLICATION FILTER {name.upper()} = (); START {applier}"

    def replica_password(self, slave: Asked) -> str | None:
        known = slave.value("SELECT User_password FROM mysql.slave_master_info")
        return None if known is None else str(known)

    def named(self, variable: str) -> str:
        return variable if self._has_new_names else renamed(variable)

    def variables(self, *, by_gtid: bool) -> dict[str, str]:
        """8.0 logs by default and keeps what the slave has in tables, where a crash does not part it from the data."""
        # Named by position, too: a server that drops it at a restart no longer speaks with the other (error 1593 [M]).
        # From 9 on it is on by default [M].
        on = by_gtid or self.version >= (9,)
        wanted = {"gtid_mode": "ON", "enforce_gtid_consistency": "ON"} if on else {"gtid_mode": "OFF"}
        if self.has_admin_door:
            # A door that max_connections does not close, for the scripts and the runbook.
            wanted |= {"admin_address": "127.0.0.1", "admin_port": str(ADMIN_PORT)}
        if self.version >= (8, 0, 27) and not by_gtid:
            # Four appliers from then on (manual: replica_parallel_workers), and after a power cut recovery by position
            # reads in the relay logs what each has done. Torn ones: error 13124, replication is over (seen on 9.7).
            wanted["sync_relay_log"] = "1"
        if self.version < (5, 7):
            # While a commit waits for room on the disk the slave hears nothing, and at its second call back the whole
            # server hangs on what the commit holds (seen on 5.6.24; its dump thread still shares the log's lock).
            wanted["replica_net_timeout"] = "120"
        if self.version < (5, 7, 10):
            # The article's kit turns it off, and commits are lost although all else is durable; later it is always on
            # (MySQL WL#8843).
            wanted["innodb_support_xa"] = "ON"
        if self.version < (8,):
            wanted |= {"log_bin": "ON", "relay_log": "relay-bin"}
            wanted |= {"master_info_repository": "TABLE", "relay_log_info_repository": "TABLE"}
        return wanted

    def character_set(self, name: str) -> str:
        """9.x does not start with utf8, which has only ever meant utf8mb3 [M]; before 8.0 that was a second name."""
        if self.version < (8,):
            return "utf8" if name == "utf8mb3" else name
        return "utf8mb3" if name == "utf8" else name

    def refusals(self, settings: Settings) -> list[str]:
        found = []
        dropped = DROPPED_MODES & set((settings.sql_mode or "").split(","))
        if dropped and self.version >= (8, 0, 11):
            names = ", ".join(sorted(dropped))
            found.append(f"SQL_MODE: MySQL 8.0.11 dropped {names} and does not start with it; leave it out")
        if self.version < (5, 7, 8):
            for key in ("REPLICA_USER", "CHECK_USER", "PROBE_USER"):
                if len(getattr(settings, key.lower())) > USER_LENGTH:
                    found.append(f"{key}: MySQL {self.series} takes {USER_LENGTH} characters at most; shorten it")
        return found

    def validation(self, file: str) -> str:
        """--validate-config came with 8.0.16; before, --help reads all options first and fails on a bad one [M]."""
        if self.version >= (8, 0, 16):
            return f"mysqld --defaults-file={file} --validate-config"
        away = "--user=mysql --datadir=/nonexistent --skip-log-bin"
        return f"mysqld --defaults-file={file} {away} --verbose --help > /dev/null"

    @property
    def make_account(self) -> list[str]:
        """5.7.6 brought IF NOT EXISTS, and ALTER USER with a password; before, a GRANT makes or changes the account."""
        if self.version < (5, 7, 6):
            return ["GRANT USAGE ON *.* TO %s@%s IDENTIFIED BY %s"]
        return [
            "CREATE USER IF NOT EXISTS %s@%s IDENTIFIED BY %s",
            f"ALTER USER %s@%s IDENTIFIED BY %s {NEVER_EXPIRES}",
        ]

    @property
    def shows_accounts(self) -> bool:
        """SHOW CREATE USER: 5.7.6 (release notes). Before, no password expires unless somebody says so."""
        return self.version >= (5, 7, 6)

    def set_root_password(self, password: str) -> list[str]:
        """caching_sha2_password came with 8.0.4; mysql_native_password went with 9.0."""
        everything = "GRANT ALL PRIVILEGES ON *.* TO root@127.0.0.1"
        if self.version < (5, 7, 6):
            return [
                f"{everything} IDENTIFIED BY {password} WITH GRANT OPTION",
                f"GRANT USAGE ON *.* TO root@localhost IDENTIFIED BY {password}",
            ]
        plugin = "caching_sha2_password" if self.version >= (8, 0, 4) else "mysql_native_password"
        with_password = f"IDENTIFIED WITH {plugin} BY {password}"
        return [
            f"CREATE USER IF NOT EXISTS root@127.0.0.1 {with_password}",
            f"{everything} WITH GRANT OPTION",
            *(f"ALTER USER root@{where} {with_password} {NEVER_EXPIRES}" for where in ("127.0.0.1", "localhost")),
        ]

    def demands(self, row: Mapping[str, str], password: str) -> bool | None:
        """auth_socket lets OS root in whatever the password; a login alone would prove nothing."""
        return False if row["plugin"] == "auth_socket" else None

    @property
    def check_privileges(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Before 8.0 SUPER is all of them; what stopped the applier stands in a table since 5.7.2 (manual)."""
        split = tuple(name for name, since in SPLIT_FROM_SUPER.items() if self.version >= since) or ("SUPER",)
        everywhere = ("*.*", ("PROCESS", "REPLICATION CLIENT", *split))
        return (everywhere,) if self.version < (5, 7, 2) else (everywhere, ("performance_schema.*", ("SELECT",)))

    @property
    def write_through_privileges(self) -> tuple[str, ...]:
        """Without super_read_only SUPER writes through read_only [M]."""
        return () if self.has_super_read_only else ("SUPER",)

    @property
    def open_roots(self) -> str:
        """Before 5.7.6 the system tables come with a root for ::1, too [M]."""
        if self.version >= (5, 7, 6):
            return ""
        return (
            "SELECT host AS host FROM mysql.user WHERE user = 'root' AND password = '' "
            "AND plugin IN ('', 'mysql_native_password') AND host NOT IN ('localhost', '127.0.0.1')"
        )

    @property
    def writes_through(self) -> str:
        return "" if self.has_super_read_only else accounts_writing_by(self.write_through_privileges)
