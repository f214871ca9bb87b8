"""Readers of single values, to the letter: what each takes up to its limits, and all that it says of the rest."""

from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest

from runbook.settings import values as read
from runbook.settings.values import Reader, Secret, SecretUrl

NO_ADDRESS = "not an IPv4 address; write it as a.b.c.d"
NO_HOST = "no host of a pair can have this address; give the one its peer reaches it by"
NO_PREFIX = "not a subnet prefix after the /; write the VIP as a.b.c.d/24"
NO_PAIR_OF_DICE = "not a whole number of pips from 2 to 12; change it"
NO_SECONDS = "not a number of seconds above 0; write it as 0.2 or 1"
NO_COLOUR = "not known; choose Red, GREEN or blue"
NO_WORD = "only letters a to c may stand here; change it"
NO_USER = "a user name of letters, digits and _ . - is needed; change it"
NO_ACCOUNT = "this account belongs to the server itself; choose another name"
NO_MODES = "not a list of SQL modes; write them as MODE,MODE or leave the value empty"
NO_ERRORS = "not off, all, ddl_exist_errors or error numbers (1062,1032); off is the safe one"
NO_URL = "not a URL of http or https without blanks, quotes and \\; copy the whole address"
NO_SERVER = "no URL with a host and a port that can be; copy the whole address"
NO_TOKEN = "has no access_token=; copy the robot's whole webhook address from DingTalk"
NO_SIGNATURE = "only letters, digits and signs may stand here; copy the robot's secret from DingTalk"
NO_WORDS = "not one line of up to 100 printable characters; change it"
NO_AUTH = "keepalived takes letters, digits and _ . - here; change it"
CONTROL = "holds a control character (a tab, or \\n in double quotes?); use printable ones, in single quotes"
SHORT = "{} characters are soon guessed by whoever reaches port and account; take 8 or more"
TOO_LONG = "33 bytes in UTF-8, the slave takes 32 at most (MySQL error 3056); take a shorter one"

dice = read.whole(2, 12, " of pips")
colour = read.choice("Red", "GREEN", "blue")
abc = read.word(r"[a-c]+", "letters a to c")

TAKEN: list[tuple[Reader[object], str, object]] = [
    (read.address, "10.0.0.1", IPv4Address("10.0.0.1")),
    (read.address, "223.255.255.254", IPv4Address("223.255.255.254")),
    (read.vip, "10.0.0.1", IPv4Interface("10.0.0.1/24")),
    (read.vip, "10.0.0.1/8", IPv4Interface("10.0.0.1/8")),
    (read.vip, "10.0.0.1/32", IPv4Interface("10.0.0.1/32")),
    (read.vip, "10.0.0.1/0", IPv4Interface("10.0.0.1/0")),
    (dice, "2", 2),
    (dice, "12", 12),
    (dice, "0000000007", 7),
    (read.port, "1", 1),
    (read.port, "65535", 65535),
    (read.seconds, "0.2", Decimal("0.2")),
    (read.seconds, "0.000001", Decimal("0.000001")),
    (read.seconds, "999.999999", Decimal("999.999999")),
    (colour, "red", "Red"),
    (colour, "Green", "GREEN"),
    (colour, "BLUE", "blue"),
    *((read.boolean, text, True) for text in ("yes", "On", "TRUE")),
    *((read.boolean, text, False) for text in ("no", "Off", "FALSE")),
    (abc, "abc", "abc"),
    (read.optional(abc), "", None),
    (read.optional(abc), "a", "a"),
    (read.path, "/a b/ü", Path("/a b/ü")),
    (read.mysql_user, "Aa0_.-", "Aa0_.-"),
    (read.mysql_user, "mysql_", "mysql_"),
    (read.mysql_user, "u" * 32, "u" * 32),
    (read.sql_mode, "ansi , NO_DIR_IN_CREATE,X9", "ANSI,NO_DIR_IN_CREATE,X9"),
    *((read.skip_errors, text.upper(), text) for text in ("off", "all", "ddl_exist_errors", "1062")),
    (read.skip_errors, " 1062, 1032 ,9", "1062,1032,9"),
    (read.password, "12345678", Secret("12345678")),
    (read.password, "  密码 ü'\"\\", Secret("  密码 ü'\"\\")),
    (read.replica_password, "p" * 32, Secret("p" * 32)),
    (read.url, "http://h", SecretUrl("http://h")),
    (read.url, "https://h:1/!$[]~", SecretUrl("https://h:1/!$[]~")),
    (read.url, "https://[::1]:65535/x", SecretUrl("https://[::1]:65535/x")),
    (read.dingtalk_url, "https://h/?a=b&access_token=c", SecretUrl("https://h/?a=b&access_token=c")),
    (read.dingtalk_secret, "SEC!~", Secret("SEC!~")),
    (read.words, "告" * 100, "告" * 100),
    (read.auth_pass, "Aa0_.-78", Secret("Aa0_.-78")),
]

