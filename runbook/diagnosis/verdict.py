"""A verdict on the pair: what kind of state it is in, in words, and what comes next."""

from dataclasses import dataclass
from enum import StrEnum, auto


class Kind(StrEnum):
    """What can be so with a pair; of several at once the first of diagnosis.RULES is told, the most dangerous.

    The last is what a pair is that no rule finds anything wrong with, and a check does.
    """

    HEALTHY = auto()
    BOTH_UNREACHABLE = auto()
    NOT_BOOTSTRAPPED = auto()
    TWO_WRITERS = auto()
    SPLIT_VIP = auto()
    SLAVE_WRITABLE = auto()
    WRITABLE_WITHOUT_VIP = auto()
    MASTER_ALONE = auto()
    DIVERGED = auto()
    VIP_WITHOUT_MYSQLD = auto()
    CONFIGURATION_LOST = auto()
    SEEDING = auto()
    SEED_BROKEN = auto()
    FAILED_OVER = auto()
    MASTER_BACK = auto()
    MAINTENANCE = auto()
    PEER_UNSEEN = auto()
    MASTER_UNREACHABLE = auto()
    SLAVE_UNREACHABLE = auto()
    NO_VIP = auto()
    LOGIN_REFUSED = auto()
    MASTER_READ_ONLY = auto()
    SLAVE_DOWN = auto()
    KEEPALIVED_DOWN = auto()
    KEEPALIVED_ASTRAY = auto()
    SAME_SERVER_UUID = auto()
    UNLIKE_SERVERS = auto()
    PURGED = auto()
    REPLICATION_BROKEN = auto()
    FILTERED = auto()
    ACKNOWLEDGED_ELSEWHERE = auto()
    CHECKS_FAILED = auto()


@dataclass(frozen=True)
class Verdict:
    """What is so, and the command or act that comes next."""

    kind: Kind
    sentence: str
    next_step: str

    @property
    def healthy(self) -> bool:
        return self.kind is Kind.HEALTHY
