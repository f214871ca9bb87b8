"""Readers of single hosts.env values: text -> typed value, or ValueError "what is wrong; what to do"."""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from ipaddress import AddressValueError, IPv4Address, IPv4Interface
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit

T = TypeVar("T")
Name = TypeVar("Name", bound=str)
Reader = Callable[[str], T]

Language = Literal["en", "zh"]

MYSQL_USER_MAX = 32  # characters; 16 before MySQL 5.7.8 (MySQL WL#2284)
REPLICA_PASSWORD_MAX = 32  # bytes; error 3056 ER_CHANGE_MASTER_PASSWORD_LENGTH, strlen > 32 in sql_yacc.yy
PASSWORD_MIN = 8
AUTH_PASS_MAX = 8  # RFC 2338 5.3.10: the authentication data are 8 octets in clear
TOKEN_MIN = 12  # characters; shorter parts of a URL are ordinary words
WORDS_MAX = 100
RESERVED_USERS = {"root", "mysql", "debian-sys-maint", "mariadb.sys"}


class Secret:
    """A password that prints as *** wherever it is printed; `reveal` and `encode` hand it out on purpose."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def encode(self) -> bytes:
        """The password as UTF-8."""
        return self._text.encode()

    def __str__(self) -> str:
        return "***"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))


class SecretUrl(Secret):
    """An address of which all but the server's name may be secret: path and parameters are where tokens stand."""

    __slots__ = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """What of it must not be shown alone either."""
        _, _, rest = self._text.partition("://")
        _, _, rest = rest.partition("/")
        return tuple(part for part in re.split(r"[/?&=#]", rest) if len(part) >= TOKEN_MIN)


def address(text: str) -> IPv4Address:
    """An IPv4 address that a host can have."""
    try:
        found = IPv4Address(text)
    except AddressValueError:
        raise ValueError("not an IPv4 address; write it as a.b.c.d") from None
    if found.is_loopback or found.is_multicast or found.is_unspecified or found.is_reserved:
        raise ValueError("no host of a pair can have this address; give the one its peer reaches it by")
    return found


def vip(text: str) -> IPv4Interface:
    """An IPv4 address with its subnet, `a.b.c.d` meaning `a.b.c.d/24`."""
    host, slash, prefix = text.partition("/")
    if slash and not (re.fullmatch(r"[0-9]{1,2}", prefix) and int(prefix) <= 32):
        raise ValueError("not a subnet prefix after the /; write the VIP as a.b.c.d/24")
    return IPv4Interface(f"{address(host)}/{prefix or 24}")


def whole(low: int, high: int, unit: str = "") -> Reader[int]:
    """A reader of whole numbers from `low` to `high`, both allowed."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", text) or not low <= int(text) <= high:
            raise ValueError(f"not a whole number{unit} from {low} to {high}; change it")
        return int(text)

    return read


port = whole(1, 65535)


def seconds(text: str) -> Decimal:
    """A positive number of seconds, with or without decimals."""
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text) or not Decimal(text):
        raise ValueError("not a number of seconds above 0; write it as 0.2 or 1")
    return Decimal(text)


def choice(*names: Name) -> Reader[Name]:
    """A reader of one of `names`, in any case, that answers with the spelling given here."""

    def read(text: str) -> Name:
        for name in names:
            if text.lower() == name.lower():
                return name
        raise ValueError(f"not known; choose {', '.join(names[:-1])} or {names[-1]}")

    return read


def boolean(text: str) -> bool:
    """yes or no; on/off and true/false do too."""
    lowered = text.lower()
    if lowered in {"yes", "on", "true"}:
        return True
    if lowered in {"no", "off", "false"}:
        return False
    raise ValueError("neither yes nor no; write yes or no")


def word(pattern: str, allowed: str) -> Reader[str]:
    """A reader of texts that match `pattern` as a whole; `allowed` says in words what may be written."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"only {allowed} may stand here; change it")
        return text

    return read


def optional(reader: Reader[T]) -> Reader[T | None]:
    """`reader`, but an empty value is None."""
    return lambda text: reader(text) if text else None


def _one_printed_line(text: str) -> bool:
    return not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)