REFUSED: list[tuple[Reader[object], str, str]] = [
    *((read.address, text, NO_ADDRESS) for text in ("", "db", "1.2.3", "1.2.3.256", "::1", "1.2.3.4/24")),
    *((read.address, text, NO_HOST) for text in ("127.0.0.1", "224.0.0.18", "0.0.0.0", "240.0.0.1")),
    *((read.vip, f"10.0.0.1/{text}", NO_PREFIX) for text in ("33", "99", "x", "-1", "024", "1/2", "")),
    (read.vip, "db/24", NO_ADDRESS),
    (read.vip, "127.0.0.1/8", NO_HOST),
    *((dice, text, NO_PAIR_OF_DICE) for text in ("1", "13", "", "x", "-2", "2.0", "00000000007", " 2", "٣")),
    (read.whole(1, 2), "3", "not a whole number from 1 to 2; change it"),
    (read.port, "0", "not a whole number from 1 to 65535; change it"),
    (read.port, "65536", "not a whole number from 1 to 65535; change it"),
    *((read.seconds, text, NO_SECONDS) for text in ("0", "0.0", "", "x", "-1", "1.", ".5", "1e1", "1000", "1.0000001")),
    *((colour, text, NO_COLOUR) for text in ("", "re", "Redd", "black")),
    *((read.boolean, text, "neither yes nor no; write yes or no") for text in ("", "y", "1", "perhaps")),
    *((abc, text, NO_WORD) for text in ("", "abcd", "xabc", "ab c")),
    (read.optional(abc), "d", NO_WORD),
    *((read.path, text, "holds a control character; write the path without it") for text in ("/a\n", "/a\tb", "/\x7f")),
    (read.path, "~nobody-of-that-name/x", "whose home directory this means is not known; write the whole path"),
    *((read.mysql_user, text, NO_USER) for text in ("", "a@b", "a b", "ü", "%")),
    (read.mysql_user, "u" * 33, "33 characters, MySQL's user names end at 32; take a shorter one"),
    *((read.mysql_user, text, NO_ACCOUNT) for text in ("root", "Root", "mysql", "debian-sys-maint", "mariadb.sys")),
    *((read.mysql_user, text, NO_ACCOUNT) for text in ("mysql.sys", "MySQL.session", "mysql.")),
    *((read.sql_mode, text, NO_MODES) for text in ("", ",", "ANSI,", "STRICT TABLES", "ANSI;X")),
    *((read.skip_errors, text, NO_ERRORS) for text in ("", "some", "1062,", ",1062", "offf", "all,1062")),
    *((read.password, text, CONTROL) for text in ("1234567\t", "1234\n5678", "1234567\x00")),
    *((read.password, text, CONTROL) for text in ("1234567\u2028", "\u20291234567", "\ud8001234567")),
    (read.password, "1234567", SHORT.format(7)),
    (read.password, "", SHORT.format(0)),
    (read.replica_password, "1234567", SHORT.format(7)),
    (read.replica_password, "p" * 33, TOO_LONG),
    (read.replica_password, "ü" * 16 + "x", TOO_LONG),
    *((read.url, text, NO_URL) for text in ("", "ftp://h", "h/x", "http://", "http://a b", "http://h/\\", "http://h/#")),
    *((read.url, text, NO_URL) for text in ('http://h/"', "http://h/ü", "xhttp://h", "HTTP://h")),
    *((read.url, text, NO_SERVER) for text in ("http:///x", "http://h:0/x", "http://h:65536/", "http://:80/")),
    (read.url, "http://[::1", NO_SERVER),
    *((read.dingtalk_url, f"https://h/{text}", NO_TOKEN) for text in ("", "?access_token=", "?token=a")),
    (read.dingtalk_url, "ftp://h/?access_token=c", NO_URL),
    *((read.dingtalk_secret, text, NO_SIGNATURE) for text in ("", "SEC 1", "SECü", "SEC\t")),
    *((read.words, text, NO_WORDS) for text in ("w" * 101, "a\nb", "a\tb", "\u2028", "\ud800")),
    *((read.auth_pass, text, NO_AUTH) for text in ("", "a b", "a!", "ü")),
    (read.auth_pass, "123456789", "VRRP 2 sends only the first 8 characters; take a shorter one"),
]  # fmt: skip


@pytest.mark.parametrize(("reader", "text", "value"), TAKEN)
def test_what_a_reader_takes(reader: Reader[object], text: str, value: object) -> None:
    found = reader(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("reader", "text", "told"), REFUSED)
def test_what_a_reader_refuses(reader: Reader[object], text: str, told: str) -> None:
    with pytest.raises(ValueError) as caught:
        reader(text)
    assert str(caught.value) == told
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://a-very-long-name-of-a-host.example", ()),
        ("https://a-very-long-name-of-a-host.example/eleven-char/x", ()),
        ("https://h/twelve-chars", ("twelve-chars",)),
        ("https://h/one-of-twelve/two?other=three-twelve&last=four-twelve-1#five-twelve-1",
         ("one-of-twelve", "three-twelve", "four-twelve-1", "five-twelve-1")),
        ("https://h/x?redirect=http://other.example/second-token", ("other.example", "second-token")),
    ],
)  # fmt: skip
def test_the_parts_of_an_address_that_may_be_tokens(url: str, parts: tuple[str, ...]) -> None:
    assert SecretUrl(url).parts == parts


def test_a_path_from_home_is_made_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    assert read.path("~/key") == Path("/home/anna/key")


def test_secrets_are_equal_by_their_text() -> None:
    assert Secret("a") == Secret("a") == SecretUrl("a") != Secret("b")
    assert hash(Secret("a")) == hash(SecretUrl("a")) != hash(("a",))
    assert (Secret("ü").encode(), Secret("a") == "a") == (b"\xc3\xbc", False)
    assert not hasattr(Secret("a"), "__dict__") and not hasattr(SecretUrl("a"), "__dict__")
