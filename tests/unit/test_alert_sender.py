"""alert.sh: tells each channel what is so, once until it changes; tries again and gives up; shows no token."""

import base64
import hashlib
import hmac
import json
import re
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fake import captured_json, link_of, pair_of
from station import SCRIPTS, SENDER, Make, Station

from runbook import alerts
from runbook.alert_texts import KINDS, shell_arrays
from runbook.mysql.optionfile import client_section
from runbook.settings import Role, Settings
from runbook.system.network import ADDRESSES_QUESTION

TOKEN, HOOK, SECRET = "t0ken-of-the-robot", "t0ken-of-the-hook", "SEC" + "0123456789abcdef" * 4
KEYS = {
    "ALERT_DINGTALK_URL": f"https://ding.example/robot/send?access_token={TOKEN}",
    "ALERT_DINGTALK_SECRET": SECRET,
    "ALERT_WEBHOOK_URL": f"https://chat.example/{HOOK}?x=[1]",
}
SenderOn = Callable[..., "Host"]


class Host:
    """A host whose scripts raise alerts, and the servers that get them."""

    def __init__(self, station: Station, settings: Settings, configuration: str) -> None:
        self.station = station
        for name in SENDER:
            station.install(name, (SCRIPTS / name).read_text())
        station.install("alert_texts.sh", shell_arrays(settings.alert_lang, "mysql"))
        (station.folder / "mysql-runbook-alert.conf").write_text(configuration)
        vip = client_section(settings.probe_user, settings.probe_password, str(settings.vip.ip), settings.mysql_port)
        station.write("vip_options", vip.rstrip("\n"))
        station.write("served", "slave\tclosed")
        station.write("posts", "")
        station.command("curl", "curl_of_alerts")
        self.patch("HOLD_SECONDS=5", "HOLD_SECONDS=0")
        self.patch("REST_SECONDS=15", "REST_SECONDS=0")
        self.patch("FIRST_PAUSE=5", "FIRST_PAUSE=0")
        self.patch("LONGEST_PAUSE=60", "LONGEST_PAUSE=0")

    def patch(self, old: str, new: str) -> None:
        self.station.patch("alert.sh", old, new)

    def answers(self, channel: str, *lines: str) -> None:
        """What a channel's server says first, each as `STATUS BODY`; after that all is well."""
        self.station.write(f"answers_{channel}", "\n".join(lines))

    def raises(self, kind: str, detail: str = "") -> None:
        """As the scripts do that people should be told; test_alerts_raised.py has when they do."""
        script = f'. {self.station.folder}/library.sh; alert "$1" "$2"'
        subprocess.run(["bash", "-c", script, "-", kind, detail], check=True, timeout=10)

    def send(self) -> list[tuple[str, dict[str, Any]]]:
        """Run the sender to its end; what was posted since: address and document."""
        assert self.station.run("alert.sh") == 0
        posts = [each for each in (self.station.state / "posts").read_text().split("\0") if each.strip()]
        self.station.write("posts", "")
        return [posted(each) for each in posts]

    def unsent(self, channel: str) -> str:
        file = self.station.folder / "run" / "mysql-runbook.alerts" / "unsent" / channel
        return file.read_text().strip() if file.exists() else ""


def posted(config: str) -> tuple[str, dict[str, Any]]:
    """Address and document of a curl configuration, as curl reads it."""
    (url,) = re.findall(r'^url = "(.*)"$', config, re.MULTILINE)
    (data,) = re.findall(r'^data-binary = "(.*)"$', config, re.MULTILINE)
    return url, json.loads(re.sub(r"\\(.)", r"\1", data))


def texts(posts: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """What people were told by DingTalk."""
    return [document["text"]["content"] for url, document in posts if "/robot/" in url]


@pytest.fixture
def sender_on(scripts_on: Make, settings_of: Callable[..., Settings]) -> SenderOn:
    def make(role: Role, **keys: str | None) -> Host:
        settings = settings_of(**{name: f"'{value}'" for name, value in (KEYS | keys).items() if value is not None})
        side = pair_of(settings).sides[role]
        link_of(side).says(ADDRESSES_QUESTION, captured_json(f"preflight_{role}.json")["addresses"])
        return Host(scripts_on(role, vip=role == "slave"), settings, alerts.configuration(side).content)

    return make


@pytest.fixture
def slave(sender_on: SenderOn) -> Host:
    return sender_on("slave")


# ---- what is told ----


def test_each_channel_is_told_once_until_it_changes(slave: Host) -> None:
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
def test_what_is_served_is_asked_at_the_vip_when_it_is_told(slave: Host, said: str, served: str) -> None:
    slave.station.write("served", said)
    slave.raises("vip-on-slave")
    (text,) = texts(slave.send())
    (line,) = (line for line in text.splitlines() if line.startswith("Reads and writes now: "))
    assert served in line


def test_the_servers_own_words_come_whole_and_as_one_line(slave: Host) -> None:
    awkward = "ERROR 1045 (28000): 'a\"b\\c' " + "密" * 200
    slave.station.vip = False
    slave.station.server(awkward)
    slave.station.run("mysql_check.sh")
    (text,) = texts(slave.send())
    (detail,) = (line for line in text.splitlines() if line.startswith("Detail: "))
    kept = detail.removeprefix("Detail: ")
    assert awkward.startswith(kept)
    assert len(kept) > 150, "cut to a bounded length, at a whole character"


def test_what_is_over_soon_is_not_told(slave: Host) -> None:
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


# ---- servers that do not take it ----


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("500 the robot has a cold", "HTTP 500: the robot has a cold"),
        ('200 {"errcode":310000,"errmsg":"keywords not in content"}', "errcode 310000: keywords not in content"),
        ("200 <html>a proxy</html>", "DingTalk says no: <html>a proxy</html>"),
        ("000 curl: (28) Operation timed out", "curl: (28) Operation timed out"),
    ],
)
def test_a_server_that_says_no_is_asked_again(slave: Host, answer: str, words: str) -> None:
    slave.answers("dingtalk", answer, answer)
    slave.raises("vip-on-slave")
    posts = slave.send()
    assert len(texts(posts)) == 3
    assert len(posts) == 4, "the other channel is told once"
    (said,) = (line for line in slave.station.read("log").splitlines() if "could not tell dingtalk" in line)
    assert words in said and "vip-on-slave" in said
    assert slave.unsent("dingtalk") == ""


