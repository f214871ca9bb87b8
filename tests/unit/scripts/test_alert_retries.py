"""alert.sh where a server does not take it: tries again, gives up and says so, and shows no token."""

import pytest
from alert_host import HOOK, KEYS, SECRET, TOKEN, AlertHost, SenderOn, texts


@pytest.fixture
def slave(sender_on: SenderOn) -> AlertHost:
    return sender_on("slave")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("500 the robot has a cold", "HTTP 500: the robot has a cold"),
        ('200 {"errcode":310000,"errmsg":"keywords not in content"}', "errcode 310000: keywords not in content"),
        ("200 <html>a proxy</html>", "DingTalk says no: <html>a proxy</html>"),
        ("000 curl: (28) Operation timed out", "curl: (28) Operation timed out"),
    ],
)
def test_a_server_that_says_no_is_asked_again(slave: AlertHost, answer: str, words: str) -> None:
    slave.answers("dingtalk", answer, answer)
    slave.raises("vip-on-slave")
    posts = slave.send()
    assert len(texts(posts)) == 3
    assert len(posts) == 4, "the other channel is told once"
    (said,) = (line for line in slave.station.read("log").splitlines() if "could not tell dingtalk" in line)
    assert words in said and "vip-on-slave" in said
    assert slave.unsent("dingtalk") == ""


def test_a_server_that_never_takes_it_is_given_up_and_that_is_known(slave: AlertHost) -> None:
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


def test_a_test_alert_that_arrives_ends_the_warning(slave: AlertHost) -> None:
    conf = slave.station.folder / "mysql-runbook-alert.conf"
    conf.write_text(conf.read_text().replace("ALERT_RETRY_SECONDS=900", "ALERT_RETRY_SECONDS=0"))
    slave.answers("dingtalk", "500 no")
    slave.raises("vip-on-slave")
    slave.send()
    assert slave.unsent("dingtalk")
    slave.station.start("alert.sh", "test").communicate(timeout=20)
    assert slave.unsent("dingtalk") == ""


def test_no_token_is_an_argument_or_logged_or_kept(slave: AlertHost) -> None:
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


def test_a_test_alert_says_what_became_of_it(slave: AlertHost) -> None:
    slave.answers("dingtalk", '200 {"errcode":310000,"errmsg":"sign not match"}')
    process = slave.station.start("alert.sh", "test")
    out, err = process.communicate(timeout=20)
    assert err == ""
    assert [line.split("\t") for line in out.splitlines()] == [
        ["dingtalk", "failed", "DingTalk says no: errcode 310000: sign not match"],
        ["webhook", "ok", '{"errcode":0,"errmsg":"ok"}'],
    ]
