"""What my.cnf says on each host, but for replication."""

from runbook.settings import values as read
from runbook.settings.key import Key, KeyTable, Rule

_server_id = read.whole(1, 2**32 - 1)
_auto_increment = read.whole(1, 65535)

_IN_INCREMENT = (
    Rule(
        lambda offset, increment: offset > increment,
        "MySQL ignores an offset above AUTO_INCREMENT_INCREMENT; lower it, or raise the increment",
        beside=("AUTO_INCREMENT_INCREMENT",),
    ),
)


class MyCnf(KeyTable):
    """my.cnf (step 3)"""

    master_server_id = Key(
        read=_server_id,
        default="1",
        article="1",
        help="server-id of the master.",
    )
    slave_server_id = Key(
        read=_server_id,
        default="2",
        article="2",
        help="server-id of the slave; not the master's.",
        rules=(
            Rule(
                lambda slave, master: slave == master,
                "is the master's too, and replication stops on that; take another number",
                beside=("MASTER_SERVER_ID",),
            ),
        ),
    )
    binlog_format = Key(
        read=read.choice("ROW", "MIXED", "STATEMENT"),
        default="ROW",
        article="mixed",
        help=(
            "What the binary log holds: ROW, MIXED or STATEMENT.\n"
            "ROW copies the changed rows; statements can give other rows on the slave."
        ),
    )
    sync_binlog = Key(
        read=read.whole(0, 2**32 - 1),
        default="1",
        article="0",
        help=(
            "Sync the binary log after so many commits.\n"
            "Anything but 1 can lose acknowledged rows in a power cut and leave the slave ahead."
        ),
    )
    innodb_flush_log_at_trx_commit = Key(
        read=read.whole(0, 2),
        default="1",
        article="0",
        help=(
            "When InnoDB's log reaches the disk: 0, 1 or 2.\nAnything but 1 can lose acknowledged rows in a power cut."
        ),
    )
    character_set = Key(
        read=read.word(r"[a-z0-9_]+", "a character set's name such as utf8mb4"),
        default="utf8mb4",
        article="utf8",
        help="character_set_server on both hosts.\nMySQL 9 does not start with utf8.",
    )
    sql_mode = Key(
        read=read.optional(read.sql_mode),
        default="",
        article="NO_ENGINE_SUBSTITUTION,STRICT_TRANS_TABLES",
        help="sql_mode on both hosts.\nEmpty: the server's own default.",
    )
    auto_increment_increment = Key(
        read=_auto_increment,
        default="1",
        article="2",
        help=("Step of AUTO_INCREMENT columns.\nWith one writer 1 is enough; 2 is for a pair that both take writes."),
    )
    master_auto_increment_offset = Key(
        read=_auto_increment,
        default="1",
        article="1",
        help="First AUTO_INCREMENT value on the master.",
        rules=_IN_INCREMENT,
    )
    slave_auto_increment_offset = Key(
        read=_auto_increment,
        default="1",
        article="2",
        help="First AUTO_INCREMENT value on the slave.",
        rules=_IN_INCREMENT,
    )
    skip_name_resolve = Key(
        read=read.boolean,
        default="on",
        article="off",
        help=(
            "Do not look clients' names up in DNS: on or off.\n"
            "With off a DNS that is down holds up every new connection, replication's too.\n"
            "With on, accounts made for host names (app@web1) no longer match; use addresses."
        ),
    )