def test_a_server_that_never_takes_it_is_given_up_and_that_is_known(slave: Host) -> None:
    conf = slave.station.folder / "mysql-runbook-alert.conf"
    conf.write_text(conf.read_text().replace("ALERT_RETRY_SECONDS=900", "ALERT_RETRY_SECONDS=0"))
    slave.answers("dingtalk", *["500 no"] * 3)
    slave.raises("vip-on-slave")
    assert len(texts(slave.send())) == 1
    assert "gave up telling dingtalk of vip-on-slave after 0 s: HTTP 500: no" in slave.station.read("log")
    assert slave.unsent("dingtalk") == "given up: vip-on-slave; HTTP 500: no"
    assert slave.send() == [], "what was given up is not tried again"
    slave.answers("dingtalk")
    slave.station.vip = False
    slave.station.run("backup.sh")
    assert len(texts(slave.send())) == 1
    assert slave.unsent("dingtalk") == ""


def test_a_test_alert_that_arrives_ends_the_warning(slave: Host) -> None:
    conf = slave.station.folder / "mysql-runbook-alert.conf"
    conf.write_text(conf.read_text().replace("ALERT_RETRY_SECONDS=900", "ALERT_RETRY_SECONDS=0"))
    slave.answers("dingtalk", "500 no")
    slave.raises("vip-on-slave")
    slave.send()
    assert slave.unsent("dingtalk")
    slave.station.start("alert.sh", "test").communicate(timeout=20)
    assert slave.unsent("dingtalk") == ""


def test_no_token_is_an_argument_or_logged_or_kept(slave: Host) -> None:
    slave.answers("webhook", f"404 nothing is at /{HOOK}?x=[1] of {KEYS['ALERT_WEBHOOK_URL']}")
    slave.answers("dingtalk", f'200 {{"errcode":1,"errmsg":"{TOKEN} is no token, {SECRET} no secret"}}')
    conf = slave.station.folder / "mysql-runbook-alert.conf"
    conf.write_text(conf.read_text().replace("ALERT_RETRY_SECONDS=900", "ALERT_RETRY_SECONDS=0"))
    slave.raises("vip-on-slave")
    assert len(slave.send()) == 2
    seen = [slave.station.read("argv"), slave.station.read("log"), slave.unsent("webhook"), slave.unsent("dingtalk")]
    assert "curl -q" in seen[0] and "HTTP 404" in seen[1] and all(seen)
    for secret in (TOKEN, HOOK, SECRET):
        assert [text for text in seen if secret in text] == []


def test_a_test_alert_says_what_became_of_it(slave: Host) -> None:
    slave.answers("dingtalk", '200 {"errcode":310000,"errmsg":"sign not match"}')
    process = slave.station.start("alert.sh", "test")
    out, err = process.communicate(timeout=20)
    assert err == ""
    assert [line.split("\t") for line in out.splitlines()] == [
        ["dingtalk", "failed", "DingTalk says no: errcode 310000: sign not match"],
        ["webhook", "ok", '{"errcode":0,"errmsg":"ok"}'],
    ]


# ---- the signature ----


def test_the_signature_is_what_dingtalk_asks_for(slave: Host) -> None:
    slave.raises("vip-on-slave")
    robot = next(url for url, _ in slave.send() if "/robot/" in url)
    query = {name: value for name, (value,) in parse_qs(urlsplit(robot).query).items()}
    said = hmac.new(SECRET.encode(), f"{query['timestamp']}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert query == {"access_token": TOKEN, "timestamp": query["timestamp"], "sign": base64.b64encode(said).decode()}
    assert len(query["timestamp"]) == 13


# RFC 4231, test cases 1, 2, 3 and 6: key, data, and the digest of SHA-256.
RFC_4231 = [
    ("\x0b" * 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    ("Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    ("k" * 64, "x" * 1000, hmac.new(b"k" * 64, b"x" * 1000, hashlib.sha256).hexdigest()),
    ("密" * 50, "数据\n库", hmac.new(("密" * 50).encode(), "数据\n库".encode(), hashlib.sha256).hexdigest()),
    ("", "", hmac.new(b"", b"", hashlib.sha256).hexdigest()),
]


@pytest.mark.parametrize(("key", "data", "digest"), RFC_4231)
def test_hmac_is_that_of_the_rfc(key: str, data: str, digest: str) -> None:
    script = f'LC_ALL=C; . {SCRIPTS}/alert_channels.sh; hmac_sha256 "$1" "$2"'
    done = subprocess.run(["bash", "-c", script, "-", key, data], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest
