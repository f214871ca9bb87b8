"""MySQL's port, and the accounts that the runbook makes there."""

from runbook.settings import values as read
from runbook.settings.key import Key, KeyTable, Rule


def _is_not(name: str) -> Rule:
    """The rule of an account that must not be the one of key `name`."""
    return Rule(
        lambda own, other: own == other,
        f"is {name} too, and each has rights of its own; rename one",
        beside=(name,),
    )


class Accounts(KeyTable):
    """MySQL's port and accounts (steps 2 and 4)"""

    mysql_port = Key(
        read=read.port,
        default="3306",
        article="3306",
        help="MySQL's port on both hosts and the VIP.",
    )
    mysql_root_password = Key(
        read=read.password,
        article="123456",
        secret=True,
        help="Password of MySQL's root on both hosts.",
    )
    mysql_root_password_old = Key(
        read=read.optional(read.password),
        default="",
        secret=True,
        help=(
            "The password that root has now, when MYSQL_ROOT_PASSWORD is a new one that inv install-mysql shall set.\n"
            "Empty: root's password stays as it is."
        ),
    )
    root_remote = Key(
        read=read.boolean,
        default="no",
        article="yes",
        help="May MySQL's root log in from other hosts: yes or no.\nThe runbook itself does not need it.",
    )
    replica_user = Key(
        read=read.mysql_user,
        default="replica",
        article="replica",
        help="Account the slave copies with.\nUp to 32 characters, up to 16 on MySQL 5.6.",
    )
    replica_password = Key(
        read=read.replica_password,
        secret=True,
        help=(
            "Password of REPLICA_USER, at most 32 bytes.\n"
            "MySQL takes no longer one when it points the slave (error 3056)."
        ),
    )
    check_user = Key(
        read=read.mysql_user,
        default="runbook_check",
        help="Account of the scripts on the hosts; it works from localhost only.",
        rules=(_is_not("REPLICA_USER"),),
    )
    check_password = Key(
        read=read.password,
        secret=True,
        help="Password of CHECK_USER.",
    )
    probe_user = Key(
        read=read.mysql_user,
        default="runbook_probe",
        help="Account that verify and the drills use as a client; it sees the schema `runbook` only.",
        rules=(_is_not("REPLICA_USER"), _is_not("CHECK_USER")),
    )
    probe_password = Key(
        read=read.password,
        secret=True,
        help="Password of PROBE_USER.",
    )
