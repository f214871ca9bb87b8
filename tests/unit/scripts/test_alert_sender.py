"""alert.sh: tells each channel what is so, once until it changes, and signs what goes to DingTalk."""

import base64
import hashlib
import hmac
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest
from alert_host import KEYS, SECRET, TOKEN, AlertHost, SenderOn, texts
from station import SCRIPTS

from runbook.alerts.tables import shell_arrays
from runbook.alerts.texts import KINDS


@pytest.fixture
def slave(sender_on: SenderOn) -> AlertHost:
    return sender_on("slave")


# ---- what is told ----


def test_each_channel_is_told_once_until_it_changes(slave: AlertHost) -> None:
    slave.station.run("master.sh")
    (robot, _), (hook, document) = slave.send()
    assert urlsplit(robot).hostname == "ding.example"
    assert hook == KEYS["ALERT_WEBHOOK_URL"]
    assert (document["kind"], document["state"], document["served"]) == ("vip-on-slave", "begun", "slave-closed")
    slave.station.run("mysql_check.sh")
    assert slave.send() == []
    slave.station.vip = False
    slave.station.run("backup.sh")
    (_, _), (_, over) = slave.send()
    assert (over["kind"], over["state"], over["since"]) == ("vip-on-slave", "over", document["since"])
    assert over["until"] >= over["since"]
    assert slave.send() == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "[MySQL-HA] Alert: The slave has taken the VIP over",
                "the slave 192.168.152.129; VIP 192.168.152.130",
                "Since: 20",
                "Reads and writes now: the slave serves reads; writes are refused",
                "Do next: inv verify says what became of the master",
                "inv failback",
            ),
        ),
        (
            "zh",
            (
                "[MySQL-HA] 告警: 从库已接管 VIP",
                "主机: ",
                "从库 192.168.152.129",
                "开始时间: 20",
                "当前读写: 从库提供读;写被拒绝",
                "下一步: ",
                "inv failback",
            ),
        ),
    ],
)
def test_who_what_since_when_what_is_served_and_what_to_do(
    sender_on: SenderOn, language: str, words: tuple[str, ...]
) -> None:
    host = sender_on("slave", ALERT_LANG=language)
    host.raises("vip-on-slave")
    (text,) = texts(host.send())
    assert [word for word in words if word not in text] == []
    assert "Detail" not in text


@pytest.mark.parametrize(
    ("said", "served"),
    [
        ("master\topen", "the master serves both"),
        ("master\tclosed", "the master serves reads; writes are refused"),
        ("slave\topen", "DANGER: the slave serves both"),
        ("ERROR 2003 (HY000): Can't connect to MySQL server on '192.168.152.130:3306' (111)", "nobody answers"),
        ("", "nobody answers"),
        ("ERROR 1040 (HY000): Too many connections", "the VIP refuses new clients"),
        ("ERROR 1045 (28000): Access denied for user", "unknown"),
    ],
)
def test_what_is_served_is_asked_at_the_vip_when_it_is_told(slave: AlertHost, said: str, served: str) -> None:
    slave.station.write("served", said)
    slave.raises("vip-on-slave")
    (text,) = texts(slave.send())
    (line,) = (line for line in text.splitlines() if line.startswith("Reads and writes now: "))
    assert served in line


def test_the_servers_own_words_come_whole_and_as_one_line(slave: AlertHost) -> None:
    awkward = "ERROR 1045 (28000): 'a\"b\\c' " + "密" * 200
    slave.station.vip = False
    slave.station.server(awkward)
    slave.station.run("mysql_check.sh")
    (text,) = texts(slave.send())
    (detail,) = (line for line in text.splitlines() if line.startswith("Detail: "))
    kept = detail.removeprefix("Detail: ")
    assert awkward.startswith(kept)
    assert len(kept) > 150, "cut to a bounded length, at a whole character"


def test_what_is_over_soon_is_not_told(slave: AlertHost) -> None:
    slave.patch("HOLD_SECONDS=0", "HOLD_SECONDS=5")
    slave.raises("vip-on-slave")
    slave.station.vip = False
    slave.station.run("backup.sh")
    assert slave.send() == []
    assert slave.station.news == set()


def test_a_keyword_stands_in_every_text(sender_on: SenderOn) -> None:
    host = sender_on("slave", ALERT_KEYWORD='数据库 "$x"')
    host.raises("vip-on-slave")
    assert texts(host.send())[0].startswith('数据库 "$x" [MySQL-HA]')


def test_only_what_is_configured_gets_something(sender_on: SenderOn) -> None:
    host = sender_on("slave", ALERT_DINGTALK_URL=None, ALERT_DINGTALK_SECRET=None)
    host.raises("vip-on-slave")
    assert [urlsplit(url).hostname for url, _ in host.send()] == ["chat.example"]


def test_without_an_address_the_news_is_taken_away_and_nothing_sent(sender_on: SenderOn) -> None:
    host = sender_on("slave", **dict.fromkeys(KEYS))
    host.raises("vip-on-slave")
    assert host.send() == []
    assert host.station.news == set(), "else the path unit would start the sender for ever"


def test_every_word_is_there_in_both_languages() -> None:
    for language in ("en", "zh"):
        arrays = shell_arrays(language, "mariadb")
        count = subprocess.run(
            ["bash", "-c", f'{arrays}\necho "${{#BEGINS[@]}} ${{#OVER[@]}} ${{DO_NEXT[not-closed]}}"'],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert count.startswith(f"{len(KINDS)} {len(KINDS)} ")
        assert "systemctl stop mariadb" in count
    for words in KINDS.values():
        for text in (words.begins, words.do_next, words.over):
            assert text.en.isascii() and not text.zh.isascii()


# ---- the signature ----


def test_the_signature_is_what_dingtalk_asks_for(slave: AlertHost) -> None:
    slave.raises("vip-on-slave")
    robot = next(url for url, _ in slave.send() if "/robot/" in url)
    query = {name: value for name, (value,) in parse_qs(urlsplit(robot).query).items()}
    said = hmac.new(SECRET.encode(), f"{query['timestamp']}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert query == {"access_token": TOKEN, "timestamp": query["timestamp"], "sign": base64.b64encode(said).decode()}
    assert len(query["timestamp"]) == 13


# Key, data, and the digest of SHA-256: test cases 1 and 2 of RFC 4231, then others by Python's hmac.
DIGESTS = [
    ("\x0b" * 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    ("Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    ("k" * 64, "x" * 1000, hmac.new(b"k" * 64, b"x" * 1000, hashlib.sha256).hexdigest()),
    ("密" * 50, "数据\n库", hmac.new(("密" * 50).encode(), "数据\n库".encode(), hashlib.sha256).hexdigest()),
    ("", "", hmac.new(b"", b"", hashlib.sha256).hexdigest()),
]


@pytest.mark.parametrize(("key", "data", "digest"), DIGESTS)
def test_hmac_is_that_of_the_rfc(key: str, data: str, digest: str) -> None:
    script = f'LC_ALL=C; . {SCRIPTS}/alert_channels.sh; hmac_sha256 "$1" "$2"'
    done = subprocess.run(["bash", "-c", script, "-", key, data], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest
