"""MariaDB 10.5 and newer. [M] is measured on 10.11.19; the rest is from MariaDB's manual, by the page named."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from runbook.mysql.dialects.sessions import BY_TRANSACTION
from runbook.mysql.dialects.writers import accounts_writing_by
from runbook.mysql.terms import NEVER_EXPIRES, Choice, SemiSync, Version, renamed
from runbook.mysql.tracking.domain_state import ByDomainState
from runbook.mysql.tracking.tracking import Asked, ByPosition, Tracking
from runbook.settings.settings import Settings


@dataclass(frozen=True)
class MariaDB:
    """It kept MySQL's old words, and went its own way with GTIDs, privileges and root's login."""

    version: Version
    engine: ClassVar[str] = "MariaDB"
    OLDEST: ClassVar[Version] = (10, 5, 9)  # first with SLAVE MONITOR beside the other split privileges

    @classmethod
    def recognises(cls, words: str) -> bool:
        """Whether a server that says this of itself, in lower case, is of this engine."""
        return "mariadb" in words

    client: ClassVar[str] = "mariadb"  # 11.x complains of the name mysql with every answer (MDEV-29582)
    verification: ClassVar[str] = ""  # it looks at the name as well (manual: ssl-verify-server-cert), or at nothing
    replica: ClassVar[str] = "SLAVE"
    replica_status: ClassVar[str] = "SHOW SLAVE STATUS"
    binary_log_status: ClassVar[str] = "SHOW MASTER STATUS"
    has_super_read_only: ClassVar[bool] = False
    closed: ClassVar[str] = "SELECT @@GLOBAL.read_only"
    close: ClassVar[str] = "SET GLOBAL read_only = ON"
    has_admin_door: ClassVar[bool] = False  # extra_port would listen on every address
    semi_sync: ClassVar[SemiSync] = SemiSync(None, has_wait_point=True)  # built in since 10.3.3
    retry_options: ClassVar[tuple[str, ...]] = ("MASTER_CONNECT_RETRY",)

    @property
    def series(self) -> str:
        return ".".join(map(str, self.version[:2]))

    def tracking(self, replication: str) -> Tracking:
        return ByDomainState() if replication == "gtid" else ByPosition(self.binary_log_status)

    def replication(self) -> Choice:
        return Choice(
            "gtid", "MariaDB keeps the slave's GTID position in a table, safe in a crash; its file position not"
        )

    def without_tls(self, master: Asked) -> dict[str, object]:
        """TLS is the default from 11.4 on, and fails where the master has it switched off [M on 11.8]."""
        has_none = self.version >= (11, 4) and master.value("SELECT @@have_ssl") != "YES"
        return {"MASTER_SSL": 0} if has_none else {}

    source_authority: ClassVar[str] = ""  # MASTER_SSL_CA has it look at the name as well, or at nothing (manual)

    def change_master(self, options: Mapping[str, object], *, by_gtid: bool) -> str:
        """The slave's own position, not current_pos: what the slave made itself must not be passed over unseen."""
        words = [f"{name} = %s" for name in options] + [f"MASTER_USE_GTID = {'slave_pos' if by_gtid else 'no'}"]
        return f"CHANGE MASTER TO {', '.join(words)}"

    empty_binary_logs: ClassVar[str] = "RESET MASTER"
    reset: ClassVar[str] = "RESET MASTER and SET GLOBAL gtid_slave_pos = ''"

    dump: ClassVar[str] = "mariadb-dump"

    def dump_all(self, *, by_gtid: bool) -> str:
        """By GTID it sets gtid_slave_pos (manual: mariadb-dump)."""
        return f"mariadb-dump --all-databases --single-transaction --master-data{' --gtid' if by_gtid else ''}"

    initialize: ClassVar[str] = "mariadb-install-db --no-defaults --user=mysql"
    persisted: ClassVar[str] = ""
    copying: ClassVar[str] = "SHOW SLAVE HOSTS"
    lock_holders: ClassVar[str] = BY_TRANSACTION  # performance_schema and METADATA_LOCK_INFO are off unless configured

    filters_without_a_channel: ClassVar[str] = "SHOW GLOBAL VARIABLES LIKE 'replicate%'"

    def unset_filter(self, name: str) -> str:
        return f"STOP {self.replica}; SET GLOBAL {name} = ''; START {self.replica}"

    def replica_password(self, slave: Asked) -> str | None:
        return None

    def named(self, variable: str) -> str:
        return renamed(variable)

    def variables(self, *, by_gtid: bool) -> dict[str, str]:
        """gtid_strict_mode stops the slave at a transaction of its own, where it would go on beside the master.

        After a power cut relay-log.info was empty, and replication did not start any more (error 1201) [M on 10.11].
        """
        strict = {"gtid_strict_mode": "ON"} if by_gtid else {}
        return strict | {"log_bin": "ON", "relay_log": "relay-bin", "sync_relay_log_info": "1"}

    def character_set(self, name: str) -> str:
        """utf8 is shown as utf8mb3 since 10.6.1 (release notes)."""
        return "utf8mb3" if name == "utf8" and self.version >= (10, 6, 1) else name

    def refusals(self, settings: Settings) -> list[str]:
        return []

    def validation(self, file: str) -> str:
        """There is no --validate-config; --help reads all options first and fails on a bad one [M]."""
        away = "--user=mysql --datadir=/nonexistent --skip-log-bin"
        return f"mariadbd --defaults-file={file} {away} --verbose --help > /dev/null"

    @property
    def make_account(self) -> list[str]:
        return [
            "CREATE USER IF NOT EXISTS %s@%s IDENTIFIED BY %s",
            f"ALTER USER %s@%s IDENTIFIED BY %s {NEVER_EXPIRES}",
        ]

    shows_accounts: ClassVar[bool] = True

    def set_root_password(self, password: str) -> list[str]:
        """By the socket OS root is let in as before, for that is how Debian's own jobs log in."""
        with_password = f"mysql_native_password USING PASSWORD({password})"
        return [
            f"CREATE USER IF NOT EXISTS root@127.0.0.1 IDENTIFIED VIA {with_password}",
            "GRANT ALL PRIVILEGES ON *.* TO root@127.0.0.1 WITH GRANT OPTION",
            f"ALTER USER root@127.0.0.1 IDENTIFIED VIA {with_password} {NEVER_EXPIRES}",
            f"ALTER USER root@localhost IDENTIFIED VIA {with_password} OR unix_socket {NEVER_EXPIRES}",
        ]

    def demands(self, row: Mapping[str, str], password: str) -> bool | None:
        """The socket lets OS root in whatever the password, so the server's hash of it is looked at."""
        digest = hashlib.sha1(hashlib.sha1(password.encode()).digest()).hexdigest().upper()
        return row["authentication_string"] == f"*{digest}"

    @property
    def check_privileges(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """10.5 split SUPER and renamed REPLICATION CLIENT; READ_ONLY ADMIN alone writes nothing (manual: GRANT).

        RELOAD is for RESET SLAVE.
        """
        privileges = (
            "RELOAD",
            "PROCESS",
            "BINLOG MONITOR",
            "SLAVE MONITOR",
            "CONNECTION ADMIN",
            "READ_ONLY ADMIN",
            "REPLICATION SLAVE ADMIN",
        )
        return (("*.*", privileges),)

    @property
    def write_through_privileges(self) -> tuple[str, ...]:
        """READ_ONLY ADMIN does [M]; before 10.11 SUPER does too (manual: GRANT, READ_ONLY ADMIN)."""
        return ("READ_ONLY ADMIN",) if self.version >= (10, 11) else ("READ_ONLY ADMIN", "SUPER")

    @property
    def open_roots(self) -> str:
        return ""

    @property
    def writes_through(self) -> str:
        """A role has no host.

        information_schema leaves roles out; mysql.global_priv has bits, 33 for READ_ONLY ADMIN [M], 15 for SUPER
        (sql/privilege.h).
        """
        role_bits = 1 << 33 if self.version >= (10, 11) else 1 << 33 | 1 << 15
        return (
            f"{accounts_writing_by(self.write_through_privileges)} "
            "UNION SELECT user, host FROM mysql.global_priv "
            f"WHERE JSON_VALUE(priv, '$.is_role') AND JSON_VALUE(priv, '$.access') & {role_bits}"
        )
