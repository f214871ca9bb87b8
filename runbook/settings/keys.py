"""The one table of every key that hosts.env knows: default, the article's value, and what it is for."""

from dataclasses import dataclass, replace
from typing import Any

from runbook.settings import values as read
from runbook.settings.key_help import HELP
from runbook.settings.source import read_source
from runbook.settings.values import Reader

_SSH_HOST = read.word(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", "a host name, an ssh_config alias or an address")
_INTERFACE = read.word(r"[A-Za-z0-9_.-]{1,15}", "an interface's name as `ip link` prints it")
_LOGIN = read.word(r"[A-Za-z0-9_][A-Za-z0-9_.\\-]*", "a login name of letters, digits and _ . - \\")
_JUMP = read.word(r"([A-Za-z0-9_][A-Za-z0-9_.\\-]*@)?[A-Za-z0-9_][A-Za-z0-9_.-]*(:[0-9]{1,5})?", "user@host:port")
_ROUTER_ID = read.word(r"[A-Za-z0-9_.-]{1,64}", "up to 64 letters, digits and _ . -")
_CHARACTER_SET = read.word(r"[a-z0-9_]+", "a character set's name such as utf8mb4")
_SELINUX = read.choice("disabled", "permissive", "keep")
_FIREWALL = read.choice("off", "rules", "keep")
_ENGINE = read.choice("auto", "mysql", "mariadb")
_REPLICATION = read.choice("auto", "gtid", "position")
_SEMI_SYNC = read.choice("auto", "on", "off")
_BINLOG_FORMAT = read.choice("ROW", "MIXED", "STATEMENT")
_VERSION = read.word(r"[0-9]+(\.[0-9]+){1,2}", "a series or version such as 5.6 or 5.6.24")
_SHA256 = read.word(r"[0-9a-f]{64}", "a SHA-256 of 64 digits and letters a to f, as sha256sum prints it")
_PORT = read.whole(1, 65535)
_SERVER_ID = read.whole(1, 2**32 - 1)
_COMMITS = read.whole(0, 2**32 - 1)
_MILLISECONDS = read.whole(1, 2**32 - 1, " of milliseconds")
_AUTO_INCREMENT = read.whole(1, 65535)
_ROUTER = read.whole(1, 255)  # RFC 5798 5.2.3
_PRIORITY = read.whole(1, 254)  # RFC 5798 5.2.4: 0 and 255 have meanings of their own
_SECONDS = read.whole(1, 600, " of seconds")
_TIMES = read.whole(1, 60)


@dataclass(frozen=True)
class Key:
    """One key; `default` None means required, `article` None that the article is silent on it."""

    name: str
    default: str | None
    article: str | None
    read: Reader
    secret: bool = False
    group: str = ""

    @property
    def help(self) -> str:
        """One to three lines; the first alone tells the meaning."""
        return HELP[self.name]

    def parse(self, text: str) -> Any:
        """The typed value of `text`; ValueError says what is wrong and what to do."""
        if not text and self.default != "":
            remedy = "give it a value" if self.default is None else f"give a value or delete the line ({self.default})"
            raise ValueError(f"is empty; {remedy}")
        return self.read(text)


def _group(title: str, *keys: Key) -> tuple[Key, ...]:
    return tuple(replace(key, group=title) for key in keys)


KEYS: tuple[Key, ...] = (
    *_group(
        "The two hosts, and the address the clients use",
        Key("MASTER_HOST", None, "192.168.152.128", read.address),
        Key("SLAVE_HOST", None, "192.168.152.129", read.address),
        Key("VIP", None, "192.168.152.130/24", read.vip),
        Key("MASTER_INTERFACE", "", "ens33", read.optional(_INTERFACE)),
        Key("SLAVE_INTERFACE", "", "ens33", read.optional(_INTERFACE)),
    ),
    *_group(
        "SSH from this machine to the hosts",
        Key("MASTER_SSH", "", None, read.optional(_SSH_HOST)),
        Key("SLAVE_SSH", "", None, read.optional(_SSH_HOST)),
        Key("SSH_USER", "", None, read.optional(_LOGIN)),
        Key("SSH_PORT", "", None, read.optional(_PORT)),
        Key("SSH_KEY", "", None, read.optional(read.path)),
        Key("SSH_CONFIG", "~/.ssh/config", None, read.path),
        Key("SSH_KNOWN_HOSTS", "~/.ssh/known_hosts", None, read.path),
        Key("SSH_JUMP", "", None, read.optional(_JUMP)),
    ),
    *_group(
        "Preparing the operating system (step 1)",
        Key("SELINUX", "permissive", "disabled (needs a reboot to be complete)", _SELINUX),
        Key("FIREWALL", "rules", "off", _FIREWALL),
    ),
    *_group(
        "The server to install (step 2)",
        Key("ENGINE", "auto", "mysql", _ENGINE),
        Key("MYSQL_SOURCE", "distribution", "the vendor's release RPM for EL7", read_source),
        Key("MYSQL_VERSION", "", "5.6 (the same as production's)", read.optional(_VERSION)),
        Key("MYSQL_SHA256", "", None, read.optional(_SHA256)),
    ),
    *_group(
        "MySQL's port and accounts (steps 2 and 4)",
        Key("MYSQL_PORT", "3306", "3306", _PORT),
        Key("MYSQL_ROOT_PASSWORD", None, "123456", read.password, secret=True),
        Key("ROOT_REMOTE", "no", "yes", read.boolean),
        Key("REPLICA_USER", "replica", "replica", read.mysql_user),
        Key("REPLICA_PASSWORD", None, None, read.replica_password, secret=True),
        Key("CHECK_USER", "runbook_check", None, read.mysql_user),
        Key("CHECK_PASSWORD", None, None, read.password, secret=True),
        Key("PROBE_USER", "runbook_probe", None, read.mysql_user),
        Key("PROBE_PASSWORD", None, None, read.password, secret=True),
    ),
    *_group(
        "my.cnf (step 3)",
        Key("MASTER_SERVER_ID", "1", "1", _SERVER_ID),
        Key("SLAVE_SERVER_ID", "2", "2", _SERVER_ID),
        Key("BINLOG_FORMAT", "ROW", "mixed", _BINLOG_FORMAT),
        Key("SYNC_BINLOG", "1", "0", _COMMITS),
        Key("INNODB_FLUSH_LOG_AT_TRX_COMMIT", "1", "0", read.whole(0, 2)),
        Key("CHARACTER_SET", "utf8mb4", "utf8", _CHARACTER_SET),
        Key("SQL_MODE", "", "NO_ENGINE_SUBSTITUTION,STRICT_TRANS_TABLES", read.optional(read.sql_mode)),
        Key("AUTO_INCREMENT_INCREMENT", "1", "2", _AUTO_INCREMENT),
        Key("MASTER_AUTO_INCREMENT_OFFSET", "1", "1", _AUTO_INCREMENT),
        Key("SLAVE_AUTO_INCREMENT_OFFSET", "1", "2", _AUTO_INCREMENT),
        Key("SKIP_NAME_RESOLVE", "on", "off", read.boolean),
    ),
    *_group(
        "Replication (steps 3 and 5)",
        Key("SLAVE_SKIP_ERRORS", "off", "all", read.skip_errors),
        Key("REPLICATION", "auto", "position", _REPLICATION),
        Key("SEMI_SYNC", "auto", "has none", _SEMI_SYNC),
        Key("SEMI_SYNC_TIMEOUT_MS", "10000", None, _MILLISECONDS),
    ),
    *_group(
        "keepalived (step 6)",
        Key("ROUTER_ID", "MySQL-HA", "MySQL-HA", _ROUTER_ID),
        Key("VIRTUAL_ROUTER_ID", "51", "51", _ROUTER),
        Key("VRRP_VERSION", "3", "2", read.whole(2, 3)),
        Key("AUTH_PASS", "", "1111", read.optional(read.auth_pass), secret=True),
        Key("MASTER_PRIORITY", "250", "150", _PRIORITY),
        Key("SLAVE_PRIORITY", "240", "100", _PRIORITY),
        Key("ADVERT_INT", "0.15", "1", read.seconds),
    ),
    *_group(
        "keepalived's check of mysqld (steps 6 and 7)",
        Key("CHECK_INTERVAL", "1", "10 (the slave's 120 in the text, 10 in the kit)", _SECONDS),
        Key("CHECK_TIMEOUT", "2.5", "has none", read.seconds),
        Key("CHECK_FALL", "1", None, _TIMES),
        Key("CHECK_RISE", "2", None, _TIMES),
        Key("CLOSE_KILL_SECONDS", "30", "has none", read.whole(0, 3600, " of seconds")),
    ),
    *_group(
        "Alerts, which the hosts send (step 7); without an address none are sent",
        Key("ALERT_DINGTALK_URL", "", None, read.optional(read.dingtalk_url), secret=True),
        Key("ALERT_DINGTALK_SECRET", "", None, read.optional(read.dingtalk_secret), secret=True),
        Key("ALERT_KEYWORD", "", None, read.optional(read.words)),
        Key("ALERT_WEBHOOK_URL", "", None, read.optional(read.url), secret=True),
        Key("ALERT_LANG", "en", "zh", read.choice("en", "zh")),
        Key("ALERT_RETRY_SECONDS", "900", "has none", read.whole(10, 86400, " of seconds")),
    ),
)

BY_NAME: dict[str, Key] = {key.name: key for key in KEYS}


def markdown_table() -> str:
    """README's table of all keys: key, default, the article's value, meaning in one line."""
    rows = ["| key | default | article | meaning |", "| --- | --- | --- | --- |"]
    for key in KEYS:
        default = "required" if key.default is None else f"`{key.default}`" if key.default else "empty"
        meaning = key.help.splitlines()[0]
        cells = (f"`{key.name}`", default, key.article or "", meaning)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"