def path(text: str) -> Path:
    """A path with `~` replaced by the home directory; whether it exists is asked elsewhere."""
    if not _one_printed_line(text):
        raise ValueError("holds a control character; write the path without it")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("whose home directory this means is not known; write the whole path") from None


def mysql_user(text: str) -> str:
    """A name for an account of ours: short and plain enough for every server, and nobody else's."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", text):
        raise ValueError("a user name of letters, digits and _ . - is needed; change it")
    if len(text) > MYSQL_USER_MAX:
        raise ValueError(f"{len(text)} characters, MySQL's user names end at {MYSQL_USER_MAX}; take a shorter one")
    if text.lower() in RESERVED_USERS or text.lower().startswith("mysql."):
        raise ValueError("this account belongs to the server itself; choose another name")
    return text


def sql_mode(text: str) -> str:
    """Mode names with commas between them, in upper case without blanks, as the server prints them."""
    modes = [mode.strip().upper() for mode in text.split(",")]
    if not all(re.fullmatch(r"[A-Z0-9_]+", mode) for mode in modes):
        raise ValueError("not a list of SQL modes; write them as MODE,MODE or leave the value empty")
    return ",".join(modes)


def skip_errors(text: str) -> str:
    """`off`, `all`, `ddl_exist_errors` or error numbers with commas between them, without blanks."""
    found = "".join(text.lower().split())
    if not re.fullmatch(r"off|all|ddl_exist_errors|[0-9]+(,[0-9]+)*", found):
        raise ValueError("not off, all, ddl_exist_errors or error numbers (1062,1032); off is the safe one")
    return found


def password(text: str) -> Secret:
    """Any characters but control characters and line ends, at least PASSWORD_MIN of them."""
    if not _one_printed_line(text):
        raise ValueError(
            "holds a control character (a tab, or \\n in double quotes?); use printable ones, in single quotes"
        )
    if len(text) < PASSWORD_MIN:
        raise ValueError(
            f"{len(text)} characters are soon guessed by whoever reaches port and account; take {PASSWORD_MIN} or more"
        )
    return Secret(text)


def replica_password(text: str) -> Secret:
    """A password that CHANGE REPLICATION SOURCE TO accepts."""
    found = password(text)
    size = len(found.encode())
    if size > REPLICA_PASSWORD_MAX:
        raise ValueError(
            f"{size} bytes in UTF-8, the slave takes {REPLICA_PASSWORD_MAX} at most (MySQL error 3056); "
            "take a shorter one"
        )
    return found


def url(text: str) -> SecretUrl:
    """The address of a web service, which may hold a token: http or https, a host, and plain characters only."""
    if not re.fullmatch(r"https?://[!$-\[\]-~]+", text):
        raise ValueError("not a URL of http or https without blanks, quotes and \\; copy the whole address")
    try:
        parts = urlsplit(text)
        found = parts.hostname and parts.port != 0
    except ValueError:
        found = False
    if not found:
        raise ValueError("no URL with a host and a port that can be; copy the whole address")
    return SecretUrl(text)


def dingtalk_url(text: str) -> SecretUrl:
    """The address that DingTalk shows for a robot: its access token is a part of it."""
    found = url(text)
    if not dict(parse_qsl(urlsplit(text).query)).get("access_token"):
        raise ValueError("has no access_token=; copy the robot's whole webhook address from DingTalk")
    return found


def dingtalk_secret(text: str) -> Secret:
    """What DingTalk shows for a robot with signatures (SEC and more letters and digits)."""
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("only letters, digits and signs may stand here; copy the robot's secret from DingTalk")
    return Secret(text)


def words(text: str) -> str:
    """One line of any script, up to WORDS_MAX characters."""
    if not _one_printed_line(text) or len(text) > WORDS_MAX:
        raise ValueError(f"not one line of up to {WORDS_MAX} printable characters; change it")
    return text


def auth_pass(text: str) -> Secret:
    """keepalived's clear-text password: what its configuration file can hold without quotes."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", text):
        raise ValueError("keepalived takes letters, digits and _ . - here; change it")
    if len(text) > AUTH_PASS_MAX:
        raise ValueError(f"VRRP 2 sends only the first {AUTH_PASS_MAX} characters; take a shorter one")
    return Secret(text)
