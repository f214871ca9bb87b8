"""How a server says things, chosen by what it says of its version. One module an engine."""

from collections.abc import Mapping
from typing import Protocol

from runbook.errors import BadInput
from runbook.mysql.dialects.mariadb import MariaDB
from runbook.mysql.dialects.mysql import MySQL
from runbook.mysql.terms import Choice, SemiSync, Version, numbers
from runbook.mysql.tracking.tracking import Asked, Tracking
from runbook.settings.settings import Settings

__all__ = ["Choice", "Dialect", "SemiSync", "Version", "dialect_of"]

COMMENT_QUESTION = "SELECT VERSION() AS version, @@version_comment AS comment"


class Dialect(Protocol):
    """The words of one server version."""

    @property
    def version(self) -> Version: ...
    @property
    def engine(self) -> str: ...
    @property
    def series(self) -> str:
        """What must be equal on both hosts."""
        ...

    @property
    def client(self) -> str:
        """The program on the host that statements are given to."""
        ...

    @property
    def verification(self) -> str:
        """The options of its client that have it look whose CA a server's certificate is of, names aside; or empty."""
        ...

    @property
    def replica(self) -> str:
        """REPLICA or SLAVE, as in: STOP REPLICA."""
        ...

    @property
    def replica_status(self) -> str: ...
    @property
    def binary_log_status(self) -> str: ...
    @property
    def has_super_read_only(self) -> bool:
        """Whether it can refuse the writes of accounts with all privileges, too."""
        ...

    @property
    def has_admin_door(self) -> bool:
        """Whether administrators get in on a port of their own when all connections are used up."""
        ...

    @property
    def closed(self) -> str:
        """The question whether it refuses writes."""
        ...

    @property
    def close(self) -> str:
        """The statement that has it refuse them."""
        ...

    def tracking(self, replication: str) -> Tracking:
        """By `gtid` or by `position`."""
        ...

    def replication(self) -> Choice:
        """What REPLICATION=auto comes to."""
        ...

    @property
    def empty_binary_logs(self) -> str:
        """The statement that empties its binary logs; what it got as a slave it still knows, but for MySQL's GTIDs."""
        ...

    @property
    def reset(self) -> str:
        """The statement that empties its binary logs and forgets what it has."""
        ...

    @property
    def filters_without_a_channel(self) -> str:
        """The question for the applier's filters while no channel is there: rows of name and rule."""
        ...

    def unset_filter(self, name: str) -> str:
        """The statements that end a filter of the applier."""
        ...

    @property
    def dump(self) -> str:
        """The program that dumps schemas so that a load of them replicates."""
        ...

    def dump_all(self, *, by_gtid: bool) -> str:
        """The command that dumps all a server has, with the place from where a slave goes on."""
        ...

    @property
    def initialize(self) -> str:
        """The command that makes a data directory, whose root has no password; what follows says where."""
        ...

    @property
    def persisted(self) -> str:
        """The question for what SET PERSIST keeps, rows of name and value; empty where there is no such thing."""
        ...

    @property
    def copying(self) -> str:
        """The question for who copies its binary log now: rows of host, id and acknowledges, or SHOW SLAVE HOSTS."""
        ...

    @property
    def lock_holders(self) -> str:
        """The question for the clients that hold a lock which the applier waits for: rows of id and whose."""
        ...

    def replica_password(self, slave: Asked) -> str | None:
        """The password that the slave logs in with; None where it stands in a file."""
        ...

    @property
    def semi_sync(self) -> SemiSync: ...
    @property
    def retry_options(self) -> tuple[str, ...]:
        """What of MASTER_CONNECT_RETRY and MASTER_RETRY_COUNT its CHANGE MASTER TO takes."""
        ...

    def without_tls(self, master: Asked) -> dict[str, object]:
        """The options of CHANGE MASTER TO, in its old words, that are needed where the master has no TLS."""
        ...

    @property
    def source_authority(self) -> str:
        """The option of CHANGE MASTER TO, in its old words, that names the master's CA, names in it aside; or empty."""
        ...

    def change_master(self, options: Mapping[str, object], *, by_gtid: bool) -> str:
        """CHANGE MASTER TO with these options, which are named in its old words; each value a placeholder."""
        ...

    def named(self, variable: str) -> str:
        """A variable or status that MySQL 8.0.26 and newer know by this name."""
        ...

    def variables(self, *, by_gtid: bool) -> dict[str, str]:
        """What the pair stands on and only this engine needs to be told."""
        ...

    def character_set(self, name: str) -> str:
        """A character set as the server shows it."""
        ...

    def refusals(self, settings: Settings) -> list[str]:
        """Values of hosts.env that this server would not take, each with the way out."""
        ...

    def validation(self, file: str) -> str:
        """A command that succeeds if the server would start with this option file; it touches no data."""
        ...

    @property
    def make_account(self) -> list[str]:
        """Statements that make an account or give it another password; placeholders: user, host, password."""
        ...

    @property
    def shows_accounts(self) -> bool:
        """Whether it knows SHOW CREATE USER."""
        ...

    def set_root_password(self, password: str) -> list[str]:
        """Statements that let root in by the socket and from 127.0.0.1 with this password, a quoted literal."""
        ...

    def demands(self, row: Mapping[str, str], password: str) -> bool | None:
        """Whether this row of mysql.user demands this password; None where only a login can tell."""
        ...

    @property
    def check_privileges(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What the scripts' account may, by scope, in the words of SHOW GRANTS."""
        ...

    @property
    def write_through_privileges(self) -> tuple[str, ...]:
        """The privileges that let an account write although read_only is on; none where no server lets any."""
        ...

    @property
    def open_roots(self) -> str:
        """The question for the hosts from which root gets in without a password; empty where no install leaves any."""
        ...

    @property
    def writes_through(self) -> str:
        """The accounts that write through read_only: rows of user and host; empty where none can."""
        ...


# One module each; the first that recognises itself speaks.
ENGINES: tuple[type[MariaDB] | type[MySQL], ...] = (MariaDB, MySQL)


def dialect_of(version: str, comment: str = "") -> Dialect:
    """The dialect for what `SELECT VERSION()` and `@@version_comment` say; BadInput when it is not ours."""
    found = numbers(version)
    if not found:
        raise BadInput(f"the server's version is not understood: {version}")
    words = f"{version} {comment}".lower()
    dialect = next(engine for engine in ENGINES if engine.recognises(words))(found)
    oldest = dialect.OLDEST
    if found < oldest:
        raise BadInput(
            f"the server is {dialect.engine} {version}",
            f"The oldest that the runbook speaks is {dialect.engine} {'.'.join(map(str, oldest))}.",
        )
    return dialect
