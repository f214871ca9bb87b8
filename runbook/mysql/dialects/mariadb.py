"""MariaDB 10.5 and newer. [M] is measured on 10.11.19; the rest is from MariaDB's manual, by the page named."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from runbook.mysql.dialects.terms import NEVER_EXPIRES, Choice, SemiSync, Version, renamed
from runbook.mysql.dialects.writers import accounts_writing_by
from runbook.mysql.replication.progress import MARIADB_GTID, DomainState
from runbook.mysql.replication.status import ReplicaStatus
from runbook.mysql.replication.tracking import BINARY_LOGS, FIRST_BYTE, Asked, ByPosition, Tracking
from runbook.settings.settings import Settings

# What is read of a server's binary logs to name transactions, and how much of it in one answer.
EVENTS, AT_ONCE = 500_000, 10_000


@dataclass(frozen=True)
class MariaDB:
    """It kept MySQL's old words, and went its own way with GTIDs, privileges and root's login."""

    version: Version
    engine: ClassVar[str] = "MariaDB"
    OLDEST: ClassVar[Version] = (10, 5, 9)  # first with SLAVE MONITOR beside the other split privileges

    client: ClassVar[str] = "mariadb"  # 11.x complains of the name mysql with every answer (MDEV-29582)
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

    def change_master(self, options: Mapping[str, object], *, by_gtid: bool) -> str:
        """The slave's own position, not current_pos: what the slave made itself must not be passed over unseen."""
        words = [f"{name} = %s" for name in options] + [f"MASTER_USE_GTID = {'slave_pos' if by_gtid else 'no'}"]
        return f"CHANGE MASTER TO {', '.join(words)}"

    reset: ClassVar[str] = "RESET MASTER and SET GLOBAL gtid_slave_pos = ''"

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


class ByDomainState:
    """MariaDB's GTIDs: what a server logged, and what it applied; of each domain and server the last."""

    name = "GTID"
    by_gtid = True
    received_names = "Gtid_IO_Pos"
    executed_names = "Relay_Source_Log_File:Exec_Source_Log_Pos"
    wait_applied = "SELECT MASTER_GTID_WAIT('RECEIVED', 1) = 0"
    unapplied = (
        "SELECT IF(MASTER_GTID_WAIT('RECEIVED', 0) = 0, '', "
        "CONCAT('what came after ', @@GLOBAL.gtid_slave_pos, ', up to RECEIVED'))"
    )
    start_discards = True  # it fetches all from gtid_slave_pos on anew [M]

    def parse(self, text: str) -> DomainState:
        return DomainState.parse(text)

    def of_master(self, master: Asked) -> DomainState:
        return DomainState.parse(
            master.value("SELECT CONCAT(@@GLOBAL.gtid_slave_pos, ',', @@GLOBAL.gtid_binlog_state)") or ""
        )

    def of_slave(self, slave: Asked, status: ReplicaStatus | None) -> DomainState:
        return self.of_master(slave)

    def received(self, status: ReplicaStatus | None) -> DomainState:
        return DomainState.parse(status.retrieved if status else "")

    def applied(self, slave: Asked, status: ReplicaStatus | None) -> bool:
        return not self.received(status).minus(self.of_slave(slave, status))

    def purged(self, master: Asked) -> DomainState:
        first, *_ = master.ask(BINARY_LOGS)
        return _logged_before(master, first["Log_name"])

    def own(self, server: Asked) -> str:
        return str(self._own(server))

    def own_since(self, server: Asked, mark: str) -> Iterable[str]:
        return self.each(server, self._own(server).minus(DomainState.parse(mark)))

    def each(self, server: Asked, lacking: DomainState) -> Iterator[str]:
        """By the server's binary log: the numbers of a domain are shared, so its last says not which were before.

        What is not found there, received and not applied or purged, is told by its last.
        """
        found = set()
        for gtid in _logged(server, lacking) if lacking else ():
            if gtid in lacking and gtid not in found:
                found.add(gtid)
                yield gtid
        yield from lacking.lasts_not_in(found).names()

    def adopted(self, slave: Asked) -> dict[str, str]:
        """Else a former master would ask for all that it logged itself, or for what is purged (error 1236).

        By what its binary log holds of each domain, not by gtid_current_pos: that leaves out what it logged as a
        master, when its server_id has changed with its role since.
        """
        position = self.of_master(slave).position
        known = slave.value("SELECT @@GLOBAL.gtid_slave_pos")
        return {} if DomainState.parse(known) == DomainState.parse(position) else {"gtid_slave_pos": position}

    def _own(self, server: Asked) -> DomainState:
        return self.of_master(server).made_by(int(server.value("SELECT @@server_id")))

    def place(self, status: ReplicaStatus | None, master: Asked) -> dict[str, object]:
        return {}


def _logged_before(server: Asked, file: str) -> DomainState:
    """The list that a binary log begins with: what was logged before it."""
    events = server.ask("SHOW BINLOG EVENTS IN %s LIMIT 5", file)
    return DomainState.parse(next((e["Info"] for e in events if e["Event_type"] == "Gtid_list"), ""))


def _logged(server: Asked, lacking: DomainState) -> Iterator[str]:
    """The GTIDs in the binary logs from the last on that begins before all that is lacking; of EVENTS events."""
    files: list[str] = []
    for row in reversed(server.ask(BINARY_LOGS)):
        files.insert(0, row["Log_name"])
        if lacking.begins_after(_logged_before(server, row["Log_name"])):
            break
    looks = EVENTS // AT_ONCE
    for file in files:
        position = FIRST_BYTE
        while looks and (events := server.ask(f"SHOW BINLOG EVENTS IN %s FROM {position} LIMIT {AT_ONCE}", file)):
            looks -= 1
            for event in events:
                if event["Event_type"] == "Gtid" and (gtid := MARIADB_GTID.search(event["Info"])):
                    yield gtid[0]
            position = int(events[-1]["End_log_pos"])
