"""How the slave copies the master."""

from typing import Literal, get_args

from runbook.settings import values as read
from runbook.settings.key import Key, KeyTable
from runbook.settings.values import Reader

WantedReplication = Literal["auto", "gtid", "position"]
WantedSemiSync = Literal["auto", "on", "off"]
WantedSeed = Literal["auto", "clone", "backup", "dump"]

_replication: Reader[WantedReplication] = read.choice(*get_args(WantedReplication))
_seed: Reader[WantedSeed] = read.choice(*get_args(WantedSeed))
_semi_sync: Reader[WantedSemiSync] = read.choice(*get_args(WantedSemiSync))


class Replication(KeyTable):
    """Replication (steps 3 and 5)"""

    slave_skip_errors = Key(
        read=read.skip_errors,
        default="off",
        article="all",
        help=(
            "Replication errors the slave passes over: off, all, ddl_exist_errors or numbers.\n"
            "Anything but off lets the two servers' data drift apart unseen."
        ),
    )
    replication = Key(
        read=_replication,
        default="auto",
        article="position",
        help=(
            "How the slave finds its place: gtid, position (file and position, as the article) or auto.\n"
            "auto: gtid where the server has it from 5.7 on, position on MySQL 5.6; inv plan and inv verify say why."
        ),
    )
    semi_sync = Key(
        read=_semi_sync,
        default="auto",
        article="has none",
        help=(
            "Semi-synchronous replication: a commit waits until the slave has it: on, off or auto.\n"
            "auto: on, unless the server came without the plugin; inv plan and inv verify say why."
        ),
    )
    semi_sync_timeout_ms = Key(
        read=read.whole(1, 2**32 - 1, " of milliseconds"),
        default="10000",
        help=(
            "How long a commit waits for a slave that does not answer, in milliseconds.\n"
            "After that the master goes on alone, and inv verify says so."
        ),
    )
    seed = Key(
        read=_seed,
        default="auto",
        article="has none",
        help=(
            "How inv reseed brings one host's data to the other: clone, backup, dump or auto.\n"
            "clone: MySQL 8.0.17 and newer; backup: mariadb-backup; dump: the server's own dump program.\n"
            "auto: the first of them that both servers have and that leaves no table empty; inv reseed says why."
        ),
    )
