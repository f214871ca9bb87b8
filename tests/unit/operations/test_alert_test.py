"""inv alert.test: what each host's servers said, a remedy beside it, and nothing sent where that cannot be meant."""

import io
from collections.abc import Callable

import pytest
from fake import captured_json, file_is, link_of, pair_of
from rich.console import Console

from runbook.alerts import deployment as alerts
from runbook.core.report import Report
from runbook.diagnosis.checks.state import checks
from runbook.diagnosis.facts import SideFacts
from runbook.errors import BadInput
from runbook.operations import alert_test
from runbook.pair.pair import Pair
from runbook.settings.settings import Settings
from runbook.system.network import ADDRESSES_QUESTION
from runbook.system.server_names import UNITS_QUESTION

KEYS = {
    "ALERT_DINGTALK_URL": "https://ding.example/robot/send?access_token=t0ken-of-the-robot",
    "ALERT_WEBHOOK_URL": "https://chat.example/hooks/t0ken-of-the-hook",
}
SEND = f"{alerts.SENDER} test"


@pytest.fixture
def settings(settings_of: Callable[..., Settings]) -> Settings:
    return settings_of(**KEYS)


def deployed(settings: Settings, *, dry: bool = False) -> Pair:
    """Hosts that have the alert settings of hosts.env."""
    pair = pair_of(settings, dry=dry)
    for side in pair.sides.values():
        link_of(side).says(ADDRESSES_QUESTION, captured_json(f"preflight_{side.role}.json")["addresses"])
        file = alerts.configuration(side)
        file_is(link_of(side), file.path, file.content, "600 root:root")
    return pair


def ran(pair: Pair) -> tuple[bool, str]:
    out = io.StringIO()
    good = alert_test.all_arrive(pair, Report(str, console=Console(file=out, highlight=False, soft_wrap=True)))
    return good, out.getvalue()


def test_what_arrived_from_both_hosts_is_good(settings: Settings) -> None:
    pair = deployed(settings)
    for side in pair.sides.values():
        link_of(side).takes(SEND, answer="dingtalk\tok\t\nwebhook\tok\tthank you\n")
    good, said = ran(pair)
    assert good
    assert said.count("dingtalk: arrived\n") == said.count("webhook: arrived (thank you)\n") == 2
    assert "master 192.168.152.128" in said and "slave 192.168.152.129" in said


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("DingTalk says no: errcode 310000: sign not match", "ALERT_DINGTALK_SECRET"),
        ("DingTalk says no: errcode 310000: keywords not in content", "ALERT_KEYWORD"),
        ("curl: (6) Could not resolve host: ding.example", "DNS"),
        ("curl: (28) Connection timed out after 5001 milliseconds", "firewall"),
        ("HTTP 500: the robot has a cold", ""),
    ],
)
def test_what_did_not_arrive_is_told_in_the_servers_words_with_a_remedy(
    settings: Settings, words: str, remedy: str
) -> None:
    pair = deployed(settings)
    link_of(pair.master).takes(SEND, answer=f"dingtalk\tfailed\t{words}\nwebhook\tok\t\n")
    link_of(pair.slave).takes(SEND, answer="dingtalk\tok\t\nwebhook\tok\t\n")
    good, said = ran(pair)
    assert not good
    assert f"master 192.168.152.128: dingtalk: NOT delivered: {words}\n" in said
    assert remedy in said and ("→" in said) == bool(remedy)


def test_a_host_that_has_other_settings_sends_nothing(settings: Settings) -> None:
    pair = deployed(settings)
    link_of(pair.master).takes(SEND, answer="dingtalk\tok\t\nwebhook\tok\t\n")
    link_of(pair.slave).says(*alerts.configuration(pair.slave).questions(), "")
    good, said = ran(pair)
    assert not good
    assert "slave 192.168.152.129: /etc/mysql-runbook-alert.conf is not what hosts.env says" in said
    assert "inv deploy-scripts" in said
    assert link_of(pair.slave).changed == []


def test_without_an_address_there_is_nothing_to_test(settings_of: Callable[..., Settings]) -> None:
    with pytest.raises(BadInput, match="ALERT_DINGTALK_URL or ALERT_WEBHOOK_URL") as refused:
        ran(pair_of(settings_of()))
    assert refused.value.exit_code == 2


def test_a_dry_run_says_what_it_would_send_and_where_without_a_token(settings: Settings) -> None:
    good, said = ran(deployed(settings, dry=True))
    assert good
    assert "would send a test alert from the master 192.168.152.128 to dingtalk (ding.example)" in said
    assert "slave 192.168.152.129 to webhook (chat.example)" in said
    assert "t0ken" not in said


def test_the_hosts_get_what_alerts_need_and_only_then(settings: Settings, settings_of: Callable[..., Settings]) -> None:
    for wanted, packages in ((settings, ["package curl", "package ca-certificates"]), (settings_of(), [])):
        pair = pair_of(wanted)
        link_of(pair.master).says(ADDRESSES_QUESTION, captured_json("preflight_master.json")["addresses"])
        link_of(pair.master).says_where("os-release", captured_json("preflight_master.json")["os"])
        link_of(pair.master).says(UNITS_QUESTION, captured_json("preflight_master.json")["units"])
        names = [step.name for step in alerts.steps(pair.master)]
        assert [name for name in names if name.startswith("package")] == packages
        assert names[-1] == "service mysql-runbook-alert.path"


def test_the_tokens_are_in_the_file_that_is_roots_alone(settings: Settings) -> None:
    pair = deployed(settings)
    file = alerts.configuration(pair.master)
    assert (file.mode, file.secret) == (0o600, True)
    assert all(url in file.content for url in KEYS.values())
    assert "TOKENS=(" in file.content


# ---- verify ----


def of_alerts(settings: Settings, unsent: str) -> list[tuple[str, str, str]]:
    facts = {role: SideFacts(role, "10.0.0.1", unsent=unsent, sql="down") for role in ("master", "slave")}
    return [(c.status, c.found, c.todo) for c in checks(facts, settings) if c.name == "alerts"]


def test_verify_warns_of_what_could_not_be_delivered(settings: Settings) -> None:
    words = "dingtalk: given up after 900 s: vip-on-slave: HTTP 500: no"
    (status, found, todo), _ = of_alerts(settings, words)
    assert (status, found) == ("WARN", words)
    assert "inv alert.test" in todo
    assert [status for status, _, _ in of_alerts(settings, "")] == ["OK", "OK"]


def test_verify_does_not_ask_for_alerts_that_nobody_wants(settings_of: Callable[..., Settings]) -> None:
    assert of_alerts(settings_of(), "") == []


def test_a_sender_at_work_starts_again_with_new_addresses(settings: Settings) -> None:
    side = deployed(settings).master
    link, file = link_of(side), alerts.configuration(side)
    for part in ("before-runbook", "runbook-new", "is-active -q mysql-runbook-alert.service"):
        link.says_where(part, "")
    file.fix(side.host, [])
    assert "systemctl restart mysql-runbook-alert.service" in link.calls[-1]
    assert all(url not in call for url in KEYS.values() for call in link.calls)
