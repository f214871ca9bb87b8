"""One side of the pair: its host, its server, and what it is asked of both."""

from ipaddress import IPv4Network
from typing import Literal

from runbook.core.asked_once import asked_once
from runbook.core.host import Host
from runbook.core.lock import HostLock
from runbook.keepalived.version import AUTO_PRIORITY_DELAY, Version, installed, parsed
from runbook.mysql import program
from runbook.mysql.dialects.dialect import Choice, Dialect
from runbook.mysql.replication.replicates import replica_status
from runbook.mysql.session import Server
from runbook.mysql.tracking.progress import Progress
from runbook.mysql.tracking.tracking import Tracking
from runbook.pair import roles
from runbook.pair.roles import Record
from runbook.settings.settings import Node, Role, Settings
from runbook.system.family import OS_QUESTION, Family, family_of, names_on, offer_of, os_words
from runbook.system.network import Address, addresses, among, carrier_of
from runbook.system.server_names import ServerNames


class Side:
    """One side of the pair: its host, its server, and what hosts.env wants of it."""

    def __init__(self, host: Host, settings: Settings) -> None:
        self.host = host
        self.settings = settings
        wanted, old = settings.mysql_root_password, settings.mysql_root_password_old
        passwords = [wanted, old] if old else [wanted]
        self.server = Server(host, settings.mysql_port, lambda: self.names.socket, *passwords)
        self.lock: HostLock | None = None
        self.others_greeting: str | None = None
        """How the other's mysqld greeted it, where that was asked ahead: of a host that is gone it takes seconds."""
        self.come_with_server: tuple[str, ...] = ()
        """Packages of later steps of this run that are installed together with the server's."""
        self._dialect: Dialect | None = None
        self._keepalived: Version | None = None
        self._addresses: list[Address] = []

    @property
    def node(self) -> Node:
        return self.host.node

    @property
    def role(self) -> Role:
        return self.node.role

    @property
    def peer(self) -> Node:
        """The other side, as hosts.env describes it."""
        return self.settings.peer_of(self.role)

    @asked_once
    def family(self) -> Family:
        """The operating system's family."""
        return family_of(self.host)

    @asked_once
    def system(self) -> str:
        """The operating system, as it calls itself."""
        return self.host.read(OS_QUESTION, os_words)[2]

    @asked_once
    def names(self) -> ServerNames:
        """What the server is called on this host."""
        return names_on(self.host, self.family, self.settings.engine, self.settings.mysql_source)

    @property
    def keepalived(self) -> Version:
        """The version of its keepalived, or of the one that an install would bring."""
        return self._installed_keepalived() or self._candidate_keepalived

    def _installed_keepalived(self) -> Version | None:
        if self._keepalived is None:
            self._keepalived = installed(self.host)
        return self._keepalived

    @property
    def has_keepalived(self) -> bool:
        """Whether keepalived is installed on it."""
        return self._installed_keepalived() is not None

    @asked_once
    def _candidate_keepalived(self) -> Version:
        return parsed(offer_of(self.host, self.family, self.family.KEEPALIVED_PACKAGE)) or AUTO_PRIORITY_DELAY

    @property
    def dialect(self) -> Dialect:
        """What the server on this host speaks; on a blank host, what the one to install would."""
        return self._installed_dialect() or self._candidate

    def _installed_dialect(self) -> Dialect | None:
        if self._dialect is None:
            # A server that was asked for it has said so; mysqld takes 24 ms to say its version.
            self._dialect = vars(self.server).get("dialect") or program.dialect(self.host)
        return self._dialect

    @property
    def has_server(self) -> bool:
        """Whether a server is installed on it."""
        return self._installed_dialect() is not None

    @property
    def is_installed(self) -> bool:
        """Whether server and keepalived are there: what all steps will ask is known then."""
        return self.has_server and self.has_keepalived

    @asked_once
    def _candidate(self) -> Dialect:
        # Asked once: without its cache on the disk apt-cache takes half a second each time.
        return program.candidate_dialect(self.host, self.family, self.names, self.settings.mysql_source)

    @property
    def replication(self) -> Choice:
        """`gtid` or `position`, and why."""
        wanted = self.settings.replication
        return self.dialect.replication() if wanted == "auto" else Choice(wanted)

    @property
    def tracking(self) -> Tracking:
        """How replication finds its place here."""
        return self.dialect.tracking(self.replication.value)

    def progress(self) -> Progress:
        """All that this server has, the master's as it logged it, the slave's as it applied it."""
        if self.role == "master":
            return self.tracking.of_master(self.server)
        return self.tracking.of_slave(self.server, replica_status(self.server))

    @asked_once
    def semi_sync(self) -> Choice:
        """`on` or `off`, and why."""
        wanted = self.settings.semi_sync
        return program.semi_sync(self.host, self.dialect) if wanted == "auto" else Choice(wanted)

    def switch_semi_sync(self, half: Literal["source", "replica"], value: Literal["ON", "OFF"]) -> None:
        """Until the next restart, or until its settings are in force again; nothing where the pair has none."""
        if self.semi_sync.value == "on":
            self.server.execute(f"SET GLOBAL {self.server.dialect.named(f'rpl_semi_sync_{half}_enabled')} = {value}")

    @property
    def commit_wait_seconds(self) -> float:
        """How long a commit here waits at most for a slave that does not answer; 0 without semi-sync."""
        return self.settings.semi_sync_timeout_ms / 1000 if self.semi_sync.value == "on" else 0.0

    @asked_once
    def _carrier(self) -> Address:
        # Its own address it keeps: the last look serves as well.
        return carrier_of(self.host, self.node, self._addresses or self._look_at_addresses())

    def _look_at_addresses(self) -> list[Address]:
        self._addresses = addresses(self.host)
        return self._addresses

    @property
    def interface(self) -> str:
        """The interface that carries the host's address."""
        return self._carrier.interface

    @property
    def network(self) -> IPv4Network:
        """The network of that interface."""
        return self._carrier.address.network

    def record_questions(self) -> tuple[str, ...]:
        """What `record` will ask."""
        return () if "record" in vars(self) else (roles.QUESTION,)

    @asked_once
    def record(self) -> Record | None:
        """What this host remembers of the last change of roles."""
        return self.host.read(roles.QUESTION, roles.parse)

    def forget_record(self) -> None:
        """It was written anew: what it was is so no more."""
        vars(self).pop("record", None)

    def holds_vip(self) -> bool:
        """Whether the VIP is on one of this host's interfaces now."""
        return among(self._look_at_addresses(), self.settings.vip.ip)

    def release_lock(self) -> None:
        """Give the lock back before this run itself makes the host unreachable: it would be lost with it."""
        if self.lock:
            self.lock.release()

    def retake_lock(self) -> None:
        """Once the host can be reached again: what was open to it would say only after a timeout that it is dead."""
        self.close()
        if self.lock:
            self.lock.take()

    def close(self) -> None:
        """End the SQL session and the connection."""
        self.server.close()
        self.host.close()
