"""Alerts reach people, whatever the server they go to does, and hold nothing up; what is sent stays on this machine."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from commandline import Operator, until
from leaks import exposed, holding
from outside import MASTER, SLAVE, OutsidePair
from receiver import Manner, Receiver
from watchers import Argv

TOKEN, HOOK = "t0ken0f0the0robot", "t0ken0f0the0hook"
SECRET = "SEC5eed" + "0123456789abcdef" * 4  # longer than a block of SHA-256, as DingTalk's are
TELL_SECONDS = 90
# The sender waits so long before it tells anything: a takeover that waited for it would take longer.
HOLD_SECONDS = 5
UNCONFIGURED, NOT_ARRIVED = 2, 1


@dataclass(frozen=True)
class Told:
    """A pair whose hosts send alerts, its operator, and the server that gets them."""

    pair: OutsidePair
    operator: Operator
    receiver: Receiver

    def inv(self, *args: str) -> str:
        """Run a command that must succeed; what it printed."""
        return self.operator.inv(*args).expect(0).out

    def kinds(self) -> list[tuple[str, str, str]]:
        """Role, kind and state of what came by the webhook, in order."""
        hooks = [each.document for each in self.receiver.received if each.path == f"/{HOOK}"]
        return [(each["role"], each["kind"], each["state"]) for each in hooks]


@pytest.fixture
def told(healthy_pair: OutsidePair, tmp_path: Path) -> Iterator[Told]:
    with Receiver(healthy_pair.lab.network.address(1), SECRET) as receiver:
        operator = healthy_pair.operator_with(
            tmp_path,
            ALERT_DINGTALK_URL=f"{receiver.url}/robot/send?access_token={TOKEN}",
            ALERT_DINGTALK_SECRET=SECRET,
            ALERT_WEBHOOK_URL=f"{receiver.url}/{HOOK}",
            ALERT_KEYWORD="值班",
            ALERT_LANG="zh",
        )
        operator = replace(operator, secret_cores=(*operator.secret_cores, TOKEN, HOOK, SECRET))
        operator.inv("deploy-scripts").expect(0)
        yield Told(healthy_pair, operator, receiver)
        receiver.manner = "well"
        healthy_pair.inv("deploy-scripts").expect(0)


def test_a_test_alert_arrives_from_both_hosts(told: Told) -> None:
    out = told.operator.inv("--dry", "alert.test").expect(0, f"from the {MASTER} to dingtalk").out
    assert told.receiver.received == [], out
    told.receiver.manner = "slowly"
    with Argv() as argv:
        told.operator.inv("alert.test").expect(
            0, *(f"{h}: {c}: arrived" for h in (MASTER, SLAVE) for c in ("dingtalk",))
        )
    assert argv.with_any((TOKEN, HOOK, SECRET)) == []
    assert argv.with_any(("--write-out",)), "curl was not seen: the test above cannot fail"
    assert told.receiver.wrong == [], "signatures"
    robot = [each for each in told.receiver.received if "msgtype" in each.document]
    assert len(robot) == 2 and len(told.receiver.received) == 4
    assert {each.query["access_token"] for each in robot} == {TOKEN}
    for each in told.receiver.received:
        assert each.text.startswith("值班 [MySQL-HA] 告警: 这是测试")
        assert "当前读写: 主库提供读写" in each.text


@pytest.mark.long
def test_a_test_alert_that_does_not_arrive_says_why(told: Told) -> None:
    said: dict[Manner, str] = {
        "error 500": "HTTP 500: the robot has a cold",
        "errcode 310000": "errcode 310000: keywords not in content",
        "echoes the address": "HTTP 404: nothing is at /***",
        "never": "timed out",
    }
    for manner, words in said.items():
        told.receiver.manner = manner
        told.operator.inv("alert.test").expect(NOT_ARRIVED, f"{MASTER}: dingtalk: NOT delivered: ", words)
    told.receiver.away()
    try:
        told.operator.inv("alert.test").expect(NOT_ARRIVED, f"{SLAVE}: webhook: NOT delivered: curl: (7)")
    finally:
        told.receiver.back()


def test_without_an_address_there_is_nothing_to_test(healthy_pair: OutsidePair) -> None:
    healthy_pair.inv("alert.test").expect(UNCONFIGURED, "ALERT_DINGTALK_URL")


def test_a_takeover_does_not_wait_for_a_server_that_never_answers_and_is_told_when_it_does(told: Told) -> None:
    told.receiver.manner = "never"
    with Argv() as argv:
        drill = told.inv("drill.kill-master", "--yes")
        on_slave = re.search(r"\+([0-9.]+)  the VIP is on the slave", drill)
        assert on_slave and float(on_slave[1]) < HOLD_SECONDS
        until(
            "verify to warn of what was not delivered",
            TELL_SECONDS,
            lambda: "not delivered yet" in told.operator.inv("verify").out,
            pause=2,
        )
        told.receiver.manner = "well"
        raised = {("slave", "vip-on-slave", "begun"), ("master", "keepalived-stopped", "begun")}
        until("both hosts to tell", TELL_SECONDS, lambda: raised <= set(told.kinds()))
        told.inv("failback")
        ended = {(role, kind, "over") for role, kind, _ in raised}
        until("both hosts to tell the end", TELL_SECONDS, lambda: ended <= set(told.kinds()))
    came = told.kinds()
    assert len(came) == len(set(came)), f"told more than once: {came}"
    texts = [each.text for each in told.receiver.received if "msgtype" in each.document]
    assert len(texts) == len(set(texts))
    (took_over,) = (text for text in texts if "告警: 从库已接管 VIP" in text)
    assert "从库提供读;写被拒绝" in took_over and "inv failback" in took_over
    assert told.receiver.wrong == []
    assert argv.with_any((TOKEN, HOOK, SECRET)) == []
    expect_no_token_seen(told)
    until(
        "verify to warn no more", TELL_SECONDS, lambda: "not delivered" not in told.operator.inv("verify").out, pause=2
    )


def expect_no_token_seen(told: Told) -> None:
    """No journal and no file that others may read holds a part of an address."""
    cores = (TOKEN, HOOK, SECRET)
    for host in told.pair.hosts:
        journal = host.sh("journalctl --no-pager -o export -a")
        assert "alert.sh: could not tell" in journal and "alert.sh: told webhook" in journal
        assert [core for core in cores if core in journal] == []
        assert holding(list(exposed(host)), cores) == []
